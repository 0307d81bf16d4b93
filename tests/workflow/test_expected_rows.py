"""Valid files that do not hold what they must: the job that reads one names it."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from settings import study

from rlrecovery.storage.files import read_origin, read_table, write_table
from workflow.inprocess import execute, run_here
from workflow.runs import MEASURES

BASE = Path("results/small")
CELL, BATCH = "alpha-0.3_beta-3.0_n-2_t-20", "00002-00003"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A study up to its measures: its folder, and the jobs that were done."""
    folder = tmp_path_factory.mktemp("rows")
    return folder, run_here(folder, study(), MEASURES).jobs


def change(table, column, value):
    """Put a value into the first row."""
    table = table.copy()
    table.loc[table.index[0], column] = value
    return table


def first(table, **where):
    """The table with the first row that has these values at its beginning."""
    rows = np.logical_and.reduce([table[name] == value for name, value in where.items()])
    position = np.flatnonzero(rows)[0]
    order = [position, *(i for i in range(len(table)) if i != position)]
    return table.iloc[order].reset_index(drop=True)


ROWS = {
    "a row is missing": lambda table: table.iloc[1:],
    "a replicate is missing": lambda table: table[table["replicate"] != 2],
    "all rows are missing": lambda table: table.iloc[:0],
    "a row is there twice": lambda table: table.iloc[[0, *range(len(table))]],
    "a replicate of another batch": lambda table: table.assign(replicate=table["replicate"] + 2),
    "a participant too many": lambda table: change(table, "participant", 2),
}
TARGETS = {
    "a parameter is missing": lambda table: table[table["parameter"] != "beta"],
    "a level is missing": lambda table: table[table["level"] != "group"],
    "an unknown parameter": lambda table: change(table, "parameter", "gamma"),
}
OF_TRUTH = {
    "a group's truth is another": lambda table: change(first(table, level="group"), "truth", 0.31),
    "outside the support": lambda table: change(
        first(table, level="participant", parameter="alpha"), "truth", 1.5
    ),
    "a negative spread": lambda table: change(first(table, level="spread"), "truth", -1.0),
}
OF_ESTIMATES = {
    "infinite": lambda table: change(table, "estimate", np.inf),
    "missing, but ok": lambda table: change(table, "estimate", np.nan),
    "failed, but there": lambda table: change(table, "status", "failed"),
    "an unknown status": lambda table: change(table, "status", "OK"),
    "outside the support": lambda table: change(first(table, parameter="alpha"), "estimate", -0.1),
    "a negative SE": lambda table: change(table, "se", -1.0),
    "ends of an interval exchanged": lambda table: table.rename(
        columns={"lower_95": "upper_95", "upper_95": "lower_95"}
    ),
}
OF_TRIALS = {
    "an unknown arm": lambda table: change(table, "choice", 2),
    "no reward": lambda table: change(table, "reward", np.nan),
    "a reward without a choice": lambda table: change(table, "choice", -1),
    "another block": lambda table: change(table, "block", 7),
    "a trial twice": lambda table: change(table, "trial", 1),
}
CASES = [
    ("score", f"truth/{CELL}", ROWS | TARGETS | OF_TRUTH),
    ("score", f"estimates/guess/{CELL}", ROWS | TARGETS | OF_ESTIMATES),
    ("fit", f"trials/{CELL}", ROWS | OF_TRIALS),
]


@pytest.mark.parametrize(
    ("rule", "place", "edit"),
    [
        pytest.param(rule, place, edit, id=f"{place.split('/')[0]}: {name}")
        for rule, place, edits in CASES
        for name, edit in edits.items()
    ],
)
def test_a_valid_file_without_what_it_must_hold_is_named(whole, rule, place, edit):
    folder, jobs = whole
    path = BASE / place / f"{BATCH}.parquet"
    with contextlib.chdir(folder):
        content, table, origin = path.read_bytes(), read_table(path), read_origin(path)
        job = next(j for j in jobs if j.rule.name == rule and str(path) in map(str, j.input))
        execute(job, figures=False)
        try:
            write_table(edit(table), path, origin)
            with pytest.raises(SystemExit, match=f"{path} cannot be read") as stopped:
                execute(job, figures=False)
        finally:
            path.write_bytes(content)
    assert "delete it and rerun the workflow" in str(stopped.value)
