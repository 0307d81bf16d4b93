"""What was done, in words, from the config: for the methods part of the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rlrecovery.design.cells import (
    ALL,
    POSTERIORS,
    Cell,
    cells_of,
    example_of,
    generator_of,
    methods_of,
    sources,
    specification,
    tasks,
    with_posterior,
)
from rlrecovery.models.library import find_model
from rlrecovery.report.numbers import plural
from rlrecovery.score.results import Summary
from rlrecovery.score.sampler_check import overall
from rlrecovery.simulate.task import Drift, Reversals, task_from_config


def mechanisms(experiment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How data were generated, as terms and texts."""
    cells = list(cells_of(experiment).values())
    faced = tasks(experiment).items()
    return [
        *[(f"Task {name}".strip(), task_in_words(task)) for name, task in faced],
        *[line for source in sources(experiment).values() for line in _source(experiment, source)],
        ("Participants", f"{', '.join(map(str, experiment['participants']))} per data set."),
        ("Trials", f"{', '.join(map(str, experiment['trials']))} per participant; all trials count "
                   "in the likelihood, the first included."),
        *_gaps(cells),
        ("Replicates", f"{experiment['replicates']} simulated data sets per cell; all methods are "
                       "given the same data."),
    ]  # fmt: skip


def _source(experiment: Mapping[str, Any], source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """One generating model with its truths and its population."""
    model = find_model(specification(experiment, source["model"]))
    truths = [f"{k}: {', '.join(f'{v:g}' for v in vs)}" for k, vs in source["truth"].items()]
    people = [f"{k}: {_population(k, v, model)}" for k, v in source["population"].items()]
    parameters = "; ".join(f"{p.name}, {p.meaning}" for p in model.parameters)
    yield "Model", f"{model.title} ({model.name}; {model.citation}). Parameters: {parameters}."
    none = "None: every parameter is drawn from a distribution."
    yield "Truth grid", "; ".join(truths) + "; crossed with each other." if truths else none
    yield "Population", "; ".join(people) + "."


def _gaps(cells: Sequence[Cell]) -> Iterator[tuple[str, str]]:
    """Missing responses and unfinished sessions, where there are any."""
    shares = list(dict.fromkeys(cell.missing for cell in cells))
    if any(shares):
        text = ", ".join(f"{100 * share:.10g} %" for share in shares)
        yield "Missing responses", f"Each trial is without a response with probability {text}."
    completed = list(dict.fromkeys(cell.completed for cell in cells))
    if completed != [ALL]:
        each = [", ".join(f"{100 * share:.10g} %" for share in shares) for shares in completed]
        text = "; or ".join(each)
        yield "Completed trials", f"Participants complete, in turn, {text} of the trials."


def task_in_words(given: Mapping[str, Any]) -> str:
    """What a participant faces, in sentences."""
    task = task_from_config(given)
    means = ", ".join(f"{mean:g}" for mean in task.arms)
    if task.schedule:
        source = given["schedule"]["file"]
        pays = f"the arms' {task.schedule.holds} follow the sequence in {source}, trial by trial"
    elif task.sd is None:
        pays = f"each choice pays 1 or 0, with probability {means} of being paid on the arms"
    else:
        pays = f"the arms pay normally distributed amounts with means {means} and SD {task.sd:g}"
    learning = "and learning starts again" if task.reset else "and learning is carried over"
    sentences = [
        f"{task.n_arms}-armed bandit; {pays}; trials in {plural(task.blocks, 'block')}, in each of "
        f"which the arms begin as they were {learning}.",
        f"Every arm has the value {task.start_value:g} before the first trial, unless a model has "
        "the start value as a parameter.",
        *([_reversals(task.reversals)] if task.reversals else []),
        *([_drift(task.drift)] if task.drift else []),
        *(["The outcomes of all arms are shown."] if task.full else []),
        *(["The config lists trials without a response."] if task.missing_trials else []),
    ]  # fmt: skip
    return " ".join(sentences)


def _reversals(rule: Reversals) -> str:
    when = [f"after trial {', '.join(map(str, rule.after))} of a block"] if rule.after else []
    when += [f"every {rule.every} trials of a block"] if rule.every else []
    learnt = f"when the best arm was chosen in {rule.correct} of {rule.within} responses"
    when += [learnt] if rule.correct else []
    return f"The arms trade places {', and '.join(when)}: each takes over what its neighbour paid."


def _drift(drift: Drift) -> str:
    pull = ""
    if drift.decay < 1:
        pull = f" with decay {drift.decay:g} to {drift.centre:g} (as in Daw et al., 2006)"
    return (
        f"The arms' means follow random walks with SD {drift.sd:g} per trial{pull}, reflected at "
        f"{drift.lower:g} and {drift.upper:g}, anew for each participant."
    )


def _population(name: str, entry: Mapping[str, Any], model: Any) -> str:
    if entry.get("distribution"):
        return f"each participant is drawn from {_distribution(entry)}"
    if not entry.get("spread"):
        return "all participants have the cell's truth"
    scale = model.parameter(name).transform
    return f"normal around the cell's truth on the {scale} scale with SD {entry['spread']:g}"


def _distribution(entry: Mapping[str, Any]) -> str:
    inside = ", ".join(
        f"{key}={value:g}"
        for key, value in entry.items()
        if key != "distribution" and value is not None
    )
    return f"{entry['distribution']}({inside})"


def estimands(experiment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the methods estimate."""
    models = [find_model(method["model"]) for method in methods_of(experiment).values()]
    every = {p.name: p.transform for model in models for p in model.parameters}
    scales = ", ".join(f"{transform} for {name}" for name, transform in every.items())
    return [
        ("Participant", "Each participant's own parameter value, on the natural scale."),
        ("Group", f"The population's location on the unconstrained scale ({scales}), carried to "
                  "the natural scale. It is a property of the population and not the mean of the "
                  "participants who happened to be drawn."),
        ("Spread", "The SD of the participants on the unconstrained scale; estimated by partial "
                   "pooling only."),
    ]  # fmt: skip


def methods(experiment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every method with every setting."""
    return [
        {
            "name": name,
            "kind": KINDS[settings["estimator"]](settings),
            "settings": list(_flatten(settings)),
        }
        for name, settings in experiment["methods"].items()
    ]


def checked(experiment: Mapping[str, Any]) -> str:
    """What the predictive checks are of; empty where no method has a posterior."""
    cell = example_of(cells_of(experiment))
    name = with_posterior(
        methods_of(experiment), generator_of(experiment, cell)["model"], POSTERIORS
    )
    if name is None:
        return ""
    data = f"the first data set of {cell.key}, which is simulated"
    if experiment.get("observed"):
        data = f"the data in {experiment['observed']}"
    return f"Predictions are those of {name}, of {data}."


def witnesses(summary: Summary) -> list[str]:
    """A sentence per sampled parameter that was also integrated exactly."""
    if summary.witness.empty:
        return []
    return [
        f"{row.sampled} against {row.exact}, {row.parameter}: over {row.posteriors} posteriors the "
        f"means differ by {row.rms_z:.2f} Monte Carlo standard errors (root mean square; about 1 "
        f"is expected) and by {row.largest_difference:.2g} posterior SDs at most; the sampled SD "
        f"is {row.sd_ratio:.3f} times the exact one on average."
        for row in overall(summary.witness).itertuples()
    ]


def _mle(settings: Mapping[str, Any]) -> str:
    return (
        "Maximum likelihood, every participant alone, with Wald intervals made on the "
        "unconstrained scale, carried to the natural one and cut off at the bounds; the group "
        f"estimate is the mean of the participants' estimates on the {settings['group_scale']} "
        "scale with a t interval."
    )


def _bayes(settings: Mapping[str, Any]) -> str:
    pooling = {
        "none": "every participant alone",
        "partial": "hierarchical, participants inform each other (non-centred)",
        "complete": "one set of parameters for all participants",
    }
    return (
        f"Bayesian, NUTS, {pooling[settings['pooling']]}; the estimate is the posterior "
        f"{settings['point']}, intervals are equal-tailed."
    )


def _quadrature(settings: Mapping[str, Any]) -> str:
    return (
        "Bayesian, every participant alone; the exact posterior, by summing over a grid that "
        "adapts to it, without Monte Carlo error; the estimate is the posterior "
        f"{settings['point']}, intervals are equal-tailed."
    )


def _mock(settings: Mapping[str, Any]) -> str:
    return (
        "A mock: it looks at no data and answers from the model's default priors. It shows "
        "what recovery looks like when data say nothing; its numbers are not an estimator's."
    )


#: What each estimator does, in a sentence.
KINDS = {"mle": _mle, "bayes": _bayes, "quadrature": _quadrature, "mock": _mock}


def _flatten(settings: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as dotted keys and texts; a distribution is one text."""
    for key, value in settings.items():
        if isinstance(value, Mapping) and value.get("distribution"):
            yield f"{prefix}{key}", _distribution(value)
        elif isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{key}", ", ".join(str(each) for each in value)
        else:
            yield f"{prefix}{key}", str(value)


def conventions(experiment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Choices that change numbers without anyone noticing."""
    faced = [task_from_config(task) for task in tasks(experiment).values()]
    starts = ", ".join(dict.fromkeys(f"{task.start_value:g}" for task in faced))
    wins = ", ".join(dict.fromkeys(f"{task.neutral:g}" for task in faced))
    binary = all(task.sd is None and not task.schedule for task in faced)
    bounds = [
        f"{name}: {p} in [{low:g}, {high:g}]"
        for name, settings in experiment["methods"].items()
        for p, (low, high) in (settings.get("bounds") or {}).items()
    ]
    return [
        ("Start value", f"{starts} for every arm wherever learning starts, unless a model has it "
                        "as a parameter."),
        ("Wins", f"Outcomes above {wins} are wins, all others losses."),
        ("Rewards", "0 and 1. With −1 and +1 the same beta would mean twice the determinism."
                    if binary else "On the scale of the task. With rewards twice as large the same "
                    "beta would mean twice the determinism."),
        ("First trial", "Counts in the likelihood. Choice t is judged by the values before the "
                        "update of trial t."),
        ("Missing trials", "Contribute nothing to the likelihood and update nothing."),
        ("Bounds", ("; ".join(bounds) + ". At an end of the support the search stops "
                    "0.0001 from it. Estimates at a bound are kept and flagged.") if bounds
                   else "No method of this study has bounds."),
        ("Scale of bias", "Natural scale: estimate minus truth of the parameter itself."),
        ("Truth of the group", "The population's location, not the realised mean of a sample."),
        ("Flagged rows", "Bias, empirical SE and RMSE rest on every row with an estimate, flagged "
                         "or not, unless they say “unflagged rows”. Coverage, width and model SE "
                         "rest only on rows with an interval or a standard error; maximum "
                         "likelihood has none at a bound, so that these measures leave such rows "
                         "out. The share of rows with an interval stands beside coverage where it "
                         "is below 100 %. Failed fits have no estimate and enter the shares only."),
        ("Flags", "Per parameter: when alpha is at a bound, the row of alpha is flagged and that "
                  "of beta is not, although beta's standard error then holds for alpha fixed at "
                  "its bound."),
    ]  # fmt: skip
