"""Maximum likelihood against dense grids, second differences and closed forms."""

import dataclasses

import numpy as np
import pytest
from fits import (
    KNOWN_SEED,
    LEVELS,
    MLE,
    alternating_chooser,
    assert_same,
    constant_chooser,
    maximum_likelihood,
    one_block,
    setting,
    simulated,
    stacked,
    table,
    targets_of,
)
from quadrature import best_on_grid, log_likelihood
from scipy import stats
from scipy.special import expit, logit

from rlrecovery.fitting.mle.fitter import MaximumLikelihood
from rlrecovery.fitting.mle.settings import MleSettings
from rlrecovery.fitting.mle.starts import EDGE
from rlrecovery.models.library import RESCORLA_WAGNER
from rlrecovery.storage.schemas import STATUSES

UNUSED_SEED = np.random.SeedSequence(0)
WIDE = {"alpha": [0, 1], "beta": [0, 5000]}


def fit(data, **changes):
    """Rows of a data set, every target present exactly once."""
    participants, trials = data.choices.shape
    fitter = maximum_likelihood(participants, trials, **changes)
    rows = fitter.fit(data, UNUSED_SEED)
    assert targets_of(rows) == fitter.targets
    assert len(set(fitter.targets)) == 2 * (participants + 1)
    return rows


def participant_rows(rows):
    return table(rows).query("level == 'participant'").reset_index(drop=True)


def group(rows, parameter):
    return table(rows).query("level == 'group' and parameter == @parameter").iloc[0]


def check_row(row):
    """What every row of an estimate promises, whatever happened."""
    assert row["status"] in STATUSES
    assert np.isfinite(row["estimate"])
    assert (row["reason"] == "") == (row["status"] == "ok")
    ends = row[[f"{end}_{100 * level:.0f}" for end in ("lower", "upper") for level in LEVELS]]
    if row["status"] == "ok":
        assert row["se"] > 0
        assert row["lower_95"] <= row["lower_80"] <= row["estimate"]
        assert row["estimate"] <= row["upper_80"] <= row["upper_95"]
    if row["status"] == "no_interval" or (row["at_bound"] and row["level"] == "participant"):
        assert np.isnan(row["se"])
        assert ends.isna().all()


# --- the maximum ----------------------------------------------------------------------------


def test_known_numbers():
    alpha, beta = (
        row for _, row in participant_rows(fit(simulated(0.5, 5, 150, KNOWN_SEED))).iterrows()
    )
    assert alpha["estimate"] == pytest.approx(0.50473, abs=5e-6)
    assert beta["estimate"] == pytest.approx(5.70738, abs=1e-5)
    # The first choice has probability 1/2 whatever the parameters are.
    assert alpha["log_likelihood"] + np.log(2) == pytest.approx(-47.050814541, abs=1e-8)
    assert alpha["log_likelihood"] == beta["log_likelihood"]


HARD = {
    "short, noisy, slow": lambda seed: simulated(0.05, 1, 30, seed),
    "noisy": lambda seed: simulated(0.5, 0.3, 50, seed),
    "quick and sharp": lambda seed: simulated(0.95, 20, 50, seed),
    "slow and sharp": lambda seed: simulated(0.02, 30, 80, seed),
    "very short": lambda seed: simulated(0.3, 3, 6, seed),
    "usual": lambda seed: simulated(0.3, 4, 100, seed),
    "constant": lambda seed: constant_chooser(40, seed),
    "alternating": lambda seed: alternating_chooser(40, seed),
}


@pytest.mark.parametrize("kind", HARD)
def test_no_point_of_a_dense_grid_is_higher(kind):
    for seed in range(5):
        data = HARD[kind](seed)
        rows = participant_rows(fit(data))
        highest = best_on_grid(
            data.choices[0], data.rewards[0], (EDGE, 1 - EDGE), (EDGE, 50 - EDGE)
        )
        assert rows["log_likelihood"].iloc[0] >= highest - 1e-6
        assert rows["converged"].all()


