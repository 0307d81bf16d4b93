"""Source code of the loops over participants and trials in the compiled form of the likelihood.

The statements of one trial are a part of the loop. Every quantity of a trial is a local scalar in
the source, so no memory is allocated. Data of one participant are combined with every row of
parameters.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from rlrecovery.models.base import Learner

#: What a loop computes, see `output_shapes`.
Kind = Literal["value", "pointwise", "gradient", "logits"]

#: A shape with the names ``data``, ``n`` and ``length`` for sizes that are known in a call.
Shape = tuple[str | int, ...]

#: Kinds of loops without derivatives.
WITHOUT_SLOPES = ("value", "pointwise")

#: Arguments of a loop: the data and the natural-scale parameters.
ARGUMENTS = ("choices", "rewards", "starts", "theta")

#: Softmax denominators are multiplied until their product exceeds this, and then one logarithm is
#: taken: a logarithm per trial would double the cost. Each factor is between 1 and the number of
#: arms, so the product cannot overflow.
_LOG_AT = 1e200


class Trial(NamedTuple):
    """Source of one trial.

    Attributes
    ----------
    lines : list of str
        Statements that use the variables named by `trial_inputs`, and assign others.
    results : list of str
        Variables or numbers: state after the trial, its derivatives, and what a kind of loop needs
        (`rlrecovery.likelihood.compiled_step.Step.outputs`). No variable is one of the inputs.
    functions : dict
        Functions that the statements call, by name.
    """

    lines: list[str]
    results: list[str]
    functions: dict[str, Any]


def trial_inputs(kind: Kind, learner: Learner, n_states: int) -> list[str]:
    """Names of the inputs of a trial, in the order of `compiled_step.Step.inputs`.

    Chosen arms c, rewards r, whether hidden state is reset, states s, their derivatives d and
    parameters p.
    """
    n_parameters = len(learner.names)
    counts = {
        "c": learner.n_arms,
        "r": learner.n_arms if learner.full_feedback else 1,
        "s": n_states,
        "d": 0 if kind in WITHOUT_SLOPES else n_states * n_parameters,
        "p": n_parameters,
    }
    chosen, rewards, *others = ([f"{x}{i}" for i in range(n)] for x, n in counts.items())
    return [*chosen, *rewards, "restart", *[name for names in others for name in names]]


def argument_shapes(learner: Learner) -> dict[str, Shape]:
    """Shapes of the arguments of a loop, by name.

    ``data`` is the number of participants in the data, 1 or ``n``; ``n`` is the number of rows of
    parameters, ``length`` the number of trials.
    """
    of_trials = ("data", "length")
    arms = (learner.n_arms,) if learner.full_feedback else ()
    shapes = (of_trials, (*of_trials, *arms), of_trials, ("n", len(learner.names)))
    return dict(zip(ARGUMENTS, shapes, strict=True))


def output_shapes(kind: Kind, learner: Learner) -> dict[str, Shape]:
    """Shapes of the results of a loop, by name; all results are zero before the loop.

    ``value`` is the log-likelihood, or with kind ``pointwise`` the log-probability of every choice.
    """
    match kind:
        case "value":
            return {"value": ("n",)}
        case "pointwise":
            return {"value": ("n", "length")}
        case "gradient":
            return {"value": ("n",), "gradient": ("n", len(learner.names))}
    logits = ("n", "length", learner.n_arms)
    return {"logits": logits, "jacobian": (*logits, len(learner.names))}


def loop_source(kind: Kind, learner: Learner, trial: Trial, n_states: int) -> str:
    """Generate the source of a function of arrays, ``{kind}_loop``, which returns the results."""
    outputs = output_shapes(kind, learner)
    lines = [
        f"def {kind}_loop({', '.join(ARGUMENTS)}):",
        "    data, n, length = len(choices), len(theta), choices.shape[1]",
        "    if data != n and data != 1:",
        "        raise ValueError('as many rows of parameters as participants are needed')",
        *[f"    {name} = np.zeros({_tuple(shape)})" for name, shape in outputs.items()],
        *_loop(kind, learner, trial, n_states),
        f"    return {', '.join(outputs)}",
    ]
    return "\n".join(lines) + "\n"


def native_source(kind: Kind, learner: Learner, trial: Trial, n_states: int) -> str:
    """Generate the source of a function of addresses, ``{kind}_loop``, without a result.

    Its arguments are three sizes, ``data``, ``n`` and ``length``, and the addresses of the
    arguments of a loop and of its results.
    """
    arrays = argument_shapes(learner) | output_shapes(kind, learner)
    arguments = ["data", "n", "length", *[f"{name}_" for name in arrays]]
    lines = [
        f"def {kind}_loop({', '.join(arguments)}):",
        *[f"    {name} = carray({name}_, {_tuple(shape)})" for name, shape in arrays.items()],
        *_loop(kind, learner, trial, n_states),
    ]
    return "\n".join(lines) + "\n"


def _tuple(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))},)"


def _loop(kind: Kind, learner: Learner, trial: Trial, n_states: int) -> list[str]:
    """Lines of the loop."""
    n_arms, n_parameters = learner.n_arms, len(learner.names)
    inputs = trial_inputs(kind, learner, n_states)
    carried = [name for name in inputs if name[0] in "sd"]
    rewards = [name for name in inputs if name[0] == "r" and name != "restart"]
    outcomes = [f"rewards[k, t, {a}]" for a in range(n_arms)]
    outcomes = outcomes if learner.full_feedback else ["rewards[k, t]"]
    results, begin, sums, end = _PARTS[kind](n_arms, n_parameters)
    targets = [*carried, *results]
    return [
        "    for i in range(n):",
        "        k = i if data == n else 0",
        *[f"        p{j} = theta[i, {j}]" for j in range(n_parameters)],
        *[f"        {name} = 0.0" for name in carried],
        *[f"        {line}" for line in begin],
        "        restart = 1.0",
        "        for t in range(length):",
        "            if starts[k, t] != 0.0:",
        "                restart = 1.0",
        "            choice = choices[k, t]",
        f"            if choice < 0 or choice >= {n_arms}:",
        "                continue",
        *[f"            c{a} = 1.0 if choice == {a} else 0.0" for a in range(n_arms)],
        *[f"            {r} = {place}" for r, place in zip(rewards, outcomes, strict=True)],
        *[f"            {line}" for line in trial.lines],
        *[f"            {a} = {b}" for a, b in zip(targets, trial.results, strict=True)],
        "            restart = 0.0",
        *[f"            {line}" for line in sums],
        *[f"        {line}" for line in end],
    ]


#: Results of a trial besides states and derivatives; lines before, in and after the loop over
#: trials.
_Parts = tuple[list[str], list[str], list[str], list[str]]


def _value_parts(n_arms: int, n_parameters: int) -> _Parts:
    trial = [
        "total += excess",
        "product *= denominator",
        f"if product > {_LOG_AT!r}:",
        "    total -= math.log(product)",
        "    product = 1.0",
    ]
    end = ["value[i] = total - math.log(product)"]
    return ["excess", "denominator"], ["total, product = 0.0, 1.0"], trial, end


def _pointwise_parts(n_arms: int, n_parameters: int) -> _Parts:
    return ["excess", "denominator"], [], ["value[i, t] = excess - math.log(denominator)"], []


def _gradient_parts(n_arms: int, n_parameters: int) -> _Parts:
    results, begin, trial, end = _value_parts(n_arms, n_parameters)
    gradients = [f"g{j}" for j in range(n_parameters)]
    return (
        [*results, *[f"d_{g}" for g in gradients]],
        [*begin, *[f"{g} = 0.0" for g in gradients]],
        [*trial, *[f"{g} += d_{g}" for g in gradients]],
        [*end, *[f"gradient[i, {j}] = {g}" for j, g in enumerate(gradients)]],
    )


def _logits_parts(n_arms: int, n_parameters: int) -> _Parts:
    logits = {f"l{a}": f"logits[i, t, {a}]" for a in range(n_arms)}
    slopes = {
        f"m{j}_{a}": f"jacobian[i, t, {a}, {j}]" for j in range(n_parameters) for a in range(n_arms)
    }
    places = logits | slopes
    return list(places), [], [f"{place} = {name}" for name, place in places.items()], []


_PARTS = {
    "value": _value_parts,
    "pointwise": _pointwise_parts,
    "gradient": _gradient_parts,
    "logits": _logits_parts,
}
