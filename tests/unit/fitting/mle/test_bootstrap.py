"""Parametric bootstrap intervals, against a model whose bootstrap distribution is binomial."""

from dataclasses import replace

import fits
import numpy as np
import pytest
from scipy import stats

from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.mle import bootstrap as module
from rlrecovery.fitting.mle.bootstrap import rank
from rlrecovery.fitting.mle.fitter import MaximumLikelihood
from rlrecovery.fitting.mle.settings import MleSettings, fewest
from rlrecovery.likelihood.data import observations
from rlrecovery.models.base import Learner
from rlrecovery.models.library import MODELS
from rlrecovery.simulation.replicates import simulate_replicates
from rlrecovery.simulation.task import Task
from unit.predictive.examples import CELL, TASKS, faced, generator, learner

SEED = np.random.SeedSequence(20)


def fitter(participants, trials, task=fits.TASK, own_learner=None, **changes):
    """Maximum likelihood with bootstrap intervals at `fits.LEVELS`."""
    settings = MleSettings.of(fits.MLE | {"interval": "bootstrap", "bootstrap": 60} | changes)
    own_learner = own_learner or fits.learner()
    setting = Setting(own_learner, participants, trials, fits.LEVELS, task)
    return MaximumLikelihood.of(settings, setting)


def coin(trials, first, data_sets):
    """Random responding with a bias, of which `first` choices are of the first arm."""
    choices = np.arange(trials) >= first
    model = Learner(MODELS["random_responding"], 2)
    changes = {"bounds": {"side_bias": [0, 1]}, "bootstrap": data_sets}
    return fits.one_block(choices, np.zeros(trials)), fitter(
        1, trials, own_learner=model, **changes
    )


def of_participants(rows):
    return [row for row in rows if row["level"] == "participant"]


def test_estimates_are_binomial_where_choices_are():
    trials, first, data_sets = 20, 14, 4000
    data, fit = coin(trials, first, data_sets)
    (maximum,) = fit.search.maxima(data)
    parts = list(fit.bootstrap.simulated(data, maximum.point, np.random.default_rng(5)))
    refits = fit.bootstrap.refits(iter(parts))
    counts = np.concatenate([(part.choices == 0).sum(axis=1) for part in parts])
    estimates = 1 / (1 + np.exp(-refits.points[:, 0]))
    np.testing.assert_allclose(estimates, np.clip(counts / trials, 1e-4, 1 - 1e-4), atol=1e-6)
    assert (refits.end[:, 0] == np.where(counts == trials, 1, np.where(counts == 0, -1, 0))).all()
    # The bound of Dvoretzky, Kiefer and Wolfowitz is exceeded with a probability of 1e-5.
    support = np.arange(trials + 1)
    shares = (counts[:, None] <= support).mean(axis=0)
    expected = stats.binom.cdf(support, trials, first / trials)
    assert np.abs(shares - expected).max() < np.sqrt(np.log(2 / 1e-5) / (2 * data_sets))


@pytest.mark.parametrize(("trials", "first"), [(20, 14), (60, 30), (200, 190)])
def test_the_interval_ends_at_percentiles_of_the_binomial_distribution(trials, first):
    data, fit = coin(trials, first, 2000)
    row = of_participants(fit.fit(data, SEED))[0]
    for level in fits.LEVELS:
        # Of ranks: their probabilities have a standard error of at most 0.009, so 0.04 is 4.5.
        tail = (1 - level) / 2
        slack = 4.5 * np.sqrt(tail * (1 - tail) / 2000)
        for name, share in (("lower", tail), ("upper", 1 - tail)):
            ends = stats.binom.ppf([share - slack, share + slack], trials, first / trials)
            end = row[f"{name}_{100 * level:.0f}"] * trials
            assert ends[0] - 1e-4 <= end <= ends[1] + 1e-4, (level, name)


def test_a_rank_leaves_the_shares_of_a_level_outside():
    assert [rank(199, level) for level in (0.5, 0.8, 0.9, 0.95, 0.99)] == [50, 20, 10, 5, 1]
    assert [rank(200, level) for level in (0.5, 0.8, 0.9, 0.95, 0.99)] == [50, 20, 10, 5, 1]
    assert rank(10, 0.99) == 1
    for level in (0.01, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999):
        ranks = [(count + 1) * (1 - level) / 2 for count in range(1, 3000)]
        assert fewest(level) == 1 + next(i for i, r in enumerate(ranks) if r >= 1 - 1e-9)


