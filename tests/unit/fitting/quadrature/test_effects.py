"""The joint analysis of effects against formulas for normal likelihoods, and by its calibration.

With likelihoods that are normal on the unconstrained scale, locations and differences given SDs and
correlations have a normal posterior. What is left is an integral over SDs and correlations, which
is computed here on a dense grid.
"""

from dataclasses import replace

import numpy as np
import pytest
from fits import (
    POPULATION,
    QUADRATURE,
    constant_chooser,
    one_block,
    setting,
    simulated,
    stacked,
)
from scipy import stats
from scipy.special import expit, logit

from rlrecovery.calibration.summary import p_uniform
from rlrecovery.fitting.effects import COVARIATE, Effect, EffectModel
from rlrecovery.fitting.quadrature.coupling import coupled
from rlrecovery.fitting.quadrature.effects import EffectQuadrature
from rlrecovery.fitting.quadrature.fitter import Quadrature
from rlrecovery.fitting.quadrature.settings import QuadratureSettings
from rlrecovery.fitting.registry import make_effect_fitter
from rlrecovery.likelihood.data import observations
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.library import MODELS, RESCORLA_WAGNER_TWO_RATES

SEED = np.random.SeedSequence(0)
LOCATIONS = {"alpha": (0.0, 1.5), "beta": (1.0, 1.0)}
SETTINGS = QuadratureSettings.of({**QUADRATURE, "pooling": "partial", "priors": POPULATION})
PROBABILITIES = [0.025, 0.5, 0.975]
ALPHA, BETA = (Effect("group", "patient", 1, name) for name in LOCATIONS)
ALPHA_2, BETA_2 = (Effect("group", "relative", 2, name) for name in LOCATIONS)
SLOPE_ALPHA, SLOPE_BETA = (Effect("covariate", COVARIATE, 0, name) for name in LOCATIONS)


def effect_model(group, effects, prior_sd=1.0, own_spreads=False):
    rows = np.arange(len(group))
    prior = Distribution.of("Normal", {"mu": 0, "sigma": prior_sd})
    group = np.asarray(group)
    return EffectModel(group, rows, np.zeros_like(rows), tuple(effects), prior, own_spreads)


def default_settings(model):
    """Partial pooling with the default priors of a model."""
    plain = {**QUADRATURE, "pooling": "partial", "priors": {}}
    empty = QuadratureSettings.of(plain)
    plain["priors"] = {p.name: empty.default_prior(p) for p in model.parameters}
    return QuadratureSettings.of(plain)


def fitter_of(model, sizes, settings=SETTINGS):
    return EffectQuadrature.of(settings, sizes, model)


def fitted(data, model, covariate=None):
    fitter = fitter_of(model, setting(*data.choices.shape))
    return fitter.fit(data, covariate, SEED)


# --- against formulas ----------------------------------------------------------------------------


def normal_values(data, points):
    """A log-likelihood that is normal on the unconstrained scale; rewards are its means and SDs."""
    mean, sd = data.rewards[0, :2], data.rewards[0, 2:]
    real = np.stack([logit(points[:, 0]), np.log(points[:, 1])], axis=1)
    return -0.5 * (((real - mean) / sd) ** 2).sum(axis=1)


def normal_data(group, differences, width, spread, covariate, correlation, seed):
    """Means and SDs of participants' likelihoods, shape (participants, parameters), as data."""
    rng = np.random.default_rng(seed)
    sds = width * rng.uniform(0.7, 1.4, (len(group), 2))
    own = np.sqrt(1 - correlation**2) * rng.standard_normal((len(group), 2))
    truth = [0.5, 1.2] + np.asarray(differences)[group, None]
    truth = truth + spread * (own + correlation * covariate[:, None])
    means = truth + sds * rng.standard_normal((len(group), 2))
    rewards = np.concatenate([means, sds], axis=1)
    zeros = np.zeros((len(group), 4), int)
    return means, sds, observations(zeros, rewards, zeros)


