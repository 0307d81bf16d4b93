"""Maps of the designs that meet requirements."""

import dataclasses

import numpy as np
import pytest

from rlrecovery.advice.answer import answers
from rlrecovery.advice.tables import advised_table, frontier_table, surface_table
from rlrecovery.figures.designs import draw_designs
from unit.advice.synthetic import RMSE, both, experiment
from unit.advice.synthetic import summary as synthetic
from unit.figures.pages import WIDTHS, check_page, legend_labels, panels

COST = {"participant": 30, "trial": 0.5}
TARGETS = {
    "precise": RMSE,
    "group": {"measure": "empirical_se", "parameter": "alpha", "level": "group", "at_most": 0.1},
}
FUNCTIONS = {
    "rmse": lambda n, t, truth: 0.1 * (t / 100) ** -0.5,
    "empirical_se/group": lambda n, t, truth: both(n, t),
}


def study(**keys):
    sizes = {key: keys[key] for key in ("participants", "trials") if key in keys}
    summary = synthetic(FUNCTIONS, **sizes)
    found = answers(summary, experiment(TARGETS, cost=COST, **keys))
    tables = {
        "frontier": frontier_table(found),
        "surface": surface_table(found),
        "advised": advised_table(found),
    }
    return dataclasses.replace(summary, **tables)


@pytest.fixture(scope="module")
def summary():
    return study()


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_have_all_their_labels(summary, width):
    figure = draw_designs(summary, width)
    check_page(figure, width, ticks=True)
    titles = [axes.get_title(loc="left").replace("\n", " ") for axes in panels(figure)]
    assert titles == ["precise, mle", "group, mle", "all, mle"]
    assert legend_labels(figure)[:2] == ["frontier", "its 90 % interval"]
    assert "cheapest design" in legend_labels(figure)


def test_frontier_and_designs_are_those_of_the_tables(summary):
    axes = panels(draw_designs(summary, WIDTHS[0]))[1]
    (frontier,) = [line for line in axes.lines if line.get_linewidth() == 1.8]
    trials, participants = frontier.get_data()
    assert both(participants, trials) == pytest.approx(0.1, rel=1e-3)
    marks = {line.get_gid(): line.get_data() for line in axes.lines if line.get_gid()}
    best = summary.advised.query("requirement == 'group' and kind == 'cheapest'").iloc[0]
    assert np.ravel(marks["cheapest"]) == pytest.approx([best["trials"], best["participants"]])
    t, n = marks["met"]
    assert (both(n, t) < 0.1).all()
    t, n = marks["missed"]
    assert (both(n, t) > 0.1).all()


@pytest.mark.parametrize(
    ("sizes", "along"),
    [({"participants": (20,)}, "trials"), ({"trials": (60,)}, "participants")],
)
def test_one_axis_is_a_curve(sizes, along):
    summary = study(**sizes)
    figure = draw_designs(summary, WIDTHS[0])
    check_page(figure, WIDTHS[0], ticks=True)
    group = panels(figure)[1]
    rows = summary.surface[summary.surface["requirement"] == "group"].sort_values(along)
    drawn = [line.get_ydata() for line in group.lines if len(line.get_xdata()) == len(rows)]
    assert drawn[0] == pytest.approx(rows["value"].to_numpy())
    assert panels(figure)[2].get_ylabel() == "probability that it is met"


def test_a_single_design_has_a_message():
    figure = draw_designs(study(participants=(20,), trials=(60,)), WIDTHS[0])
    texts = [text.get_text() for axes in panels(figure) for text in axes.texts]
    assert any("do not determine" in text for text in texts)


def test_a_study_without_requirements_has_a_blank_page(summary):
    empty = dataclasses.replace(summary, advised=summary.advised.iloc[:0])
    figure = draw_designs(empty, WIDTHS[0])
    assert "no requirements" in figure.texts[0].get_text() if figure.texts else figure.axes
