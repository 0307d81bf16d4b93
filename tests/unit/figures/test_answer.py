"""Where each parameter is recovered."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from rlrecovery.figures import answer, style
from rlrecovery.figures.confusion import luminance
from unit.figures.pages import WIDTHS, check_page, legend_labels, notes

TWO, ONE = WIDTHS
NAMES = ("alpha", "beta")
GRID = ([0.1, 0.3, 0.5, 0.7, 0.9], [1.0, 2.0, 5.0, 10.0])


def points(count=60, status="ok"):
    truth = np.linspace(0.1, 0.9, count)
    return pd.DataFrame({"truth": truth, "estimate": truth**2, "status": status})


def panel(parameter="alpha", names=NAMES, grid=GRID, table=None, verdict=None, method="mle"):
    """A panel with every verdict in turn, or one verdict in all cells."""
    turn = itertools.cycle([verdict] if verdict else answer.LOOKS)
    verdicts = dict(zip(itertools.product(*grid), turn, strict=False))
    table = points() if table is None else table
    return answer.AnswerPanel(
        parameter, method, "8 participants, 150 trials", names, verdicts, table
    )


def signs(axes):
    """Signs by column and row."""
    return {
        tuple(int(k) for k in text.get_position()): text.get_text()
        for text in axes.texts
        if text.get_gid() == "verdict"
    }


DESIGNS = {
    "two parameters": [panel(), panel("beta")],
    "one truth": [panel(name, grid=([0.5], [5.0])) for name in NAMES],
    "a strip": [panel(name, grid=([0.1, 0.5], [5.0])) for name in NAMES],
    "a strip of the second": [panel(name, grid=([0.1], [1.0, 5.0, 10.0])) for name in NAMES],
    "no truths": [panel(name, (), ()) for name in NAMES],
    "three parameters": [
        panel(name, ("alpha_positive", "alpha_negative", "beta"), ([0.1, 0.3], [0.2, 0.6], [2, 5]))
        for name in ("alpha_positive", "alpha_negative", "beta")
    ],
    "many truths": [
        panel(name, grid=(np.round(np.linspace(0.05, 0.95, 19), 3), np.arange(1.0, 31.0)))
        for name in NAMES
    ],
    "a long name": [panel(method="hierarchical_from_very_many_starts_and_more")],
    "no estimates": [panel(table=points().iloc[:0])],
}


@pytest.mark.filterwarnings("error:constrained_layout not applied")
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("design", DESIGNS)
def test_texts_of_a_page_do_not_overlap(design, width):
    figure = answer.answer_page(width, DESIGNS[design])
    check_page(figure, width, ticks=True)
    assert len(figure.axes) == 2 * len(DESIGNS[design])


def test_two_parameters_fit_beside_a_sentence():
    page = answer.answer_page(TWO, DESIGNS["two parameters"])
    assert page.get_figheight() <= 2.8
    titles = [axes.get_title(loc="left") for axes in page.axes[::2]]
    assert titles == [f"{letter}: mle, 8 participants, 150 trials" for letter in "αβ"]


def test_columns_are_alpha_and_rows_beta():
    axes = answer.answer_page(TWO, [panel()]).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("true α", "true β")
    ticks = [
        [label.get_text() for label in axis.get_ticklabels()] for axis in (axes.xaxis, axes.yaxis)
    ]
    assert ticks == [["0.1", "0.3", "0.5", "0.7", "0.9"], ["1", "2", "5", "10"]]
    drawn, verdicts = signs(axes), panel().verdicts
    assert len(drawn) == 20
    for (i, alpha), (j, beta) in itertools.product(*map(enumerate, GRID)):
        assert drawn[i, j] == answer.LOOKS[verdicts[alpha, beta]].sign


def test_the_parameter_that_varies_is_along_the_strip():
    axes = answer.answer_page(TWO, [panel(grid=([0.1], [1.0, 5.0, 10.0]))]).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("true β", "true α")
    assert sorted(signs(axes)) == [(0, 0), (1, 0), (2, 0)]


def test_a_combination_without_a_verdict_is_empty():
    axes = style.page(2, 2).subplots()
    verdicts = {(0.1, 1.0): "yes", (0.9, 5.0): "no"}
    answer.draw_answer_map(axes, verdicts, [(0.1,), (0.9,)], [(1.0,), (5.0,)], "x", "y")
    assert signs(axes) == {(0, 0): "✓", (1, 1): "✗"}
    with pytest.raises(KeyError, match="perhaps"):
        answer.draw_answer_map(axes, {(): "perhaps"}, [()], [()], "x", "y")


def test_the_legend_names_what_is_drawn():
    labels = legend_labels(answer.answer_page(TWO, [panel(verdict="yes")]))
    assert labels == ["✓ recovered", "estimate = truth", "one estimate", "median, 10–90 %"]
    flagged = panel(verdict="no", table=points(status="at_bound"))
    labels = legend_labels(answer.answer_page(TWO, [flagged]))
    assert labels[0] == "✗ not recovered"
    assert labels[-1] == "at bound or beyond axis"


def test_estimates_beyond_the_axis_are_counted():
    table = points()
    table.loc[0, "estimate"] = 1e6
    page = answer.answer_page(TWO, [panel("beta", table=table)])
    assert notes(page.axes[1]) == ["1 of 60 beyond axis"]


def test_signs_differ_and_can_be_read_on_their_fill():
    looks = answer.LOOKS.values()
    assert len({look.sign for look in looks}) == len(looks)
    for look in looks:
        light, dark = sorted((luminance(to_rgb(c)) for c in (look.ink, look.fill)), reverse=True)
        # The contrast that WCAG 2.1 asks of small text.
        assert (light + 0.05) / (dark + 0.05) > 4.5


def test_without_panels_the_page_says_so():
    assert answer.answer_page(TWO, []).axes == []
