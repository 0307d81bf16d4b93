"""Global maxima: of hard data sets, against searches from dense grids; of one and of many."""

import dataclasses
import functools

import numpy as np
import pytest
from fits import (
    MLE,
    constant_chooser,
    learner,
    maximum_likelihood,
    one_block,
    setting,
    simulated,
    stacked,
)

from rlrecovery.fitting.mle import newton, search
from rlrecovery.fitting.mle.fitter import MaximumLikelihood
from rlrecovery.fitting.mle.newton import Points
from rlrecovery.fitting.mle.search import standard_errors
from rlrecovery.fitting.mle.settings import MleSettings
from rlrecovery.likelihood.data import observations
from rlrecovery.models.library import MODELS
from rlrecovery.simulation.behaviour import behave
from rlrecovery.simulation.task import Task
from unit.fitting.mle.hard_data import FAMILIES, hard_data

BOUNDS = {"alpha": [0, 1], "beta": [0, 100], "alpha_choice": [0, 1], "beta_choice": [0, 100]}


def assert_same_maxima(some, others):
    """Equal bit for bit."""
    for one, other in zip(some, others, strict=True):
        for key, value in dataclasses.asdict(one).items():
            np.testing.assert_array_equal(value, getattr(other, key))


def top(fitter, data):
    """Log-likelihood at the maximum of the only participant."""
    (maximum,) = fitter.search.maxima(data)
    return maximum.log_likelihood


def searching(name, trials, **changes):
    """Fitter of a model to one participant."""
    model = MODELS[name]
    method = MLE | {"bounds": {n: BOUNDS[n] for n in model.names}, "grid": 6, "starts": 3}
    return MaximumLikelihood.of(
        MleSettings.of(method | changes), setting(1, trials, (0.95,), model=model)
    )


def with_a_kernel(seed, trials):
    """Choices of a learner with a choice kernel."""
    rng = np.random.default_rng(seed)
    values = {"alpha": rng.random(1), "beta": 1 + rng.exponential(1, 1),
              "alpha_choice": rng.random(1), "beta_choice": 1 + rng.exponential(1, 1)}  # fmt: skip
    model = MODELS["rescorla_wagner_choice_kernel"]
    behaviour = behave(learner(model), values, Task((0.2, 0.8)), rng.random((1, trials, 2)))
    return observations(behaviour.choices, behaviour.rewards, np.zeros((1, trials), dtype=int))


def test_a_narrow_peak_on_the_slope_of_another_is_found():
    """No point of the coarse grid is a peak of its own there, and the other peak is 7.8 lower."""
    data = with_a_kernel(75, 1000)
    coarse = top(searching("rescorla_wagner", 1000), data)
    fine = top(searching("rescorla_wagner", 1000, grid=40, starts=40), data)
    assert coarse == pytest.approx(fine, abs=1e-6)
    assert top(searching("rescorla_wagner", 1000, starts=1), data) < fine - 7


@pytest.mark.parametrize("seed", [3, 53, 75])
def test_a_model_is_never_beaten_by_one_that_it_contains(seed):
    data = with_a_kernel(seed, 300)
    names = ("rescorla_wagner", "choice_kernel", "rescorla_wagner_choice_kernel")
    tops = [top(searching(name, 300, grid=8), data) for name in names]
    assert tops[2] >= max(tops[:2]) - 0.01  # bounds end 0.0001 from a weight of zero


# --- hard data sets ---------------------------------------------------------------------------

#: Families of which a few data sets are fitted daily; all of all 10,000 are in `make test-all`.
DAILY = ("narrow bounds", "wide bounds", "lapse")
every_family = pytest.mark.parametrize(
    ("name", "share"),
    [(name, 0.02) for name in DAILY]
    + [pytest.param(name, 1.0, marks=pytest.mark.slow) for name in FAMILIES],
)
#: Grids and searches that find the highest maximum, by number of parameters.
DENSE = {1: (200, 10), 2: (40, 20), 3: (14, 20), 4: (8, 20)}


def maxima_of(name, share, **changes):
    """Maxima of all hard data sets of a family."""
    family = FAMILIES[name]
    return [
        maximum
        for data in hard_data(name, share)
        for maximum in MaximumLikelihood.of(
            family.settings(**changes), family.setting(data)
        ).search.maxima(data)
    ]


@functools.cache
def usual_maxima(name, share):
    """The same with the usual settings, computed once."""
    return maxima_of(name, share)


def heights(maxima):
    return np.array([maximum.log_likelihood for maximum in maxima])


@every_family
def test_every_search_of_hard_data_converges(name, share):
    assert all(maximum.converged for maximum in usual_maxima(name, share))


