"""Published files name neither folders, user nor host; a config is the same however it is typed."""

import contextlib
import itertools
import os
import platform
import socket
import zlib
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image
from settings import MOCK, QUADRATURE, ROOT, study, write

from workflow.inprocess import plan, run_here
from workflow.runs import snakemake

FOLDER, USER, HOST = "Jane Zebrafinch", "zebrafinch", "heronhost"
#: Folders of a study that are not published.
WORKING = ("logs", "benchmarks")


@pytest.fixture
def data(tmp_path):
    """A folder with a space and somebody's name, with the files that a config names."""
    folder = tmp_path / FOLDER / "my data"
    folder.mkdir(parents=True)
    (folder / "sequence.csv").write_text("a,b\n" + "0,1\n1,0\n" * 10)
    rows = [f"{1 + p},{1 + t},{(p + t) % 2},{t % 3 % 2}\n" for p in range(2) for t in range(20)]
    (folder / "own.csv").write_text("participant,trial,choice,reward\n" + "".join(rows))
    (folder / "paper.mplstyle").write_text("lines.linewidth: 1.2\n")
    return folder


def config(folder, name="study.yaml", prefix="", formats=("svg",)):
    """Write a config that names its three files with a prefix."""
    schedule = {"file": f"{prefix}sequence.csv", "holds": "rewards"}
    experiment = study(
        task={"schedule": schedule, "blocks": 1, "start_value": 0.5},
        truth={"alpha": [0.3], "beta": [3]},
        batch_size=4,
        observed=f"{prefix}own.csv",
        figures={"style": f"{prefix}paper.mplstyle", "formats": [*formats]},
        methods={"guess": MOCK, "exact": QUADRATURE},
    )
    return write(folder, experiment, name)


def readable(path):
    """All that a file says, its compressed parts included."""
    content = path.read_bytes()
    if path.suffix == ".parquet":
        content += pd.read_parquet(path).to_csv().encode()
        content += repr(pq.read_schema(path).metadata).encode()
    if path.suffix == ".png":
        content += repr(Image.open(path).info).encode()
    if path.suffix == ".pdf":
        for part in content.split(b"stream\n")[1:]:
            with contextlib.suppress(zlib.error):
                content += zlib.decompressobj().decompress(part)
    return content.lower()


def tell_tales(results, *words):
    """Published files that contain one of some words."""
    files = [path for path in results.rglob("*") if path.is_file()]
    published = [path for path in files if not set(WORKING) & set(path.parts)]
    assert len(published) > 30
    sought = [word.lower().encode() for word in words]
    return [path.name for path in published if any(word in readable(path) for word in sought)]


def published(folder, data, monkeypatch, figures):
    """Run a study by absolute paths as a user on a host; files that tell of one of them."""
    monkeypatch.setenv("USER", USER)
    monkeypatch.setenv("LOGNAME", USER)
    monkeypatch.setattr(platform, "node", lambda: HOST)
    monkeypatch.setattr(socket, "gethostname", lambda: HOST)
    folder.mkdir()
    formats = ("svg", "pdf", "png") if figures else ("svg",)
    run_here(folder, config(data, prefix=f"{data}/", formats=formats), "all", figures=figures)
    folders = [str(data.parents[1]), str(ROOT), f"{Path.home()}/"]
    return tell_tales(folder / "results", FOLDER, "my data", USER, HOST, *folders)


def test_published_files_name_no_folder_user_or_host(tmp_path, data, monkeypatch):
    assert published(tmp_path / "Jane Zebrafinch here", data, monkeypatch, figures=False) == []


@pytest.mark.slow
def test_figures_name_no_folder_user_or_host(tmp_path, data, monkeypatch):
    assert published(tmp_path / "Jane Zebrafinch here", data, monkeypatch, figures=True) == []


def jobs(folder, path):
    """Params and inputs of the jobs of a study, by rule and output, as Snakemake compares them."""
    return {
        (job.rule.name, tuple(map(str, job.output))): (dict(job.params), inputs(job))
        for job in plan(folder, path, "all").jobs
    }


def inputs(job):
    """Inputs of a job but captions, which are in a temporary folder and not compared."""
    return [str(path) for path in job.input if not path.endswith(".rst")]


def ways(data):
    """The same config and files, typed in several ways: current folder and path."""
    absolute = config(data, "absolute.yaml", prefix=f"{data}/")
    relative = config(data, "relative.yaml")
    roundabout = config(data, "roundabout.yaml", prefix="../my data/./")
    return [
        (data, absolute),
        (data, relative),
        (data, roundabout),
        (data, Path("relative.yaml")),
        (data, Path("./relative.yaml")),
        (data.parent, Path("my data/relative.yaml")),
        (data.parent, Path("my data/../my data/absolute.yaml")),
    ]


def test_the_same_file_typed_in_other_ways_is_the_same_study(tmp_path, data, monkeypatch):
    folder = tmp_path / "work"
    folder.mkdir()
    kinds = []
    for current, path in ways(data):
        monkeypatch.chdir(current)
        kinds.append(jobs(folder, path))
    assert len(kinds[0]) > 15
    for kind in kinds[1:]:
        assert kind == kinds[0]


def test_a_study_that_is_run_where_its_files_are_is_the_same_study(data, monkeypatch):
    kinds = []
    for current, path in ways(data):
        monkeypatch.chdir(current)
        kinds.append(jobs(data, path))
    for kind in kinds[1:]:
        assert kind == kinds[0]
    # The folder may be moved as a whole.
    assert not any(map(os.path.isabs, itertools.chain(*(i for _, i in kinds[0].values()))))


@pytest.mark.slow
def test_nothing_runs_again_when_the_config_is_typed_in_another_way(tmp_path, data):
    folder = tmp_path / "work"
    folder.mkdir()
    target = "results/small/summary/predictive.csv"
    first, *others = [path for _, path in ways(data) if path.is_absolute()]
    assert snakemake(folder, target, "--configfile", first).returncode == 0
    for path in others:
        again = snakemake(folder, target, "--configfile", path)
        assert "Nothing to be done" in again.stdout + again.stderr
