"""Explorer of the report: map of a measure over the true values, and estimates of one cell.

Both charts are Vega-Lite specifications created with Altair; `explorer.js` draws and links them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import altair as alt
import pandas as pd
import vl_convert

from rlrecovery.figures.labels import symbol
from rlrecovery.report.cell_tables import FEWEST_REPLICATES
from rlrecovery.report.explorer_data import (
    KEYS,
    Codes,
    code_names,
    codes_of,
    compact,
    has_intervals,
    map_table,
    measures,
    no_map_reason,
    point_table,
    truth_labels,
)
from rlrecovery.score.results import Summary
from rlrecovery.storage.schemas import STATUSES

BLUE, SKY, WHITE, ORANGE, VERMILION = "#0072B2", "#56B4E9", "#ffffff", "#E69F00", "#D55E00"
FLAGS = ["unflagged", "flagged"]
#: Width and height in pixels of the plot of estimates against true values.
SQUARE = 320

#: A chart as a Vega-Lite specification.
Chart = dict[str, Any]


def explorer(summary: Summary) -> dict[str, Any] | None:
    """Return charts without data, their data as CSV, names of the codes, and colour scales.

    ``fewest`` is the number of replicates below which the page warns of Monte Carlo error.

    None if the cells have no common map or there is no estimate.
    """
    if no_map_reason(summary):
        return None
    codes = codes_of(summary)
    cells = map_table(summary, codes)
    if cells.empty:
        return None
    return {
        "map": map_chart(summary, codes, cells),
        "scatter": scatter_chart(summary),
        "cells": compact(cells),
        "points": compact(point_table(summary, codes)),
        "names": code_names(codes),
        "truths": truth_labels(summary, codes),
        "fewest": FEWEST_REPLICATES,
        "measures": {
            measure.key: {"label": measure.label, **measure.colours}
            for measure in measures(summary)
        },
    }


@functools.cache
def library() -> str:
    """Return the source of the charting library, which is embedded in the page."""
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")


def _menu(name: str, labels: Mapping[Any, str], value: Any = None) -> alt.Parameter:
    """Create a menu for a parameter of the map; by default the first option is selected."""
    bind = alt.binding_select(
        element="#explorer-choices",
        options=list(labels),
        labels=list(labels.values()),
        name=f"{'true values' if name == 'truth' else name} ",
    )
    return alt.param(name=name, bind=bind, value=next(iter(labels)) if value is None else value)


def _menus(summary: Summary, codes: Codes, cells: pd.DataFrame) -> list[alt.Parameter]:
    """Create the menus; initially the largest design and a method with estimates are selected."""
    labels = {key: dict(enumerate(names)) for key, names in code_names(codes).items()}
    start = cells.sort_values(["level", "method", "parameter"]).iloc[0]
    return [
        _menu("measure", {measure.key: measure.label for measure in measures(summary)}),
        *(_menu(key, labels[key], int(start[key])) for key in ("method", "parameter", "level")),
        *(_menu(key, dict(reversed(labels[key].items()))) for key in ("participants", "trials")),
        _menu("truth", dict(enumerate(truth_labels(summary, codes)))),
    ]


class Axes(NamedTuple):
    """Category of every truth on the two axes of the map, and the axis titles."""

    x: list[str]
    y: list[str]
    x_title: str
    y_title: str


def _axes(summary: Summary, codes: Codes) -> Axes:
    names = summary.truths
    if not names:
        return Axes(["drawn"], [""], "true values", "")
    x = [f"{values[0]:g}" for values in codes["truth"]]
    y = [", ".join(f"{value:g}" for value in values[1:]) for values in codes["truth"]]
    y_title = ", ".join(f"true {symbol(name)}" for name in names[1:])
    return Axes(x, y, f"true {symbol(names[0])}", y_title)


#: Expressions that format a value and its MCSE as `rlrecovery.report.numbers.pm`: decimals of an
#: MCSE with two significant digits, then absolute value and MCSE with as many decimals.
_PLACES = "datum.error > 0 ? 1 - toNumber(split(format(datum.error, '.1e'), 'e')[1]) : null"
_TENS = "pow(10, -datum.places)"
_SIZE = (
    "!isFinite(datum.value) ? '∞' : !isValid(datum.places) ? format(abs(datum.value), '.3~g') : "
    f"datum.places < 0 ? format(round(abs(datum.value) / {_TENS}) * {_TENS}, '.0f') : "
    "format(abs(datum.value), '.' + datum.places + 'f')"
)
_ERROR = (
    "!isValid(datum.places) ? '' : ' ± ' + format(datum.error, "
    "datum.places < 0 ? '.2~r' : '.' + datum.places + 'f')"
)
_NUMBER = "(datum.value < 0 && toNumber(datum.size) !== 0 ? '−' : '') + datum.size"


def _selected_cells(summary: Summary, axes: Axes) -> alt.Chart:
    """Select cells and compute their colours and texts; `explorer.js` sets ``furthest``."""
    ideals = {m.key: m.ideal for m in measures(summary)}
    return (
        alt.Chart(alt.NamedData(name="cells"))
        .transform_filter(" && ".join(f"datum.{key} === {key}" for key in KEYS))
        .transform_calculate(value="datum[measure]", error="datum[measure + '_e']")
        .transform_calculate(
            hue=f"clamp((datum.value - {ideals}[measure]) / furthest, -1, 1)",
            x=f"{axes.x}[datum.truth]",
            y=f"{axes.y}[datum.truth]",
            places=_PLACES,
            flags="format(datum.flagged, '.3~g') + ' %'",
            failures="format(datum.share_failed, '.3~g') + ' %'",
        )
        .transform_calculate(size=_SIZE)
        .transform_calculate(
            text=f"isValid(datum.value) ? {_NUMBER} : '–'",
            with_error=f"isValid(datum.value) ? {_NUMBER} + ({_ERROR}) : 'none'",
        )
    )


def map_chart(summary: Summary, codes: Codes, cells: pd.DataFrame) -> Chart:
    """Draw a square per combination of true values, coloured by a measure."""
    axes = _axes(summary, codes)
    base = _selected_cells(summary, axes).encode(*_positions(axes), tooltip=_tooltip_of_map(axes))
    scale = alt.Scale(domain=[-1, 0, 1], range=[SKY, WHITE, ORANGE], interpolate="rgb")
    hue = alt.Color("hue:Q", legend=None, scale=scale)
    squares = base.mark_rect(cursor="pointer", stroke="#bbbbbb", strokeWidth=0.6).encode(color=hue)
    size = alt.ExprRef("width < 420 ? 9.5 : 12")
    numbers = base.mark_text(fontSize=size, color="#000000").encode(text="text:N")
    outline = base.transform_filter("datum.truth === truth").mark_rect(
        filled=False, stroke="#000000", strokeWidth=2.5
    )
    furthest = alt.param(name="furthest", value=1)
    layers = alt.layer(squares, numbers, outline)
    chart = layers.add_params(*_menus(summary, codes, cells), furthest)
    about = "Map of a measure over the true values; the table of the explorer has its numbers."
    height = max(60, min(48 * len(set(axes.y)), 480))
    return _specification(chart, about, width="container", height=height)


def _positions(axes: Axes) -> tuple[alt.X, alt.Y]:
    x = alt.X(
        "x:O",
        sort=list(dict.fromkeys(axes.x)),
        title=axes.x_title,
        axis=alt.Axis(labelAngle=0, domain=False, ticks=False),
    )
    axis = alt.Axis(domain=False, ticks=False, labelPadding=8) if axes.y_title else None
    sort = list(dict.fromkeys(axes.y))[::-1]
    return x, alt.Y("y:O", sort=sort, title=axes.y_title or None, axis=axis)


def _tooltip_of_map(axes: Axes) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("x:N", title=axes.x_title),
        *([alt.Tooltip("y:N", title=axes.y_title)] if axes.y_title else []),
        alt.Tooltip("with_error:N", title="value ± MCSE"),
        alt.Tooltip("n:Q", title="data sets"),
        alt.Tooltip("rows:Q", title="estimates"),
        alt.Tooltip("flags:N", title="flagged rows"),
        alt.Tooltip("failures:N", title="failed fits"),
    ]


def scatter_chart(summary: Summary) -> Chart:
    """Draw estimates versus true values in the selected cell, with their intervals.

    Both axes have the same range, from ``low`` to ``high``, which `explorer.js` sets.
    """
    base = _selected_points()
    scale = alt.Scale(
        zero=False, nice=False, domainMin=alt.ExprRef("low"), domainMax=alt.ExprRef("high")
    )
    x = alt.X("t:Q", title="true value", scale=scale)
    y = alt.Y("e:Q", title="estimate", scale=scale)
    flag = alt.Color(
        "flag:N",
        scale=alt.Scale(domain=FLAGS, range=[BLUE, VERMILION]),
        legend=alt.Legend(orient="top", title=None),
    )
    shape = alt.Shape("flag:N", scale=alt.Scale(domain=FLAGS, range=["circle", "triangle-up"]))
    ends = alt.Chart(alt.InlineData(values=[{}])).transform_calculate(first="low", last="high")
    line = ends.mark_rule(color="#000000", strokeWidth=1).encode(
        alt.X("first:Q", title="true value", scale=scale),
        alt.Y("first:Q", title="estimate", scale=scale),
        x2="last:Q",
        y2="last:Q",
    )
    bars = base.mark_rule(strokeWidth=0.7, opacity=0.35, clip=True).encode(
        x, alt.Y("lower:Q", title="estimate", scale=scale), y2="upper:Q", color=flag
    )
    dots = base.mark_point(filled=True, opacity=0.75, size=36).encode(
        x, y, flag, shape, tooltip=_tooltip_of_points(summary)
    )
    layers = [bars, line, dots] if has_intervals(summary) else [line, dots]
    parameters = [alt.param(name=key, value=0) for key in (*KEYS, "truth")]
    parameters += [alt.param(name="low", value=0), alt.param(name="high", value=1)]
    about = "Estimates against true values; the table of the explorer has the numbers."
    return _specification(
        alt.layer(*layers).add_params(*parameters), about, width=SQUARE, height=SQUARE
    )


def _selected_points() -> alt.Chart:
    """Select the points of a cell; `explorer.js` sets the parameters."""
    ends = "format(datum.lower, '.3~g') + ' to ' + format(datum.upper, '.3~g')"
    return (
        alt.Chart(alt.NamedData(name="points"))
        .transform_filter(" && ".join(f"datum.{key} === {key}" for key in (*KEYS, "truth")))
        .transform_calculate(
            flag="datum.s === 0 ? 'unflagged' : 'flagged'",
            status=f"{list(STATUSES)}[datum.s]",
            ends=f"isValid(datum.lower) ? {ends} : 'none'",
            person="datum.i < 0 ? 'all' : datum.i",
        )
    )


def _tooltip_of_points(summary: Summary) -> list[alt.Tooltip]:
    interval = f"{100 * max(summary.intervals):g} % interval" if summary.intervals else "interval"
    return [
        alt.Tooltip("t:Q", title="true value", format=".3~g"),
        alt.Tooltip("e:Q", title="estimate", format=".3~g"),
        alt.Tooltip("ends:N", title=interval),
        alt.Tooltip("status:N"),
        alt.Tooltip("r:Q", title="replicate"),
        alt.Tooltip("person:N", title="participant"),
    ]


def _specification(chart: alt.LayerChart | alt.FacetChart, about: str, **size: Any) -> Chart:
    """Return a chart of a size in pixels, with a description for screen readers."""
    font: dict[str, Any] = {
        "font": "system-ui, sans-serif",
        "axis": {"labelFontSize": 12, "titleFontSize": 12},
    }
    chart = chart.properties(description=about, **size)
    return chart.configure(**font).configure_view(stroke=None).to_dict()