class Reference:
    """Posterior of the effects on one parameter, by a grid of SDs and the correlation."""

    def __init__(self, means, sds, location, model, parameter, covariate):
        own = [effect for effect in model.effects if effect.parameter == parameter]
        levels = [effect.index for effect in own if effect.kind == "group"]
        self.prior_sd, correlated = dict(model.prior.arguments)["sigma"], len(own) > len(levels)
        sd = np.exp(np.linspace(np.log(2e-3), np.log(6), 61 if model.own_spreads else 121))
        r = np.tanh(np.linspace(-4, 4, 401)) if correlated else np.zeros(1)
        n_spreads = model.group.max() + 1 if model.own_spreads else 1
        *spreads, correlation = (x.ravel() for x in np.meshgrid(*[sd] * n_spreads, r))
        spreads = np.stack(spreads, axis=1)
        by_row = spreads[:, model.group if model.own_spreads else np.zeros_like(model.group)]
        variance = by_row**2 * (1 - correlation[:, None] ** 2) + sds**2
        shifted = means - by_row * correlation[:, None] * covariate
        columns = [np.ones(len(means)), *[model.group == level for level in levels]]
        x = np.stack(columns, axis=1).astype(float)
        precision = np.diag([location[1] ** -2] + [self.prior_sd**-2] * len(levels))
        precision = precision + np.einsum("ia,hi,ib->hab", x, 1 / variance, x)
        linear = (shifted / variance) @ x
        linear[:, 0] += location[0] / location[1] ** 2
        covariance = np.linalg.inv(precision)
        middle = np.einsum("hab,hb->ha", covariance, linear)
        log_mass = 0.5 * ((linear * middle).sum(axis=1) - np.linalg.slogdet(precision)[1])
        log_mass -= 0.5 * (np.log(variance) + shifted**2 / variance).sum(axis=1)
        log_mass += (stats.halfnorm.logpdf(spreads) + np.log(spreads)).sum(axis=1)
        mass = np.exp(log_mass - log_mass.max()) * (1 - correlation**2 if correlated else 1)
        # The density of a correlation at 0 is needed however small it is.
        kept = (mass > 1e-10 * mass.max()) | (correlated & (np.abs(correlation) < 1e-9))
        self.mass, self.correlation, self.r = mass[kept] / mass[kept].sum(), correlation[kept], r
        self.middle, self.covariance = middle[kept], covariance[kept]
        self.by_effect = {e: i for i, e in enumerate(own)}

    def numbers(self, effect):
        """Mean, SD, and posterior density of the effect at 0 divided by its prior density."""
        if effect.kind == "covariate":
            mean = self.mass @ self.correlation
            sd = np.sqrt(self.mass @ (self.correlation - mean) ** 2)
            at_zero = self.mass[np.abs(self.correlation) < 1e-9].sum()
            step = np.arctanh(self.r[201])
            return mean, sd, at_zero / step / 0.5
        middle, sd = self._normal(effect)
        mean = self.mass @ middle
        variance = self.mass @ (sd**2 + (middle - mean) ** 2)
        density = self.mass @ stats.norm.pdf(0, middle, sd)
        return mean, np.sqrt(variance), density / stats.norm.pdf(0, 0, self.prior_sd)

    def below(self, effect, value):
        """Posterior probability of smaller values."""
        if effect.kind == "covariate":
            edges = np.arctanh(self.r)
            mass, _ = np.histogram(
                np.arctanh(self.correlation),
                np.append(edges - 0.01, edges[-1] + 0.01),
                weights=self.mass,
            )
            return np.interp(np.arctanh(value), edges, mass.cumsum() - mass / 2)
        return self.mass @ stats.norm.cdf(value, *self._normal(effect))

    def _normal(self, effect):
        levels = [e for e in self.by_effect if e.kind == "group"]
        k = 1 + levels.index(effect)
        return self.middle[:, k], np.sqrt(self.covariance[:, k, k])


#: Participants per group, effects, and what differs from the defaults of `check`.
CASES = {
    "one effect": ((10, 10), [ALPHA], {}),
    "two effects": ((20, 20), [ALPHA, BETA], {}),
    "unequal groups": ((3, 40), [ALPHA, BETA], {}),
    "one participant each": ((1, 1), [ALPHA, BETA], {}),
    "precise data of equal people": ((20, 20), [ALPHA], {"width": 0.03, "spread": 0.0}),
    "imprecise data": ((20, 20), [BETA], {"width": 2.0}),
    "narrow prior": ((3, 20), [ALPHA, BETA], {"prior_sd": 0.01}),
    "three groups": ((10, 10, 10), [ALPHA, BETA_2], {}),
    "three groups, narrow prior": ((5, 10, 20), [ALPHA, ALPHA_2, BETA, BETA_2], {"prior_sd": 0.1}),
    "own spreads": ((10, 15), [ALPHA], {"own_spreads": True}),
    "own spreads, two effects": ((3, 30), [ALPHA, BETA], {"own_spreads": True}),
    "covariate": ((15,), [SLOPE_ALPHA], {"correlation": 0.5}),
    "group and covariate": ((8, 8), [BETA, SLOPE_BETA], {"correlation": -0.6}),
}


