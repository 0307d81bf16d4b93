"""Posteriors sampled by NUTS against dense grids; seeds, failures and summaries of rows."""

import dataclasses
import math

import numpy as np
import pytest
from arviz_stats.base import array_stats
from fits import (
    FLAT,
    KNOWN_SEED,
    LEVELS,
    PARTICIPANTS,
    POPULATION,
    alternating_chooser,
    assert_same,
    bayes,
    bayes_settings,
    compiled,
    constant_chooser,
    one_block,
    setting,
    simulated,
    stacked,
    table,
    targets_of,
)
from quadrature import log_left_out, posterior
from scipy import stats
from scipy.special import expit

from rlrecovery.fitting.bayes import fitter as bayes_fitter
from rlrecovery.fitting.bayes.fitter import Bayes, draws_of, failed_criteria, posterior_row
from rlrecovery.fitting.bayes.settings import Convergence
from rlrecovery.fitting.estimates import Target
from rlrecovery.models.library import RESCORLA_WAGNER

POOLINGS = ("none", "partial", "complete")
SHORT = {"tune": 200, "draws": 200}


def seed(number=1):
    """A new one each time: a SeedSequence remembers how many it has spawned."""
    return np.random.SeedSequence(number)


def group_of_five(trials, number=0):
    """A population with slow and fast learners."""
    return simulated([0.15, 0.3, 0.5, 0.7, 0.85], [2, 6, 4, 3, 5], trials, number)


# --- the quadrature itself --------------------------------------------------------------------


def test_quadrature_without_data_is_the_prior():
    marginals = posterior([[-1]], [[0]])
    for name, prior in (("alpha", stats.beta(1, 1)), ("beta", stats.halfnorm(scale=10))):
        marginal = marginals[name]
        assert marginal.mean == pytest.approx(prior.mean(), rel=1e-5)
        assert marginal.sd == pytest.approx(prior.std(), rel=1e-5)
        for probability in (0.025, 0.1, 0.5, 0.9, 0.975):
            expected = prior.ppf(probability)
            assert marginal.quantile(probability) == pytest.approx(expected, rel=2e-4)


def test_quadrature_does_not_depend_on_its_nodes():
    data = simulated(0.5, 5, 60, 1)
    coarse, fine = (posterior(data.choices, data.rewards, size) for size in (150, 331))
    for name in ("alpha", "beta"):
        assert coarse[name].mean == pytest.approx(fine[name].mean, rel=1e-6)
        assert coarse[name].sd == pytest.approx(fine[name].sd, rel=1e-6)
        np.testing.assert_allclose(coarse[name].interval(0.95), fine[name].interval(0.95), 1e-4)


# --- NUTS against quadrature -------------------------------------------------------------------


def standardised(row, draws, exact):
    """Errors of a row's mean, SD and interval ends in units of their MCSE."""
    z = [
        (row["estimate"] - exact.mean) / array_stats.mcse(draws, method="mean"),
        (row["se"] - exact.sd) / array_stats.mcse(draws, method="sd"),
    ]
    for level in LEVELS:
        for end, tail in (("lower", (1 - level) / 2), ("upper", (1 + level) / 2)):
            name = f"{end}_{100 * level:.0f}"
            mcse = array_stats.mcse(draws, method="quantile", prob=tail)
            z.append((row[name] - exact.quantile(tail)) / mcse)
    return z


@dataclasses.dataclass(frozen=True)
class Recording(Bayes):
    """A fitter that keeps the draws that its rows are made from."""

    sampled: list = dataclasses.field(default_factory=list)

    def sample(self, data, seed):
        self.sampled.append(super().sample(data, seed))
        return self.sampled[-1]


def fit_and_draws(fitter, data, number=1):
    """Rows of a fit, with the draws and divergences of its one posterior."""
    recording = Recording(fitter.settings, fitter.setting, fitter.compiled)
    rows = recording.fit(data, seed(number))
    (sampled,) = recording.sampled
    return rows, *sampled


