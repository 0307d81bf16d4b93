"""The PyMC model of a joint analysis: its density, against the formulas of its definition."""

import numpy as np
import pytest
from effect_cases import (
    EFFECTS,
    NORMAL,
    POPULATION,
    TRIALS,
    UNIFORM,
    draws_of_the_prior,
    effect_model,
    some_data,
    with_data,
)
from fits import bayes_settings, setting
from quadrature import log_likelihood
from scipy import stats
from scipy.special import expit

from rlrecovery.fitting.bayes.effect_model import build_effect_model, effect_variable
from rlrecovery.fitting.effects import Effect, EffectModel
from rlrecovery.models.distributions import Distribution
from unit.forms import without_machine_code


class Formulas:
    """Log posterior density at a point of the sampled variables, by the definition of the model."""

    def __init__(self, model, data, covariate):
        self.model, self.data, self.q = (
            model,
            data,
            (covariate - covariate.mean()) / covariate.std(),
        )

    def __call__(self, point):
        self.point, self.total = point, 0.0
        by_name = {name: self.sessions(name) for name in ("alpha", "beta")}
        for row, (choices, rewards) in enumerate(
            zip(self.data.choices, self.data.rewards, strict=True)
        ):
            alpha, beta = expit(by_name["alpha"][row]), np.exp(by_name["beta"][row])
            self.total += float(log_likelihood(choices, rewards, alpha, beta))
        return self.total

    def levels(self, name, kind):
        return [e.index for e in self.model.effects if (e.kind, e.parameter) == (kind, name)]

    def bounded(self, name, lower, upper):
        """A variable with a uniform prior, and its density on the real line."""
        share = expit(self.point[f"{name}_interval__"])
        self.total += np.log(share * (1 - share))
        return lower + (upper - lower) * share

    def around(self, name, prior, offset):
        """A variable that may be sampled as its sum with an offset."""
        if prior.name == "Uniform":
            return self.bounded(name, *prior.support())
        value = self.point[f"{name}_centre"] - offset
        self.total += prior.frozen().logpdf(value)
        return value

    def spread(self, name, scale, scatter):
        """An SD, which may be sampled as an SD of participants."""
        if f"{name}_scatter_log__" in self.point:
            value = np.exp(self.point[f"{name}_scatter_log__"]) / scatter
        else:
            value = np.exp(self.point[f"{name}_spread_log__"])
        self.total += scale.frozen().logpdf(value) + np.log(value)
        return value

    def sessions(self, name):
        location, scale = (
            Distribution.of(p["distribution"], {k: v for k, v in p.items() if k != "distribution"})
            for p in (POPULATION[name]["location"], POPULATION[name]["scale"])
        )
        e = self.point[f"{name}_deviation"]
        self.total += stats.norm.logpdf(e).sum()
        if self.levels(name, "covariate"):
            r = self.bounded(f"{name}_covariate_0", -1, 1)
            e = r * self.q + np.sqrt(1 - r**2) * e
        own = np.where(np.isin(self.model.group, self.levels(name, "group")), self.model.group, 0)
        centred = e - np.array([e[own == k].mean() for k in own])
        groups = np.unique(self.model.group)
        s = np.empty(len(e))
        if self.model.own_spreads:
            for g in groups:
                of_g = self.model.group == g
                s[of_g] = self.spread(f"{name}_{g}", scale, np.sqrt((centred[of_g] ** 2).mean()))
        else:
            s[:] = self.spread(name, scale, np.sqrt((centred**2).mean()))
        mu = self.around(f"{name}_location", location, (s * e)[own == 0].mean())
        x = mu + s * e
        for level in self.levels(name, "group"):
            offset = mu + (s * e)[own == level].mean()
            x[own == level] += self.around(f"{name}_group_{level}", self.model.prior, offset)
        rows = x[self.model.participant]
        for level in self.levels(name, "condition"):
            of_level = self.model.condition == level
            w = self.point[f"{name}_deviation_{level}"]
            self.total += stats.norm.logpdf(w).sum()
            tau = self.spread(f"{name}_condition_{level}", scale, w.std())
            d = self.around(f"{name}_condition_{level}", self.model.prior, tau * w.mean())
            rows[of_level] += d + tau * w
        return rows


def several_points(model, count):
    rng = np.random.default_rng(0)
    shapes = {name: np.shape(value) for name, value in model.initial_point().items()}
    return [{n: rng.normal(0, 0.8, s) for n, s in shapes.items()} for _ in range(count)]


@pytest.mark.parametrize(
    ("sizes", "prior", "own_spreads", "form", "scattered"),
    [
        ((5, 4, 3), NORMAL, False, ("potential", "compiled"), {"alpha", "beta"}),
        ((9, 4, 2), NORMAL, True, ("categorical", "compiled"), {"alpha_0", "beta_0"}),
        ((3, 2, 1), UNIFORM, True, ("potential", "scan"), set()),
    ],
    ids=["one-sd", "own-sds", "uniform"],
)
def test_the_model_has_the_density_of_its_definition(sizes, prior, own_spreads, form, scattered):
    model = effect_model(sizes, prior, own_spreads)
    covariate = np.random.default_rng(6).normal(50, 10, sum(sizes))
    data = some_data(len(model.participant))
    built, expected = with_data(model, data, covariate, *form), Formulas(model, data, covariate)
    points = several_points(built, 3)
    with without_machine_code():
        terms = built.compile_logp(sum=False)
    densities = [sum(float(np.sum(term)) for term in terms(point)) for point in points]
    differences = np.array([d - expected(p) for d, p in zip(densities, points, strict=True)])
    assert np.ptp([expected(point) for point in points]) > 1
    np.testing.assert_allclose(differences - differences[0], 0, atol=1e-9)
    names = {n.removesuffix("_scatter_log__") for n in points[0] if "scatter" in n}
    assert scattered == {n for n in names if "condition" not in n}
    assert ("alpha_condition_1" in names) == (sum(sizes) > 8)


def test_draws_of_the_prior_are_the_priors():
    _, draws, _ = draws_of_the_prior()
    names = [effect_variable(effect) for effect in EFFECTS]
    names += ["alpha_location", "beta_location", "alpha_spread", "beta_condition_1_spread"]
    distributions = [NORMAL.frozen()] * 6 + [stats.uniform(-1, 2)]
    distributions += [stats.norm(-0.3, 1.2), stats.uniform(-1, 4)]
    distributions += [stats.halfnorm(scale=0.8), stats.gamma(2, scale=1 / 4)]
    drawn = np.array([draws[name][0] for name in names])
    for values, distribution in zip(drawn, distributions, strict=True):
        assert stats.kstest(values, distribution.cdf).pvalue > 1e-3
    correlations = stats.spearmanr(drawn, axis=1).statistic
    assert np.abs(correlations - np.eye(len(names))).max() < 0.1


def test_an_analysis_without_sense_is_refused():
    model = effect_model((5, 4, 3))
    cases = [
        (EffectModel(model.group, model.participant % 11, model.condition, (), NORMAL), "session"),
        (EffectModel(model.group, model.participant, model.condition * 0, (), NORMAL), "only one"),
        (
            EffectModel(
                model.group,
                model.participant,
                model.condition,
                (Effect("group", "cousin", 3, "alpha"),),
                NORMAL,
            ),
            "group cousin has no participants",
        ),
    ]
    for wrong, words in cases:
        with pytest.raises(ValueError, match=words):
            build_effect_model(bayes_settings("partial"), setting(35, TRIALS), wrong)
