"""Designs of mock studies, their figures, and checks of a drawn page."""

import itertools

import matplotlib.pyplot as plt
import pytest
import summaries
from matplotlib.backends.backend_agg import RendererAgg

from rlrecovery.config.settings import Experiment
from rlrecovery.figures import style
from rlrecovery.figures.catalogue import FIGURES
from rlrecovery.models.library import MODELS

WIDTHS = [style.TWO_COLUMNS, style.ONE_COLUMN]
TINY = {
    "truth": {"alpha": [0.3, 0.7], "beta": [5]},
    "participants": (3,),
    "methods": ("mle", "hierarchical"),
    "replicates": 3,
}
DESIGNS = {
    "small": {"replicates": 5, "participants": (5,)},
    "large": {
        "truth": {"alpha": [0.1, 0.3, 0.5, 0.7, 0.9], "beta": [1, 3, 5, 10]},
        "participants": (4, 8),
        "trials": (50,),
        "replicates": 4,
        "methods": ("mle", "bayes"),
    },
    "one of everything": {
        "truth": {"alpha": [0.5], "beta": [5]},
        "trials": (50,),
        "methods": ("mle",),
        "participants": (1,),
        "replicates": 1,
    },
    "no truth": {
        "truth": {},
        "population": {
            "alpha": {"distribution": "Beta", "alpha": 2, "beta": 2},
            "beta": {"distribution": "Gamma", "alpha": 2, "beta": 0.5},
        },
        "methods": ("mle", "bayes"),
        "replicates": 4,
    },
    "three parameters": {
        "truth": {"alpha_positive": [0.3], "alpha_negative": [0.2, 0.6], "beta": [2, 5]},
        "model": "rescorla_wagner_two_rates",
        "methods": ("bayes",),
        "trials": (30, 60, 240),
        "replicates": 4,
        "participants": (3,),
    },
    "five methods": {
        "truth": {"alpha": [0.5], "beta": [5]},
        "methods": ("mle", "mle_from_many_starts", "bayes", "bayes_informed", "hierarchical"),
        "trials": (30, 240),
        "replicates": 4,
        "participants": (3,),
    },
}
#: Names of tasks or missing shares; with two methods these are ten series.
LONG_NAMES = [
    f"{missing}, {completed} % completed"
    for missing, completed in itertools.product(
        ("none missing", "10 % missing"), ("100", "50/75/100", "50 to 100")
    )
][:5]
#: Generating models with the truths on their grid: different ones, some, or none.
GRIDS = {
    "rescorla_wagner": {"alpha": [0.2, 0.6], "beta": [5]},
    "rescorla_wagner_sticky": {"alpha": [0.2], "beta": [3, 8], "stickiness": [0.5]},
    "rescorla_wagner_forgetting": {"beta": [5]},
    "win_stay_lose_shift": {},
}
_FEW = {"participants": (2,), "replicates": 3}
#: Studies of several tasks or generating models; the latter have methods of their own.
VARIED = ("ten series", "tasks", "models", "many models")


def experiment(**keywords):
    """A mock experiment whose Bayesian methods have a prior for every parameter of its model."""
    exp = summaries.experiment(**keywords)
    for settings in exp["methods"].values():
        if priors := settings.get("priors"):
            names = MODELS[exp["model"]].names
            settings["priors"] = {name: priors[name.split("_")[0]] for name in names}
    return exp


def typed(exp):
    """The experiment as an object; a config has at least two replicates, a partial run may not."""
    return Experiment.of(exp | {"replicates": max(2, exp["replicates"])})


def write(folder, **keywords):
    """Write a mock run and return the folder of its summary."""
    return summaries.write_run(folder, experiment(**keywords)) / "summary"


def _of_model(model, truth, methods=("mle", "bayes")):
    """An experiment of one generating model; its methods are named after it, as in a contest."""
    exp = summaries.experiment(model=model, truth=truth, methods=methods, trials=(40,), **_FEW)
    for settings in exp["methods"].values():
        if priors := settings.get("priors"):
            names = MODELS[model].names
            settings["priors"] = {n: priors["beta" if "beta" in n else "alpha"] for n in names}
    exp["methods"] = {f"{name}_{model}": m for name, m in exp["methods"].items()}
    return exp


def write_varied(folder, name):
    """Write one of the studies in `VARIED` and return the folder of its summary."""
    if name == "ten series":
        exp = experiment(
            truth={"alpha": [0.3, 0.7], "beta": [5]}, methods=("mle", "bayes_informed"), **_FEW
        )
        return summaries.write_variants(folder, dict.fromkeys(LONG_NAMES, exp)) / "summary"
    if name == "tasks":
        truth = {"alpha": [0.3, 0.7], "beta": [2, 5]}
        exp = experiment(truth=truth, trials=(40,), methods=("bayes",), **_FEW)
        runs = {f"task_{k}": exp for k in range(8)}
        return summaries.write_variants(folder, runs) / "summary"
    grids, methods = (GRIDS, ("mle", "bayes")) if name == "models" else (MODELS, ("mle",))
    runs = {model: _of_model(model, GRIDS.get(model, {}), methods) for model in grids}
    return summaries.write_variants(folder, runs, competing=True) / "summary"


def draw(name, summary, width=style.TWO_COLUMNS):
    return FIGURES[name].draw(summary, width)


def panels(figure):
    return [axes for axes in figure.axes if axes.axison]


def notes(axes):
    return [text.get_text() for text in axes.texts if text.get_gid() == "note"]


def legend_labels(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def panel_keys(figure):
    """Title and labels of both axes of every panel, without line breaks."""
    for axes in panels(figure):
        keys = (axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel())
        yield tuple(text.replace("_\n", "_").replace("\n", " ") for text in keys)


def _texts(figure, ticks):
    """Every text outside the axes: labels, titles, notes, legends and, if asked for, ticks."""
    texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in panels(figure):
        texts += [axes.xaxis.label, axes.yaxis.label, axes._left_title]
        texts += [text for text in axes.texts if text.get_gid() in ("note", "p")]
        limits = ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim()))
        for axis, ends in limits if ticks else ():
            # Panels that share an axis with their neighbour have no labels of ticks.
            pairs = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)
            texts += [label for at, label in pairs if min(ends) <= at <= max(ends)]
    return [text for text in texts if text.get_text()]


def check_page(figure, width, ticks=False):
    """Nothing leaves the page, and no text overlaps another."""
    # Drawing the panels would take half as long again; a legend finds its position when drawn.
    if figure.axes:
        figure.get_layout_engine().execute(figure)
    for legend in figure.legends:
        legend.draw(RendererAgg(*figure.bbox.size, figure.dpi))
    across, height = figure.get_size_inches()
    assert across == pytest.approx(width)
    assert height <= style.MAX_HEIGHT + 1e-9
    assert plt.get_fignums() == []
    page = figure.bbox.padded(2)
    # Texts may touch: a pixel of a hundredth of an inch on each side is free.
    shown = [(t.get_text(), t.get_window_extent().padded(-1)) for t in _texts(figure, ticks)]
    boxes = [*shown, *(("panel", axes.get_tightbbox()) for axes in panels(figure))]
    for name, box in boxes:
        assert page.x0 <= box.x0 <= box.x1 <= page.x1, name
        assert page.y0 <= box.y0 <= box.y1 <= page.y1, name
    for (one, box), (other, at) in itertools.combinations(shown, 2):
        assert not box.overlaps(at), (one, other)
