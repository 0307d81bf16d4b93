"""The explorer of the report: every measure of every cell on a map of the truths, with its points.

Two charts are described in Vega-Lite by Altair; the page draws them and `explorer.js` ties them
together. Their data are written as CSV with numbers for names, because a large design has tens of
thousands of rows.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import vl_convert

from rlrecovery.report.numbers import enumeration
from rlrecovery.report.verdicts import SHARES
from rlrecovery.score.results import Summary, symbol
from rlrecovery.storage.files import STATUSES, interval_columns

#: Points in the page at most; the figures of the run have more.
MOST_POINTS = 12_000
#: Names under which measures, their MCSE, points and charts share values.
KEYS = ("method", "level", "parameter", "participants", "trials")
BLUE, SKY, WHITE, ORANGE = "#0072B2", "#56B4E9", "#ffffff", "#E69F00"
FLAG = "#D55E00"


@dataclass(frozen=True)
class Measure:
    """What a map can show.

    Attributes
    ----------
    key : str
        Column of the map's data; its MCSE is in the column with ``_e`` behind it.
    label : str
        For people.
    ideal : float
        The value that a perfect method has.
    name : str
        Measure in ``recovery.csv``.
    interval : float or None
        Nominal level of the interval, where the measure has one.
    scale : float
        Factor, for instance 100 for per cent.
    """

    key: str
    label: str
    ideal: float
    name: str
    interval: float | None = None
    scale: float = 1.0


def measures(summary: Summary) -> list[Measure]:
    """Measures of a study, in the order in which they are offered."""
    found = [
        Measure("bias", "bias", 0, "bias"),
        Measure("rmse", "RMSE", 0, "rmse"),
    ]
    for level in reversed(summary.intervals):
        percent = f"{100 * level:g}"
        key = percent.replace(".", "_")
        label = f"coverage of {percent} % intervals (%)"
        found.append(Measure(f"coverage_{key}", label, 100 * level, "coverage", level, 100))
    if (headline := summary.headline_interval) is not None:
        label = f"width of {100 * headline:g} % intervals"
        found.append(Measure("width", label, 0, "width", headline))
    found += [
        Measure("median_bias", "median bias", 0, "median_bias"),
        Measure("empirical_se", "empirical SE", 0, "empirical_se"),
        Measure(
            "relative_error_model_se", "relative error of model SE (%)", 0,
            "relative_error_model_se", None, 100,
        ),
    ]  # fmt: skip
    found += [Measure(name, f"{words} (% of rows)", 0, name, None, 100)
              for name, words in SHARES.items()]  # fmt: skip
    return [*found, Measure("seconds", "seconds per fit", 0, "seconds")]


@dataclass(frozen=True)
class Codes:
    """Numbers that stand for names in the data of the charts: their places in these lists."""

    method: tuple[str, ...]
    level: tuple[str, ...]
    parameter: tuple[str, ...]
    participants: tuple[int, ...]
    trials: tuple[int, ...]
    truth: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, summary: Summary) -> Codes:
        """Everything that a summary names, in its order."""
        cells = _cells(summary)
        truths = cells[list(summary.truths)].drop_duplicates().sort_values(list(summary.truths))
        levels = set(cells["level"])
        return cls(
            method=summary.methods,
            level=tuple(x for x in ("participant", "group", "spread") if x in levels),
            parameter=summary.parameters,
            participants=summary.participants,
            trials=summary.trials,
            truth=tuple(truths.itertuples(index=False, name=None)) if summary.truths else ((),),
        )

    def encode(self, table: pd.DataFrame, truths: Sequence[str]) -> pd.DataFrame:
        """Columns of numbers for `KEYS`, and ``truth``, of a table that has the names."""
        columns = {
            key: table[key].astype("object").map({v: k for k, v in enumerate(getattr(self, key))})
            for key in KEYS
        }
        places = {values: k for k, values in enumerate(self.truth)}
        named = (
            table[list(truths)].itertuples(index=False, name=None) if truths else [()] * len(table)
        )
        return pd.DataFrame(columns | {"truth": [places[values] for values in named]})


def _cells(summary: Summary) -> pd.DataFrame:
    table = summary.recovery
    return table[(table["scope"] == "cell") & table["parameter"].isin(summary.parameters)]


def map_table(summary: Summary, codes: Codes) -> pd.DataFrame:
    """One row per method, cell, level and parameter; a column per measure and per MCSE."""
    cells = _cells(summary)
    everything = cells[cells["rows"] == "all"]
    index = [*KEYS, *summary.truths]
    columns = {}
    for measure in measures(summary):
        chosen = everything[everything["measure"] == measure.name]
        if measure.interval is not None:
            chosen = chosen[np.isclose(chosen["interval"], measure.interval)]
        rows = chosen.set_index(index)
        columns[measure.key] = measure.scale * rows["value"]
        columns[f"{measure.key}_e"] = measure.scale * rows["mcse"]
    sizes = cells[cells["measure"] == "bias"].set_index(index)
    whole = everything[everything["measure"] == "share_failed"].set_index(index)["n_rows"]
    columns["n"] = sizes.loc[sizes["rows"] == "all", "n"]
    columns["rows"] = sizes.loc[sizes["rows"] == "all", "n_rows"]
    unflagged = sizes.loc[sizes["rows"] == "ok", "n_rows"]
    columns["flagged"] = 100 * (1 - unflagged.reindex(whole.index).fillna(0) / whole)
    table = pd.DataFrame(columns).dropna(subset=["n"])
    # A parameter may be called as a measure is: names stay in the index.
    named = codes.encode(table.index.to_frame(index=False), summary.truths)
    return pd.concat([named, table.reset_index(drop=True)], axis=1)


def point_table(summary: Summary, codes: Codes) -> pd.DataFrame:
    """Truth, estimate and interval of the first data sets, or of some people of the first."""
    points = summary.points
    points = points[points["parameter"].isin(codes.parameter) & points["estimate"].notna()]
    replicates = sorted(points["replicate"].unique())
    per_replicate = max(1, len(points) / max(1, len(replicates)))
    kept = replicates[: max(1, int(MOST_POINTS / per_replicate))]
    points = points[points["replicate"].isin(kept)]
    if len(points) > MOST_POINTS:
        people = points["participant"].value_counts().sort_index()
        points = points[points["participant"].isin(people.index[people.cumsum() <= MOST_POINTS])]
    points = points.reset_index(drop=True)
    ends = interval_columns(max(summary.intervals)) if summary.intervals else ()
    ends = [name for name in ends if name in points]
    plain = points[["replicate", "participant", "truth", "estimate", *ends]]
    named = {"replicate": "r", "participant": "i", "truth": "t", "estimate": "e"}
    plain = plain.rename(columns=named | dict(zip(ends, ("lower", "upper"), strict=False)))
    status = points["status"].astype("object").map({s: k for k, s in enumerate(STATUSES)})
    return pd.concat([codes.encode(points, summary.truths), plain.assign(s=status)], axis=1)


def compact(table: pd.DataFrame) -> str:
    """A table as CSV with four significant digits."""
    return table.to_csv(index=False, float_format="%.4g", lineterminator="\n")


def _choice(
    name: str, title: str, options: Sequence[Any], labels: Sequence[str], value: Any = None
) -> alt.Parameter:
    bind = alt.binding_select(
        element="#explorer-choices",
        options=list(options),
        labels=[str(x) for x in labels],
        name=title,
    )
    return alt.param(name=name, bind=bind, value=options[0] if value is None else value)


def _choices(summary: Summary, codes: Codes, cells: pd.DataFrame) -> list[alt.Parameter]:
    """What a reader may choose; first the largest design and a method that has estimates."""
    offered = measures(summary)
    start = cells.sort_values(["level", "method", "parameter"]).iloc[0]
    found = [_choice("measure", "measure ", [m.key for m in offered], [m.label for m in offered])]
    for key in ("method", "parameter", "level"):
        names = getattr(codes, key)
        found.append(_choice(key, f"{key} ", range(len(names)), names, int(start[key])))
    for key in ("participants", "trials"):
        names = getattr(codes, key)
        order = range(len(names))[::-1]
        found.append(_choice(key, f"{key} ", order, [str(names[k]) for k in order]))
    found.append(_choice("truth", "truth ", range(len(codes.truth)), truth_words(summary, codes)))
    return found


def _axes(summary: Summary, codes: Codes) -> tuple[list[dict[str, Any]], str, str]:
    """Place of every truth on the map, and the names of its two axes."""
    names = summary.truths
    if not names:
        return [{"truth": 0, "x": "drawn", "y": ""}], "truths", ""
    rows = [
        {
            "truth": k,
            "x": f"{values[0]:g}",
            "y": ", ".join(f"{value:g}" for value in values[1:]),
        }
        for k, values in enumerate(codes.truth)
    ]
    return rows, f"true {symbol(names[0])}", ", ".join(f"true {symbol(n)}" for n in names[1:])


def _ordered(places: list[dict[str, Any]], key: str) -> list[str]:
    return list(dict.fromkeys(place[key] for place in places))


def _number(field: str) -> str:
    """Expression for a number with three digits, a real minus sign, and infinity as such."""
    size = f"(isFinite(datum.{field}) ? format(abs(datum.{field}), '.3~g') : '∞')"
    return f"(datum.{field} < 0 ? '−' : '') + {size}"


def _shown_cells(summary: Summary, places: list[dict[str, Any]]) -> alt.Chart:
    """The chosen cells with what the map shows of them; `explorer.js` sets ``furthest``."""
    ideals = {m.key: m.ideal for m in measures(summary)}
    lookup = {str(place["truth"]): [place["x"], place["y"]] for place in places}
    error = "(isValid(datum.error) ? ' ± ' + format(datum.error, '.2~g') : '')"
    return (
        alt.Chart(alt.NamedData(name="cells"))
        .transform_filter(" && ".join(f"datum.{key} === {key}" for key in KEYS))
        .transform_calculate(value="datum[measure]", error="datum[measure + '_e']")
        .transform_calculate(
            hue=f"clamp((datum.value - {ideals}[measure]) / furthest, -1, 1)",
            x=f"{lookup}[datum.truth][0]",
            y=f"{lookup}[datum.truth][1]",
            text=f"isValid(datum.value) ? {_number('value')} : '–'",
            told=f"isValid(datum.value) ? {_number('value')} + {error} : 'none'",
            flags="format(datum.flagged, '.3~g') + ' %'",
            failures="format(datum.share_failed, '.3~g') + ' %'",
        )
    )


def map_chart(summary: Summary, codes: Codes, cells: pd.DataFrame) -> dict[str, Any]:
    """The map of the truths as a Vega-Lite specification without its data."""
    places, across, up = _axes(summary, codes)
    plain = alt.Axis(domain=False, ticks=False, labelPadding=8)
    base = _shown_cells(summary, places).encode(
        x=alt.X(
            "x:O", sort=_ordered(places, "x"), title=across,
            axis=alt.Axis(labelAngle=0, domain=False, ticks=False),
        ),
        y=alt.Y(
            "y:O", sort=_ordered(places, "y")[::-1], title=up or None, axis=plain if up else None
        ),
        tooltip=[
            alt.Tooltip("x:N", title=across),
            *([alt.Tooltip("y:N", title=up)] if up else []),
            alt.Tooltip("told:N", title="value ± MCSE"),
            alt.Tooltip("n:Q", title="data sets"),
            alt.Tooltip("rows:Q", title="estimates"),
            alt.Tooltip("flags:N", title="flagged rows"),
            alt.Tooltip("failures:N", title="failed fits"),
        ],
    )  # fmt: skip
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
    chart = layers.add_params(*_choices(summary, codes, cells), furthest)
    rows = len(_ordered(places, "y"))
    return _finished(chart.properties(width="container", height=max(60, min(48 * rows, 480))))


def scatter_chart(summary: Summary, codes: Codes) -> dict[str, Any]:
    """Truth against estimate in one cell as a Vega-Lite specification without its data."""
    keys = (*KEYS, "truth")
    chosen = [alt.param(name=key, value=0) for key in keys]
    same = " && ".join(f"datum.{key} === {key}" for key in keys)
    interval = f"{100 * max(summary.intervals):g} % interval" if summary.intervals else ""
    base = (
        alt.Chart(alt.NamedData(name="points"))
        .transform_filter(same)
        .transform_calculate(
            flag="datum.s === 0 ? 'unflagged' : 'flagged'", status=f"{list(STATUSES)}[datum.s]",
            ends="isValid(datum.lower) ? format(datum.lower, '.3~g') + ' to ' + "
            "format(datum.upper, '.3~g') : 'none'",
            person="datum.i < 0 ? 'whole data set' : datum.i",
        )
    )  # fmt: skip
    x = alt.X("t:Q", title="truth", scale=alt.Scale(zero=False, nice=True, padding=12))
    y = alt.Y("e:Q", title="estimate", scale=alt.Scale(zero=False, nice=True))
    flag = alt.Color(
        "flag:N", scale=alt.Scale(domain=["unflagged", "flagged"], range=[BLUE, FLAG]),
        legend=alt.Legend(orient="top", title=None),
    )  # fmt: skip
    shape = alt.Shape(
        "flag:N", scale=alt.Scale(domain=["unflagged", "flagged"], range=["circle", "triangle-up"])
    )
    tooltip = [
        alt.Tooltip("t:Q", title="truth", format=".3~g"),
        alt.Tooltip("e:Q", title="estimate", format=".3~g"),
        alt.Tooltip("ends:N", title=interval or "interval"),
        alt.Tooltip("status:N"), alt.Tooltip("r:Q", title="replicate"),
        alt.Tooltip("person:N", title="participant"),
    ]  # fmt: skip
    line = base.mark_line(color="#000000", strokeWidth=1).encode(
        x=x, y=alt.Y("t:Q", title="estimate")
    )
    bars = base.mark_rule(strokeWidth=0.7, opacity=0.35, clip=True).encode(
        x=x, y=alt.Y("lower:Q", title="estimate"), y2="upper:Q", color=flag
    )
    dots = base.mark_point(filled=True, opacity=0.75, size=36).encode(
        x=x, y=y, color=flag, shape=shape, tooltip=tooltip
    )
    layers = [bars, line, dots] if "lower" in point_columns(summary) else [line, dots]
    chart = alt.layer(*layers).add_params(*chosen)
    return _finished(chart.properties(width="container", height=300))


def point_columns(summary: Summary) -> set[str]:
    """Optional columns of `point_table` that a summary gives."""
    ends = interval_columns(max(summary.intervals)) if summary.intervals else ("", "")
    return {"lower", "upper"} if set(ends) <= set(summary.points.columns) else set()


def _finished(chart: alt.TopLevelMixin) -> dict[str, Any]:
    font = {"font": "system-ui, sans-serif", "axis": {"labelFontSize": 12, "titleFontSize": 12}}
    return chart.configure(**font).configure_view(stroke=None).to_dict()


def explorer(summary: Summary) -> dict[str, Any] | None:
    """What the page needs to draw the explorer; None where `unmapped` or nothing was estimated.

    Returns
    -------
    dict or None
        ``map`` and ``scatter`` (Vega-Lite), ``cells`` and ``points`` (their data as CSV),
        ``names`` (what the numbers in the data stand for), ``truths`` (each in words) and
        ``ideals`` (by measure).
    """
    if unmapped(summary):
        return None
    codes = Codes.of(summary)
    cells = map_table(summary, codes)
    if cells.empty:
        return None
    return {
        "map": map_chart(summary, codes, cells),
        "scatter": scatter_chart(summary, codes),
        "cells": compact(cells),
        "points": compact(point_table(summary, codes)),
        "names": {key: [str(name) for name in getattr(codes, key)] for key in KEYS},
        "truths": truth_words(summary, codes),
        "ideals": {measure.key: measure.ideal for measure in measures(summary)},
    }


def unmapped(summary: Summary) -> str:
    """Why the cells of a study have no map in common; empty where they have."""
    cells = summary.recovery[summary.recovery["scope"] == "cell"]
    own = [name for name in summary.truths if cells[name].isna().any()]
    if not own:
        return ""
    names = enumeration(own)
    return f"not every generating model has {names}, so that no map has a place for every truth"


def truth_words(summary: Summary, codes: Codes) -> list[str]:
    """Every truth in words."""
    words = [
        ", ".join(f"{symbol(n)} = {v:g}" for n, v in zip(summary.truths, values, strict=True))
        for values in codes.truth
    ]
    return [text or "drawn from the population" for text in words]


@functools.cache
def library() -> str:
    """Source of the charts' library, whole, so that the page needs nothing from outside."""
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