def test_an_interval_has_its_ends_at_ranks_of_estimates_and_is_open_at_a_bound():
    box = np.array([-3.0, 2.0])
    points = np.concatenate([np.linspace(-1, 1, 35), [2 - 5e-4, 2, 2, 2]])
    end = np.where(points > 1.5, 1, 0)
    refits = module.Refits(points[:, None], end[:, None], converged=True)
    interval = refits.interval(0, box, (0.5, 0.8, 0.95))
    ordered = np.append(np.linspace(-1, 1, 35), [2] * 4)
    ranks = [10, 4, 1]
    np.testing.assert_array_equal(interval.ends[:, 0], [ordered[k - 1] for k in ranks])
    np.testing.assert_array_equal(interval.ends[:, 1], [ordered[39 - k] for k in ranks])
    np.testing.assert_array_equal(interval.is_open, [[False, False], [False, True], [False, True]])
    assert (interval.notes, interval.spans) == ((), False)
    whole = np.repeat([-3.0, 2.0], 20)[:, None]
    spans = module.Refits(whole, np.sign(whole).astype(int), converged=False)
    assert spans.interval(0, box, (0.5,)).spans
    assert spans.interval(0, box, (0.5,)).notes == ("refits_stopped",)


def test_estimates_are_those_of_other_intervals():
    data = fits.simulated([0.3, 0.6], [4, 2], 40, 1)
    rows, wald = (
        fitter(2, 40, interval=interval, bootstrap=39).fit(data, SEED)
        for interval in ("bootstrap", "wald")
    )
    for one, other in zip(rows, wald, strict=True):
        assert (one["estimate"], one["se"]) == (other["estimate"], other["se"])
        if one["level"] == "group":
            assert one["lower_95"] == other["lower_95"]
        else:
            assert one["lower_95"] <= one["lower_80"] <= one["upper_80"] <= one["upper_95"]
            assert one["lower_95"] != other["lower_95"]


def test_numbers_do_not_depend_on_what_is_fitted_together():
    seeds = [np.random.SeedSequence([number]) for number in range(2)]
    short, long = (
        fits.simulated([0.3, 0.5], [4, 2], 25, 1),
        fits.simulated([0.6, 0.5], [1, 2], 40, 2),
    )
    fit = fitter(2, 40)
    together = fit.fit_together([short, long], seeds)
    for data, seed, rows in zip((short, long), seeds, together, strict=True):
        fits.assert_same(rows, fit.fit(data, seed))
    # The first participant has the same numbers without the second.
    alone = fitter(1, 40).fit(short.rows(slice(0, 1)), seeds[0])
    fits.assert_same(of_participants(alone), of_participants(together[0])[:2])
    # A seed is not used up, and another seed gives other numbers.
    other = of_participants(fit.fit(short, seeds[1]))
    assert [row["lower_80"] for row in other] != [
        row["lower_80"] for row in of_participants(together[0])
    ]


def test_simulation_in_parts_bounds_the_memory(monkeypatch):
    data, fit = fits.simulated(0.3, 4, 25, 1), fitter(1, 25)
    monkeypatch.setattr(module, "MAX_TRIALS", 25 * 7)
    parts = list(fit.bootstrap.simulated(data, np.zeros(2), np.random.default_rng(1)))
    assert [len(part.choices) for part in parts] == [7] * 8 + [4]


@pytest.mark.parametrize("name", list(TASKS))
def test_the_task_of_the_participant_is_simulated(name):
    """Mean choices and outcomes in each trial are those of the simulator of studies."""
    task, cell = TASKS[name], replace(CELL, trials=24, participants=3)
    missing = [[2, 3, 24], [5], [1, 20, 21, 22, 23, 24]]
    made = generator(task | {"missing_trials": missing}, spread=0)
    fit = fitter(3, 24, faced(task), learner(task), bootstrap=400)
    point = np.array([p.to_real(dict(cell.truth)[p.name]) for p in fit.setting.model.parameters])
    blocks = np.tile(faced(task).block_of_trial(24) * faced(task).reset, (3, 1))
    _, joint = simulate_replicates(cell, made, range(300))
    shown = joint.rewards if joint.outcomes is None else joint.outcomes
    studies = observations(joint.choices, shown, np.tile(blocks, (300, 1)))
    for i in range(3):
        own, expected = studies.rows(slice(i, i + 1)), studies.rows(slice(i, None, 3))
        (again,) = fit.bootstrap.simulated(own, point, np.random.default_rng(i))
        assert (again.starts == own.starts).all()
        assert ((again.choices >= 0) == (own.choices >= 0)).all()
        for of in (lambda x: x.choices, lambda x: x.rewards):
            one, two = of(again).astype(float), of(expected).astype(float)
            error = np.sqrt(one.var(axis=0) / len(one) + two.var(axis=0) / len(two))
            assert (np.abs(one.mean(axis=0) - two.mean(axis=0)) <= 5 * error + 1e-9).all()


def test_unequal_blocks_of_a_changing_task_are_simulated():
    task = Task((0.3, 0.7), blocks=2, reset=False, reversals=faced(TASKS["reversals"]).reversals)
    data = fits.simulated(0.3, 4, 25, 1)
    rows = fitter(1, 25, task, bootstrap=39).fit(data, SEED)
    assert [row["status"] == "failed" for row in rows] == [False] * 4


