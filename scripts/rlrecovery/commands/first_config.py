"""A short config, written from a task, a model and a design."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from rlrecovery.models.base import Model, Parameter

#: Tasks by name, each with its description and its section ``task``.
TASKS: dict[str, tuple[str, dict[str, Any]]] = {
    "bandit": ("two arms with constant probabilities of reward", {"arms": [0.3, 0.7]}),
    "reversal": (
        "the arms swap their probabilities every 25 trials",
        {"arms": [0.2, 0.8], "reversals": {"every": 25}},
    ),
    "restless": (
        "the probabilities drift from trial to trial",
        {"arms": [0.4, 0.6], "drift": {"sd": 0.03, "lower": 0.25, "upper": 0.75}},
    ),
    "blocks": ("four blocks, each with new arms", {"arms": [0.3, 0.7], "blocks": 4}),
    "full_feedback": (
        "the outcomes of both arms are shown",
        {"arms": [0.3, 0.7], "feedback": "full"},
    ),
    "gaussian": (
        "normally distributed rewards",
        {"arms": [0.3, 0.7], "rewards": "gaussian", "sd": 0.3},
    ),
}

#: SD of the participants on the unconstrained scale, by transform of the parameter.
SPREADS = {"logit": 0.5, "log": 0.3, "identity": 0.3}
#: True values are these quantiles of the prior of a population's location: of up to two parameters,
#: and of more, which would give too many cells.
QUANTILES, FEW_QUANTILES = (1 / 6, 1 / 2, 5 / 6), (1 / 4, 3 / 4)
#: Comments of further keys, which come from a data set.
COMMENTS = {
    "observed": "the report compares it with predictions",
    "missing": "share of trials without a response",
    "completed": "",
}
#: Largest number of parameters of `quadrature`.
MOST_PARAMETERS = 3


@dataclass(frozen=True)
class Design:
    """What a first config is written from.

    Attributes
    ----------
    run : str
        Name of the run.
    task : dict
        Section ``task``.
    model : Model
        Model that generates the data and is fitted.
    participants, trials : sequence of int
        Values of these keys.
    extra : dict
        Further top-level keys, such as ``missing``.
    about_task : str
        Comment on the task; may be empty.
    unit : float
        Unit of the rewards, by which inverse temperatures are divided.
    """

    run: str
    task: Mapping[str, Any]
    model: Model
    participants: Sequence[int] = (20,)
    trials: Sequence[int] = (100, 200)
    extra: Mapping[str, Any] = field(default_factory=dict)
    about_task: str = ""
    unit: float = 1.0


def task_named(name: str, arms: Sequence[float] | None, trials: Sequence[int]) -> dict[str, Any]:
    """Section ``task`` of one of `TASKS`, with other arms if given."""
    task = {"blocks": 1, "start_value": 0.5} | TASKS[name][1]
    if arms is not None:
        task["arms"] = list(arms)
    if "reversals" in task:  # a short session has one reversal
        task["reversals"] = {"every": min(task["reversals"]["every"], max(1, max(trials) // 2))}
    return {"arms": task.pop("arms"), **task}


def written(design: Design) -> str:
    """The text of a config of at most 20 lines."""
    parameters = design.model.parameters
    truths = {parameter.name: _truths(parameter, design) for parameter in parameters}
    spreads = {p.name: {"spread": SPREADS[p.transform]} for p in parameters}
    lines = [
        ("", "A first study, written by `make new`. `make help-config` explains every key."),
        (f"run: {design.run}", f"results are written to results/{design.run}/"),
        ("seed: 1", "the same seed gives the same results"),
        (f"task: {_flow(design.task)}", design.about_task),
        (f"model: {design.model.name}", "generates the data, and is fitted"),
        (f"truth: {_flow(truths)}", ""),
        (
            f"population: {_flow(spreads)}",
            "",
        ),
        (f"participants: {_flow(design.participants)}", "per data set"),
        (f"trials: {_flow(design.trials)}", "per participant"),
        *((f"{key}: {_flow(value)}", COMMENTS[key]) for key, value in design.extra.items()),
        ("replicates: 20", "data sets per combination of all values above"),
        ("batch_size: 20", "data sets per job; does not affect the results"),
        ("interval_levels: [0.5, 0.95]", "of the intervals whose coverage is reported"),
        ("methods:", "settings that are left out have their defaults"),
        *_methods(design),
    ]
    return "".join(f"{_with_comment(*line)}\n" for line in lines)


def _methods(design: Design) -> Iterable[tuple[str, str]]:
    """Lines of the methods, each with its comment."""
    mle: dict[str, Any] = {"estimator": "mle"}
    exact: dict[str, Any] = {"estimator": "quadrature"}
    beta = next((p for p in design.model.parameters if p.name == "beta"), None)
    if beta is not None and design.unit != 1:  # defaults are for rewards from 0 to 1
        lower, upper = beta.bounds
        sigma = dict(beta.prior.arguments)["sigma"]
        mle["bounds"] = {"beta": [_rounded(lower / design.unit), _rounded(upper / design.unit)]}
        prior = {"distribution": beta.prior.name, "sigma": _rounded(sigma / design.unit)}
        exact["priors"] = {"beta": prior}
    yield f"  mle: {_flow(mle)}", "maximum likelihood"
    n_parameters = len(design.model.parameters)
    if n_parameters < MOST_PARAMETERS:
        yield f"  bayes: {_flow(exact)}", "the exact posterior of each participant"
    elif n_parameters == MOST_PARAMETERS:  # half a second per participant
        exact["replicates"] = 4
        yield f"  bayes: {_flow(exact)}", "of the first data sets, because it is slower"
    else:
        yield "  # bayes: {estimator: bayes, replicates: 2}", "by sampling, which is slow"


def _truths(parameter: Parameter, design: Design) -> list[float]:
    """True values: typical quantiles of the population's location."""
    quantiles = QUANTILES if len(design.model.parameters) <= 2 else FEW_QUANTILES
    unit = design.unit if parameter.name == "beta" else 1.0
    location = parameter.location
    return [_rounded(parameter.to_natural(location.quantiles(q)) / unit) for q in quantiles]


def _rounded(value: float) -> float | int:
    """A number with one significant digit."""
    rounded = float(f"{value:.1g}")
    return int(rounded) if rounded.is_integer() else rounded


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, tuple):
        value = list(value)
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=float("inf"))
    return text.removesuffix("\n").removesuffix("\n...")


def _with_comment(text: str, comment: str) -> str:
    if not comment:
        return text
    return f"{text:<32}  # {comment}" if text else f"# {comment}"