@pytest.mark.parametrize(
    ("choices", "rewards"),
    [
        ("110110000011111110111111111111", "010000000011110100110010100110"),
        ("001111111100111001010111011101", "010111111010110011101011011010"),
    ],
)
def test_a_search_that_stalls_on_a_ridge_is_begun_again(choices, rewards):
    """On these, a first run of L-BFGS-B stops far from where the gradient vanishes."""
    data = one_block([int(c) for c in choices], [int(r) for r in rewards])
    bounds = {"alpha": [0.01, 0.99], "beta": [0.05, 50]}
    fitted = participant_rows(maximum_likelihood(1, 30, bounds=bounds).fit(data, UNUSED_SEED))
    highest = best_on_grid(data.choices[0], data.rewards[0], *bounds.values())
    assert fitted["log_likelihood"].iloc[0] >= highest - 1e-6
    assert fitted["converged"].all()


@pytest.mark.slow
def test_no_point_of_a_dense_grid_is_higher_for_many_participants():
    rng = np.random.default_rng(1)
    for seed in range(400):
        truth = rng.choice([0.02, 0.05, 0.2, 0.5, 0.9, 1.0]), rng.choice([0.3, 1, 3, 5, 10, 30])
        data = simulated(*truth, int(rng.choice([10, 30, 50, 150])), seed)
        rows = participant_rows(fit(data))
        highest = best_on_grid(
            data.choices[0], data.rewards[0], (EDGE, 1 - EDGE), (EDGE, 50 - EDGE)
        )
        assert rows["log_likelihood"].iloc[0] >= highest - 1e-6
        assert rows["converged"].all()


def test_log_likelihood_is_that_of_the_estimates():
    data = simulated([0.2, 0.8], [2, 6], 60, 5)
    rows = participant_rows(fit(data))
    assert (rows["choices"] == 60).all()
    for i in range(2):
        alpha, beta = rows.query("participant == @i")["estimate"]
        expected = log_likelihood(data.choices[i], data.rewards[i], alpha, beta)
        np.testing.assert_allclose(rows.query("participant == @i")["log_likelihood"], expected)


def test_scan_engine_finds_the_same():
    data = stacked(simulated([0.5, 0.1], [5, 2], 50, 3), constant_chooser(50))
    compiled, scan = table(fit(data)), table(fit(data, engine="scan"))
    np.testing.assert_array_equal(compiled["status"], scan["status"])
    numbers = compiled.select_dtypes("float64").columns
    np.testing.assert_allclose(compiled[numbers], scan[numbers], rtol=1e-5)


def test_missing_trials_count_for_nothing():
    data = simulated(0.4, 3, 60, 8)
    choices, rewards = (
        np.insert(data.choices, 30, -1, axis=1),
        np.insert(data.rewards, 30, 1, axis=1),
    )
    with_gap = table(fit(one_block(choices, rewards)))
    without = table(fit(data))
    numbers = without.select_dtypes("float64").columns
    np.testing.assert_allclose(with_gap[numbers], without[numbers], rtol=1e-6)


def test_choices_are_responses():
    choices = np.array([[0, 1, -1, 1, 1, 0], [-1, 0, -1, 1, -1, -1], [-1] * 6])
    rows = fit(one_block(choices, np.ones(choices.shape)))
    assert participant_rows(rows)["choices"].tolist()[:4] == [5, 5, 2, 2]
    # A mean of participants is of no choices in particular.
    assert np.isnan(group(rows, "alpha")["choices"])