@every_family
def test_searches_that_end_in_the_basin_of_a_peak_lose_nothing(name, share, monkeypatch):
    usual = usual_maxima(name, share)
    monkeypatch.setattr(newton, "SHARP", np.inf)  # nothing is a peak
    full = maxima_of(name, share)
    np.testing.assert_allclose(heights(usual), heights(full), rtol=0, atol=1e-9)
    # Equally high maxima may be at different points.
    same = [one.end.tolist() == other.end.tolist() for one, other in zip(usual, full, strict=True)]
    assert np.mean(same) > 0.9


@every_family
def test_searches_from_a_dense_grid_find_hardly_anything_higher(name, share):
    """Among 10,000, 3 maxima of two parameters are missed, by less than 0.001, and 28 of more."""
    size = len(FAMILIES[name].definition.parameters)
    grid, starts = DENSE[size]
    usual = heights(usual_maxima(name, share))
    shortfall = heights(maxima_of(name, share, grid=grid, starts=starts)) - usual
    worst = np.sort(shortfall)[:-6:-1]
    assert shortfall.min() > -1e-6, "the dense search is no reference"
    if size <= 2:
        assert (shortfall < 1e-3).all(), worst
    assert np.mean(shortfall > 1e-6) <= (0.005 if size <= 2 else 0.03), worst


@every_family
def test_hard_data_fitted_alone_give_the_same_bits(name, share):
    family, position = FAMILIES[name], 0
    usual = usual_maxima(name, share)
    for data in hard_data(name, share):
        fitter = MaximumLikelihood.of(family.settings(), family.setting(data))
        for i in range(0, len(data.choices), 7):
            alone = fitter.search.maxima(data.rows(slice(i, i + 1)))
            assert_same_maxima(alone, usual[position + i : position + i + 1])
        position += len(data.choices)


# --- many participants ------------------------------------------------------------------------


def test_the_number_of_participants_that_advance_together_changes_nothing(monkeypatch):
    rng = np.random.default_rng(4)
    data = simulated(rng.random(23), rng.exponential(4, 23), 60, 9)
    fitter = maximum_likelihood(23, 60)
    usual = list(fitter.search.maxima(data))
    for trials in (1, 600 * 7, 10**9):
        monkeypatch.setattr(search, "TRIALS_AT_ONCE", trials)
        assert fitter.search.together(60) == {1: 1, 4200: 7}.get(trials, 10**9 // 600)
        assert_same_maxima(usual, fitter.search.maxima(data))


def test_few_participants_advance_together_on_a_large_grid():
    fitter = maximum_likelihood(grid=400)
    assert fitter.search.together(10) == search.TRIALS_AT_ONCE // 400**2


def test_padding_changes_no_bit():
    data = simulated([0.3, 0.8], [2, 8], 40, 3)
    padded = one_block(
        np.pad(data.choices, [(0, 0), (0, 25)], constant_values=-1),
        np.pad(data.rewards, [(0, 0), (0, 25)]),
    )
    fitter = maximum_likelihood(2, 40)
    assert_same_maxima(fitter.search.maxima(data), fitter.search.maxima(padded))


def test_all_searches_of_a_participant_start_apart():
    """The second and third find peaks that the first one does not."""
    data = stacked(*(with_a_kernel(seed, 300) for seed in range(40)))
    one, three = (
        heights(searching("rescorla_wagner", 300, starts=count).search.maxima(data))
        for count in (1, 3)
    )
    assert (three >= one - 1e-9).all()
    assert (three > one + 0.1).any()


def test_a_likelihood_that_is_finite_nowhere_raises():
    def lost(data, points):
        return np.full(len(points), -np.inf), np.zeros(points.shape)

    fitter = maximum_likelihood()
    broken = dataclasses.replace(fitter.search, evaluate=lost)
    with pytest.raises(FloatingPointError, match="not finite anywhere on the grid"):
        list(broken.maxima(constant_chooser(5)))


# --- standard errors --------------------------------------------------------------------------


def test_standard_errors_are_those_with_the_other_parameters_at_their_bounds():
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(3, 3))
    curvature = factor @ factor.T + np.eye(3)
    flat = np.diag([1.0, 0.0, 1.0])
    zeros = np.zeros((4, 3))
    peaks = Points(
        zeros, zeros[:, 0], zeros, np.stack([curvature, curvature, curvature, flat]), zeros[:, 0]
    )
    free = np.array([[True] * 3, [True, False, True], [False] * 3, [True] * 3])
    se = standard_errors(peaks, free)
    np.testing.assert_allclose(se[0], np.sqrt(np.diag(np.linalg.inv(curvature))))
    some = np.linalg.inv(curvature[np.ix_([0, 2], [0, 2])])
    np.testing.assert_allclose(se[1, [0, 2]], np.sqrt(np.diag(some)))
    assert np.isnan(se[1, 1])
    assert np.isnan(se[2:]).all()
