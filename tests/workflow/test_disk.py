"""A disk that is full, and one that is read-only: one sentence, and nothing finished is lost."""

import subprocess

import pytest

from workflow.runs import MEASURES, MLE, run, same_numbers, snakemake, study, write

EXPERIMENT = study(methods={"mle": MLE}, replicates=8, batch_size=4)


def mount(*arguments):
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture
def disk(tmp_path):
    """A folder for results on a disk of 60 KiB: room for some files of the study."""
    place = tmp_path / "study/results"
    place.mkdir(parents=True)
    done = mount("-t", "tmpfs", "-o", "size=60k", "none", place)
    if done.returncode:
        pytest.skip(f"no disk of its own can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_and_a_read_only_one(disk, tmp_path):
    folder, config = tmp_path / "study", write(tmp_path, EXPERIMENT)
    arguments = (MEASURES, "--configfile", config, "--keep-going", "--rerun-incomplete")

    def said(room):
        """What is said on a disk with these options; the study does not end there."""
        assert mount("-o", f"remount,{room}", disk).returncode == 0
        done = snakemake(folder, *arguments)
        assert done.returncode != 0
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout + done.stderr

    assert "error: the disk is full; make room and run the workflow again" in said("size=60k")
    assert "nothing can be written there" in said("ro")
    assert mount("-o", "remount,rw,size=50m", disk).returncode == 0
    done = snakemake(folder, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    whole = tmp_path / "whole"
    whole.mkdir()
    run(whole, EXPERIMENT, MEASURES)
    same_numbers(folder, whole)
