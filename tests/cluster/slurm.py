"""A Slurm cluster of one node on this computer, for a test, and everything stopped again.

Everything that it consists of is in one folder, except a link at the one place where Slurm's
programs look for their configuration. It listens on the loopback interface only, with a key of its
own, and needs neither systemd nor a database.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

#: The executor takes SLURM_CONF out of the environment, so the configuration must be found here.
CONFIGURATION = Path("/etc/slurm/slurm.conf")

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol")

#: In the order of their start; each writes its number into a file of its name.
DAEMONS = ("munged", "slurmctld", "slurmd")

#: Whoever exceeds the memory that was asked for is killed, as on a real cluster. Jobs are kept in
#: mind, for without a database nobody else remembers them.
TEMPLATE = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munged.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
MailProg=/bin/true
MinJobAge=3600
ReturnToService=2
SchedulerParameters=sched_interval=2,bf_interval=2,sched_min_interval=0
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory} State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Unavailable(Exception):
    """Slurm cannot be had on this computer; the text says why."""


def install() -> None:
    """Slurm and munge from Debian's packages, unless they are there."""
    if os.geteuid() != 0:
        raise Unavailable("only root may start Slurm and become a node of it")
    if all(shutil.which(program) for program in PROGRAMS):
        return
    if not shutil.which("apt-get"):
        raise Unavailable("Slurm is not installed, and there is no apt-get to install it")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(["apt-get", *step], env=environment, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise Unavailable(f"apt-get {step[0]} failed: {said[-1] if said else 'no message'}")


def ask(*command: str) -> str:
    """What one of Slurm's programs answers; an exception if it fails."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def wait_for(what: str, happened: Callable[[], object], seconds: float) -> None:
    """Wait until something has happened, and say what if it does not."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.2)


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """A running cluster of this computer, in a folder that is there; stopped whatever happens."""
    _claim()
    folder.chmod(0o755)
    try:
        _configure(folder)
        _start(folder)
        yield
    finally:
        _stop(folder)


def _claim() -> None:
    """Refuse where a configuration is in use; take away one that a killed test left behind."""
    if not os.path.lexists(CONFIGURATION):
        return
    if not CONFIGURATION.is_symlink():
        raise Unavailable(f"{CONFIGURATION} is there: this computer belongs to a cluster")
    folder = CONFIGURATION.readlink().parent
    if any(_number(folder, daemon) for daemon in DAEMONS):
        raise Unavailable(f"{CONFIGURATION} is in use: another such test is running")
    CONFIGURATION.unlink()


def _configure(folder: Path) -> None:
    """Key and configuration in the folder, and the link to them."""
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munged.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(1024))
    with socket.socket() as one, socket.socket() as two:
        for free in (one, two):
            free.bind(("127.0.0.1", 0))
        ports = [free.getsockname()[1] for free in (one, two)]
    bytes_in_all = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    own = folder / CONFIGURATION.name
    own.write_text(
        TEMPLATE.format(
            host=socket.gethostname().split(".")[0],
            ports=ports,
            folder=folder,
            cores=os.cpu_count(),
            memory=int(0.9 * bytes_in_all) // 2**20,
        )
    )
    CONFIGURATION.parent.mkdir(exist_ok=True)
    CONFIGURATION.symlink_to(own)


def _start(folder: Path) -> None:
    """The daemons one after the other, until the node waits for jobs."""
    own = [f"--{part}-file={folder}/munged.{part}" for part in ("key", "pid", "log", "seed")]
    subprocess.run(["munged", "--force", f"--socket={folder}/munged.socket", *own], check=True)
    subprocess.run(["slurmctld"], check=True)
    subprocess.run(["slurmd"], check=True)
    wait_for("a node that waits for jobs", lambda: "idle" in _nodes(), 60)


def _nodes() -> str:
    asked = subprocess.run(["sinfo", "--noheader"], capture_output=True, text=True)
    return asked.stdout


def _stop(folder: Path) -> None:
    """End all jobs, then the daemons by their numbers, the last one first, and drop the link."""
    try:
        if _number(folder, "slurmctld"):
            subprocess.run(["scancel", "--partition=test"], capture_output=True, timeout=60)
            with contextlib.suppress(TimeoutError, subprocess.CalledProcessError):
                wait_for("the end of all jobs", lambda: not ask("squeue", "--noheader"), 60)
        for daemon in reversed(DAEMONS):
            _end(folder, daemon)
    finally:
        if CONFIGURATION.is_symlink() and CONFIGURATION.readlink().parent == folder:
            CONFIGURATION.unlink()


def _end(folder: Path, daemon: str) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        number = _number(folder, daemon)
        if number is None:
            return
        os.kill(number, how)
        with contextlib.suppress(TimeoutError):
            wait_for(f"the end of {daemon}", lambda: _number(folder, daemon) is None, 15)


def _number(folder: Path, daemon: str) -> int | None:
    """Process number of a daemon of that folder; None if it does not run."""
    try:
        number = int((folder / f"{daemon}.pid").read_text())
        status = Path(f"/proc/{number}/status").read_text()
    except (OSError, ValueError):
        return None
    gone = "State:\tZ" in status  # dead, and only not yet counted as such
    return number if f"Name:\t{daemon}\n" in status and not gone else None
