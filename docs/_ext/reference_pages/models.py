"""Page of the models: equations, sources, parameters, and names in other tools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reference_pages.markdown import anchored, bullets, code, definitions, equation, page, prose
from reference_pages.other_tools import (
    ADDED,
    COUNTERPARTS,
    LANGUAGES,
    LOOKED_AT,
    TOOLS,
    Counterpart,
)
from rlrecovery.config.mistakes import interval
from rlrecovery.models.base import Model, Parameter
from rlrecovery.models.library import LAPSE, MODELS, START_VALUE
from rlrecovery.models.variants import ModelSpec
from rlrecovery.report.model_text import LAPSES, WRITTEN, notation
from rlrecovery.simulation.task import Task

_AFTER = """\
After this page you know the equations of every model, what its parameters mean and which defaults
they have, and what the same model is called in hBayesDM, HSSM and pyEM.

A model is chosen with {ref}`model <config-model>` in a config. Parameters can be fixed, and a lapse
rate or a free start value added, with {ref}`variants <config-variants>`. The equations are those of
the methods section that a study writes; a test compares their probabilities with the code."""

_CONSTANTS = (
    "$Q_0$ is the start value of the task (`start_value`), and $m$ its neutral outcome (`neutral`)"
)

_VARIANTS = """\
A variant ({ref}`variants <config-variants>`) can add these two. With a lapse rate, the probability
of an arm is"""

_TOOLS = """\
Names of models and parameters in tools that have models of this kind, and how these differ. The
tools were looked at on {date}; only what stands in their source is listed. A dash means that no
counterpart was found."""

_LANGUAGES = """\
{names} are languages for models and have none of their own: there is no name to look up. Write the
equations above, or take the code of a tool that is built on them."""


def models_page() -> str:
    """The page."""
    full = Task((0.2, 0.8), full_feedback=True)
    symbols = [*notation([ModelSpec(name) for name in MODELS], [full]), _CONSTANTS]
    return page(
        "Models",
        "reference-models",
        _AFTER,
        anchored(2, "Notation", "models-notation"),
        bullets(f"{symbol}." for symbol in symbols),
        *(part for model in MODELS.values() for part in _model(model)),
        anchored(2, "What variants add", "models-variants"),
        _VARIANTS,
        equation(LAPSES.replace("&=", "=")),
        "A free start value replaces $Q_0$.",
        bullets(map(_short, (LAPSE, START_VALUE))),
        anchored(2, "Parameters", "models-parameters"),
        "Support, transform to the unconstrained scale, and defaults of each parameter. Bounds are "
        "those of `mle`; the prior is that of estimation without pooling or with complete pooling; "
        "location and scale are the priors of partial pooling, on the unconstrained scale.",
        definitions((_term(p, m), _details(p)) for p, m in parameters().items()),
        anchored(2, "Names in other tools", "models-other-tools"),
        *_other_tools(),
    )


def parameters() -> dict[Parameter, list[str]]:
    """All parameters, each with the names of its models; variants have none."""
    models: dict[Parameter, list[str]] = {}
    for model in MODELS.values():
        for parameter in model.parameters:
            models.setdefault(parameter, []).append(model.name)
    return models | {LAPSE: [], START_VALUE: []}


def _model(model: Model) -> Iterator[str]:
    yield anchored(2, code(model.name), f"model-{model.name}")
    yield f"{prose(model.title)}.\n\n*Source:* {prose(model.citation)}."
    if written := WRITTEN.get(model.name):
        for line in (*written.start, *written.update, *written.choice):
            yield equation(line.replace("&=", "="))
        yield " ".join(f"{symbol}." for symbol in written.symbols)
    yield bullets(map(_short, model.parameters))


def _short(parameter: Parameter) -> str:
    support = interval(*parameter.support)
    return f"{code(parameter.name)} (${parameter.symbol}$): {prose(parameter.meaning)}, {support}"


def _term(parameter: Parameter, models: Iterable[str]) -> str:
    """Name and symbol; models where the name has several meanings."""
    same_name = [other for other in parameters() if other.name == parameter.name]
    of = f", of {', '.join(map(code, models))}" if len(same_name) > 1 else ""
    return f"{code(parameter.name)} (${parameter.symbol}$){of}"


def _details(parameter: Parameter) -> Iterator[str]:
    lower, upper = parameter.bounds
    yield f"{prose(parameter.meaning)}, {interval(*parameter.support)}"
    yield f"Transform {code(parameter.transform)}; bounds {lower:g} to {upper:g}"
    yield f"Prior {code(str(parameter.prior))}"
    yield f"Location {code(str(parameter.location))}, scale {code(str(parameter.scale))}"


def _other_tools() -> Iterator[str]:
    yield _TOOLS.format(date=LOOKED_AT)
    yield bullets(
        f"[{name}]({tool.url}) {tool.version}: {tool.source}" for name, tool in TOOLS.items()
    )
    yield _LANGUAGES.format(names=" and ".join(LANGUAGES))
    own = {name: f"[{code(name)}](#model-{name})" for name in MODELS}
    added = {name: f"{code(name)}, which variants add" for name in (LAPSE.name, START_VALUE.name)}
    for titles, table in ((own, COUNTERPARTS), (added, ADDED)):
        yield definitions((title, _names(name, table)) for name, title in titles.items())


def _names(name: str, table: Mapping[str, tuple[Counterpart, ...]]) -> Iterator[str]:
    entries = table.get(name, ())
    missing = [tool for tool in TOOLS if all(entry.tool != tool for entry in entries)]
    for tool in TOOLS:
        for entry in (e for e in entries if e.tool == tool):
            pairs = ", ".join(f"{code(k)} is {code(v)}" for k, v in entry.parameters.items())
            yield " ".join(
                filter(None, (f"*{tool}:* {code(entry.model)}; {pairs}.", entry.differs))
            )
    if missing:
        yield f"*{', '.join(missing)}:* —"