def test_an_estimate_at_a_bound_has_an_interval_that_ends_there():
    rows = of_participants(fitter(1, 30, bootstrap=199).fit(fits.constant_chooser(30), SEED))
    assert {row["status"] for row in rows} <= {"at_bound", "not_identified"}
    beta = next(row for row in rows if row["parameter"] == "beta")
    if beta["estimate"] > 49.9:
        assert (beta["upper_95"], beta["open_above"]) == (50, 0.8)
    assert all(np.isfinite([row["lower_95"], row["upper_95"]]).all() for row in rows)


def test_equal_estimates_are_noted():
    data, fit = coin(20, 20, 39)
    (row, _) = fit.fit(data, SEED)
    end = pytest.approx(0.9999)  # the search stops there
    assert (row["interval_note"], row["lower_95"], row["upper_95"]) == ("one_value", end, 1)
    assert (row["status"], row["open_above"]) == ("at_bound", 0.8)


def test_a_data_set_that_cannot_be_fitted_is_a_row(monkeypatch):
    data, fit = fits.simulated([0.3, 0.6], [4, 2], 25, 1), fitter(2, 25)
    monkeypatch.setattr(fit.bootstrap.__class__, "refits", lambda self, parts: 1 / 0)
    rows = fit.fit(data, SEED)
    assert {row["status"] for row in rows} == {"failed"}
    assert rows[0]["reason"] == "ZeroDivisionError: division by zero"


def test_mistakes_are_a_key_and_a_sentence():
    def mistake(levels=(0.5, 0.95), **changes):
        return MleSettings.of(fits.MLE | changes).interval_mistake(levels)

    assert mistake() is mistake(interval="bootstrap") is None
    assert mistake(interval="bootstrap", bootstrap=39) is None
    assert mistake(interval="bootstrap", bootstrap=38) == (
        "bootstrap",
        "is 38, but must be at least 39 for the nominal level 0.95 of interval_levels",
    )
    assert mistake(interval="profile", bootstrap=100)[1].startswith("is unused")


def test_the_cost_grows_with_the_number_of_data_sets():
    wald, some, many = (
        MleSettings.of(fits.MLE | changes).relative_work(2)
        for changes in (
            {},
            {"interval": "bootstrap"},
            {"interval": "bootstrap", "bootstrap": 400},
        )
    )
    assert (many - wald) == pytest.approx(2 * (some - wald))
    assert some > 50 * wald


def test_the_methods_section_says_how_many_data_sets():
    settings = MleSettings.of(fits.MLE | {"interval": "bootstrap"})
    assert "percentile intervals from 200 data sets per participant" in settings.describe()


def by_hand(alpha, beta, count, rng):
    """Rescorla-Wagner in `fits.TASK`, number by number, fitted on a grid of both parameters.

    Indices of the maximum on `grid_axes`, shape (count, 2).
    """
    places = np.empty((count, 2), dtype=int)
    grid_alpha, grid_beta = np.meshgrid(*grid_axes(), indexing="ij")
    for number in range(count):
        q, grid_q = [0.5, 0.5], [np.full(grid_alpha.shape, 0.5) for _ in fits.ARMS]
        log_likelihood = np.zeros(grid_alpha.shape)
        for _ in range(30):
            first = rng.random() < 1 / (1 + np.exp(-beta * (q[0] - q[1])))
            arm = 0 if first else 1
            reward = float(rng.random() < fits.ARMS[arm])
            log_likelihood -= np.logaddexp(0, grid_beta * (grid_q[1 - arm] - grid_q[arm]))
            q[arm] += alpha * (reward - q[arm])
            grid_q[arm] = grid_q[arm] + grid_alpha * (reward - grid_q[arm])
        places[number] = np.unravel_index(log_likelihood.argmax(), log_likelihood.shape)
    return places


def grid_axes():
    """Grids of alpha and beta, evenly spaced on the unconstrained scale within the bounds."""
    alpha = 1 / (1 + np.exp(-np.linspace(-np.log(9999), np.log(9999), 47)))
    return alpha, np.exp(np.linspace(np.log(0.1), np.log(50), 47))


def test_estimates_are_those_of_an_independent_simulation_and_fit():
    alpha, beta, count = 0.4, 4.0, 400
    bounds = {"alpha": [0, 1], "beta": [0.1, 50]}
    fit = fitter(1, 30, bootstrap=count, bounds=bounds)
    point = np.array([np.log(alpha / (1 - alpha)), np.log(beta)])
    data = fits.one_block(np.zeros(30), np.zeros(30))
    refits = fit.bootstrap.refits(fit.bootstrap.simulated(data, point, np.random.default_rng(1)))
    places = by_hand(alpha, beta, count, np.random.default_rng(2))
    box = fit.search.box
    steps = (refits.points - box[:, 0]) / (box[:, 1] - box[:, 0]) * 46
    for j in range(2):
        # Both on the same grid; 0.15 has a probability of 1e-4 with 400 estimates each.
        levels = np.arange(0, 46) + 0.5
        one = (steps[:, j, None] < levels).mean(axis=0)
        other = (places[:, j, None] < levels).mean(axis=0)
        assert np.abs(one - other).max() < 0.15
