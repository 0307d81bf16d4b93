"""Methods compared on the same data."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from rlrecovery.figures import comparison, style
from rlrecovery.figures.layout import facets
from rlrecovery.figures.uncertainty import BARS
from rlrecovery.score.results import against_first
from unit.figures.pages import GRIDS, LONG_NAMES, WIDTHS, draw, legend_labels, notes

TWO = WIDTHS[0]


def test_one_mark_per_cell_is_drawn_as_a_ratio(runs, drawn):
    summary = runs["small"]
    table = comparison.marks(summary)
    assert set(table["method"]) == {"bayes", "hierarchical"}
    assert set(table["measure"]) == {"rmse_ratio"}
    figure = drawn["small", "comparison", TWO]
    axes = figure.axes[0]
    assert axes.get_title(loc="left") == "participant, against mle"
    assert axes.get_xscale() == "log"
    lines = [line for line in axes.lines if line.get_marker() not in ("None", "<", ">", "")]
    rows = table[(table["parameter"] == "alpha") & (table["level"] == "participant")]
    assert len(rows) == 2 * 12, "two methods, twelve cells"
    across = np.sort(np.concatenate([line.get_xdata() for line in lines]))
    assert across == pytest.approx(np.sort(rows["value"]))
    bars = [segment for c in axes.collections for segment in c.get_segments()]
    assert len(bars) == 2 * 12
    row, half = rows.iloc[0], 1.959964 * rows.iloc[0]["mcse"]
    ends = row["value"] - min(half, 0.999 * row["value"]), row["value"] + half
    assert any(bar[:, 0] == pytest.approx(ends) for bar in bars)
    assert BARS in legend_labels(figure)


def test_ratios_far_away_are_marked_at_the_edge_and_counted(runs):
    summary = runs["large"]
    table = summary.comparison.assign(mcse=0.0)
    ratios = table["measure"] == "rmse_ratio"
    table.loc[ratios, "value"] = np.linspace(0.7, 1.4, ratios.sum())
    table.loc[table.index[ratios][0], "value"] = 1e4
    figure = draw("comparison", dataclasses.replace(summary, comparison=table))
    assert max(axes.get_xlim()[1] for axes in figure.axes) < 10
    heads = [line for axes in figure.axes for line in axes.lines if line.get_marker() == ">"]
    assert sum(len(line.get_xdata()) for line in heads) == 1
    counts = [text for axes in figure.axes for text in notes(axes)]
    assert [text.split(" of ")[0] for text in counts] == ["1"]


def test_methods_are_compared_within_a_task_or_generating_model(runs, drawn):
    table = against_first(runs["ten series"])
    pairs = set(zip(table["method"], table["reference"], strict=True))
    assert pairs == {(f"bayes_informed, {name}", f"mle, {name}") for name in LONG_NAMES}
    table = against_first(runs["models"])
    pairs = set(zip(table["method"], table["reference"], strict=True))
    assert pairs == {(f"bayes_{model}", f"mle_{model}") for model in GRIDS}
    title = drawn["models", "comparison", TWO].axes[0].get_title(loc="left")
    assert title.replace("_\n", "_").replace("\n", " ") == "participant, against mle_…"
    assert draw("comparison", runs["tasks"]).axes == []


def test_a_fit_of_another_model_than_the_generating_one_is_not_compared(runs):
    summary, table = runs["models"], runs["models"].comparison
    wrong = table[table["method"] == "bayes_rescorla_wagner_forgetting"]
    wrong = wrong.astype({"method": "object"})
    wrong = wrong.assign(method="mle_rescorla_wagner, from rescorla_wagner_forgetting")
    more = dataclasses.replace(summary, comparison=pd.concat([table, wrong]))
    assert len(against_first(more)) == len(against_first(summary))


def test_bars_of_a_few_marks_are_inside_the_axis(drawn):
    figure = drawn["models", "comparison", TWO]
    assert len(figure.axes) > 2
    for axes in figure.axes:
        segments = [segment for bars in axes.collections for segment in bars.get_segments()]
        assert max(segment[:, 0].max() for segment in segments) < axes.get_xlim()[1]


@pytest.mark.parametrize(
    ("limits", "ticks"),
    [
        ((0.78, 1.28), [0.8, 0.9, 1, 1.1, 1.2]),
        ((0.45, 2.2), [0.5, 0.7, 1, 1.5, 2]),
        ((0.04, 1.5), [0.05, 0.1, 0.2, 0.5, 1]),
        ((1e-8, 2), [1e-8, 1e-6, 1e-4, 1e-2, 1]),
    ],
)
def test_ticks_are_round_ratios_around_1(limits, ticks):
    axes = facets(style.TWO_COLUMNS, 1, 3)[0, 0]
    axes.set(xscale="log", xlim=limits)
    comparison.ratio_ticks(axes)
    assert axes.get_xticks().tolist() == pytest.approx(ticks)


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("limits", [comparison.LEAST, (0.9, 1.3), (0.01, 1.3), (0.5, 1e5)])
def test_every_axis_has_two_ticks_that_include_1(limits, columns):
    axes = facets(style.TWO_COLUMNS, 1, columns)[0, 0]
    axes.set(xscale="log", xlim=limits)
    comparison.ratio_ticks(axes)
    assert 1 in axes.get_xticks()
    assert len(axes.get_xticks()) >= 2