@pytest.mark.parametrize("engine", ["compiled", pytest.param("scan", marks=pytest.mark.slow)])
def test_with_all_outcomes_no_point_of_a_dense_grid_is_higher(engine):
    data = simulated([0.3, 0.7], [4, 2], 60, 2, full_feedback=True)
    method = MleSettings.of(MLE | {"engine": engine})
    fitter = MaximumLikelihood.of(method, setting(2, 60, full_feedback=True))
    rows = participant_rows(fitter.fit(data, UNUSED_SEED))
    assert rows["converged"].all()
    for i in range(2):
        bounds = (EDGE, 1 - EDGE), (EDGE, 50 - EDGE)
        highest = best_on_grid(data.choices[i], data.rewards[i], *bounds)
        own = rows.query("participant == @i")
        assert highest - 1e-6 <= own["log_likelihood"].iloc[0] <= highest + 0.1
        value = log_likelihood(data.choices[i], data.rewards[i], *own["estimate"])
        assert own["log_likelihood"].iloc[0] == pytest.approx(float(value), rel=1e-10)


# --- its uncertainty ------------------------------------------------------------------------


def hessian(data, point, step=1e-3):
    """Second differences of the log-likelihood on the real line."""

    def value(shift):
        alpha, beta = expit(point[0] + shift[0]), np.exp(point[1] + shift[1])
        return log_likelihood(data.choices[0], data.rewards[0], alpha, beta)

    unit = step * np.eye(2)
    return np.array(
        [
            [
                (value(a + b) - value(a - b) - value(b - a) + value(-a - b)) / (4 * step**2)
                for b in unit
            ]
            for a in unit
        ]
    )


@pytest.mark.parametrize(("alpha", "beta", "trials"), [(0.5, 5, 150), (0.2, 2, 80), (0.8, 3, 300)])
def test_standard_errors_and_intervals_are_walds(alpha, beta, trials):
    data = simulated(alpha, beta, trials, KNOWN_SEED)
    rows = participant_rows(fit(data))
    assert list(rows["status"]) == ["ok", "ok"]
    natural = rows["estimate"].to_numpy()
    point = np.array([logit(natural[0]), np.log(natural[1])])
    se = np.sqrt(np.diag(np.linalg.inv(-hessian(data, point))))
    slope = np.array([natural[0] * (1 - natural[0]), natural[1]])
    np.testing.assert_allclose(rows["se"], slope * se, rtol=1e-4)
    for level in LEVELS:
        reach = stats.norm.ppf((1 + level) / 2) * se
        ends = rows[[f"lower_{100 * level:.0f}", f"upper_{100 * level:.0f}"]].to_numpy()
        for end, real in zip(ends.T, (point - reach, point + reach), strict=True):
            np.testing.assert_allclose(end, [expit(real[0]), np.exp(real[1])], rtol=1e-4)


def test_wald_coverage_is_near_nominal_where_data_are_plenty():
    count, truth = 300, {"alpha": 0.4, "beta": 4.0}
    data = simulated([truth["alpha"]] * count, [truth["beta"]] * count, 400, 11)
    rows = participant_rows(fit(data))
    assert (rows["status"] == "ok").all()
    for name, value in truth.items():
        own = rows[rows["parameter"] == name]
        for level in LEVELS:
            lower, upper = own[f"lower_{100 * level:.0f}"], own[f"upper_{100 * level:.0f}"]
            covered = ((lower <= value) & (value <= upper)).mean()
            assert abs(covered - level) < 3.5 * np.sqrt(level * (1 - level) / count)


# --- bounds and poor data --------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("beta", [0.0, 5.0, 1e3])
def test_extreme_truths_give_rows(alpha, beta):
    rows = fit(simulated([alpha] * 3, [beta] * 3, 50, 2), bounds=WIDE)
    table(rows).apply(check_row, axis=1)


@pytest.mark.parametrize(
    "data",
    [constant_chooser(50), alternating_chooser(50), constant_chooser(1), alternating_chooser(2)],
    ids=["constant", "alternating", "one trial", "two trials"],
)
def test_poor_data_give_rows(data):
    rows = fit(data)
    table(rows).apply(check_row, axis=1)
    assert participant_rows(rows)["estimate"].between(0, 50).all()


