from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from rlrecovery.fitting.bayes import fitter as bayes
from rlrecovery.fitting.quadrature.fitter import Quadrature
from rlrecovery.models.variants import ModelSpec
from rlrecovery.predictive.dataset import simulated_dataset
from rlrecovery.predictive.draws import posterior_draws, prior_draws
from unit.predictive.examples import CELL, faced, generator, quadrature, sampler, seed, setting


def drawn_from_prior(method, participants, count):
    return prior_draws(method, setting(participants, 10), count, np.random.default_rng(0))


def test_prior_draws_without_pooling_follow_the_priors():
    for method in (quadrature(), sampler("none")):
        draws = drawn_from_prior(method, 3, 2000)
        assert {name: v.shape for name, v in draws.items()} == dict.fromkeys(
            ("alpha", "beta"), (2000, 3)
        )
        assert stats.kstest(draws["alpha"].ravel(), "uniform").pvalue > 1e-3
        assert stats.kstest(draws["beta"].ravel(), stats.halfnorm(scale=10).cdf).pvalue > 1e-3
        for values in draws.values():
            assert abs(np.corrcoef(values.T)[0, 1]) < 0.1


def test_with_complete_pooling_all_participants_share_a_draw():
    draws = drawn_from_prior(sampler("complete"), 3, 2000)
    for values in draws.values():
        assert values.shape == (2000, 3)
        assert (values == values[:, :1]).all()
    assert stats.kstest(draws["alpha"][:, 0], "uniform").pvalue > 1e-3


def test_with_partial_pooling_participants_vary_around_a_location():
    draws = drawn_from_prior(sampler("partial"), 400, 1500)
    for name, mu, sigma in (("alpha", 0, 1.5), ("beta", 1, 1)):
        real = ModelSpec.of("rescorla_wagner").model().parameter(name).to_real(draws[name])
        centre, scale = real.mean(axis=1), real.std(axis=1)
        assert stats.kstest(centre, stats.norm(mu, sigma).cdf).pvalue > 1e-3
        assert stats.kstest(scale, stats.halfnorm(scale=1).cdf).pvalue > 1e-3
        within = (real - centre[:, None]) / scale[:, None]
        assert stats.kstest(within[:20].ravel(), "norm").pvalue > 1e-3


def test_posterior_draws_by_quadrature_are_of_each_participant_alone():
    data = simulated_dataset(replace(CELL, trials=60), generator()).observations(faced())
    draws = posterior_draws(quadrature(), setting(4, 60), data, 4000, seed())
    rows = Quadrature.of(quadrature().settings, setting(4, 60)).fit(data, seed())
    assert len(rows) == 4 * 2
    for row in rows:
        values = draws[row["parameter"]][:, row["participant"]]
        assert values.shape == (4000,)
        assert values.mean() == pytest.approx(row["estimate"], abs=5 * row["se"] / 4000**0.5)
    again = posterior_draws(quadrature(), setting(4, 60), data, 4000, seed())
    assert all((again[name] == draws[name]).all() for name in draws)


@pytest.mark.parametrize("pooling", ["none", "partial", "complete"])
def test_posterior_draws_of_a_sampler_are_spread_over_all_chains(monkeypatch, pooling):
    chains, draws, participants, samples = 4, 50, 3, []

    def sample(data, *, chains, draws, seed, **_):
        samples.append((data["choices"].shape, seed))
        values = np.arange(chains * draws, dtype=float).reshape(chains, draws)
        posterior = {"alpha": values + 1000 * len(samples), "beta": -values}
        if pooling == "partial":
            offset = 0.1 * np.arange(participants)
            posterior = {name: v[:, :, None] + offset for name, v in posterior.items()}
        return posterior, {"diverging": np.zeros((chains, draws), dtype=bool)}

    compiled = SimpleNamespace(with_data=lambda **arrays: arrays)
    monkeypatch.setattr(bayes, "compile_model", lambda _: compiled)
    monkeypatch.setattr(bayes, "sample", sample)
    data = simulated_dataset(replace(CELL, participants=participants), generator())
    drawn = posterior_draws(
        sampler(pooling, chains=chains, draws=draws),
        setting(participants, 30),
        data.observations(faced()),
        11,
        seed(),
    )
    spaced = np.linspace(0, 199, 11).round()
    assert {values.shape for values in drawn.values()} == {(11, participants)}
    for i in range(participants):
        own = {"none": 1000 * (i + 1), "partial": 1000 + 0.1 * i, "complete": 1000}[pooling]
        np.testing.assert_allclose(drawn["alpha"][:, i], spaced + own)
    expected = [(1, 30)] * participants if pooling == "none" else [(participants, 30)]
    assert [shape for shape, _ in samples] == expected
    if pooling == "none":  # the seeds that a fit of the same data would use
        children = [int(child.generate_state(1)[0]) for child in seed().spawn(participants)]
        assert [number for _, number in samples] == children