def errors_of(fitter, data, number):
    """Standardised errors of all of a data set's rows, as an array (parameters, measures)."""
    pooling, exact = fitter.settings.pooling, posterior(data.choices, data.rewards)
    rows, draws, _ = fit_and_draws(fitter, data, number)
    every = []
    for row, target in zip(rows, fitter.targets, strict=True):
        own_draws = draws_of(target, draws, pooling)
        assert row["estimate"] == own_draws.mean()
        every.append(standardised(row, own_draws, exact[target[2]]))
    return np.array(every)


def check_errors(z):
    """No error is beyond what Monte Carlo explains; z has shape (..., measures).

    An MCSE of a quantile or of an SD is itself rough: over 60 seeds of five kinds of data, the root
    mean square of z was 1.0 and one z in 1000 was beyond 4, where a normal one has one in 16000.
    """
    assert np.abs(z).max() < 6


DATA_SETS = {
    "usual": lambda number: simulated(0.5, 5, 150, KNOWN_SEED + number),
    "hard": lambda number: simulated(0.05, 1, 30, number),
    "constant": lambda number: constant_chooser(150, number),
    "constant and short": lambda number: constant_chooser(30, number),
    "alternating": lambda number: alternating_chooser(30, number),
    "quick": lambda number: simulated(0.9, 2, 30, number),
}


@pytest.fixture(scope="module")
def errors():
    return {
        kind: np.array([errors_of(bayes(), make(number), number) for number in range(2)])
        for kind, make in DATA_SETS.items()
    }


@pytest.mark.parametrize("kind", DATA_SETS)
def test_unpooled_posterior_is_that_of_quadrature(errors, kind):
    check_errors(errors[kind])


def test_errors_are_of_the_size_that_their_mcse_says(errors):
    z = np.stack(list(errors.values()))  # data sets, parameters, measures: hardly independent
    assert 0.6 < np.sqrt(np.mean(z**2)) < 1.4
    assert np.abs(z.mean(axis=(0, 1))).max() < 4 / np.sqrt(z.shape[0] * z.shape[1])


@pytest.mark.slow
@pytest.mark.parametrize("kind", DATA_SETS)
def test_unpooled_posterior_is_that_of_quadrature_in_many_data_sets(kind):
    # Long chains: where the posterior reaches to beta = 0, excursions there are rare and long, and
    # shorter chains underestimate the MCSE of beta's lower end.
    fitter, count = bayes(draws=8000), 10
    z = np.array([errors_of(fitter, DATA_SETS[kind](i), 100 + i) for i in range(count)])
    z = np.delete(z, 1, axis=-1)
    assert np.abs(z).max() < 5
    assert np.abs(z.mean(axis=0)).max() < 4.5 / np.sqrt(count)


def test_completely_pooled_posterior_is_that_of_quadrature():
    fitter = bayes("complete", participants=PARTICIPANTS, trials=40)
    check_errors(np.array([errors_of(fitter, group_of_five(40, i), i) for i in range(3)]))


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", ["potential", "categorical"])
def test_posterior_where_all_outcomes_are_shown(likelihood):
    data = simulated(0.4, 4, 40, 3, full_feedback=True)
    sizes = setting(1, 40, full_feedback=True)
    fitter = Bayes.of(bayes_settings("none", likelihood), sizes)
    check_errors(errors_of(fitter, data, 1))


def test_categorical_form_samples_the_same_posterior():
    whole = simulated(0.5, 5, 28, 2)
    data = one_block(*(np.insert(a, [4, 20], -1, axis=1) for a in (whole.choices, whole.rewards)))
    fitter = bayes("none", "categorical", trials=30, tune=500, draws=1000)
    check_errors(errors_of(fitter, data, 1))


# --- responses and leave-one-out densities --------------------------------------------------------

SPOTTY = one_block(
    np.where(np.arange(30) % 7 == 3, -1, simulated(0.4, 3, 30, 3).choices),
    simulated(0.4, 3, 30, 3).rewards,
)


