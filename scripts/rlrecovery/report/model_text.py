r"""Models as a paper writes them: equations, symbols and sources.

In the equations, a product is written as ``\,``, and ``s_{k,t}`` is 1 for arms whose outcome is
shown; a test evaluates them and compares them with the definitions in `rlrecovery.models.library`.
A model without an entry is described by its title and its citation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from rlrecovery.models.base import Model
from rlrecovery.models.library import LAPSE, MODELS, START_VALUE
from rlrecovery.models.variants import ModelSpec
from rlrecovery.report.markup import cite, clauses, display, literal, math, name
from rlrecovery.report.numbers import enumeration
from rlrecovery.simulation.task import Task

#: Outcome shown, and arm chosen: the same if only the outcome of the chosen arm is ever shown.
SHOWN, CHOSEN = "s_{k,t}", "c_{k,t}"

SOFTMAX = r"p_{k,t} &= \frac{\exp(z_{k,t})}{\sum_{j=1}^{K} \exp(z_{j,t})}"
LAPSES = r"\tilde{p}_{k,t} &= (1 - \lambda)\,p_{k,t} + \frac{\lambda}{K}"

VALUE = "$Q_{k,t}$ is the value of arm $k$ before trial $t$"
KERNEL = "$H_{k,t}$ is the choice kernel of arm $k$"
LAST = "$L_{k,t}$ is 1 for the arm of the last response and otherwise 0"


@dataclass(frozen=True)
class Written:
    r"""A model in LaTeX.

    Attributes
    ----------
    source : str
        Sentence with the source of the model, in Markdown.
    start : tuple of str
        Hidden state before the first trial.
    update : tuple of str
        Hidden state after trial t.
    choice : tuple of str
        Probabilities ``p_{k,t}`` of the choices.
    symbols : tuple of str
        Meaning of the symbols of hidden state, in Markdown.
    """

    source: str
    start: tuple[str, ...] = ()
    update: tuple[str, ...] = ()
    choice: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()


_WILSON = f"The model is taken from the literature {cite('wilson2019')}."
_START = "Q_{k,1} &= Q_0"
_DELTA_RULE = r"Q_{k,t+1} &= Q_{k,t} + \alpha\,s_{k,t}\,(r_{k,t} - Q_{k,t})"
_KERNEL_RULE = r"H_{k,t+1} &= H_{k,t} + \alpha_c\,(c_{k,t} - H_{k,t})"
_OF_VALUES = (r"z_{k,t} &= \beta\,Q_{k,t}", SOFTMAX)

#: Models of the library by name.
WRITTEN: dict[str, Written] = {
    "rescorla_wagner": Written(
        f"Values are updated by a delta rule {cite('rescorla1972')}, and arms are chosen by a "
        f"softmax of their values {cite('wilson2019')}.",
        (_START,),
        (_DELTA_RULE,),
        _OF_VALUES,
        (VALUE,),
    ),
    "rescorla_wagner_two_rates": Written(
        f"The model is taken from the literature {cite('niv2012')}.",
        (_START,),
        (
            r"\delta_{k,t} &= r_{k,t} - Q_{k,t}",
            r"Q_{k,t+1} &= Q_{k,t} + s_{k,t}\,(\alpha^{+}\,\max(\delta_{k,t}, 0)"
            r" + \alpha^{-}\,\min(\delta_{k,t}, 0))",
        ),
        _OF_VALUES,
        (VALUE,),
    ),
    "random_responding": Written(
        _WILSON,
        choice=(r"p_{1,t} &= b", r"p_{k,t} &= \frac{1 - b}{K - 1} \quad \text{for } k > 1"),
    ),
    "win_stay_lose_shift": Written(
        _WILSON,
        choice=(
            r"p_{k,1} &= \frac{1}{K}",
            r"p_{k,t+1} &= (1 - \epsilon)\,(W_t\,c_{k,t}"
            r" + (1 - W_t)\,\frac{1 - c_{k,t}}{K - 1}) + \frac{\epsilon}{K}",
        ),
        symbols=(
            "$W_t$ is 1 if the reward of trial $t$ is above the neutral outcome $m$ and otherwise "
            "0",
        ),
    ),
    "choice_kernel": Written(
        _WILSON,
        ("H_{k,1} &= 0",),
        (_KERNEL_RULE,),
        (r"z_{k,t} &= \beta_c\,H_{k,t}", SOFTMAX),
        (KERNEL,),
    ),
    "rescorla_wagner_choice_kernel": Written(
        _WILSON,
        (_START, "H_{k,1} &= 0"),
        (_DELTA_RULE, _KERNEL_RULE),
        (r"z_{k,t} &= \beta\,Q_{k,t} + \beta_c\,H_{k,t}", SOFTMAX),
        (VALUE, KERNEL),
    ),
    "rescorla_wagner_sticky": Written(
        f"It is the one-lag case of a regression with many lags {cite('lau2005')}.",
        (_START, "L_{k,1} &= 0"),
        (_DELTA_RULE, "L_{k,t+1} &= c_{k,t}"),
        (r"z_{k,t} &= \beta\,Q_{k,t} + \kappa\,L_{k,t}", SOFTMAX),
        (VALUE, LAST),
    ),
    "rescorla_wagner_forgetting": Written(
        f"In other forms of this model, values decay to 0 {cite('ito2009')}, or the values of all "
        f"arms decay {cite('collins2012')}.",
        (_START,),
        (
            r"Q_{k,t+1} &= Q_{k,t} + \alpha\,s_{k,t}\,(r_{k,t} - Q_{k,t})"
            r" + \varphi\,(1 - s_{k,t})\,(Q_0 - Q_{k,t})",
        ),
        _OF_VALUES,
        (VALUE,),
    ),
    "rescorla_wagner_counterfactual": Written(
        "It differs from an earlier model, in which both arms share one learning rate "
        f"{cite('glascher2009')}.",
        (_START,),
        (
            r"Q_{k,t+1} &= Q_{k,t} + \alpha\,c_{k,t}\,(r_{k,t} - Q_{k,t})"
            r" + \alpha_u\,(1 - c_{k,t})\,(u_{k,t} - Q_{k,t})",
        ),
        _OF_VALUES,
        (
            VALUE,
            "$u_{k,t}$ is the outcome of an arm not chosen or, where it is not shown, the reward "
            "of the chosen arm mirrored at the neutral outcome $m$ (two times $m$ minus the "
            "reward)",
        ),
    ),
    "pearce_hall": Written(
        f"The learning rate is scaled by an associability {cite('pearce1980', 'li2011')}.",
        (_START, "A_{k,1} &= 1"),
        (
            r"\delta_{k,t} &= r_{k,t} - Q_{k,t}",
            r"Q_{k,t+1} &= Q_{k,t} + \kappa\,A_{k,t}\,s_{k,t}\,\delta_{k,t}",
            r"A_{k,t+1} &= A_{k,t} + \eta\,s_{k,t}\,(\min(|\delta_{k,t}|, 1) - A_{k,t})",
        ),
        _OF_VALUES,
        (VALUE, "$A_{k,t}$ is the associability of arm $k$"),
    ),
    "kalman_filter": Written(
        f"It is the Kalman filter of an earlier study {cite('daw2006')}, but without decay towards "
        "a centre and with outcomes of variance 1.",
        (_START, "V_{k,1} &= v_0"),
        (
            r"g_{k,t} &= s_{k,t}\,\frac{V_{k,t}}{V_{k,t} + 1}",
            r"Q_{k,t+1} &= Q_{k,t} + g_{k,t}\,(r_{k,t} - Q_{k,t})",
            r"V_{k,t+1} &= g_{k,t} + (1 - s_{k,t})\,V_{k,t} + \omega",
        ),
        _OF_VALUES,
        (VALUE, "$V_{k,t}$ is the variance of the value of arm $k$"),
    ),
}


def base_of(model: ModelSpec) -> Model:
    """The model of the library that a model or variant is based on."""
    return MODELS[model.variant.model if model.variant else model.name]


def notation(models: Collection[ModelSpec], tasks: Collection[Task]) -> list[str]:
    """Explain the symbols that the equations of models share; empty without equations."""
    if not any(base_of(model).name in WRITTEN for model in models):
        return []
    symbols = [
        "$k$ numbers the arms from 1 to $K$ and $t$ the trials since learning started",
        "$c_{k,t}$ is 1 if arm $k$ is chosen in trial $t$ and otherwise 0",
        "$r_{k,t}$ is the outcome of arm $k$",
        "$p_{k,t}$ is the probability that arm $k$ is chosen",
    ]
    if any(task.full_feedback for task in tasks):
        symbols[2:2] = ["$s_{k,t}$ is 1 if the outcome of arm $k$ is shown and otherwise 0"]
    if any(model.model().lapse for model in models):
        symbols.append(r"$\tilde{p}_{k,t}$ is the same probability with lapses")
    return symbols


def model_text(model: ModelSpec, tasks: Collection[Task], shared: Sequence[str] = ()) -> str:
    """Describe a model in sentences, with its equations, source and parameters.

    The symbols in `shared` are explained together with those of the model.
    """
    base = base_of(model)
    written = WRITTEN.get(base.name)
    if written is None:
        return f"{literal(f'{base.title} ({base.citation})')}. {parameters_text(model)}"
    symbols = [*shared, *written.symbols, *_constants(model, written, tasks)]
    where = f"Here, {clauses(symbols)}. " if symbols else ""
    equations = display(_equations(model.model(), written, tasks))
    return f"{literal(base.title)}. {written.source}{equations}{where}{parameters_text(model)}"


def _equations(model: Model, written: Written, tasks: Collection[Task]) -> Iterator[str]:
    differ = any(task.full_feedback for task in tasks)
    for line in (*written.start, *written.update, *written.choice, *[LAPSES] * model.lapse):
        yield line if differ else line.replace(SHOWN, CHOSEN)


def _constants(model: ModelSpec, written: Written, tasks: Collection[Task]) -> Iterator[str]:
    """Explain the symbols of values that the tasks set."""
    own_value = START_VALUE.name in {*model.model().names, *dict(model.model().fixed)}
    if _START in written.start and not own_value:
        yield _constant("Q_0", "start value", [task.start_value for task in tasks])
    if any("$m$" in symbol for symbol in written.symbols):
        yield _constant("m", "neutral outcome", [task.neutral for task in tasks])


def _constant(symbol: str, meaning: str, values: Collection[float]) -> str:
    different = sorted(set(values))
    if len(different) == 1:
        return f"${symbol} = {different[0]:g}$ is the {meaning}"
    return f"${symbol}$ is the {meaning} of the task"


def parameters_text(model: ModelSpec) -> str:
    """List the parameters of a model with their symbols, names and meanings, and fixed values."""
    free, fixed = model.model().parameters, model.model().fixed
    listed = [f"{math(p.symbol)} ({name(p.name)}, {literal(p.meaning)})" for p in free]
    text = f"The parameter{'s are' if len(free) > 1 else ' is'} {enumeration(listed)}."
    if not fixed:
        return text
    symbols = {p.name: p.symbol for p in (*base_of(model).parameters, LAPSE, START_VALUE)}
    values = [f"{math(symbols[key])} is fixed at {value:g}" for key, value in fixed]
    return f"{text} The value of {enumeration(values)}."
