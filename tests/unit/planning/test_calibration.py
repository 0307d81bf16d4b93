"""Calibration: real jobs of a small study, and what is kept of them."""

import pytest
from settings import MOCK, study

from rlrecovery.config.reader import parse
from rlrecovery.design.cells import cells_of
from rlrecovery.planning import calibration
from rlrecovery.planning.calibration import calibrated, remember, remembered
from rlrecovery.planning.costs import Cost, Seen, kind_of, of_kind
from rlrecovery.planning.resources import Load

EXPERIMENT = parse(
    study(methods={"guess": MOCK, "again": MOCK}, participants=[2, 30], trials=[20])
).resolved()
KIND = kind_of(EXPERIMENT["methods"]["guess"])
SEEN = [Seen(KIND, 1.0, Load(2, 20, 3), 1.25)]


def test_a_kind_is_tried_once_with_a_small_and_with_a_larger_job():
    said = []
    found = calibrated(EXPERIMENT, [KIND], said.append, seconds=0.2)
    fits, simulated = of_kind(found, KIND), of_kind(found, "simulate")
    assert len(fits) == len(simulated) == 2
    assert fits[0].load == Load(2, 20, 1)
    assert fits[1].load.participants == 30
    assert all(0.1 < job.seconds < 60 for job in found)
    assert "guess" in said[0]
    assert not any("again" in line for line in said)


def test_nothing_is_tried_where_nothing_is_asked_for():
    assert calibrated(EXPERIMENT, [], print) == []


@pytest.mark.parametrize(("most", "wrong"), [(0.01, {}), (60, {"estimator": "nonsense"})])
def test_a_job_that_fails_or_takes_too_long_tells_nothing(monkeypatch, most, wrong):
    monkeypatch.setattr(calibration, "MOST_SECONDS", most)
    cell = next(iter(cells_of(EXPERIMENT).values()))
    broken = EXPERIMENT["methods"]["guess"]
    if wrong:
        monkeypatch.setattr(calibration, "FIT", "raise SystemExit(1)\n")
    assert calibration._tried(EXPERIMENT, broken, cell, 1) is None


def test_the_larger_job_takes_about_the_time_that_it_is_given():
    by_size = sorted(cells_of(EXPERIMENT).values(), key=lambda c: c.participants)
    slow = Cost(1, 0.5, 1e-9)  # a data set of 30 takes 15 s, one of 2 a second
    assert calibration._worth(slow, 1, by_size, 3.1, 100) == (by_size[1], 3)
    quick = Cost(1, 0.01, 1e-9)
    assert calibration._worth(quick, 1, by_size, 3.1, 100) == (by_size[-1], 10)
    assert calibration._worth(quick, 1, by_size, 3.1, 4) == (by_size[-1], 4)
    assert calibration._worth(slow, 1, by_size[-1:], 3.1, 100) == (by_size[-1], 1)


def test_what_was_seen_is_kept(tmp_path):
    path = tmp_path / "run/calibration.json"
    assert remembered(path) == []
    remember(path, SEEN)
    assert remembered(path) == SEEN
    path.write_text("[{}]")
    assert remembered(path) == []