def test_rows_say_how_many_choices_they_rest_on_and_how_well_these_are_predicted():
    data = stacked(SPOTTY, simulated(0.3, 4, 30, 3))
    without = bayes("none", participants=2, trials=30, **SHORT).fit(data, seed())
    rows = bayes("none", participants=2, trials=30, loo=True, **SHORT).fit(data, seed())
    assert [row["choices"] for row in rows] == [26, 26, 30, 30]
    assert all(math.isnan(row["elpd_loo"]) for row in without)
    for i in range(2):
        own, terms = rows[2 * i], log_left_out(data.choices[i], data.rewards[i])
        expected = terms[data.choices[i] >= 0].sum()
        assert own["elpd_loo"] == pytest.approx(expected, abs=1.0)
        assert own["elpd_loo"] == rows[2 * i + 1]["elpd_loo"]
        assert np.isfinite(own["pareto_k"])
    # No draw is another one.
    same = [name for name in rows[0] if name not in ("elpd_loo", "pareto_k", "seconds")]
    for one, other in zip(rows, without, strict=True):
        assert str([one[n] for n in same]) == str([other[n] for n in same])


@pytest.mark.parametrize("pooling", ["partial", "complete"])
def test_whose_choices_are_predicted(pooling):
    data = group_of_five(40)
    choices = data.choices.copy()
    choices[2, :10] = -1
    fitter = bayes(pooling, participants=PARTICIPANTS, trials=40, loo=True, **SHORT)
    rows = fitter.fit(one_block(choices, data.rewards), seed())
    counts = {target[:2]: row["choices"] for target, row in zip(fitter.targets, rows, strict=True)}
    elpd = {target[:2]: row["elpd_loo"] for target, row in zip(fitter.targets, rows, strict=True)}
    if pooling == "complete":
        assert counts == {("group", -1): 190}
        assert -190 * np.log(2) < elpd["group", -1] < -40
        return
    assert [counts["participant", i] for i in range(PARTICIPANTS)] == [40, 40, 30, 40, 40]
    assert math.isnan(counts["group", -1])
    assert math.isnan(counts["spread", -1])
    assert all(-60 < elpd["participant", i] < -1 for i in range(PARTICIPANTS))
    assert math.isnan(elpd["group", -1])


# --- hierarchical -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hierarchical():
    data = group_of_five(40)
    fitter = bayes("partial", participants=PARTICIPANTS, trials=40, draws=1000)
    return fitter, *fit_and_draws(fitter, data)


def test_hierarchical_rows_are_participants_group_and_spread(hierarchical):
    fitter, rows, *_ = hierarchical
    assert targets_of(rows) == fitter.targets
    assert len(set(fitter.targets)) == len(rows) == 2 * PARTICIPANTS + 4
    levels = table(rows).groupby("level")["participant"]
    assert levels.size().to_dict() == {"participant": 2 * PARTICIPANTS, "group": 2, "spread": 2}
    assert set(levels.get_group("group")) == set(levels.get_group("spread")) == {-1}
    assert np.isfinite(table(rows)[["estimate", "se", "rhat", "ess_bulk"]]).all(axis=None)
    alphas = table(rows).query("parameter == 'alpha' and level != 'spread'")
    assert alphas[["estimate", "lower_95", "upper_95"]].stack().between(0, 1).all()
    assert (table(rows).query("level == 'spread'")["lower_95"] > 0).all()


class Unsampled(Bayes):
    """A fitter whose draws depend on the data and the seed, but are not sampled."""

    def sample(self, data, seed):
        rng, shape = np.random.default_rng(seed), (self.settings.chains, self.settings.draws)
        size = (*shape, len(data.choices)) if self.settings.pooling == "partial" else shape
        offset = (data.choices == 1).mean()
        draws = {name: offset + rng.random(size) for name in self.setting.model.names}
        for name in self.setting.model.names:
            draws |= {f"{name}_{level}": rng.random(shape) for level in ("group", "spread")}
        return draws, 0


