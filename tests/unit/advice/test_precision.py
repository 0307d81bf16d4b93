"""The width of a frontier's interval, and what is measured next."""

import math

import pytest

from rlrecovery.advice.answer import answers
from rlrecovery.advice.precision import decisive, next_step, places, widest
from rlrecovery.config.targets import ALL
from unit.advice.synthetic import RMSE, both, experiment, summary

BOTH = {"rmse": lambda n, t, truth: both(n, t)}


def found(functions=None, relative=0.02, target=RMSE, **keys):
    sizes = {key: keys[key] for key in ("participants", "trials") if key in keys}
    study = summary(functions, relative=relative, **sizes)
    return answers(study, experiment({"precise": target}, **keys))


def test_the_half_width_is_that_of_the_interval():
    (answer,) = found()
    for place in places(answer):
        size = answer.required(place.participants)
        assert place.trials == pytest.approx(100, rel=2e-3)
        assert place.along_trials == pytest.approx((size.upper - size.lower) / (2 * size.value))
        assert place.along_participants == math.inf  # the frontier is vertical
    assert widest(answer).width == max(place.along_trials for place in places(answer))


def test_a_steep_frontier_is_narrow_in_one_direction():
    (answer,) = found(BOTH)
    place = widest(answer)
    assert place.width == min(place.along_trials, place.along_participants) < math.inf


def test_nothing_is_next_if_all_intervals_are_narrow():
    assert next_step(found(relative=0.005), 20, within=0.1) is None


def test_next_is_a_level_at_the_frontier():
    step = next_step(found(relative=0.1), 20, within=0.1)
    assert (step.trials, step.participants, step.replicates) == (101, None, None)
    assert step.width > 0.1


def test_next_are_more_replicates_if_there_is_a_level_at_the_frontier():
    answer = found(relative=0.1, trials=(60, 105, 240))
    step = next_step(answer, 20, within=0.1)
    assert (step.trials, step.participants) == (None, None)
    width = widest(answer[0]).width
    assert step.replicates == math.ceil(20 * min(max((width / 0.1) ** 2, 1.25), 4))


def test_next_are_participants_where_only_they_differ():
    step = next_step(found(BOTH, relative=0.1, trials=(60,)), 20, within=0.05)
    assert (step.trials, step.participants) == (None, 34)


def test_next_is_the_end_of_the_bounds_if_nothing_is_reachable():
    step = next_step(found(target=RMSE | {"at_most": 0.01}), 20, within=0.1)
    assert (step.trials, step.participants, step.width) == (360, None, math.inf)
    many = {"rmse": lambda n, t, truth: (n / 20) ** -0.5}
    step = next_step(found(many, target=RMSE | {"at_most": 0.01}), 20, within=0.1)
    assert (step.trials, step.participants) == (None, 60)


def test_nothing_is_next_if_larger_designs_are_no_better():
    worse = {"rmse": lambda n, t, truth: (t * n / 20) ** 0.5}
    assert next_step(found(worse, target=RMSE | {"at_most": 0.01}), 20, within=0.1) is None


def test_the_answers_to_all_requirements_decide():
    two = {"precise": RMSE, "close": {"measure": "bias", "parameter": "alpha", "at_most": 0.02}}
    everything = answers(summary(), experiment(two))
    assert [answer.requirement for answer in decisive(everything)] == [ALL]
    one = {"participants": (20,), "trials": (60,)}
    assert decisive(found(**one)) == []
    assert next_step(found(**one), 20, 0.1) is None
