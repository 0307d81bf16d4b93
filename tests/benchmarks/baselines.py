"""What the project is measured against: how the same things are usually done.

The NumPy loop and the scan follow the public notebook that this work starts from in their
structure, except that they judge a choice before its trial's update; NumPyro is the fastest general
tool that we know, and optional.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from scipy import optimize
from scipy.special import expit, logsumexp

HAVE_NUMPYRO = find_spec("numpyro") is not None


def numpy_negative_log_likelihood(theta: Any, choices: Any, rewards: Any) -> float:
    """One participant, trial by trial, by `scipy.special.logsumexp`."""
    alpha, beta = expit(theta[0]), np.exp(theta[1])
    values, total = np.full(2, 0.5), 0.0
    for choice, reward in zip(choices, rewards, strict=True):
        logits = beta * values
        total -= logits[choice] - logsumexp(logits)
        values[choice] += alpha * (reward - values[choice])
    return total


def numpy_fit(choices: Any, rewards: Any) -> Any:
    """Maximum likelihood by BFGS with numerical gradients."""
    return optimize.minimize(
        numpy_negative_log_likelihood, [0.0, 1.0], (choices, rewards), method="BFGS"
    )


def subtensor_scan(alpha: Any, beta: Any, choices: Any, rewards: Any) -> Any:
    """Log-likelihood of one participant: a scan that sets the chosen arm's value."""

    def learn(choice: Any, reward: Any, values: Any, rate: Any) -> Any:
        error = reward - values[choice]
        return pt.set_subtensor(values[choice], values[choice] + rate * error)

    start = pt.as_tensor(np.full(2, 0.5))
    values = pytensor.scan(
        learn, sequences=[choices, rewards], outputs_info=[start], non_sequences=[alpha],
        return_updates=False,
    )  # fmt: skip
    before = pt.concatenate([start[None], values[:-1]])
    logits = beta * before
    log_probability = logits - pt.logsumexp(logits, axis=1, keepdims=True)
    return log_probability[pt.arange(choices.shape[0]), choices].sum()


def subtensor_gradient(make: Any = pytensor.function) -> Any:
    """Value and gradient of `subtensor_scan` as a function of (alpha, beta, choices, rewards)."""
    alpha, beta = pt.dscalars("alpha", "beta")
    choices, rewards = pt.lvector("choices"), pt.dvector("rewards")
    value = subtensor_scan(alpha, beta, choices, rewards)
    outputs = [value, *pt.grad(value, [alpha, beta])]
    return make([alpha, beta, choices, rewards], outputs)


def pymc_sample(choices: Any, rewards: Any, draws: int, tune: int, chains: int) -> Any:
    """Build, compile and sample one participant's model, as a script for one data set does."""
    with pm.Model():
        alpha, beta = pm.Beta("alpha", 1, 1), pm.HalfNormal("beta", 10)
        value = subtensor_scan(alpha, beta, pt.as_tensor(choices), pt.as_tensor(rewards))
        pm.Potential("likelihood", value)
        return pm.sample(
            draws=draws, tune=tune, chains=chains, cores=1, progressbar=False, random_seed=1,
            compute_convergence_checks=False,
        )  # fmt: skip


def numpyro_log_likelihood(alpha: Any, beta: Any, choices: Any, rewards: Any) -> Any:
    """Log-likelihoods of participants, shape (participants,), by `jax.lax.scan`."""
    import jax
    import jax.numpy as jnp

    def one(rate: Any, decided: Any, chosen: Any, paid: Any) -> Any:
        def trial(values: Any, now: Any) -> Any:
            choice, reward = now
            log_probability = jax.nn.log_softmax(decided * values)[choice]
            return values.at[choice].add(rate * (reward - values[choice])), log_probability

        _, terms = jax.lax.scan(trial, jnp.full(2, 0.5), (chosen, paid))
        return terms.sum()

    return jax.vmap(one)(alpha, beta, choices, rewards)


def numpyro_gradient(choices: Any, rewards: Any) -> Any:
    """Jitted values and gradients of participants: a function of (alpha, beta)."""
    import jax

    jax.config.update("jax_enable_x64", True)
    chosen, paid = jax.numpy.asarray(choices), jax.numpy.asarray(rewards)

    @jax.jit
    def both(alpha: Any, beta: Any) -> Any:
        def total(a: Any, b: Any) -> Any:
            return numpyro_log_likelihood(a, b, chosen, paid).sum()

        return jax.value_and_grad(total, (0, 1))(alpha, beta)

    return lambda alpha, beta: jax.block_until_ready(both(alpha, beta))


def numpyro_sampler(
    choices: Any, rewards: Any, hierarchical: bool, draws: int, tune: int, accept: float
) -> Any:
    """A NumPyro sampler of 4 chains, to call with a seed; the first call compiles."""
    import jax
    import numpyro
    import numpyro.distributions as dist

    jax.config.update("jax_enable_x64", True)
    participants = len(choices)
    chosen, paid = jax.numpy.asarray(choices), jax.numpy.asarray(rewards)

    def population(name: str, centre: float, width: float) -> Any:
        location = numpyro.sample(f"{name}_location", dist.Normal(centre, width))
        spread = numpyro.sample(f"{name}_spread", dist.HalfNormal(1))
        deviation = numpyro.sample(f"{name}_deviation", dist.Normal(0, 1).expand([participants]))
        return location + spread * deviation

    def model() -> None:
        if hierarchical:
            alpha = jax.nn.sigmoid(population("alpha", 0, 1.5))
            beta = jax.numpy.exp(population("beta", 1, 1))
        else:
            alpha = numpyro.sample("alpha", dist.Beta(1, 1).expand([participants]))
            beta = numpyro.sample("beta", dist.HalfNormal(10).expand([participants]))
        likelihood = numpyro_log_likelihood(alpha, beta, chosen, paid).sum()
        numpyro.factor("likelihood", likelihood)

    kernel = numpyro.infer.NUTS(model, target_accept_prob=accept)
    sampler = numpyro.infer.MCMC(
        kernel, num_warmup=tune, num_samples=draws, num_chains=4, chain_method="sequential",
        progress_bar=False, jit_model_args=False,
    )  # fmt: skip

    def sample(seed: int) -> dict[str, Any]:
        sampler.run(jax.random.PRNGKey(seed))
        drawn = sampler.get_samples(group_by_chain=True)
        return {name: np.asarray(values) for name, values in drawn.items()}

    return sample
