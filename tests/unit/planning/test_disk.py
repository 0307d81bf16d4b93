"""Disk: whole blocks, and sizes of files that were really written."""

import pytest
from fits import MLE, QUADRATURE, bayes_method
from settings import MOCK, study

from rlrecovery.config.reader import parse
from rlrecovery.design.cells import cells_of, generator_of
from rlrecovery.planning.disk import BLOCK, NOTED, estimates_bytes, on_disk, trials_bytes
from rlrecovery.planning.resources import Load
from rlrecovery.simulate.batch import simulate_batch


def test_files_take_whole_blocks():
    assert on_disk(1) == BLOCK
    assert on_disk(BLOCK, BLOCK + 1) == 3 * BLOCK
    assert on_disk() == 0


@pytest.mark.parametrize("rewards", [{}, {"rewards": "gaussian", "sd": 4}])
@pytest.mark.parametrize("people", [5, 60])
def test_simulated_files_take_what_was_said(tmp_path, rewards, people):
    task = {"arms": [0.3, 0.7], "blocks": 1, "start_value": 0.5} | rewards
    experiment = parse(study(task=task, participants=[people], trials=[200])).resolved()
    cell = next(iter(cells_of(experiment).values()))
    paths = [str(tmp_path / name) for name in ("trials.parquet", "truth.parquet")]
    simulate_batch(cell.values(), generator_of(experiment, cell), (0, 10), *paths)
    written = on_disk(*((tmp_path / path).stat().st_size for path in paths))
    said = trials_bytes(experiment, cell, Load(people, 200, 10)) - 2 * BLOCK - 2 * NOTED
    assert written / 1.5 < said < 1.5 * written


#: Method and participants; bytes of the estimates of six data sets at two levels, as seen.
@pytest.mark.parametrize(
    ("method", "people", "seen"),
    [
        (MLE, 5, 18294),
        (MLE, 40, 45050),
        (QUADRATURE, 5, 17733),
        (QUADRATURE, 40, 47407),
        (MOCK, 5, 14972),
        (MOCK, 40, 22913),
    ],
)
def test_estimates_take_what_was_seen(method, people, seen):
    log = on_disk(500 + 150 * 6)
    said = estimates_bytes(method, 2, Load(people, 50, 6)) - log - BLOCK - NOTED
    assert seen / 1.5 < said < 1.5 * seen


def test_complete_pooling_writes_no_participants():
    load = Load(500, 50, 50)
    none, complete = (estimates_bytes(bayes_method(p), 2, load) for p in ("none", "complete"))
    assert complete < none / 10
