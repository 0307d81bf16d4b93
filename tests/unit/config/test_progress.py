"""What is finished of a study, and what is said to be lacking."""

import pandas as pd
import pytest

from rlrecovery.config.progress import data_sets, finished, lacking, works
from rlrecovery.design.cells import batches, cells_of
from rlrecovery.storage.files import write_table

EXPERIMENT = {
    "seed": 1, "model": "rescorla_wagner", "truth": {"alpha": [0.2, 0.5], "beta": [3]},
    "population": {}, "task": {"arms": [0.3, 0.7], "blocks": 1, "start_value": 0.5},
    "participants": [2], "trials": [10], "missing": [0.0], "completed": [[1.0]],
    "replicates": 5, "batch_size": 2, "methods": {"mle": {"model": "x"}, "bayes": {"model": "x"}},
    "interval_levels": [0.95],
}  # fmt: skip
ONE, TWO = cells_of(EXPERIMENT)
BATCHES = list(batches(5, 2))
FIRST, SECOND, LAST = BATCHES


WORKS = works(EXPERIMENT)


def made(folder, *paths, of=WORKS):
    """Files that are made for some settings."""
    for path in paths:
        _, *method, cell, _ = path.split("/")
        work = of[method[0] if method else "simulate"][cell]
        write_table(pd.DataFrame({"x": [1]}), folder / f"{path}.parquet", {"work": work})


def done(folder):
    return finished(str(folder), ["mle", "bayes"], [ONE, TWO], BATCHES, WORKS)


def test_what_was_made_for_other_settings_is_not_finished(tmp_path):
    """While a study is computed again, old files lie beside new ones."""
    old = works(EXPERIMENT | {"seed": 2})
    assert not {*old["mle"].values()} & {*WORKS["mle"].values()}
    made(tmp_path, f"truth/{ONE}/{FIRST}", f"truth/{TWO}/{FIRST}")
    made(tmp_path, f"estimates/mle/{ONE}/{FIRST}", of=old)
    made(tmp_path, f"estimates/mle/{TWO}/{FIRST}")
    assert done(tmp_path) == (["mle"], {TWO: [FIRST]})
    broken = tmp_path / f"estimates/mle/{TWO}/{FIRST}.parquet"
    broken.write_bytes(b"PAR1")
    assert done(tmp_path) == ([], {})


def test_a_batch_is_finished_where_every_method_is(tmp_path):
    made(tmp_path, *(f"truth/{cell}/{b}" for cell in (ONE, TWO) for b in BATCHES))
    made(tmp_path, *(f"estimates/mle/{cell}/{b}" for cell in (ONE, TWO) for b in BATCHES))
    made(tmp_path, f"estimates/bayes/{ONE}/{LAST}", f"estimates/bayes/{ONE}/{FIRST}")
    made(tmp_path, f"estimates/bayes/{TWO}/.{FIRST}")
    assert done(tmp_path) == (["mle", "bayes"], {ONE: [FIRST, LAST]})
    assert data_sets(EXPERIMENT, {ONE: [FIRST, LAST]}) == {ONE: 3}


def test_a_method_without_any_is_left_out(tmp_path):
    made(tmp_path, f"truth/{TWO}/{SECOND}", f"estimates/mle/{TWO}/{SECOND}")
    assert done(tmp_path) == (["mle"], {TWO: [SECOND]})


def test_without_truth_there_is_nothing_to_compare_with(tmp_path):
    made(tmp_path, f"estimates/mle/{ONE}/{FIRST}", f"truth/{ONE}/{SECOND}")
    assert done(tmp_path)[1] == {}
    assert done(tmp_path / "nowhere") == ([], {})


@pytest.mark.parametrize(
    ("replicates", "stages", "words"),
    [
        ({ONE: 5, TWO: 5}, ["simulate", "mle", "bayes"], []),
        ({ONE: 5, TWO: 5}, [], []),  # a record that is older than stages
        ({ONE: 5, TWO: 5}, ["simulate", "mle"], ["No data set is finished by bayes"]),
        (
            {ONE: 3},
            ["simulate", "mle", "bayes"],
            [
                "3 of 10 data sets are finished, in 1 of 2 cells",
                "1 of these cells is not complete",
                f"Without any finished data set: {TWO}",
            ],
        ),
    ],
)
def test_what_is_lacking_is_said(replicates, stages, words):
    design = pd.DataFrame({"cell": list(replicates), "replicates": list(replicates.values())})
    made_by = [{"stage": stage, "files": 1} for stage in stages]
    assert list(lacking(EXPERIMENT, design, made_by)) == words
