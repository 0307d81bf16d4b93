"""Leave-one-out densities against exact sums, and the rows that have them."""

import functools
import math

import numpy as np
import pytest
from fits import (
    constant_chooser,
    learner,
    one_block,
    simulated,
    stacked,
)
from quadrature import log_left_out, log_likelihood, posterior_draws

from rlrecovery.fitting.bayes.loo import leave_one_out

SPOTTY = one_block(
    np.where(np.arange(30) % 7 == 3, -1, simulated(0.4, 3, 30, 3).choices),
    simulated(0.4, 3, 30, 3).rewards,
)
PREDICTED = {
    "usual": simulated(0.5, 4, 60, 2),
    "some missing": SPOTTY,
    "all outcomes": simulated(0.5, 4, 60, 2, full_feedback=True),
}


@functools.cache
def exact_draws(kind):
    """Independent draws of the exact posterior, shape (chains, draws, parameters)."""
    data = PREDICTED[kind]
    known_learner = learner(full_feedback=data.rewards.ndim == 3)
    rng = np.random.default_rng(1)
    drawn = posterior_draws(data.choices[0], data.rewards[0], 40_000, rng)
    return known_learner, drawn.reshape(4, -1, 2)


@pytest.mark.parametrize("kind", PREDICTED)
def test_leaving_single_choices_out_is_as_exact_sums_have_it(kind):
    data, (known_learner, draws) = PREDICTED[kind], exact_draws(kind)
    densities = leave_one_out(known_learner, data, draws)
    terms = log_left_out(data.choices[0], data.rewards[0])
    terms = terms[data.choices[0] >= 0]
    assert densities["elpd_loo"] == pytest.approx(terms.sum(), abs=0.05)
    # Weights are bounded; where they are next to equal their tail may look long all the same.
    assert 0.3 < densities["pareto_k"] < (0.7 if kind != "all outcomes" else 5)
    # It is worse than the fit of the same choices, and better than guesses.
    assert len(terms) * np.log(0.5) < densities["elpd_loo"]
    alpha, beta = draws.reshape(-1, 2).T
    fitted = log_likelihood(data.choices[0], data.rewards[0], alpha, beta).mean()
    assert terms.sum() < fitted


def test_participants_who_share_draws_are_left_out_choice_by_choice():
    known_learner, draws = exact_draws("usual")
    both = stacked(PREDICTED["usual"], simulated(0.3, 2, 60, 5))
    each = [leave_one_out(known_learner, both.rows([i]), draws) for i in range(2)]
    densities = leave_one_out(known_learner, both, draws)
    assert densities["elpd_loo"] == pytest.approx(sum(one["elpd_loo"] for one in each), rel=1e-12)
    assert densities["pareto_k"] == max(one["pareto_k"] for one in each)


def test_a_choice_that_no_parameter_changes_is_predicted_as_it_is():
    known_learner, draws = exact_draws("usual")
    densities = leave_one_out(known_learner, constant_chooser(1), draws)
    assert densities["elpd_loo"] == pytest.approx(np.log(0.5))
    assert math.isnan(densities["pareto_k"])
    nobody = leave_one_out(known_learner, one_block(np.full(5, -1), np.zeros(5)), draws)
    assert nobody["elpd_loo"] == 0
