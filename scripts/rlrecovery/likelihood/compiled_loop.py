"""Source code of the loops over participants and trials in the compiled form of the likelihood."""

from __future__ import annotations

from rlrecovery.likelihood.compiled_step import WITHOUT_SLOPES
from rlrecovery.models.base import Learner

#: Softmax denominators are multiplied until their product exceeds this, and then one logarithm is
#: taken: a logarithm per trial would double the cost. Each factor is between 1 and the number of
#: arms, so the product cannot overflow.
_LOG_AT = 1e200


def loop_source(kind: str, learner: Learner, n_states: int) -> str:
    """Generate the Python source of the loop over participants and trials.

    The loop calls the compiled step. Every quantity of a trial is a local scalar in the source, so
    no memory is allocated. Data of one participant are combined with every row of parameters.
    """
    n_arms, n_parameters = learner.n_arms, len(learner.names)
    states = [f"s{i}" for i in range(n_states)]
    slopes = [] if kind in WITHOUT_SLOPES else [f"d{i}" for i in range(n_states * n_parameters)]
    parameters = [f"p{j}" for j in range(n_parameters)]
    chosen = [f"c{k}" for k in range(n_arms)]
    results, allocate, begin, trial, end, returned = _PARTS[kind](n_arms, n_parameters)
    every_arm = [f"rewards[k, t, {a}]" for a in range(n_arms)]
    outcomes = every_arm if learner.full_feedback else ["rewards[k, t]"]
    data = [*chosen, *outcomes, "restart"]
    arguments = ", ".join([*data, *states, *slopes, *parameters])
    lines = [
        f"def {kind}_loop(choices, rewards, starts, theta):",
        "    n, length = len(theta), choices.shape[1]",
        "    if len(choices) != n and len(choices) != 1:",
        "        raise ValueError('as many rows of parameters as participants are needed')",
        *[f"    {line}" for line in allocate],
        "    for i in range(n):",
        "        k = i if len(choices) == n else 0",
        *[f"        {p} = theta[i, {j}]" for j, p in enumerate(parameters)],
        *[f"        {name} = 0.0" for name in [*states, *slopes]],
        *[f"        {line}" for line in begin],
        "        restart = 1.0",
        "        for t in range(length):",
        "            if starts[k, t] != 0.0:",
        "                restart = 1.0",
        "            choice = choices[k, t]",
        f"            if choice < 0 or choice >= {n_arms}:",
        "                continue",
        # In a call with more than 30 arguments, Numba allows no conditional expression.
        *[f"            {c} = 1.0 if choice == {k} else 0.0" for k, c in enumerate(chosen)],
        f"            {', '.join([*states, *slopes, *results])} = step({arguments})",
        "            restart = 0.0",
        *[f"            {line}" for line in trial],
        *[f"        {line}" for line in end],
        f"    return {returned}",
    ]
    return "\n".join(lines) + "\n"


#: Results of the step; source lines before the loop, per participant, per trial and after the last
#: trial; the returned expression.
_Parts = tuple[list[str], list[str], list[str], list[str], list[str], str]


def _value_parts(n_arms: int, n_parameters: int) -> _Parts:
    trial = [
        "total += excess",
        "product *= denominator",
        f"if product > {_LOG_AT!r}:",
        "    total -= math.log(product)",
        "    product = 1.0",
    ]
    end = ["value[i] = total - math.log(product)"]
    results = ["excess", "denominator"]
    return results, ["value = np.empty(n)"], ["total, product = 0.0, 1.0"], trial, end, "value"


def _pointwise_parts(n_arms: int, n_parameters: int) -> _Parts:
    allocate, trial = (
        ["value = np.zeros((n, length))"],
        ["value[i, t] = excess - math.log(denominator)"],
    )
    return ["excess", "denominator"], allocate, [], trial, [], "value"


def _gradient_parts(n_arms: int, n_parameters: int) -> _Parts:
    results, allocate, begin, trial, end, _ = _value_parts(n_arms, n_parameters)
    gradients = [f"g{j}" for j in range(n_parameters)]
    return (
        [*results, *[f"d_{g}" for g in gradients]],
        [*allocate, f"gradient = np.empty((n, {n_parameters}))"],
        [*begin, *[f"{g} = 0.0" for g in gradients]],
        [*trial, *[f"{g} += d_{g}" for g in gradients]],
        [*end, *[f"gradient[i, {j}] = {g}" for j, g in enumerate(gradients)]],
        "value, gradient",
    )


def _logits_parts(n_arms: int, n_parameters: int) -> _Parts:
    logits = {f"l{a}": f"logits[i, t, {a}]" for a in range(n_arms)}
    slopes = {
        f"m{j}_{a}": f"jacobian[i, t, {a}, {j}]" for j in range(n_parameters) for a in range(n_arms)
    }
    allocate = [
        f"logits = np.zeros((n, length, {n_arms}))",
        f"jacobian = np.zeros((n, length, {n_arms}, {n_parameters}))",
    ]
    places = logits | slopes
    trial = [f"{place} = {name}" for name, place in places.items()]
    return list(places), allocate, [], trial, [], "logits, jacobian"


_PARTS = {
    "value": _value_parts,
    "pointwise": _pointwise_parts,
    "gradient": _gradient_parts,
    "logits": _logits_parts,
}
