"""Profile-likelihood intervals agree with a fine grid and with MINOS, and exist at bounds."""

import fits
import numpy as np
import pytest
from iminuit import Minuit

from rlrecovery.fitting.mle.fitter import MaximumLikelihood
from rlrecovery.fitting.mle.profile_interval import (
    FLAT,
    HIGHER_MAXIMUM,
    SEVERAL_VALLEYS,
)
from unit.fitting.mle.hard_data import FAMILIES, hard_data
from unit.fitting.mle.profiles import (
    LEVELS,
    NARROW,
    WHOLE,
    brute_force,
    fitter,
    maxima,
    participants,
)

#: Distance between two points of the fine grid, in which its ends are interpolated.
RESOLUTION = 0.03


def rows_of(data, level="participant", **options):
    return [row for row in fitter(data, **options).fit(data, None) if row["level"] == level]


@pytest.mark.parametrize("trials", [12, 30, 100])
def test_the_ends_are_those_of_a_fine_grid(trials):
    fit, found = maxima(trials)
    checked = 0
    for i, maximum in enumerate(found):
        ends, gaps = brute_force(fit.search, participants(trials).rows(slice(i, i + 1)))
        for j, interval in enumerate(maximum.intervals):
            assert HIGHER_MAXIMUM not in interval.notes
            np.testing.assert_allclose(interval.ends, ends[j], atol=RESOLUTION)
            at_bound = np.abs(interval.ends - fit.search.box[j]) < 1e-9
            np.testing.assert_array_equal(interval.is_open, at_bound)
            if gaps[j].max() > 2 * fit.search.intervals.grid.step(j):
                assert SEVERAL_VALLEYS in interval.notes
            checked += (~interval.is_open).sum()
    assert checked > 10  # not only bounds were compared


def minos(search, one, start):
    """The minimum of MINOS, with errors at the highest level; None where it does not converge."""

    def value(point):
        return -float(search.evaluate(one, point[None])[0][0])

    def gradient(point):
        return -search.evaluate(one, point[None])[1][0]

    minuit = Minuit(value, start, grad=gradient)
    minuit.errordef, minuit.strategy, minuit.tol = Minuit.LIKELIHOOD, 2, 1e-4
    minuit.limits = search.box
    minuit.migrad()
    return minuit.minos(cl=LEVELS[-1]) if minuit.valid else None


def test_the_ends_are_those_of_minos():
    fit, found = maxima(100)
    checked = 0
    for i, maximum in enumerate(found):
        if maximum.at_bound.any() or any(interval.notes for interval in maximum.intervals):
            continue  # MINOS follows one valley, and stops where another parameter is at its limit
        one = participants(100).rows(slice(i, i + 1))
        minuit = minos(fit.search, one, maximum.point)
        for j, interval in enumerate(maximum.intervals if minuit else ()):
            error = minuit.merrors[j]  # codespell:ignore
            ends = minuit.values[j] + np.array([error.lower, error.upper])
            valid = np.array([error.lower_valid, error.upper_valid]) & ~interval.is_open[-1]
            np.testing.assert_allclose(interval.ends[-1][valid], ends[valid], atol=3e-3)
            checked += valid.sum()
    assert checked >= 10


@pytest.mark.parametrize("model", ["rescorla_wagner_two_rates", "rescorla_wagner_sticky"])
def test_with_three_parameters_no_point_at_an_end_is_higher(model):
    """At an end, the log-likelihood maximised by another algorithm is that of the threshold."""
    from scipy.optimize import minimize
    from scipy.special import chdtri

    data = participants(100, 4)
    fit = fitter(data, bounds=_bounds(model), model=model, grid=6)
    box, evaluate = fit.search.box, fit.search.evaluate
    checked = 0
    for i, maximum in enumerate(fit.search.maxima(data)):
        one = data.rows(slice(i, i + 1))
        for j, interval in enumerate(maximum.intervals):
            others = np.delete(np.arange(3), j)
            for side in np.flatnonzero(~interval.is_open[-1]):

                def fall(rest, end=interval.ends[-1, side], j=j, others=others, one=one):
                    value, gradient = evaluate(one, np.insert(rest, j, end)[None])
                    return -value[0], -gradient[0, others]

                starts = np.linspace(box[others, 0], box[others, 1], 6)[1:-1]
                starts = [maximum.point[others], *starts, starts[[0, -1], [-1, 0]]]
                searches = [minimize(fall, s, jac=True, bounds=box[others]) for s in starts]
                height = -min(search.fun for search in searches)
                threshold = maximum.log_likelihood - chdtri(1, 1 - LEVELS[-1]) / 2
                assert height == pytest.approx(threshold, abs=1e-4)
                checked += 1
    assert checked > 8


def _bounds(model):
    from rlrecovery.models.library import MODELS

    return {p.name: list(p.bounds) for p in MODELS[model].parameters}