def test_one_trial_has_no_interval():
    rows = participant_rows(fit(constant_chooser(1)))
    assert rows.query("not at_bound")["status"].isin(["no_interval"]).all()
    assert rows["log_likelihood"].iloc[0] == pytest.approx(np.log(0.5))
    assert rows["se"].isna().all()


def test_nobody_responded():
    rows = fit(one_block(np.full(20, -1), np.zeros(20)))
    assert (table(rows)["status"] == "failed").all()
    assert table(rows)["estimate"].isna().all()
    assert "without any response" in rows[0]["reason"]


def test_who_did_not_respond_is_not_in_the_group():
    one, two = [0, 1, 0, 0, 1, 0, 0, 1] * 5, [0, 0, 1, 0, 1, 0, 1, 1] * 5
    data = one_block([one, [-1] * 40, two], [two, [0] * 40, one])
    rows = table(fit(data))
    own = rows[rows["level"] == "participant"]
    assert (own.loc[own["participant"] == 1, "status"] == "failed").all()
    whole = rows[rows["level"] == "group"].set_index("parameter")
    for name, part in own[own["participant"] != 1].groupby("parameter"):
        transform = RESCORLA_WAGNER.parameter(name)
        mean = transform.to_natural(np.mean(transform.to_real(part["estimate"].to_numpy())))
        assert whole.loc[name, "estimate"] == pytest.approx(mean)
        assert whole.loc[name, "reason"] == "1 of 3 participants' fits are missing"


def test_at_the_upper_bound_of_beta():
    # Two choices of what was paid, none of the other: the sharper the better.
    data = one_block([0, 0, 0, 0], [1, 1, 1, 1])
    rows = participant_rows(fit(data, bounds={"alpha": [0, 1], "beta": [0, 7]}))
    beta = rows.query("parameter == 'beta'").iloc[0]
    assert (beta["status"], beta["at_bound"]) == ("at_bound", True)
    assert beta["reason"] == "beta is at its upper bound"
    assert beta["estimate"] == pytest.approx(7)
    assert np.isnan(beta["se"])


def test_at_the_lower_bound_of_beta():
    # It stays with what never pays: whatever is learnt, noise fits better.
    data = one_block([0, 0, 0, 0], [0, 0, 0, 0])
    rows = participant_rows(fit(data, bounds={"alpha": [0.2, 0.9], "beta": [0, 50]}))
    beta = rows.query("parameter == 'beta'").iloc[0]
    assert (beta["status"], beta["reason"]) == ("at_bound", "beta is at its lower bound")
    assert beta["estimate"] == pytest.approx(EDGE)


def test_a_bound_inside_the_support_is_where_alpha_stops():
    data = simulated(0.9, 6, 200, 1)
    rows = participant_rows(fit(data, bounds={"alpha": [0.1, 0.3], "beta": [0, 50]}))
    alpha, beta = rows.iloc[0], rows.iloc[1]
    assert alpha["estimate"] == pytest.approx(0.3)
    assert (alpha["status"], alpha["reason"]) == ("at_bound", "alpha is at its upper bound")
    # Beta's interval is that with alpha held at its bound.
    assert beta["status"] == "ok"
    information = -hessian(data, [logit(0.3), np.log(beta["estimate"])])[1, 1]
    assert beta["se"] == pytest.approx(beta["estimate"] / np.sqrt(information), rel=1e-4)


def with_likelihood(fitter, evaluate):
    """The fitter with another likelihood."""
    search = dataclasses.replace(fitter.search, evaluate=evaluate)
    return dataclasses.replace(fitter, search=search)


def test_a_search_that_stops_early_says_so():
    fitter = maximum_likelihood()

    def sloped(data, points):  # a gradient that never agrees with its flat value
        return np.zeros(len(points)), np.ones_like(points)

    rows = with_likelihood(fitter, sloped).fit(constant_chooser(5), UNUSED_SEED)
    assert {row["status"] for row in rows} == {"not_converged"}
    assert group(rows, "alpha")["reason"] == "1 of 1 participants' searches stopped early"
    assert targets_of(rows) == fitter.targets