@pytest.mark.parametrize("case", CASES)
def test_normal_likelihoods_have_the_posterior_of_the_formula(case):
    check(*CASES[case])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("sizes", "effects", "changes"),
    [
        ((20,), [SLOPE_ALPHA, SLOPE_BETA], {"correlation": 0.4}),
        ((40,), [SLOPE_ALPHA], {"correlation": 0.95, "width": 0.1}),
        ((6,), [SLOPE_ALPHA], {"width": 1.0}),
        ((12, 12), [ALPHA, SLOPE_ALPHA], {"own_spreads": True, "correlation": 0.5}),
        ((100, 100), [ALPHA, BETA], {}),
    ],
)
def test_more_normal_likelihoods_have_the_posterior_of_the_formula(sizes, effects, changes, seed):
    # An error of the median of 0.02 posterior SDs, less than half of what is tolerated.
    check(sizes, effects, {**changes, "seed": seed}, tolerance=8e-3)


def check(sizes, effects, changes, tolerance=3e-3):
    options = {"width": 0.3, "spread": 0.5, "correlation": 0.0, "seed": 1} | changes
    of_model = {k: options.pop(k) for k in ("prior_sd", "own_spreads") if k in options}
    group = np.repeat(np.arange(len(sizes)), sizes)
    covariate = np.zeros(len(group))
    if len(group) > 2:
        covariate = stats.zscore(np.random.default_rng(5).standard_normal(len(group)))
    means, sds, data = normal_data(group, (0, 0.5, -0.3), covariate=covariate, **options)
    model = effect_model(group, effects, **of_model)
    fitter = fitter_of(model, setting(len(group), 4))
    fitter = replace(fitter, hierarchy=replace(fitter.hierarchy, values=normal_values))
    posteriors = fitter.fit(data, covariate, SEED)
    for effect, posterior in zip(effects, posteriors, strict=True):
        j = list(LOCATIONS).index(effect.parameter)
        location = LOCATIONS[effect.parameter]
        exact = Reference(means[:, j], sds[:, j], location, model, effect.parameter, covariate)
        mean, sd, ratio = exact.numbers(effect)
        assert posterior.status == "ok"
        assert posterior.mean == pytest.approx(mean, abs=0.02 * sd)
        assert posterior.sd == pytest.approx(sd, rel=0.01)
        # Far from 0, the density there is that of the tails of the grid.
        assert posterior.log_bayes_factor == pytest.approx(-np.log(ratio), abs=0.02, rel=0.03)
        below = [exact.below(effect, q) for q in posterior.quantiles(PROBABILITIES)]
        assert below == pytest.approx(PROBABILITIES, abs=tolerance)


# --- against the model without effects -----------------------------------------------------------


def learners(group, trials, seed, difference=0.5, correlation=0.0, covariate=None, spread=0.5):
    """Data of participants of groups with these differences in logit(alpha)."""
    rng = np.random.default_rng(seed)
    own = rng.standard_normal((len(group), 2))
    if covariate is not None:
        own[:, 0] = np.sqrt(1 - correlation**2) * own[:, 0] + correlation * covariate
    alpha = expit(-0.5 + spread * own[:, 0] + difference * np.asarray(group))
    return simulated(alpha, np.exp(1 + spread * own[:, 1]), trials, seed)


def test_the_bayes_factor_is_the_ratio_of_evidences():
    """The model without the effect is the ordinary hierarchical fit, on a grid of its own."""
    group = np.repeat([0, 1], 8)
    data, sizes = learners(group, 40, 3), setting(16, 40)
    rows = Quadrature.of(SETTINGS, sizes).fit(data, SEED)
    without = next(row["log_evidence"] for row in rows if row["level"] == "group")
    fitter = fitter_of(effect_model(group, [ALPHA]), sizes)
    posterior, evidence = with_evidence(fitter, data)
    assert posterior.log_bayes_factor == pytest.approx(evidence - without, abs=0.01)


