"""A Slurm cluster of one node on this computer, started for a test and stopped after it.

All of its files are in one folder, except a link where Slurm's programs look for their
configuration. It listens on the loopback interface only, has a key of its own, and needs neither
systemd nor a database.
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

#: The executor plugin removes SLURM_CONF from the environment, so the file must be here.
CONFIGURATION = Path("/etc/slurm/slurm.conf")

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol")

#: In the order in which they start; each writes its process number into a file of its name.
DAEMONS = ("munged", "slurmctld", "slurmd")

#: A job that exceeds the memory it asked for is killed, as on a real cluster. The controller keeps
#: finished jobs for an hour, because there is no database that does.
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
    """Slurm cannot run on this computer; the text says why."""


def install() -> None:
    """Install Slurm and munge from Debian's packages, unless they are installed."""
    if os.geteuid() != 0:
        raise Unavailable("only root may start Slurm and become a node of it")
    if all(shutil.which(program) for program in PROGRAMS):
        return
    if not shutil.which("apt-get"):
        raise Unavailable("Slurm is not installed, and there is no apt-get to install it")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        apt = subprocess.run(["apt-get", *step], env=environment, capture_output=True, text=True)
        if apt.returncode:
            lines = (apt.stderr.strip() or apt.stdout.strip()).splitlines()
            raise Unavailable(f"apt-get {step[0]} failed: {lines[-1] if lines else 'no message'}")


def ask(*command: str) -> str:
    """Output of one of Slurm's programs; an exception if it fails."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def wait_for(what: str, happened: Callable[[], object], seconds: float) -> None:
    """Wait until something has happened; the error names it if it does not."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.2)


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Run a cluster on this computer, with its files in a folder; always stop it."""
    _claim()
    folder.chmod(0o755)
    try:
        _configure(folder)
        _start(folder)
        yield
    finally:
        _stop(folder)


def _claim() -> None:
    """Remove the link that a killed test left; refuse where a configuration is in use."""
    if not os.path.lexists(CONFIGURATION):
        return
    if not CONFIGURATION.is_symlink():
        raise Unavailable(f"{CONFIGURATION} exists: this computer belongs to a cluster")
    folder = CONFIGURATION.readlink().parent
    if any(_number(folder, daemon) for daemon in DAEMONS):
        raise Unavailable(f"{CONFIGURATION} is in use: another such test is running")
    CONFIGURATION.unlink()


def _configure(folder: Path) -> None:
    """Write key and configuration into the folder, and the link to the configuration."""
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munged.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(1024))
    with socket.socket() as one, socket.socket() as two:
        for unused in (one, two):
            unused.bind(("127.0.0.1", 0))
        ports = [unused.getsockname()[1] for unused in (one, two)]
    bytes_of_memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    configuration = folder / CONFIGURATION.name
    configuration.write_text(
        TEMPLATE.format(
            host=socket.gethostname().split(".")[0],
            ports=ports,
            folder=folder,
            cores=os.cpu_count(),
            memory=int(0.9 * bytes_of_memory) // 2**20,
        )
    )
    CONFIGURATION.parent.mkdir(exist_ok=True)
    CONFIGURATION.symlink_to(configuration)


def _start(folder: Path) -> None:
    """Start the daemons one after the other, and wait until the node is idle."""
    files = [f"--{part}-file={folder}/munged.{part}" for part in ("key", "pid", "log", "seed")]
    subprocess.run(["munged", "--force", f"--socket={folder}/munged.socket", *files], check=True)
    subprocess.run(["slurmctld"], check=True)
    subprocess.run(["slurmd"], check=True)
    wait_for("an idle node", lambda: "idle" in _nodes(), 60)


def _nodes() -> str:
    return subprocess.run(["sinfo", "--noheader"], capture_output=True, text=True).stdout


def _stop(folder: Path) -> None:
    """End all jobs, then the daemons in reverse order, by process number; remove the link."""
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
    """Process number of a daemon of the folder; None if it does not run."""
    try:
        number = int((folder / f"{daemon}.pid").read_text())
        status = Path(f"/proc/{number}/status").read_text()
    except (OSError, ValueError):
        return None
    zombie = "State:\tZ" in status  # dead, but not yet waited for by its parent
    return number if f"Name:\t{daemon}\n" in status and not zombie else None
