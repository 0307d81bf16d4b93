"""Methods compared on the same data."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from rlrecovery.figures import comparison, style
from rlrecovery.figures.layout import facets
from rlrecovery.score.results import against_first
from unit.figures.pages import GRIDS, LONG_NAMES, WIDTHS, draw

TWO = WIDTHS[0]


def test_one_mark_per_cell_is_drawn_as_a_ratio(runs, drawn):
    summary = runs["small"]
    table = comparison.marks(summary)
    assert set(table["method"]) == {"bayes", "hierarchical"}
    for measure, added in (("relative_precision", 1), ("rmse_ratio", 0)):
        rows = table[(table["measure"] == measure) & (table["method"] == "bayes")]
        original = summary.comparison.loc[rows.index]
        assert rows["value"].tolist() == pytest.approx((original["value"] + added).tolist())
        assert (rows["mcse"] == original["mcse"]).all()
    axes = drawn["small", "comparison", TWO].axes[0]
    lines = [line for line in axes.lines if line.get_marker() not in ("None", "<", ">", "")]
    rows = table[(table["parameter"] == "alpha") & (table["level"] == "participant")]
    rows = rows[rows["measure"] == "relative_precision"]
    assert len(rows) == 2 * 12, "two methods, twelve cells"
    across = np.sort(np.concatenate([line.get_xdata() for line in lines]))
    assert across == pytest.approx(np.sort(rows["value"]))
    bars = [segment for c in axes.collections for segment in c.get_segments()]
    assert len(bars) == 2 * 12
    row = rows.iloc[0]
    ends = row["value"] - min(row["mcse"], 0.999 * row["value"]), row["value"] + row["mcse"]
    assert any(bar[:, 0] == pytest.approx(ends) for bar in bars)


def test_methods_are_compared_within_a_task_or_generating_model(runs, drawn):
    table = against_first(runs["ten series"])
    pairs = set(zip(table["method"], table["reference"], strict=True))
    assert pairs == {(f"bayes_informed, {name}", f"mle, {name}") for name in LONG_NAMES}
    table = against_first(runs["models"])
    pairs = set(zip(table["method"], table["reference"], strict=True))
    assert pairs == {(f"bayes_{model}", f"mle_{model}") for model in GRIDS}
    title = drawn["models", "comparison", TWO].axes[0].get_title(loc="left")
    assert title.replace("\n", " ") == "against mle_…"
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


def test_gains_are_written_in_per_cent():
    labels = {0.5: "−50", 1: "0", 2: "+100", 10: "+900", 1.005: "+0.5", 0.998: "−0.2", 1.05: "+5"}
    assert {ratio: comparison.gain_label(ratio) for ratio in labels} == labels


def test_an_axis_of_small_gains_has_more_than_one_tick():
    axes = facets(style.TWO_COLUMNS, 1, 2)[0, 0]
    axes.set(xscale="log", xlim=(0.97, 1.07))
    comparison.gain_ticks(axes)
    assert len(axes.get_xticks()) >= 2