def with_evidence(fitter, data):
    """Posterior of a single effect, and log-evidence of the last grid."""
    evidences = []

    def recorded(*args):
        joint = coupled(*args)
        evidences.append(joint.log_evidence())
        return joint

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rlrecovery.fitting.quadrature.effects.coupled", recorded)
        (posterior,) = fitter.fit(data, None, SEED)
    return posterior, evidences[-1]


def test_groups_far_apart_have_the_posteriors_of_separate_fits():
    """With own SDs and a wide prior, each group has the posterior of a fit of its own."""
    group, trials = np.repeat([0, 1], [7, 9]), 60
    data = learners(group, trials, 4, difference=1.5)
    locations = []
    for g in (0, 1):
        part, sizes = data.rows(group == g), setting((group == g).sum(), trials)
        _, posterior = Quadrature.of(SETTINGS, sizes).fit_posterior(part, SEED)
        locations.append(posterior.moments(sizes.whole("group")[0]))
    model = effect_model(group, [ALPHA, BETA], prior_sd=200.0, own_spreads=True)
    alpha, _ = fitted(data, model)
    # The prior of the location of the second group is flat here, and N(0, 1.5) in its own fit.
    mean, sd = locations[1]
    precision = sd**-2 - 1.5**-2
    expected = mean * sd**-2 / precision - locations[0][0]
    assert alpha.mean == pytest.approx(expected, abs=0.1 * alpha.sd)
    assert alpha.sd == pytest.approx(np.hypot(locations[0][1], precision**-0.5), rel=0.1)


def test_a_model_of_one_parameter():
    """The rate of a coin flip: sums over a dense grid of locations and SD."""
    heads, trials, group = np.array([3, 9, 11, 14, 15, 17]), 20, np.repeat([0, 1], 3)
    data = stacked(*(one_block([1] * k + [0] * (trials - k), np.zeros(trials)) for k in heads))
    model = MODELS["random_responding"]
    (parameter,) = model.parameters
    settings = default_settings(model)
    effect = Effect("group", "patient", 1, parameter.name)
    fitter = make_effect_fitter(
        settings, setting(6, trials, model=model), effect_model(group, [effect])
    )
    (posterior,) = fitter.fit(data, None, SEED)
    x = np.linspace(-9, 9, 721)
    location, spread = np.linspace(-5, 5, 101), np.exp(np.linspace(np.log(0.02), np.log(6), 61))
    by_group = np.zeros((2, len(location), len(spread)))
    for k, sd in enumerate(spread):
        normal = stats.norm.pdf(x, location[:, None], sd) * (x[1] - x[0])
        normal /= normal.sum(axis=1, keepdims=True)
        for i, g in enumerate(group):
            by_group[g, :, k] += np.log(normal @ stats.binom.pmf(heads[i], trials, expit(x)))
    prior = parameter.scale.log_density(spread) + np.log(spread)
    difference = location - location[:, None]
    log_mass = by_group[0][:, None] + by_group[1][None] + prior
    log_mass = log_mass + parameter.location.log_density(location)[:, None, None]
    log_mass = log_mass + stats.norm.logpdf(difference)[..., None]
    mass = np.exp(log_mass - log_mass.max()).sum(axis=2)
    mass /= mass.sum()
    mean = (mass * difference).sum()
    sd = np.sqrt((mass * (difference - mean) ** 2).sum())
    side = np.sign(posterior.mean) * np.sign(mean)  # which arm has the rate
    assert posterior.mean == pytest.approx(side * mean, abs=0.02 * sd)
    assert posterior.sd == pytest.approx(sd, rel=0.02)