@pytest.mark.parametrize("pooling", ["none", "partial", "complete"])
def test_a_participants_chains_are_those_that_the_fit_summarises(pooling):
    settings = bayes_settings(pooling, chains=2, draws=30)
    fitter = Unsampled(settings, setting(3, 40), None)
    data = simulated([0.2, 0.5, 0.8], [1, 3, 5], 40, 1)
    rows = {(r["level"], r["participant"], r["parameter"]): r for r in fitter.fit(data, seed(1))}
    estimates = np.zeros((3, 2))
    for i, name in np.ndindex(3, 2):
        parameter = fitter.setting.model.names[name]
        key = ("group", -1) if pooling == "complete" else ("participant", i)
        chains = fitter.participant_chains(data, seed(1), i)[parameter]
        assert chains.shape == (2, 30)
        estimates[i, name] = rows[(*key, parameter)]["estimate"]
        assert chains.mean() == estimates[i, name]
        every_draw = fitter.participant_draws(data, 60, seed(1))[parameter]
        np.testing.assert_array_equal(every_draw[:, i], chains.ravel())
    assert len(np.unique(estimates[:, 0])) == (1 if pooling == "complete" else 3)


def test_hierarchical_targets_are_functions_of_one_anothers_draws(hierarchical):
    fitter, rows, draws, divergences = hierarchical
    real = draws["alpha_location"] + draws["alpha_spread"] * draws["alpha_deviation"][:, :, 3]
    np.testing.assert_allclose(
        draws_of(Target("participant", 3, "alpha"), draws, "partial"), expit(real)
    )
    group = draws_of(Target("group", -1, "beta"), draws, "partial")
    np.testing.assert_allclose(group, np.exp(draws["beta_location"]))
    assert {row["divergences"] for row in rows} == {float(divergences)}
    by_target = dict(zip(fitter.targets, rows, strict=True))
    assert by_target["participant", 3, "alpha"]["estimate"] == pytest.approx(expit(real).mean())
    assert by_target["spread", -1, "beta"]["estimate"] == draws["beta_spread"].mean()


def test_hierarchical_estimates_of_like_participants_shrink_towards_each_other():
    data, size = (
        simulated([0.5] * PARTICIPANTS, [4] * PARTICIPANTS, 40, 3),
        {"trials": 40, "draws": 1000},
    )
    estimates = {}
    for pooling in ("none", "partial"):
        rows = table(bayes(pooling, participants=PARTICIPANTS, **size).fit(data, seed()))
        estimates[pooling] = rows[rows["level"] == "participant"]
    for name in ("alpha", "beta"):
        alone, pooled = (e[e["parameter"] == name]["estimate"].std() for e in estimates.values())
        assert pooled < 0.8 * alone


# --- seeds, reuse and independence ---------------------------------------------------------------


@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_seed_decides(pooling):
    data = group_of_five(40)
    fitter = bayes(pooling, participants=PARTICIPANTS, trials=40, **SHORT)
    rows = fitter.fit(data, seed())
    assert targets_of(rows) == fitter.targets
    assert_same(rows, fitter.fit(data, seed()))
    other = fitter.fit(data, seed(2))
    assert (table(rows)["estimate"] != table(other)["estimate"]).all()


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_fit_leaves_nothing_behind_in_the_compiled_model(pooling):
    first, second = group_of_five(40, 0), group_of_five(40, 1)
    fitter = bayes(pooling, participants=PARTICIPANTS, trials=40, **SHORT)
    alone = fitter.fit(second, seed(2))
    between = fitter.fit(first, seed(2))
    assert_same(fitter.fit(second, seed(2)), alone)
    assert not np.array_equal(table(between)["estimate"], table(alone)["estimate"])


def test_unpooled_participants_do_not_depend_on_those_after_them():
    one, two = simulated(0.2, 2, 30, 1), simulated(0.8, 5, 30, 2)
    alone = bayes(trials=30, **SHORT).fit(one, seed())
    together = bayes(participants=2, trials=30, **SHORT).fit(stacked(one, two), seed())
    assert_same(together[:2], alone)


def test_equal_participants_have_their_own_random_numbers():
    one = simulated(0.2, 2, 30, 1)
    rows = bayes(participants=2, trials=30, **SHORT).fit(stacked(one, one), seed())
    assert rows[0]["estimate"] != rows[2]["estimate"]


