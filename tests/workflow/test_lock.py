"""A second run in a folder says who works there, or who was killed there, and what to do."""

import os
import subprocess
import sys

from settings import MOCK, ROOT, study, write

from workflow.runs import snakemake

EXPERIMENT = study(methods={"guess": MOCK})
#: The product of the shortest job.
DESIGN = "results/small/design.csv"
#: Works in a folder until its standard input ends, and locks a file of the study as Snakemake does.
FIRST_RUN = f"""
import pathlib
from rlrecovery.commands import lock
lock.record_run()
folder = pathlib.Path(".snakemake/locks")
folder.mkdir()
(folder / "0.output.lock").write_text({DESIGN!r} + "\\n")
print(flush=True)
input()
"""


def second_run(folder):
    """What a second run prints, and its exit status."""
    config = write(folder, EXPERIMENT)
    done = snakemake(folder, DESIGN, "--configfile", config, "--rerun-incomplete")
    return done.returncode, done.stdout + done.stderr


def test_a_second_run_says_who_works_in_the_folder_and_who_was_killed_there(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", FIRST_RUN],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as first:
        first.stdout.readline()
        status, output = second_run(tmp_path)
        assert status != 0
        assert (
            f"error: another run works on the same files in {tmp_path}: process {first.pid} on"
            in (output)
        )
        assert "Wait until it has ended" in output
        assert "LockException" not in output
        assert "--unlock" not in output
        first.kill()
    status, output = second_run(tmp_path)
    assert status != 0
    assert f"still locked by process {first.pid} on" in output
    assert "snakemake --unlock --configfile" in output
    config = write(tmp_path, EXPERIMENT)
    assert snakemake(tmp_path, "--unlock", "--configfile", config).returncode == 0
    assert second_run(tmp_path)[0] == 0
    assert list((tmp_path / ".snakemake/runs").iterdir()) == []
