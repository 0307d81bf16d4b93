"""Description of the methods of a study for a paper: estimators, bounds, priors, sampler settings.

All of it follows from the settings of a method, whatever its estimator: the sentence of the
estimator, the settings that all estimators share, and a phrase for each further key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import methods_of, sources, specification
from rlrecovery.fitting.base import MethodSettings
from rlrecovery.fitting.estimates import Level
from rlrecovery.models.base import Parameter
from rlrecovery.models.prior_settings import PopulationPrior, Prior
from rlrecovery.models.variants import ModelSpec
from rlrecovery.report.markup import Paragraph, cite, clauses, literal, math, name
from rlrecovery.report.methods_text import EDGE, distribution_text
from rlrecovery.report.numbers import enumeration

#: What is estimated, by level.
ESTIMANDS: dict[Level, str] = {
    "participant": "the parameters of each participant, on their natural scale",
    "group": (
        "the location of the population on the unconstrained scale, transformed to the natural "
        "scale"
    ),
    "spread": "the standard deviation of the participants on the unconstrained scale",
}

#: Terms in the sentences of estimators, and the works that introduce them.
SOURCES = {"NUTS": "hoffman2014", "non-centred": "betancourt2013"}

#: Keys of settings that are described elsewhere, or that do not affect the estimates.
DESCRIBED = {
    *("estimator", "model", "replicates", "pooling", "point", "group_scale", "bounds", "priors"),
    *("engine", "likelihood", "loo", "convergence", "interval"),
}

#: Phrases for a value of 1 and for other values of further settings, by key.
PHRASES = {
    "grid": ("a grid of {:,} points per parameter for starting points",) * 2,
    "starts": ("{:,} local search per participant", "{:,} local searches per participant"),
    "chains": ("{:,} chain", "{:,} chains"),
    "tune": ("{:,} warm-up draw per chain", "{:,} warm-up draws per chain"),
    "draws": ("{:,} kept draw per chain", "{:,} kept draws per chain"),
    "target_accept": ("a target acceptance rate of {:,}",) * 2,
}

#: Phrases for convergence criteria, by key.
CRITERIA = {
    "rhat": r"$\widehat{{R}}$ of at most {:g}",
    "ess_bulk": "bulk effective sample size of at least {:g}",
    "ess_tail": "tail effective sample size of at least {:g}",
    "divergences": "at most {:g} divergent transitions",
}


def symbols(parameters: Collection[Parameter]) -> dict[str, str]:
    """Symbols of parameters by name, followed by the name if others have the same symbol."""
    names_of: dict[str, set[str]] = {}
    for parameter in parameters:
        names_of.setdefault(parameter.symbol, set()).add(parameter.name)
    return {
        p.name: math(p.symbol) + (f" ({name(p.name)})" if len(names_of[p.symbol]) > 1 else "")
        for p in parameters
    }


def scale_of(parameter: Parameter) -> str:
    """Name of the unconstrained scale of a parameter."""
    return "natural" if parameter.transform == "identity" else parameter.transform


def parameters_of(experiment: Experiment) -> dict[str, Parameter]:
    """Parameters of all generating and fitted models by name."""
    generating = [specification.model() for specification, _ in sources(experiment).values()]
    fitted = [method.fitted_model() for method in methods_of(experiment).values()]
    return {p.name: p for model in (*generating, *fitted) for p in model.parameters}


def overview(experiment: Experiment) -> Iterator[str]:
    """Name the methods, what they estimate, and models that are only fitted."""
    names = [name(method) for method in experiment.methods]
    compared = "uses the method" if len(names) == 1 else f"compares {len(names)} methods:"
    yield f"The study {compared} {enumeration(names)}."
    levels = {level for settings in experiment.methods.values() for level in settings.levels()}
    estimands = [text for level, text in ESTIMANDS.items() if level in levels]
    yield f"The estimands are {clauses(estimands)}."
    parameters = parameters_of(experiment)
    symbol_of = symbols(parameters.values())
    scales = [f"{scale_of(p)} for {symbol_of[key]}" for key, p in parameters.items()]
    yield f"The unconstrained scale is {enumeration(scales)}."
    yield from _distributions(experiment)


def _distributions(experiment: Experiment) -> Iterator[str]:
    """Say how distributions are named, if there are any."""
    populations = [
        p for _, source in sources(experiment).values() for p in source.population.values()
    ]
    drawn = {p.plain().get("distribution") for p in populations} - {None}
    if drawn or any(settings.priors_by_parameter() for settings in experiment.methods.values()):
        yield f"Distributions and their arguments are named as in PyMC {cite('abrilpla2023')}."
    if "ShiftedExponential" in drawn:
        yield "ShiftedExponential is an exponential distribution with rate lam, shifted by lower."


def estimation(experiment: Experiment) -> Iterator[Paragraph]:
    """Yield a paragraph for each method."""
    earlier: dict[str, Mapping[str, Prior]] = {}
    for method, settings in experiment.methods.items():
        sentences = [
            with_sources(literal(settings.describe())),
            _fitted(experiment, method, settings),
            *_bounds(experiment, settings),
            *_priors(experiment, settings, earlier),
            *_further(settings),
            *_convergence(settings),
        ]
        if settings.priors_by_parameter():
            earlier[method] = settings.priors_by_parameter() or {}
        yield Paragraph(f"Method {name(method)}", " ".join(filter(None, sentences)))


def with_sources(text: str) -> str:
    """Cite the works of `SOURCES` after the first mention of their terms."""
    for term, key in SOURCES.items():
        text = text.replace(term, f"{term} {cite(key)}", 1)
    return text


def _fitted(experiment: Experiment, method: str, settings: MethodSettings) -> str:
    """Name the model or models that a method fits."""
    generating = [model for model, _ in sources(experiment).values()]
    if settings.model is not None:
        model = specification(experiment, settings.model)
        if generating == [model]:
            return "It fits the generating model."
        return f"It fits the model {name(model.name)}."
    fits = [name(fit) for fit, m in methods_of(experiment).items() if m.contest == method]
    models = [name(model) for model in experiment.models.fit] if experiment.models else []
    return (
        f"It fits each of the models {enumeration(models)} to all data sets; in the results, these "
        f"fits are called {enumeration(fits)}."
    )


def fitted_only(experiment: Experiment) -> list[ModelSpec]:
    """Fitted models that generate no data."""
    generating = {model.name for model, _ in sources(experiment).values()}
    fitted = {method.model.name: method.model for method in methods_of(experiment).values()}
    return [model for key, model in fitted.items() if key not in generating]


def _bounds(experiment: Experiment, settings: MethodSettings) -> Iterator[str]:
    """State the bounds of parameters."""
    bounds = settings.bounds_by_parameter() or {}
    if not bounds:
        return
    parameters = parameters_of(experiment)
    symbol_of = symbols(parameters.values())
    ranges = [
        f"between ${low:g}$ and ${high:g}$ for {symbol_of.get(key, name(key))}"
        for key, (low, high) in bounds.items()
    ]
    yield f"The search is bounded {enumeration(ranges)}."
    if any(set(bounds[key]) & set(p.support) for key, p in parameters.items() if key in bounds):
        yield literal(EDGE)


def _priors(
    experiment: Experiment, settings: MethodSettings, earlier: Mapping[str, Mapping[str, Prior]]
) -> Iterator[str]:
    """State the priors, or the earlier method that has the same."""
    priors = settings.priors_by_parameter() or {}
    if not priors:
        return
    same = next((name(method) for method, others in earlier.items() if others == priors), None)
    if same is not None:
        yield f"The priors are those of {same}."
        return
    parameters = parameters_of(experiment)
    symbol_of = symbols(parameters.values())
    values, locations, scales = [], [], []
    for key, prior in priors.items():
        symbol = symbol_of.get(key, name(key))
        if isinstance(prior, PopulationPrior):
            scale = scale_of(parameters[key]) if key in parameters else "unconstrained"
            locations.append(f"{_distribution(prior.location)} for {symbol} ({scale} scale)")
            scales.append(f"{_distribution(prior.scale)} for {symbol}")
        else:
            values.append(f"{_distribution(prior)} for {symbol}")
    if values:
        yield f"The prior{'s are' if len(values) > 1 else ' is'} {enumeration(values)}."
    if locations:
        yield (
            "The parameters of participants are normally distributed on the unconstrained scale. "
            f"The priors of the population’s location are {enumeration(locations)}; those of its "
            f"standard deviation are {enumeration(scales)}."
        )


def _distribution(prior: Any) -> str:
    return literal(distribution_text(prior.plain()))


def _further(settings: MethodSettings) -> Iterator[str]:
    """State the settings that only some estimators have."""
    phrases = [
        _phrase(key, value) for key, value in settings.plain().items() if key not in DESCRIBED
    ]
    if phrases:
        yield f"Settings: {enumeration(phrases)}."


def _phrase(key: str, value: Any) -> str:
    if key in PHRASES:
        return PHRASES[key][value != 1].format(value)
    return f"{name(key)} = {literal(str(value))}"


def _convergence(settings: MethodSettings) -> Iterator[str]:
    """State the convergence criteria."""
    criteria: Mapping[str, float] = settings.plain().get("convergence") or {}
    if not criteria:
        return
    phrases = [
        CRITERIA.get(key, f"{name(key)} = {{:g}}").format(value).replace("at most 0", "no")
        for key, value in criteria.items()
    ]
    yield (
        f"The criteria of convergence {cite('vehtari2021')} are {enumeration(phrases)}; estimates "
        "that do not meet them are flagged."
    )