def test_missing_trials_at_the_end_are_fewer_trials():
    data = simulated(0.3, 4, 30, 3)
    padding = np.full((1, 20), -1)
    padded = one_block(np.hstack([data.choices, padding]), np.hstack([data.rewards, padding]))
    short, long = bayes(trials=30, **SHORT), bayes(trials=50, **SHORT)
    assert_same(short.fit(data, seed()), long.fit(padded, seed()))


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_model_is_compiled_once_however_many_data_sets(monkeypatch, pooling):
    ready, calls = compiled(pooling), []

    def count(model):
        calls.append(model)
        return ready

    monkeypatch.setattr(bayes_fitter, "compile_model", count)
    fitter = Bayes.of(bayes_settings(pooling, **SHORT), setting(PARTICIPANTS, 20))
    for number in range(3):
        fitter.fit(group_of_five(20, number), seed(number))
    assert len(calls) == 1
    held = calls[0]["choices"].get_value().shape
    assert held == (1 if pooling == "none" else PARTICIPANTS, 20)


# --- poor data and failures ------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [constant_chooser(1), one_block(np.full(5, -1), np.zeros(5)), simulated(1.0, 1e3, 50, 1)],
    ids=["one trial", "no response", "extreme truth"],
)
def test_poor_data_give_rows(data):
    rows = bayes(trials=data.choices.shape[1]).fit(data, seed())
    assert targets_of(rows) == [("participant", 0, "alpha"), ("participant", 0, "beta")]
    complete = table(rows)
    assert np.isfinite(complete[["estimate", "se", "lower_95", "upper_95"]]).all(axis=None)
    assert complete["status"].isin(["ok", "not_converged"]).all()


def test_one_participant_may_be_the_whole_population():
    fitter = Bayes.of(bayes_settings("partial", **SHORT), setting(1, 1))
    rows = table(fitter.fit(constant_chooser(1), seed()))
    assert targets_of(rows.to_dict("records")) == fitter.targets
    assert np.isfinite(rows[["estimate", "se", "lower_95", "upper_95"]]).all(axis=None)
    assert rows["status"].isin(["ok", "not_converged"]).all()


def test_a_participant_whose_sampling_raises_becomes_failed_rows(monkeypatch):
    data = group_of_five(20)
    fitter = bayes(participants=PARTICIPANTS, trials=20, **SHORT)
    good, calls, sample = fitter.fit(data, seed()), [], bayes_fitter.sample

    def sometimes(*args, **keywords):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("all initialisation points failed")
        return sample(*args, **keywords)

    monkeypatch.setattr(bayes_fitter, "sample", sometimes)
    rows = fitter.fit(data, seed())
    assert targets_of(rows) == fitter.targets
    assert_same(rows[:2] + rows[4:], good[:2] + good[4:])
    assert [row["status"] for row in rows[2:4]] == ["failed", "failed"]
    assert rows[2]["reason"] == "RuntimeError: all initialisation points failed"
    assert math.isnan(rows[2]["estimate"])


# --- summaries and convergence ------------------------------------------------------------------

CRITERIA = Convergence(rhat=1.01, ess_bulk=400, ess_tail=300, divergences=2)
GOOD = {"rhat": 1.01, "ess_bulk": 400.0, "ess_tail": 300.0, "divergences": 2}


def test_meeting_every_criterion_exactly_is_enough():
    assert failed_criteria(CRITERIA, **GOOD) == ""


@pytest.mark.parametrize(
    ("bad", "name"),
    [
        ({"rhat": 1.0101}, "R-hat"),
        ({"ess_bulk": 399.0}, "bulk ESS"),
        ({"ess_tail": 299.0}, "tail ESS"),
        ({"divergences": 3}, "divergences"),
        ({"rhat": math.nan}, "R-hat"),
        ({"ess_bulk": math.nan}, "bulk ESS"),
        ({"ess_tail": math.nan}, "tail ESS"),
    ],
)
def test_each_criterion_complains_on_its_own(bad, name):
    assert failed_criteria(CRITERIA, **(GOOD | bad)) == f"criteria not met: {name}"