def test_one_parameter_has_the_interval_of_the_binomial_likelihood():
    """Ends p with log-likelihood k log p + (n - k) log(1 - p) at the threshold."""
    from scipy.optimize import brentq
    from scipy.special import chdtri, xlogy

    k, n = 14, 20
    data = fits.one_block(np.arange(n) >= k, np.zeros(n))
    (row,) = rows_of(data, bounds={"side_bias": [0, 1]}, model="random_responding")

    def excess(p, level):
        fall = xlogy(k, k / n) + xlogy(n - k, 1 - k / n) - xlogy(k, p) - xlogy(n - k, 1 - p)
        return fall - chdtri(1, 1 - level) / 2

    for level in LEVELS:
        lower = brentq(excess, 1e-6, k / n, args=level)
        upper = brentq(excess, k / n, 1 - 1e-6, args=level)
        ends = row[f"lower_{100 * level:.0f}"], row[f"upper_{100 * level:.0f}"]
        assert ends == pytest.approx((lower, upper), abs=1e-5)


@pytest.mark.parametrize(("heads", "side"), [(0, "below"), (8, "above")])
def test_an_interval_at_the_end_of_the_support_is_open_there(heads, side):
    """After n equal choices the interval of the probability ends where n log p is the threshold."""
    from scipy.special import chdtri

    data = fits.one_block(np.arange(8) >= heads, np.zeros(8))
    (row,) = rows_of(data, bounds={"side_bias": [0, 1]}, model="random_responding")
    far = np.exp(-chdtri(1, 0.05) / 2 / 8)
    expected = (0, 1 - far) if side == "below" else (far, 1)
    # The search ends 0.0001 before the bound.
    assert (row["lower_95"], row["upper_95"]) == pytest.approx(expected, abs=2e-4)
    assert row["status"] == "at_bound"
    assert row[f"open_{side}"] == min(LEVELS)
    assert np.isnan(row["open_above" if side == "below" else "open_below"])


EXTREMES = {
    "one trial": fits.one_block([0], [1]),
    "constant chooser": fits.constant_chooser(40),
    "alternating chooser": fits.alternating_chooser(40),
    "alpha 0": fits.simulated(0.0, 5.0, 60, 1),
    "alpha 1": fits.simulated(1.0, 5.0, 60, 2),
    "beta 0": fits.simulated(0.5, 0.0, 60, 3),
    "huge beta": fits.simulated(0.5, 1000.0, 60, 4),
    "one response": fits.one_block([-1, -1, 1, -1], [0, 0, 1, 0]),
}


@pytest.mark.parametrize("bounds", [NARROW, WHOLE], ids=["narrow", "whole"])
@pytest.mark.parametrize("name", EXTREMES)
def test_every_row_has_nested_intervals_around_its_estimate(name, bounds):
    for row in rows_of(EXTREMES[name], bounds=bounds):
        assert row["status"] in ("ok", "at_bound", "not_identified")
        lower, upper = (
            [row[f"{end}_{100 * level:.0f}"] for level in LEVELS] for end in ("lower", "upper")
        )
        low, high = bounds[row["parameter"]]
        tolerance = 1e-3 * max(1.0, row["estimate"])
        assert lower == sorted(lower, reverse=True)
        assert upper == sorted(upper)
        assert low <= lower[0] <= row["estimate"] + tolerance
        assert row["estimate"] - tolerance <= upper[0] <= high
        for end, bound, side in ((lower, low, "below"), (upper, high, "above")):
            is_open = [level for level, x in zip(LEVELS, end, strict=True) if x == bound]
            assert min(is_open, default=np.nan) == pytest.approx(row[f"open_{side}"], nan_ok=True)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_hard_data_have_nested_intervals_around_their_estimates(family):
    for data in hard_data(family, share=0.05):
        setting = FAMILIES[family].setting(data)
        settings = FAMILIES[family].settings(interval="profile")
        for row in MaximumLikelihood.of(settings, setting).fit(data, None):
            if row["level"] == "participant":
                ends = [row[name] for name in ("lower_95", "lower_80", "upper_80", "upper_95")]
                assert ends == sorted(ends)
                tolerance = 2e-3 * max(1.0, abs(row["estimate"]))
                is_higher = HIGHER_MAXIMUM in row["interval_note"]
                inside = ends[1] - tolerance <= row["estimate"] <= ends[2] + tolerance
                assert inside or is_higher


def test_a_likelihood_without_information_is_flat_and_not_identified():
    """The first choice does not depend on the learning rate."""
    alpha, beta = rows_of(fits.one_block([0], [1]))
    for row in (alpha, beta):
        assert FLAT in row["interval_note"].split("+")
        assert (row["open_below"], row["open_above"]) == (0.5, 0.5)
    assert (alpha["lower_95"], alpha["upper_95"]) == tuple(NARROW["alpha"])


def test_a_participant_does_not_depend_on_the_others():
    data = participants(30)
    together = rows_of(data)
    for i in (0, 5, 11):
        alone = rows_of(data.rows(slice(i, i + 1)))
        own = [row | {"participant": 0} for row in together if row["participant"] == i]
        for one, other in zip(alone, own, strict=True):
            np.testing.assert_equal(one | {"seconds": 0}, other | {"seconds": 0})


def test_estimates_and_groups_are_those_of_the_method_with_wald_intervals():
    data = participants(30)
    profile, wald = (fitter(data, interval=name).fit(data, None) for name in ("profile", "wald"))
    own = ("estimate", "se", "at_bound", "converged", "log_likelihood")
    for one, other in zip(profile, wald, strict=True):
        keys = own if one["level"] == "participant" else [key for key in one if key != "seconds"]
        np.testing.assert_equal({k: one[k] for k in keys}, {k: other[k] for k in keys})
