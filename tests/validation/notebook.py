"""The public notebook's data set and fit, to the last digit that it gives."""

from __future__ import annotations

import numpy as np
from settings import MLE

from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.mle.fitter import MaximumLikelihood
from rlrecovery.fitting.mle.settings import MleSettings
from rlrecovery.likelihood.data import Observations, observations
from rlrecovery.likelihood.evaluate import value_and_gradient
from rlrecovery.models.base import Learner
from rlrecovery.models.library import RESCORLA_WAGNER
from rlrecovery.simulation.behaviour import Behaviour, behave
from rlrecovery.simulation.task import Task

#: Negative log-likelihoods rest on the choices after the first, as the notebook's do.
CHOICES, REWARDS = "1000001111", "0111001111"
AT_TRUTH, AT_MAXIMUM = 47.418936097207, 47.050814541
ALPHA, BETA = 0.50473, 5.70738
#: The notebook's model: Rescorla-Wagner with two arms and a start value of 0.5.
LEARNER = Learner(RESCORLA_WAGNER, 2, 0.5)


def notebook() -> bool:
    """Print the notebook's numbers beside ours; whether all are the same."""
    print("The public notebook: one participant, 150 trials, alpha 0.5, beta 5")
    behaviour = simulated()
    data = observations(behaviour.choices, behaviour.rewards, np.zeros((1, 150), dtype=int))
    values = {engine: at_truth(data, engine) for engine in ("scan", "compiled")}
    alpha, beta, lowest = maximum(data)
    lines = [
        ("first choices", CHOICES, "".join(map(str, behaviour.choices[0, :10]))),
        ("first rewards", REWARDS, "".join(f"{r:.0f}" for r in behaviour.rewards[0, :10])),
        *[(f"at the truth, {e}", f"{AT_TRUTH:.12f}", f"{v:.12f}") for e, v in values.items()],
        ("at the maximum", f"{AT_MAXIMUM:.9f}", f"{lowest:.9f}"),
        ("alpha", f"{ALPHA:.5f}", cut(alpha)),
        ("beta", f"{BETA:.5f}", cut(beta)),
    ]  # fmt: skip
    for name, theirs, ours in lines:
        verdict = "the same" if theirs == ours else "DIFFERS"
        print(f"  {name:24} theirs {theirs:>16}   ours {ours:>16}   {verdict}")
    print("  alpha and beta are cut, not rounded, after five digits, as theirs.")
    return all(theirs == ours for _, theirs, ours in lines)


def cut(value: float) -> str:
    """A number cut off after five digits."""
    return f"{np.floor(value * 1e5) / 1e5:.5f}"


def simulated() -> Behaviour:
    """The notebook's participant, from the notebook's random numbers."""
    rng = np.random.default_rng(sum(map(ord, "RL_PyMC")))
    values = {"alpha": np.array([0.5]), "beta": np.array([5.0])}
    return behave(LEARNER, values, Task((0.4, 0.6)), rng.random((1, 150, 2)))


def at_truth(data: Observations, engine: str) -> float:
    """Negative log-likelihood at the truth, without the first trial."""
    value, _ = value_and_gradient(LEARNER, engine)(data, np.array([[0.5, 5.0]]))
    return -float(value[0]) - np.log(2)


def maximum(data: Observations) -> tuple[float, float, float]:
    """Alpha and beta at the maximum, and the negative log-likelihood there."""
    method = MLE | {"bounds": {"alpha": [0, 1], "beta": [0, 50]}, "grid": 10, "starts": 3}
    setting = Setting(LEARNER, 1, 150, nominal_levels=(), task=Task((0.4, 0.6)))
    (best,) = MaximumLikelihood.of(MleSettings.of(method), setting).search.maxima(data)
    parameters = zip(RESCORLA_WAGNER.parameters, best.point, strict=True)
    alpha, beta = (float(parameter.to_natural(x)) for parameter, x in parameters)
    return alpha, beta, -best.log_likelihood - np.log(2)
