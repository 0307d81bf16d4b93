"""Mock runs that the tests of the report share; they are written once per session."""

import dataclasses
import shutil

import pytest
import summaries

from rlrecovery.score.results import load_summary
from unit.report.pages import build


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """Folder of a run of three methods with its page; read-only."""
    folder = summaries.write_run(tmp_path_factory.mktemp("run"), replicates=6, participants=(5,))
    build(folder)
    return folder


@pytest.fixture(scope="session")
def page(run):
    return (run / "report.html").read_text()


@pytest.fixture(scope="session")
def summary(run):
    return load_summary(run / "summary")


@pytest.fixture(scope="session")
def two_methods(summary):
    """The summary without the hierarchical method and without paired comparisons."""
    recovery = summary.recovery[summary.recovery["method"] != "hierarchical"]
    return dataclasses.replace(summary, recovery=recovery, comparison=summary.comparison.iloc[:0])


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory):
    return summaries.write_run(
        tmp_path_factory.mktemp("tiny"),
        truth={"alpha": [0.3, 0.7], "beta": [5]},
        methods=("mle",),
        replicates=5,
        participants=(3,),
        trials=(50,),
    )


@pytest.fixture(scope="session")
def tiny(tiny_run):
    """Summary of one method at two true values of alpha and one of beta."""
    return load_summary(tiny_run / "summary")


@pytest.fixture
def tiny_folder(tiny_run, tmp_path):
    """A copy of the run of `tiny`, which tests may change."""
    return shutil.copytree(tiny_run, tmp_path / "tiny")