# --- participants and the group ---------------------------------------------------------------


def test_estimates_do_not_depend_on_who_else_is_in_the_data_set():
    one, two, three = (
        simulated(a, b, 40, s) for a, b, s in [(0.2, 2, 1), (0.5, 5, 2), (0.9, 9, 3)]
    )
    together = participant_rows(fit(stacked(one, two, three)))
    swapped = participant_rows(fit(stacked(three, one)))
    for i, j in ((0, 1), (2, 0)):
        before, after = together[2 * i : 2 * i + 2], swapped[2 * j : 2 * j + 2]
        np.testing.assert_array_equal(
            before.drop(columns="participant").to_numpy(object).astype(str),
            after.drop(columns="participant").to_numpy(object).astype(str),
        )


def test_data_sets_fitted_together_have_the_rows_of_each_alone():
    lengths = (40, 55, 40, 7)
    parts = [simulated([0.2, 0.7], [2, 5], trials, seed) for seed, trials in enumerate(lengths)]
    nobody = one_block(np.full((2, 30), -1), np.zeros((2, 30)))
    stuck = stacked(constant_chooser(40), one_block(np.full(40, -1), np.zeros(40)))
    data_sets = [*parts, nobody, stuck]
    fitter = maximum_likelihood(2, 55)
    together = fitter.fit_together(data_sets, [UNUSED_SEED] * len(data_sets))
    assert len(together) == len(data_sets)
    for data, rows in zip(data_sets, together, strict=True):
        assert targets_of(rows) == fitter.targets
        assert_same(rows, fitter.fit(data, UNUSED_SEED))


def test_data_sets_with_the_outcomes_of_all_arms_are_fitted_together():
    parts = [simulated([0.2, 0.7], [2, 5], t, t, full_feedback=True) for t in (20, 30)]
    fitter = MaximumLikelihood.of(MleSettings.of(MLE), setting(2, 30, full_feedback=True))
    for data, rows in zip(parts, fitter.fit_together(parts, [UNUSED_SEED] * 2), strict=True):
        assert_same(rows, fitter.fit(data, UNUSED_SEED))


def test_as_many_data_sets_are_fitted_together_as_participants_advance_together():
    fitter = maximum_likelihood(8, 100)
    assert fitter.data_sets_together == fitter.search.together(100) // 8 > 1
    assert maximum_likelihood(1000, 1000).data_sets_together == 1


def test_the_seed_changes_nothing():
    data = simulated([0.2, 0.7], [2, 5], 50, 4)
    fitter = maximum_likelihood(2, 50)
    assert_same(*(fitter.fit(data, np.random.SeedSequence(seed)) for seed in (1, 2)))


def broken_for(fitter, *bad):
    """The fitter with a likelihood that cannot be computed for these participants' data."""

    def evaluate(data, points):
        if any((data.choices == choices).all(axis=1).any() for choices in bad):
            raise ZeroDivisionError("broken on purpose")
        return fitter.search.evaluate(data, points)

    return with_likelihood(fitter, evaluate)


def test_a_participant_whose_fit_raises_becomes_failed_rows():
    data = simulated([0.2, 0.5, 0.7], [2, 5, 3], 50, 4)
    whole = maximum_likelihood(3, 50)
    rows = broken_for(whole, data.choices[1]).fit(data, UNUSED_SEED)
    assert targets_of(rows) == whole.targets
    good = whole.fit(data, UNUSED_SEED)
    assert_same(rows[0:2] + rows[4:6], good[0:2] + good[4:6])
    lost = table(rows).query("participant == 1")
    assert set(lost["status"]) == {"failed"}
    assert set(lost["reason"]) == {"ZeroDivisionError: broken on purpose"}
    assert lost["estimate"].isna().all()
    for name in ("alpha", "beta"):
        mean = group(rows, name)
        assert (mean["status"], mean["converged"]) == ("not_converged", False)
        assert mean["reason"] == "1 of 3 participants' fits are missing"
    # The group is that of the two others.
    others = group(fit(data.rows([0, 2])), "alpha")
    assert group(rows, "alpha")["estimate"] == others["estimate"]