def test_all_complaints_are_named():
    text = failed_criteria(CRITERIA, math.nan, 1.0, 1.0, 99)
    assert text == "criteria not met: R-hat, bulk ESS, tail ESS, divergences"


def test_too_few_draws_are_flagged():
    rows = bayes(draws=10, tune=50, trials=30).fit(simulated(0.5, 5, 30, 1), seed())
    for row in rows:
        assert (row["status"], row["converged"]) == ("not_converged", False)
        assert "bulk ESS" in row["reason"]
        assert np.isfinite(row["estimate"])


def test_looser_criteria_pass_the_same_draws():
    loose = {"rhat": 9.0, "ess_bulk": 1, "ess_tail": 1, "divergences": 1000}
    rows = bayes(draws=10, tune=50, trials=30, convergence=loose).fit(
        simulated(0.5, 5, 30, 1), seed()
    )
    assert [row["status"] for row in rows] == ["ok", "ok"]


def a_row(draws, divergences=0, **changes):
    method, target = bayes_settings(**changes), Target("group", -1, "alpha")
    return posterior_row(target, draws, divergences, method, LEVELS, seconds=2.5)


def test_posterior_row_summarises_the_draws():
    draws = np.random.default_rng(0).gamma(2, size=(4, 1000))
    row, flat = a_row(draws), np.sort(draws.ravel())
    assert row["estimate"] == pytest.approx(flat.mean())
    assert row["se"] == pytest.approx(np.sqrt(((flat - flat.mean()) ** 2).sum() / 3999))
    for level in LEVELS:
        tail = (1 - level) / 2
        inside = (row[f"lower_{100 * level:.0f}"] < flat) & (flat < row[f"upper_{100 * level:.0f}"])
        assert inside.mean() == pytest.approx(level, abs=2e-3)
        assert (flat <= row[f"lower_{100 * level:.0f}"]).mean() == pytest.approx(tail, abs=1e-3)
    assert (row["status"], row["converged"], row["seconds"]) == ("ok", True, 2.5)
    assert row["rhat"] == pytest.approx(1, abs=0.01)
    assert 2500 < row["ess_bulk"] < 6000
    assert a_row(draws, point="median")["estimate"] == pytest.approx(np.median(flat))


def test_chains_that_disagree_are_flagged():
    draws = np.random.default_rng(0).normal(size=(4, 1000)) + np.array([[0], [0], [0], [1]])
    row = a_row(draws)
    assert row["rhat"] > 1.05
    assert row["status"] == "not_converged"
    assert "R-hat" in row["reason"]


def test_divergences_are_flagged():
    row = a_row(np.random.default_rng(0).normal(size=(4, 1000)), divergences=1)
    assert (row["divergences"], row["reason"]) == (1.0, "criteria not met: divergences")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_chains_that_never_moved_are_flagged():
    row = a_row(np.full((4, 100), 0.5))
    assert row["status"] == "not_converged"
    assert row["estimate"] == 0.5


def test_targets_are_what_the_pooling_estimates():
    sizes = setting(PARTICIPANTS)
    participants = sizes.each_participant()
    group, spread = sizes.whole("group"), sizes.whole("spread")
    assert bayes("none", participants=PARTICIPANTS).targets == participants
    assert bayes("complete", participants=PARTICIPANTS).targets == group
    assert bayes("partial", participants=PARTICIPANTS).targets == [*participants, *group, *spread]


def test_default_priors_of_the_models_are_those_of_the_tests():
    for parameter in RESCORLA_WAGNER.parameters:
        for given, own in (
            (FLAT[parameter.name], parameter.prior),
            (POPULATION[parameter.name]["location"], parameter.location),
            (POPULATION[parameter.name]["scale"], parameter.scale),
        ):
            assert given == {"distribution": own.name, **own.as_dict()}


def test_the_fitter_cannot_be_changed_by_a_fit():
    with pytest.raises(dataclasses.FrozenInstanceError):
        bayes().compiled = None