@pytest.mark.slow
def test_three_parameters():
    """A parameter without an effect takes part, and the Bayes factor is the ratio of evidences."""
    model = RESCORLA_WAGNER_TWO_RATES
    group, sizes = np.repeat([0, 1], 6), setting(12, 40, model=model)
    settings = default_settings(model)
    data = learners(group, 40, 3)
    rows = Quadrature.of(settings, sizes).fit(data, SEED)
    without = next(row["log_evidence"] for row in rows if row["level"] == "group")
    effect = Effect("group", "patient", 1, model.names[0])
    fitter = make_effect_fitter(settings, sizes, effect_model(group, [effect]))
    posterior, evidence = with_evidence(fitter, data)
    assert posterior.log_bayes_factor == pytest.approx(evidence - without, abs=0.02)
    covariate = effect_model(group, [Effect("covariate", COVARIATE, 0, model.names[0])])
    with pytest.raises(ValueError, match="at most 2 parameters"):
        make_effect_fitter(settings, sizes, covariate).fit(data, np.arange(12.0), SEED)


# --- data at the ends, and mistakes --------------------------------------------------------------


def test_one_trial_hardly_changes_the_prior():
    data = stacked(simulated(0.4, 3, 1, 1), simulated(0.4, 3, 1, 2))
    for posterior in fitted(data, effect_model([0, 1], [ALPHA, BETA])):
        assert posterior.status == "ok"
        assert (posterior.mean, posterior.sd) == pytest.approx((0, 1), abs=1e-2)
        assert posterior.log_bayes_factor == pytest.approx(0, abs=1e-2)
        assert posterior.probability_below(1.0) == pytest.approx(stats.norm.cdf(1), abs=2e-3)


def test_equal_data_of_both_groups_have_no_difference():
    same = [simulated(0.4, 3, 40, seed) for seed in range(4)]
    group = np.repeat([0, 1], 4)
    for posterior in fitted(stacked(*same, *same), effect_model(group, [ALPHA, BETA])):
        assert posterior.status == "ok"
        # Not exactly 0: the prior of the location is that of the first group alone.
        assert posterior.mean == pytest.approx(0, abs=0.1 * posterior.sd)
        assert posterior.log_bayes_factor < 0


@pytest.mark.parametrize("own_spreads", [False, True])
def test_constant_choosers_and_extreme_learners_have_a_posterior(own_spreads):
    data = stacked(
        *(constant_chooser(30, seed) for seed in range(3)),
        *(simulated(0.999, 30, 30, seed) for seed in range(3)),
    )
    group = np.repeat([0, 1], 3)
    for posterior in fitted(data, effect_model(group, [ALPHA, BETA], own_spreads=own_spreads)):
        assert np.isfinite([posterior.mean, posterior.sd, posterior.log_bayes_factor]).all()
        assert posterior.status in ("ok", "not_converged")
        assert (posterior.status == "ok") == (not posterior.reason)


def test_the_order_of_rows_does_not_matter():
    group = np.repeat([0, 1], 5)
    data = learners(group, 30, 2)
    order = np.random.default_rng(1).permutation(10)
    model = effect_model(group, [ALPHA])
    (posterior,) = fitted(data, model)
    (permuted,) = fitted(data.rows(order), replace(model, participant=order))
    assert permuted.mean == pytest.approx(posterior.mean, abs=1e-9)
    assert permuted.sd == pytest.approx(posterior.sd, rel=1e-9)


def test_the_reverse_of_a_covariate_has_the_negative_correlation():
    data, covariate = learners(np.zeros(6, int), 30, 2), np.array([1.0, 4, 2, 8, 5, 7])
    model = effect_model(np.zeros(6, int), [SLOPE_ALPHA])
    (one,), (other,) = (fitted(data, model, sign * covariate + 3) for sign in (1, -10))
    assert one.mean == pytest.approx(-other.mean, abs=0.02 * one.sd)
    assert one.sd == pytest.approx(other.sd, rel=0.02)


@pytest.mark.parametrize(
    ("changes", "covariate", "message"),
    [
        ({"effects": (SLOPE_ALPHA,)}, None, "no covariate"),
        ({"effects": (SLOPE_ALPHA,)}, np.ones(4), "the same for all"),
        ({"effects": (SLOPE_ALPHA,)}, np.full(4, np.nan), "not a finite number"),
        ({"group": np.zeros(4, int)}, None, "no participant is in group 1"),
        ({"participant": np.array([0, 0, 1, 2])}, None, "one session of each"),
        ({"effects": (Effect("condition", "drug", 1, "alpha"),)}, None, "conditions"),
        ({"participant": np.arange(3), "condition": np.zeros(3, int)}, None, "rows of the model"),
    ],
)
def test_a_model_that_does_not_suit_is_a_sentence(changes, covariate, message):
    model = replace(effect_model([0, 0, 1, 1], [ALPHA]), **changes)
    with pytest.raises(ValueError, match=message):
        fitted(simulated([0.4] * 4, [3] * 4, 5, 1), model, covariate)