def test_a_data_set_in_which_all_fail_has_no_group():
    data = simulated([0.2, 0.5], [2, 5], 50, 4)
    rows = broken_for(maximum_likelihood(2, 50), *data.choices).fit(data, UNUSED_SEED)
    assert {row["status"] for row in rows} == {"failed"}
    assert group(rows, "beta")["reason"] == "no participant could be fitted"
    assert len(rows) == 6


def test_a_likelihood_that_is_nowhere_finite_is_a_failed_row():
    fitter = maximum_likelihood()

    def lost(data, points):
        return np.full(len(points), np.nan), np.full(points.shape, np.nan)

    rows = with_likelihood(fitter, lost).fit(constant_chooser(5), UNUSED_SEED)
    assert {row["status"] for row in rows} == {"failed"}
    assert "not finite" in rows[0]["reason"]


def test_one_participant_is_a_group_without_an_interval():
    rows = fit(simulated(0.5, 5, 150, KNOWN_SEED))
    for name in ("alpha", "beta"):
        mean = group(rows, name)
        assert mean["status"] == "no_interval"
        check_row(mean)
        own = participant_rows(rows).query("parameter == @name")["estimate"].iloc[0]
        assert mean["estimate"] == pytest.approx(own, rel=1e-12)


TRANSFORMS = {"alpha": (logit, expit), "beta": (np.log, np.exp)}


@pytest.mark.parametrize("name", ["alpha", "beta"])
@pytest.mark.parametrize("scale", ["unconstrained", "natural"])
def test_two_step_group_estimate_is_the_mean_with_its_t_interval(scale, name):
    data = simulated([0.3, 0.4, 0.5, 0.6], [3, 4, 5, 4], 200, 7)
    rows = fit(data, group_scale=scale)
    assert set(table(rows)["status"]) == {"ok"}
    own = participant_rows(rows).query("parameter == @name")["estimate"].to_numpy()
    forth, back = TRANSFORMS[name] if scale == "unconstrained" else (np.asarray, np.asarray)
    values = forth(own)
    centre, se = np.sum(values) / 4, np.sqrt(np.sum((values - np.sum(values) / 4) ** 2) / 3 / 4)
    mean = group(rows, name)
    assert mean["estimate"] == pytest.approx(back(centre), rel=1e-10)
    # Student's t with 3 degrees of freedom, from a printed table.
    for level, quantile in ((0.8, 1.6377), (0.95, 3.1824)):
        ends = mean[[f"lower_{100 * level:.0f}", f"upper_{100 * level:.0f}"]].to_numpy(float)
        expected = back(np.array([centre - quantile * se, centre + quantile * se]))
        np.testing.assert_allclose(ends, expected, rtol=1e-4)
    slope = {"alpha": back(centre) * (1 - back(centre)), "beta": back(centre)}[name]
    assert mean["se"] == pytest.approx(se * (slope if scale == "unconstrained" else 1), rel=1e-10)


def test_the_group_says_when_participants_are_at_a_bound():
    stuck = one_block([0] * 40, [1] * 40)
    rows = fit(stacked(simulated([0.3, 0.5], [3, 5], 40, 7), stuck))
    mean = group(rows, "beta")
    assert (mean["status"], mean["at_bound"]) == ("at_bound", True)
    assert mean["reason"] == "beta is at a bound in some participants"
    assert np.isfinite(mean[["estimate", "se", "lower_95", "upper_95"]].to_numpy(float)).all()
