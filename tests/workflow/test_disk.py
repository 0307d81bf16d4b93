"""A disk that is full, and one that is read-only: one sentence, and nothing finished is lost."""

import gc
import subprocess

import pytest
from settings import MLE, MOCK, study, write

from workflow.inprocess import run_here
from workflow.runs import MEASURES, run, same_numbers, snakemake

FULL = "error: the disk is full"
READ_ONLY = "its disk is read-only"


def mount(*arguments):
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True)


def remount(disk, options):
    assert mount("-o", f"remount,{options}", disk).returncode == 0


@pytest.fixture
def disk(tmp_path):
    """A folder for results on a disk of 60 KiB: room for some files of the study."""
    folder = tmp_path / "study/results"
    folder.mkdir(parents=True)
    mounted = mount("-t", "tmpfs", "-o", "size=60k", "none", folder)
    if mounted.returncode:
        pytest.skip(f"a test cannot mount a disk here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def whole(tmp_path):
    folder = tmp_path / "whole"
    folder.mkdir()
    return folder


def test_a_full_disk_and_a_read_only_one(disk, tmp_path, whole):
    """The jobs of this process stop with the first that fails, as those of a profile for CI."""
    folder = tmp_path / "study"
    experiment = study(methods={"guess": MOCK}, replicates=8, batch_size=4)
    with pytest.raises(SystemExit, match=FULL):
        run_here(folder, experiment, MEASURES)
    gc.collect()  # what failed holds on to a file that it had begun
    written = {path: path.stat().st_mtime_ns for path in disk.rglob("*.parquet")}
    assert written
    remount(disk, "ro")
    refused = snakemake(folder, MEASURES, "--configfile", write(folder, experiment))
    assert refused.returncode != 0
    assert READ_ONLY in refused.stdout + refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
    remount(disk, "rw,size=50m")
    run_here(folder, experiment, MEASURES)
    assert {path: path.stat().st_mtime_ns for path in written} == written
    run_here(whole, experiment, MEASURES)
    same_numbers(folder, whole)


@pytest.mark.slow
def test_launches_on_a_full_disk_and_a_read_only_one(disk, tmp_path, whole):
    folder = tmp_path / "study"
    experiment = study(methods={"mle": MLE}, replicates=8, batch_size=4)
    config = write(tmp_path, experiment)
    arguments = (MEASURES, "--configfile", config, "--keep-going", "--rerun-incomplete")
    for options, sentence in (("size=60k", FULL), ("ro", READ_ONLY)):
        remount(disk, options)
        stopped = snakemake(folder, *arguments, cores=2)
        assert stopped.returncode != 0
        assert sentence in stopped.stdout + stopped.stderr
        assert "Traceback" not in stopped.stdout + stopped.stderr
    remount(disk, "rw,size=50m")
    resumed = snakemake(folder, *arguments, cores=2)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    run(whole, experiment, MEASURES, cores=2)
    same_numbers(folder, whole)