def test_it_estimates_effects_of_groups_and_a_covariate_with_partial_pooling():
    assert SETTINGS.estimates_effects({"group"})
    assert SETTINGS.estimates_effects({"group", "covariate"})
    assert not SETTINGS.estimates_effects({"group", "condition"})
    alone = QuadratureSettings.of(QUADRATURE)
    assert not alone.estimates_effects({"group"})


def test_a_grid_that_does_not_suffice_is_flagged():
    """A tolerance of 0 cannot be met."""
    group = np.repeat([0, 1], 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rlrecovery.fitting.quadrature.effects.TOLERANCE", 0.0)
        (posterior,) = fitted(learners(group, 20, 1), effect_model(group, [ALPHA]))
    assert posterior.status == "not_converged"
    assert "two grids differ" in posterior.reason


# --- calibration ---------------------------------------------------------------------------------


def pit_values(group, effects, data_sets, own_spreads=False, seed=0):
    """PIT values of effects that are drawn from their priors with all else."""
    rng, n = np.random.default_rng(seed), len(group)
    model = effect_model(group, effects, own_spreads=own_spreads)
    fitter = fitter_of(model, setting(n, 40))
    pits = []
    for k in range(data_sets):
        covariate, truths, values = stats.zscore(rng.standard_normal(n)), {}, []
        for j, (location, sd) in enumerate(LOCATIONS.values()):
            spread = np.abs(rng.standard_normal(model.group.max() + 1))
            spread = spread[group if own_spreads else np.zeros_like(group)]
            x, r = np.full(n, rng.normal(location, sd)), 0.0
            for effect in effects:
                if list(LOCATIONS).index(effect.parameter) == j:
                    if effect.kind == "covariate":
                        truths[effect] = r = rng.uniform(-1, 1)
                    else:
                        truths[effect] = d = rng.standard_normal()
                        x[group == effect.index] += d
            x += spread * (r * covariate + np.sqrt(1 - r**2) * rng.standard_normal(n))
            values.append(x)
        data = simulated(expit(values[0]), np.exp(values[1]), 40, (seed, k))
        posteriors = fitter.fit(data, covariate, SEED)
        pits.append(
            [p.probability_below(truths[e]) for p, e in zip(posteriors, effects, strict=True)]
        )
    return np.array(pits)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "effects", "own_spreads", "data_sets"),
    [
        ((8, 8), [ALPHA, BETA], False, 400),
        ((6, 10), [ALPHA], True, 300),
        ((12,), [SLOPE_ALPHA], False, 300),
    ],
)
def test_effects_that_are_drawn_from_the_prior_have_uniform_pit_values(
    sizes, effects, own_spreads, data_sets
):
    group = np.repeat(np.arange(len(sizes)), sizes)
    pits = pit_values(group, effects, data_sets, own_spreads)
    p_values = [p_uniform(column) for column in pits.T]
    print("p values of the PIT", p_values)  # shown with -s
    assert min(p_values) > 0.001


@pytest.mark.slow
def test_groups_without_a_difference_are_rarely_told_apart():
    """95 % intervals exclude 0 in at most 5 % of 1,000 data sets, within 4 standard errors.

    With 40 trials the learning rate is hardly known, and its prior keeps the rate below 5 %.
    """
    group = np.repeat([0, 1], 8)
    model = effect_model(group, [ALPHA, BETA], prior_sd=2.0)
    fitter, excluded = fitter_of(model, setting(16, 40)), []
    for seed in range(1000):
        posteriors = fitter.fit(learners(group, 40, seed, difference=0.0), None, SEED)
        ends = np.array([p.quantiles([0.025, 0.975]) for p in posteriors])
        excluded.append((ends[:, 0] > 0) | (ends[:, 1] < 0))
    rates = np.mean(excluded, axis=0)
    print("type I errors", rates)  # shown with -s
    assert rates.max() <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 1000)
    assert rates[1] == pytest.approx(0.05, abs=0.028)
