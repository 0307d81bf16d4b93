"""Files of a user's own among those of a study: they change no number and stay where they are."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from settings import MOCK, study

import rlrecovery
from rlrecovery.storage.files import read_table, write_table
from workflow.inprocess import plan, run_here
from workflow.runs import MEASURES

EXPERIMENT = study(methods={"guess": MOCK, "other": MOCK}, batch_size=4)
PARTIAL = {"partial": "true"}
BASE = Path("results/small")
#: Files that say when they were made, or for how long something ran.
WITH_TIMES = ("logs", "benchmarks", "provenance.json", "provenance.json.sha256",
              "begun.json.sha256")  # fmt: skip
TIME = re.compile(rb"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A study up to its summary."""
    folder = tmp_path_factory.mktemp("foreign")
    run_here(folder, EXPERIMENT, MEASURES)
    return folder


def contents(folder):
    """Content of the files of a study, by path, without times."""
    paths = [path.relative_to(folder) for path in (folder / BASE).rglob("*") if path.is_file()]
    kept = [path for path in paths if not {*WITH_TIMES} & {*path.parts}]
    return {path: TIME.sub(b"", (folder / path).read_bytes()) for path in kept}


def put_own_files(folder):
    """Put tables, copies and figures of a user into every folder of a study."""
    base = folder / BASE
    batch = next((base / "estimates/guess").rglob("*.parquet"))
    wrong = read_table(batch).assign(estimate=0.99, status="ok")
    # As they are left by other batch sizes, methods and levels, with their digests.
    for path in (
        batch.with_name("00000-00001.parquet"),
        batch.with_name("00004-00007.parquet"),
        base / "estimates/former" / batch.parent.name / batch.name,
        base / "estimates/guess/alpha-0.9_beta-3.0_n-2_t-20" / batch.name,
    ):
        write_table(wrong, path)
    truth = next((base / "truth").rglob("*.parquet"))
    write_table(read_table(truth).assign(truth=0.5), truth.with_name("00000-00001.parquet"))
    wrong.to_parquet(base / "estimates/own.parquet")
    wrong.to_csv(batch.with_suffix(".csv"))
    for recovery in base.rglob("recovery.csv"):
        table = pd.read_csv(recovery).assign(value=0.5, method="own")
        for name in ("own.csv", "recovery (copy).csv", "recovery.csv.bak"):
            table.to_csv(recovery.with_name(name), index=False)
        table.to_parquet(recovery.with_name("own.parquet"))
    (base / "figures").mkdir(exist_ok=True)
    for place in (batch.parent, base / "summary", base / "figures", base / "scores", base):
        (place / "notes.csv").write_text("cell,estimate\n1,0.5\n")
        (place / "bias (edited).svg").write_text("<svg/>")
    for measures in [*(base / "scores").rglob("measures.parquet")]:
        shutil.copy(measures, measures.with_name("more.parquet"))


@pytest.fixture
def with_own_files(whole, tmp_path):
    """A copy of the study with files of a user."""
    folder = Path(shutil.copytree(whole, tmp_path / "copy"))
    before = contents(folder)
    put_own_files(folder)
    after = contents(folder)
    assert len(after) > len(before) + 20
    assert {path: after[path] for path in before} == before
    return folder


def test_what_is_made_beside_them_is_the_same_and_they_stay(with_own_files):
    folder = with_own_files
    assert plan(folder, EXPERIMENT, MEASURES).counts == {}
    before = contents(folder)
    for path in [*(folder / BASE).rglob("measures.parquet"), folder / MEASURES]:
        path.unlink()
    assert run_here(folder, EXPERIMENT, MEASURES).counts == {"score": 1, "summarise": 1}
    assert contents(folder) == before


def test_a_notebook_does_not_read_them(with_own_files, whole):
    own, other = (rlrecovery.load_study(folder / BASE) for folder in (with_own_files, whole))
    pd.testing.assert_frame_equal(own.recovery, other.recovery)
    pd.testing.assert_frame_equal(own.estimates(), other.estimates())
    pd.testing.assert_frame_equal(own.estimates(method="guess"), other.estimates(method="guess"))
    pd.testing.assert_frame_equal(own.truth(), other.truth())
    with pytest.raises(ValueError, match="former"):
        own.estimates(method="former")


@pytest.mark.slow
def test_tables_and_reports_are_the_same_too(with_own_files, whole, tmp_path):
    """The user's files are in one of two folders, in which the same is made."""
    clean = Path(shutil.copytree(whole, tmp_path / "clean"))
    for config in ({}, PARTIAL):
        for folder in (clean, with_own_files):
            run_here(folder, EXPERIMENT, figures=False, config=config)
    expected, made = contents(clean), contents(with_own_files)
    assert {path: made[path] for path in expected} == expected
