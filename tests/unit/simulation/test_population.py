"""Participants are drawn as their population says, whose location and SD are exact."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit, polygamma, psi

from rlrecovery.models.library import RESCORLA_WAGNER
from rlrecovery.models.prior_settings import Population
from rlrecovery.simulation.population import (
    draw_population,
    number_of_draws,
    population_truth,
    population_truths,
)

ALPHA, BETA = RESCORLA_WAGNER.parameters
BETA22 = {"distribution": "Beta", "alpha": 2.0, "beta": 2.0}


def population(truth, spec, participants=20_000, seed=0):
    rng = np.random.default_rng(seed)
    settings = {name: Population.of(entry) for name, entry in spec.items()}
    return draw_population(RESCORLA_WAGNER, truth, settings, participants, rng)


class TestPopulation:
    @pytest.mark.parametrize("alpha", [0.0, 0.1, 0.30000000000000004, 1.0])
    @pytest.mark.parametrize("beta", [0.0, 1e-8, 5.0, 1e3])
    def test_no_spread_is_exactly_the_truth(self, alpha, beta):
        none = {"alpha": {"spread": 0}, "beta": {"spread": 0.0}}
        drawn = population({"alpha": alpha, "beta": beta}, none, 5)
        assert drawn["alpha"].tolist() == [alpha] * 5
        assert drawn["beta"].tolist() == [beta] * 5

    @pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (1.0, 0.0)])
    @pytest.mark.filterwarnings("error")
    def test_spread_around_an_end_stays_there(self, alpha, beta):
        some = {"alpha": {"spread": 0.5}, "beta": {"spread": 2.0}}
        drawn = population({"alpha": alpha, "beta": beta}, some, 50)
        assert (drawn["alpha"] == alpha).all()
        assert (drawn["beta"] == beta).all()

    def test_spread_is_the_sd_on_the_unconstrained_scale(self):
        drawn = population(
            {"alpha": 0.2, "beta": 5.0}, {"alpha": {"spread": 0.7}, "beta": {"spread": 0.3}}
        )
        for real, centre, sd in [
            (logit(drawn["alpha"]), logit(0.2), 0.7),
            (np.log(drawn["beta"]), np.log(5), 0.3),
        ]:
            assert stats.kstest(real, stats.norm(centre, sd).cdf).pvalue > 1e-3
        assert abs(np.corrcoef(logit(drawn["alpha"]), np.log(drawn["beta"]))[0, 1]) < 0.03

    @pytest.mark.parametrize(
        ("spec", "expected"),
        [
            (BETA22, stats.beta(2, 2)),
            ({"distribution": "Uniform", "lower": 0.1, "upper": 0.4}, stats.uniform(0.1, 0.3)),
        ],
    )
    def test_a_named_distribution_is_followed(self, spec, expected):
        drawn = population({"beta": 5.0}, {"alpha": spec, "beta": {"spread": 0.0}})
        assert stats.kstest(drawn["alpha"], expected.cdf).pvalue > 1e-3

    def test_the_notebooks_population(self):
        """Alpha and beta both from Beta(2, 2), independent, and no truth on the grid."""
        drawn = population({}, {"alpha": BETA22, "beta": BETA22})
        for name in ("alpha", "beta"):
            assert stats.kstest(drawn[name], stats.beta(2, 2).cdf).pvalue > 1e-3
        assert abs(stats.spearmanr(drawn["alpha"], drawn["beta"]).statistic) < 0.03

    def test_one_parameters_spread_leaves_the_others_alone(self):
        truth = {"alpha": 0.2, "beta": 5.0}
        one = population(truth, {"alpha": {"spread": 0.0}, "beta": {"spread": 0.3}}, 9)
        for alpha in ({"spread": 0.9}, BETA22):
            other = population(truth, {"alpha": alpha, "beta": {"spread": 0.3}}, 9)
            assert (one["beta"] == other["beta"]).all()
            assert (one["alpha"] != other["alpha"]).all()


def truth_of(parameter, centre, spec):
    return population_truth(parameter, centre, Population.of(spec))


class TestPopulationTruth:
    def test_scatter_is_as_configured(self):
        assert truth_of(ALPHA, 0.3, {"spread": 0.5}) == (0.3, 0.5)
        assert truth_of(BETA, 1e3, {"spread": 0}) == (1000.0, 0.0)

    @pytest.mark.parametrize(
        ("parameter", "spec", "mean", "variance"),
        [
            # log of a Beta(a, b): mean psi(a) - psi(a + b), variance psi'(a) - psi'(a + b)
            (BETA, BETA22, psi(2) - psi(4), polygamma(1, 2) - polygamma(1, 4)),
            # its logit: psi(a) - psi(b), psi'(a) + psi'(b)
            (ALPHA, BETA22, 0.0, 2 * polygamma(1, 2)),
            (
                ALPHA,
                {"distribution": "Beta", "alpha": 1.5, "beta": 6},
                psi(1.5) - psi(6),
                polygamma(1, 1.5) + polygamma(1, 6),
            ),
            (ALPHA, {"distribution": "Uniform", "lower": 0, "upper": 1}, 0.0, np.pi**2 / 3),
            (
                BETA,
                {"distribution": "Gamma", "alpha": 3, "beta": 0.5},
                psi(3) + np.log(2),
                polygamma(1, 3),
            ),
            (BETA, {"distribution": "LogNormal", "mu": 1.2, "sigma": 0.4}, 1.2, 0.16),
            (
                BETA,
                {"distribution": "HalfNormal", "sigma": 10},
                (psi(0.5) + np.log(2)) / 2 + np.log(10),
                np.pi**2 / 8,
            ),
            (
                BETA,
                {"distribution": "Exponential", "lam": 0.2},
                np.log(5) - np.euler_gamma,
                np.pi**2 / 6,
            ),
        ],
    )
    def test_closed_forms(self, parameter, spec, mean, variance):
        location, spread = truth_of(parameter, None, spec)
        assert location == pytest.approx(parameter.to_natural(mean), rel=1e-8)
        assert spread == pytest.approx(np.sqrt(variance), rel=1e-8)

    def test_it_is_what_draws_have(self):
        drawn = population({}, {"alpha": BETA22, "beta": BETA22}, 100_000)
        for parameter in (ALPHA, BETA):
            real = parameter.to_real(drawn[parameter.name])
            location, spread = truth_of(parameter, None, BETA22)
            margin = 4 * spread / np.sqrt(len(real))
            assert real.mean() == pytest.approx(parameter.to_real(location), abs=margin)
            assert real.std() == pytest.approx(spread, rel=0.02)


#: Three draws of a population, some of which have no spread.
DRAWS = {
    "alpha": {"locations": [-3.0, 0.0, 2.0], "spreads": [0.0, 0.5, 1.5]},
    "beta": {"locations": [0.0, 1.0, 3.0], "spreads": [0.3, 0.0, 1.0]},
}


class TestDraws:
    """A population whose location and SD differ between data sets."""

    def drawn(self, draws, participants=20_000, entries=None):
        settings = {name: Population.of(entry) for name, entry in (entries or DRAWS).items()}
        rngs = [np.random.default_rng(7 + k) for k in range(len(draws))]
        return draw_population(RESCORLA_WAGNER, {}, settings, participants, *rngs, draws=draws)

    def test_every_data_set_has_its_own_location_and_sd(self):
        draws, n = [2, 0, 1], 20_000
        values = self.drawn(draws, n)
        for name, to_real in (("alpha", logit), ("beta", np.log)):
            for k, draw in enumerate(draws):
                real = to_real(values[name][k * n : (k + 1) * n])
                location = DRAWS[name]["locations"][draw]
                spread = DRAWS[name]["spreads"][draw]
                if spread == 0:
                    np.testing.assert_allclose(real, location, atol=1e-12)
                else:
                    assert stats.kstest(real, stats.norm(location, spread).cdf).pvalue > 1e-3

    def test_a_draw_gives_the_participants_of_a_spread_around_its_location(self):
        values = self.drawn([1], 50)
        same = {"alpha": {"spread": 0.5}, "beta": {"spread": 0.0}}
        expected = population({"alpha": 0.5, "beta": float(np.exp(1))}, same, 50, seed=7)
        for name in ("alpha", "beta"):
            np.testing.assert_allclose(values[name], expected[name], rtol=1e-14)

    def test_truths_are_those_of_the_draws(self):
        settings = {name: Population.of(entry) for name, entry in DRAWS.items()}
        truths = population_truths(RESCORLA_WAGNER, {}, settings, [2, 2, 0])
        np.testing.assert_allclose(truths["alpha"][0], expit([2.0, 2.0, -3.0]), rtol=1e-15)
        np.testing.assert_allclose(truths["beta"][0], np.exp([3.0, 3.0, 0.0]), rtol=1e-15)
        assert truths["beta"][1].tolist() == [1.0, 1.0, 0.3]
        assert number_of_draws(settings) == 3
        assert number_of_draws({"alpha": Population.of({"spread": 1.0})}) == 0

    def test_a_parameter_may_have_a_spread_beside_draws_of_another(self):
        settings = {"alpha": DRAWS["alpha"], "beta": BETA22 | {"beta": 3.0}}
        truths = population_truths(
            RESCORLA_WAGNER, {}, {n: Population.of(e) for n, e in settings.items()}, [1]
        )
        assert truths["alpha"][1].tolist() == [0.5]
        assert isinstance(truths["beta"][1], float)
