"""The summary folder as one page that opens anywhere: the answer, the evidence, the methods.

Numbers and sentences are prepared here; the template only places them. Every sentence follows from
the numbers by the rules that the page states.
"""

from __future__ import annotations

import base64
import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np
import pandas as pd
import yaml
from docutils.core import publish_parts
from markupsafe import Markup

from rlrecovery import tables
from rlrecovery.figures.data import Summary, describe, load_summary
from rlrecovery.figures.precision import pool
from rlrecovery.models import MODELS

TEMPLATES = Path(__file__).parent / "templates"
#: A difference counts as detectable from so many Monte Carlo standard errors.
DETECTABLE = 2.0
FIGURE_TITLES = {
    "recovery": "Truth against estimate",
    "bias": "Bias over the cells",
    "coverage": "Coverage of the intervals",
    "precision": "Error and interval width against trials",
    "tradeoff": "Trade-off between parameters",
    "participant": "A simulated participant",
    "posterior": "A posterior with its truth",
    "convergence": "Convergence, failures and run time",
}
SHARES = {
    "share_at_bound": "at a bound",
    "share_not_converged": "not converged",
    "share_failed": "failed",
}


class Place(NamedTuple):
    """What one line of the answer is about."""

    level: str
    method: str
    participants: int
    trials: int


def write_report(
    summary_folder: str | os.PathLike[str],
    config_file: str | os.PathLike[str],
    provenance_file: str | os.PathLike[str],
    design_file: str | os.PathLike[str],
    figures: Mapping[str, str | os.PathLike[str]],
    captions: Mapping[str, str | os.PathLike[str]],
    output: str | os.PathLike[str],
) -> None:
    """Write the report of a run as one self-contained HTML file.

    Parameters
    ----------
    summary_folder : path
        ``summary/`` of the run.
    config_file, provenance_file, design_file : path
        The resolved config (YAML), its provenance (JSON) and the table of cells (CSV).
    figures : mapping
        From figure name to SVG file, in the order of the page.
    captions : mapping
        From figure name to reStructuredText file.
    output : path
        The page.

    Raises
    ------
    BrokenFile
        If one of the files is missing or cannot be read; the message names it.
    """
    config_text = _read(config_file)
    context = {
        "figures": [_figure(name, path, captions.get(name)) for name, path in figures.items()],
        "provenance": _provenance(tables.read_json(provenance_file)),
        "config_text": config_text,
    }
    design = tables.read_table(design_file, {"cell": "", "replicates": ""})
    context |= _numbers(load_summary(summary_folder), _parse_yaml(config_text, config_file), design)
    html = _environment().get_template("report.html.j2").render(context)
    tables.write_text(html, output)


def _numbers(
    summary: Summary, experiment: Mapping[str, Any], design: pd.DataFrame
) -> dict[str, Any]:
    """What the template needs to know about results and methods."""
    settings = experiment["methods"].values()
    return {
        "run": experiment["run"],
        "size": study_size(experiment, design, summary),
        "brief": brief(summary),
        "method_names": summary.methods,
        "answers": [answer(summary, parameter) for parameter in summary.parameters],
        "headline": f"{100 * (summary.headline_interval or 0):g}",
        "mechanisms": mechanisms(experiment),
        "estimands": estimands(experiment),
        "methods": methods(experiment),
        "bayes": any(each["estimator"] == "bayes" for each in settings),
        "cells": [cell_table(summary, *pair) for pair in _pairs(summary)],
        "failures": failures(summary),
        "conventions": conventions(experiment),
    }


# --- numbers as text ---------------------------------------------------------------------------


def pm(value: float, mcse: float, scale: float = 1.0) -> str:
    """A value with its MCSE: the MCSE to two significant digits, the value to the same place.

    Parameters
    ----------
    value, mcse : float
        NaN where there is none.
    scale : float
        Factor on both, for instance 100 for per cent.
    """
    number, error = both(value, mcse, scale)
    if error is None:
        return number
    return f"{number} ± {error}"


def both(value: float, mcse: float, scale: float = 1.0) -> tuple[str, str | None]:
    """As `pm`, but value and MCSE apart; the MCSE is None where there is none."""
    value, mcse = scale * float(value), scale * float(mcse)
    if not np.isfinite(value):
        return ("–" if np.isnan(value) else "∞" if value > 0 else "−∞"), None
    if not np.isfinite(mcse):
        return _minus(f"{value:.3g}"), None
    if mcse == 0:
        return _minus(f"{value:.3g}"), "0"
    digits = 1 - int(f"{mcse:.1e}".split("e")[1])
    places = max(0, digits)
    return _minus(f"{round(value, digits):.{places}f}"), f"{round(mcse, digits):.{places}f}"


def _minus(text: str) -> str:
    """A real minus sign, and none before zero."""
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "−")


def _list(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


# --- the answer --------------------------------------------------------------------------------


def study_size(
    experiment: Mapping[str, Any], design: pd.DataFrame, summary: Summary
) -> dict[str, Any]:
    """How large the study is, in numbers for the first paragraph."""
    truths = int(np.prod([len(values) for values in experiment["truth"].values()] or [1]))
    return {
        "cells": len(design),
        "designs": len(_designs(summary)),
        "truths": truths,
        "replicates": int(design["replicates"].max()),
        "data_sets": int(design["replicates"].sum()),
        "participants": _list([str(n) for n in summary.participants]),
        "trials": _list([str(n) for n in summary.trials]),
        "methods": _list(list(experiment["methods"])),
        "parameters": _list(list(summary.parameters)),
        "model": MODELS[experiment["model"]].title,
    }


def brief(summary: Summary) -> list[dict[str, Any]]:
    """RMSE over all truths of every method, in the smallest and the largest design.

    Returns
    -------
    list of dict
        One per parameter, level and design, with ``texts`` in the order of the methods.
    """
    designs, lines = _designs(summary), []
    places = itertools.product(
        summary.parameters, summary.levels, dict.fromkeys((designs[0], designs[-1]))
    )
    for parameter, level, (people, trials) in places:
        where = {"parameter": parameter, "level": level}
        cells = summary.measure("rmse", participants=people, trials=trials, **where)
        texts = []
        for method in summary.methods:
            pooled = pool(summary, "rmse", cells[cells["method"] == method], where)
            pooled = pooled[pooled["trials"] == trials]
            row = pooled.iloc[0] if len(pooled) else None
            texts.append("–" if row is None else pm(row["value"], row["mcse"]))
        line = {"parameter": parameter, "level": level}
        lines.append(line | {"design": f"{people} × {trials}", "texts": texts})
    return lines


def answer(summary: Summary, parameter: str) -> dict[str, Any]:
    """Table lines and sentences about one parameter."""
    lines = []
    designs = _designs(summary)
    front = set(designs) if len(designs) <= 3 else {designs[0], designs[-1]}
    for level in _levels(summary):
        for method in summary.methods:
            for people, trials in designs:
                place = Place(level, method, people, trials)
                cells = _cells(summary, parameter, place)
                if len(cells):
                    line = _line(summary, parameter, place, cells)
                    lines.append(line | {"front": (people, trials) in front})
    hidden = [line for line in lines if not line["front"]]
    return {
        "parameter": parameter,
        "meaning": _meaning(parameter),
        "front": [line for line in lines if line["front"]],
        "hidden": hidden,
        "designs": len(designs),
    }


def _line(
    summary: Summary, parameter: str, place: Place, cells: Mapping[str, pd.DataFrame]
) -> dict[str, Any]:
    """One line of the answer's table, with its sentence."""
    correlation = {name: _correlation(summary, parameter, place, name) for name in _CORRELATIONS}
    return {
        "place": place,
        "design": describe(place.participants, place.trials),
        "bias": spread_over(cells.get("bias"), summary, lambda t: t["value"].abs()),
        "rmse": spread_over(cells.get("rmse"), summary, lambda t: t["value"]),
        "coverage": spread_over(
            cells.get("coverage"), summary, lambda t: (t["value"] - t["interval"]).abs(), 100
        ),
        "correlation": correlation,
        "flagged": flagged(cells),
        "sentence": sentence(summary, parameter, place, cells, correlation),
    }


_CORRELATIONS = ("spearman", "pearson")


def spread_over(
    table: pd.DataFrame | None, summary: Summary, badness: Any, scale: float = 1.0
) -> dict[str, str] | None:
    """Lowest and highest value over the cells, and the worst cell.

    Parameters
    ----------
    table : DataFrame or None
        One row per cell; rows without a value are left out.
    badness : callable
        From the table to a number per row; the largest is the worst cell.
    scale : float
        Factor on values and MCSE.

    Returns
    -------
    dict or None
        ``low``, ``high``, ``one`` (whether they are one cell's), ``worst`` (the worst cell's
        truth) and ``cell`` (its key).
    """
    table = pd.DataFrame() if table is None else table.dropna(subset=["value"])
    if table.empty:
        return None
    ordered = table.sort_values("value")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    worst = table.loc[badness(table).idxmax()]
    return {
        "low": pm(low["value"], low["mcse"], scale),
        "high": pm(high["value"], high["mcse"], scale),
        "one": len(table) == 1,
        "worst": truth_words(worst, summary),
        "cell": str(worst["cell"]),
    }


def truth_words(row: pd.Series, summary: Summary) -> str:
    """A cell's truth in words, for instance ``alpha 0.2, beta 5``."""
    return ", ".join(f"{name} {row[name]:g}" for name in summary.truths) or "the only cell"


def flagged(cells: Mapping[str, pd.DataFrame]) -> list[str]:
    """Shares of flagged rows over the cells, those that are not zero."""
    found = []
    for share, words in SHARES.items():
        table = cells.get(share)
        if table is not None and table["value"].mean() > 0:
            mcse = np.sqrt((table["mcse"] ** 2).sum(skipna=False)) / len(table)
            found.append(f"{pm(table['value'].mean(), mcse, 100)} % {words}")
    return found


def sentence(
    summary: Summary,
    parameter: str,
    place: Place,
    cells: Mapping[str, pd.DataFrame],
    correlation: Mapping[str, str],
) -> tuple[str, str]:
    """The plain-language answer of one line; every clause follows from numbers of the table.

    Returns
    -------
    tuple of str
        What is judged, and the judgement.
    """
    of = {"participant": "single participants'", "group": "the group's", "spread": "the spread of"}
    start = f"With {describe(place.participants, place.trials).replace(', ', ' and ')}, "
    start += f"{place.method} recovers {of[place.level]} {parameter}"
    if "bias" not in cells or cells["bias"]["value"].isna().all():
        return start, "with no estimate at all, so that nothing can be said."
    bias = cells["bias"]
    over = f" over the {len(bias)} truths" if len(bias) > 1 else ""
    parts = [f"with bias {_between(bias)}{over}: {bias_verdict(bias, summary)}"]
    if "rmse" in cells:
        parts.append(f"RMSE is {_between(cells['rmse'])}")
    if "coverage" in cells and cells["coverage"]["value"].notna().any():
        parts.append(coverage_verdict(cells["coverage"], summary))
    if correlation["spearman"] != "–":
        parts.append(f"the rank correlation of truth and estimate is {correlation['spearman']}")
    text = "; ".join(parts) + "."
    return start, f"{text} {_flag_words(cells)}"


def _flag_words(cells: Mapping[str, pd.DataFrame]) -> str:
    shares = flagged(cells)
    if not shares:
        return "No row is flagged."
    text = f"Flagged rows: {_list(shares)}"
    unflagged = cells.get("bias_ok")
    if unflagged is None or unflagged["value"].isna().all():
        return f"{text}."
    return f"{text}; without them bias is {_between(unflagged)}."


def _between(table: pd.DataFrame, scale: float = 1.0, unit: str = "") -> str:
    """``between a (±x) and b (±y)``, or ``a (±x)`` for one value."""
    ordered = table.dropna(subset=["value"]).sort_values("value")
    ends = [ordered.iloc[0], ordered.iloc[-1]] if len(ordered) > 1 else [ordered.iloc[0]]
    texts = []
    for row in ends:
        value, mcse = both(row["value"], row["mcse"], scale)
        texts.append(f"{value}{unit}" + (f" (±{mcse})" if mcse is not None else ""))
    return f"between {texts[0]} and {texts[1]}" if len(texts) == 2 else texts[0]


def bias_verdict(bias: pd.DataFrame, summary: Summary) -> str:
    """Whether bias can be told from none, cell by cell: at least 2 MCSE from zero."""
    judged = bias[np.isfinite(bias["value"]) & np.isfinite(bias["mcse"])]
    n = int(bias["n"].max())
    if judged.empty:
        return f"whether there is bias cannot be told, because {_plural(n, 'replicate')} " + (
            "give no Monte Carlo error" if n != 1 else "gives no Monte Carlo error"
        )
    size = judged["value"].abs()
    clear = judged[(size >= DETECTABLE * judged["mcse"]) & (size > 0)]
    if clear.empty:
        return f"no bias detectable at this number of replicates ({n})"
    worst = truth_words(judged.loc[clear["value"].abs().idxmax()], summary)
    if len(judged) == 1:
        return "more than 2 Monte Carlo standard errors from zero"
    where = f"{len(clear)} of {len(judged)} truths"
    return f"detectable (more than 2 Monte Carlo standard errors) at {where}, most at {worst}"


def coverage_verdict(coverage: pd.DataFrame, summary: Summary) -> str:
    """Coverage in words, and whether it can be told from the nominal level.

    The standard error is the reported MCSE, but at least that of an honest method with so many
    rows; otherwise a coverage of 100 % would be infinitely certain.
    """
    coverage = coverage.dropna(subset=["value"])
    nominal = float(coverage["interval"].iloc[0])
    text = f"{100 * nominal:g} % intervals cover {_between(coverage, 100, ' %')}"
    honest = np.sqrt(nominal * (1 - nominal) / coverage["n_rows"].clip(lower=1))
    distance = (coverage["value"] - nominal) / np.fmax(coverage["mcse"], honest)
    low, high = int((distance <= -DETECTABLE).sum()), int((distance >= DETECTABLE).sum())
    if not low and not high:
        return f"{text}, not distinguishable from nominal"
    at = f" at {{}} of {len(coverage)} truths" if len(coverage) > 1 else ""
    found = [f"clearly below nominal{at.format(low)}"] if low else []
    found += [f"clearly above nominal{at.format(high)}"] if high else []
    if len(coverage) > 1:
        worst = truth_words(coverage.loc[distance.abs().idxmax()], summary)
        found[-1] += f" (furthest at {worst})"
    return f"{text}, {_list(found)}"


def _cells(summary: Summary, parameter: str, place: Place) -> dict[str, pd.DataFrame]:
    """Per measure the rows of one line's cells; coverage at the headline level only."""
    table = summary.recovery
    chosen = (table["scope"] == "cell") & (table["parameter"] == parameter)
    for column, value in place._asdict().items():
        chosen &= table[column] == value
    table = table[chosen]
    headline = summary.headline_interval
    table = table[table["interval"].isna() | np.isclose(table["interval"], headline or -1)]
    found = dict(iter(table[table["rows"] == "all"].groupby("measure")))
    unflagged = table[(table["rows"] == "ok") & (table["measure"] == "bias")]
    return found | ({"bias_ok": unflagged} if len(unflagged) else {})


def _correlation(summary: Summary, parameter: str, place: Place, name: str) -> str:
    """Correlation over the grid; inside the cell where the design has one truth only."""
    for scope in ("grid", "cell"):
        rows = summary.measure(name, scope=scope, parameter=parameter, **place._asdict())
        if len(rows) == 1:
            return pm(rows["value"].iloc[0], rows["mcse"].iloc[0])
    return "–"


def _designs(summary: Summary) -> list[tuple[int, int]]:
    cells = summary.recovery[summary.recovery["scope"] == "cell"]
    pairs = cells[["participants", "trials"]].drop_duplicates()
    return sorted((int(n), int(t)) for n, t in pairs.itertuples(index=False))


def _levels(summary: Summary) -> list[str]:
    there = set(summary.recovery["level"])
    return [level for level in ("participant", "group", "spread") if level in there]


def _meaning(parameter: str) -> str:
    for model in MODELS.values():
        if parameter in model.names:
            return model.parameter(parameter).meaning
    return ""


# --- what was done -----------------------------------------------------------------------------


def mechanisms(experiment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How data were generated, as terms and texts."""
    task, model = experiment["task"], MODELS[experiment["model"]]
    arms = ", ".join(f"{p:g}" for p in task["arms"])
    truths = [f"{k}: {', '.join(f'{v:g}' for v in vs)}" for k, vs in experiment["truth"].items()]
    people = [f"{k}: {_population(k, v, model)}" for k, v in experiment["population"].items()]
    blocks = task["blocks"]
    return [
        ("Task", f"{len(task['arms'])}-armed bandit; each choice pays 1 or 0, with probability "
                 f"{arms} of being paid on the arms; trials in {_plural(blocks, 'block')}, and a "
                 "new block starts again from the start value."),
        ("Model", f"{model.title} ({experiment['model']}; {model.citation}). Parameters: "
                  + "; ".join(f"{p.name}, {p.meaning}" for p in model.parameters) + "."),
        ("Start value", f"Every arm has the value {task['start_value']:g} before the first trial."),
        ("Truth grid", ("; ".join(truths) + "; crossed with each other.") if truths
                       else "None: every parameter is drawn from a distribution."),
        ("Population", "; ".join(people) + "."),
        ("Participants", f"{', '.join(map(str, experiment['participants']))} per data set."),
        ("Trials", f"{', '.join(map(str, experiment['trials']))} per participant; all trials count "
                   "in the likelihood, the first included."),
        ("Replicates", f"{experiment['replicates']} simulated data sets per cell; all methods are "
                       "given the same data."),
    ]  # fmt: skip


def _population(name: str, entry: Mapping[str, Any], model: Any) -> str:
    if entry.get("distribution"):
        return f"each participant is drawn from {_distribution(entry)}"
    scale = model.parameter(name).transform if name in model.names else "unconstrained"
    if not entry.get("spread"):
        return "all participants have the cell's truth"
    return f"normal around the cell's truth on the {scale} scale with SD {entry['spread']:g}"


def _distribution(entry: Mapping[str, Any]) -> str:
    inside = ", ".join(
        f"{key}={value:g}"
        for key, value in entry.items()
        if key != "distribution" and value is not None
    )
    return f"{entry['distribution']}({inside})"


def estimands(experiment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the methods estimate."""
    model = MODELS[experiment["model"]]
    scales = ", ".join(f"{p.transform} for {p.name}" for p in model.parameters)
    return [
        ("Participant", "Each participant's own parameter value, on the natural scale."),
        ("Group", f"The population's location on the unconstrained scale ({scales}), carried to "
                  "the natural scale. It is a property of the population and not the mean of the "
                  "participants who happened to be drawn."),
        ("Spread", "The SD of the participants on the unconstrained scale; estimated by partial "
                   "pooling only."),
    ]  # fmt: skip


def methods(experiment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every method with every setting."""
    return [
        {"name": name, "kind": _kind(settings), "settings": list(_flatten(settings))}
        for name, settings in experiment["methods"].items()
    ]


def _kind(settings: Mapping[str, Any]) -> str:
    if settings["estimator"] == "mle":
        return (
            "Maximum likelihood, every participant alone, with Wald intervals made on the "
            "unconstrained scale, carried to the natural one and cut off at the bounds; the group "
            "estimate is the mean "
            f"of the participants' estimates on the {settings.get('group_scale', '')} scale with a "
            "t interval."
        )
    if settings["estimator"] == "mock":
        return (
            "A mock: it looks at no data and answers from the model's default priors. It shows "
            "what recovery looks like when data say nothing; its numbers are not an estimator's."
        )
    pooling = {
        "none": "every participant alone",
        "partial": "hierarchical, participants inform each other (non-centred)",
        "complete": "one set of parameters for all participants",
    }
    return (
        f"Bayesian, NUTS, {pooling.get(settings.get('pooling', ''), '')}; the estimate is the "
        f"posterior {settings.get('point', '')}, intervals are equal-tailed."
    )


def _flatten(settings: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as dotted keys and texts; a distribution is one text."""
    for key, value in settings.items():
        if isinstance(value, Mapping) and value.get("distribution"):
            yield f"{prefix}{key}", _distribution(value)
        elif isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{key}", ", ".join(str(each) for each in value)
        else:
            yield f"{prefix}{key}", str(value)


def conventions(experiment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Choices that change numbers without anyone noticing."""
    task = experiment["task"]
    bounds = [
        f"{name}: {p} in [{low:g}, {high:g}]"
        for name, settings in experiment["methods"].items()
        for p, (low, high) in (settings.get("bounds") or {}).items()
    ]
    return [
        ("Start value", f"{task['start_value']:g} for every arm, also at the start of a block."),
        ("Rewards", "0 and 1. With −1 and +1 the same beta would mean twice the determinism."),
        ("First trial", "Counts in the likelihood. Choice t is judged by the values before the "
                        "update of trial t."),
        ("Missing trials", "Contribute nothing to the likelihood and update nothing."),
        ("Bounds", ("; ".join(bounds) + ". At an end of the support the search stops "
                    "0.0001 from it. Estimates at a bound are kept and flagged.") if bounds
                   else "No method of this study has bounds."),
        ("Scale of bias", "Natural scale: estimate minus truth of the parameter itself."),
        ("Truth of the group", "The population's location, not the realised mean of a sample."),
        ("Flagged rows", "Included in every measure unless it says “unflagged rows”; failed fits "
                         "have no estimate and enter the shares only."),
    ]  # fmt: skip


# --- tables ------------------------------------------------------------------------------------

_COLUMNS = (
    ("bias", "all", "bias", 1),
    ("bias", "ok", "bias, unflagged rows", 1),
    ("median_bias", "all", "median bias", 1),
    ("empirical_se", "all", "empirical SE", 1),
    ("model_se", "all", "model SE", 1),
    ("relative_error_model_se", "all", "relative error of model SE (%)", 100),
    ("rmse", "all", "RMSE", 1),
    ("rmse", "ok", "RMSE, unflagged rows", 1),
    ("coverage", "all", "coverage {} % (%)", 100),
    ("bias_eliminated_coverage", "all", "bias-eliminated coverage {} % (%)", 100),
    ("width", "all", "width {} %", 1),
    ("spearman", "all", "Spearman", 1),
    ("share_at_bound", "all", "at a bound (%)", 100),
    ("share_not_converged", "all", "not converged (%)", 100),
    ("share_failed", "all", "failed (%)", 100),
    ("seconds", "all", "seconds per fit", 1),
)


def _pairs(summary: Summary) -> list[tuple[str, str]]:
    there = set(zip(summary.recovery["parameter"], summary.recovery["level"], strict=True))
    return [(p, v) for p in summary.parameters for v in _levels(summary) if (p, v) in there]


def _headers(summary: Summary) -> Iterator[tuple[str, str, float | None, str, float]]:
    """Columns of the table of cells: measure, rows, interval level, header, scale."""
    headline = summary.headline_interval
    for measure, rows, header, scale in _COLUMNS:
        if measure == "coverage":
            for level in summary.intervals:
                yield measure, rows, level, header.format(f"{100 * level:g}"), scale
        elif "{}" in header:
            if headline is not None:
                yield measure, rows, headline, header.format(f"{100 * headline:g}"), scale
        else:
            yield measure, rows, None, header, scale


def cell_table(summary: Summary, parameter: str, level: str) -> dict[str, Any]:
    """Measures of every cell and method for one parameter and level, as texts."""
    table = summary.recovery
    table = table[
        (table["scope"] == "cell") & (table["parameter"] == parameter) & (table["level"] == level)
    ]
    keys = ["cell", "method"]
    order = list(dict.fromkeys(table[keys].itertuples(index=False, name=None)))
    counts = table[(table["measure"] == "bias") & (table["rows"] == "all")]
    columns, headers = [], []
    for measure, rows, interval, header, scale in _headers(summary):
        chosen = table[(table["measure"] == measure) & (table["rows"] == rows)]
        if interval is not None:
            chosen = chosen[np.isclose(chosen["interval"], interval)]
        if len(chosen):
            numbers = zip(chosen["value"], chosen["mcse"], strict=True)
            texts = [pm(value, mcse, scale) for value, mcse in numbers]
            named = chosen[keys].itertuples(index=False, name=None)
            columns.append(dict(zip(named, texts, strict=True)))
            headers.append(header)
    named = counts[[*keys, "n", "n_rows"]].itertuples(index=False, name=None)
    sizes = {(cell, method): (int(n), int(rows)) for cell, method, n, rows in named}
    lines = [
        [*key, *sizes.get(key, ("–", "–")), *(column.get(key, "–") for column in columns)]
        for key in order
    ]
    head = ["cell", "method", "data sets", "rows", *headers]
    return {"parameter": parameter, "level": level, "head": head, "lines": lines}


def failures(summary: Summary) -> list[dict[str, Any]]:
    """Flagged rows by method, level, status and reason, with their share of all rows."""
    table = summary.failures
    if table.empty:
        return []
    keys = ["method", "level", "status", "reason"]
    all_rows = summary.measure("share_failed").groupby(["method", "level"])["n_rows"].sum()
    found = []
    for key, part in table.groupby(keys, sort=False):
        rows, worst = int(part["rows"].sum()), part.loc[part["rows"].idxmax()]
        total = int(all_rows.get(key[:2], 0))
        found.append(
            dict(zip(keys, key, strict=True))
            | {"rows": rows, "share": f"{100 * rows / total:.2g} %" if total else "–",
               "total": total or "–", "cells": part["cell"].nunique(),
               "worst": f"{worst['cell']} ({int(worst['rows'])})"}
        )  # fmt: skip
    order = {method: k for k, method in enumerate(summary.methods)}
    return sorted(found, key=lambda f: (order.get(f["method"], len(order)), -f["rows"]))


# --- files -------------------------------------------------------------------------------------


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # A value, its ± and its MCSE stay on one line.
    environment.filters["tight"] = lambda text: (
        text.replace(" ±", "\N{NO-BREAK SPACE}±")
        .replace("± ", "±\N{NO-BREAK SPACE}")
        .replace(" %", "\N{NO-BREAK SPACE}%")
    )
    return environment


def _read(path: str | os.PathLike[str]) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise tables.BrokenFile(f"{path} cannot be read: {error}") from None


def _parse_yaml(text: str, path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise tables.BrokenFile(f"{path} is not YAML: delete it and run again") from None


def _figure(
    name: str, svg: str | os.PathLike[str], caption: str | os.PathLike[str] | None
) -> dict[str, Any]:
    """A figure as a data address, so that its identifiers cannot clash with another's."""
    encoded = base64.b64encode(_read(svg).encode()).decode()
    return {
        "name": name,
        "title": FIGURE_TITLES.get(name, name),
        "uri": f"data:image/svg+xml;base64,{encoded}",
        "caption": _paragraphs(_read(caption)) if caption is not None else "",
    }


def _paragraphs(text: str) -> Markup:
    """ReStructuredText as HTML; it may neither include files nor raw HTML."""
    settings = {
        "file_insertion_enabled": False,
        "raw_enabled": False,
        "report_level": 5,
        "_disable_config": True,
    }
    parts = publish_parts(text, writer="html5", settings_overrides=settings)
    return Markup(parts["fragment"])


def _provenance(record: Mapping[str, Any]) -> dict[str, Any]:
    """Provenance in words; git state is said also where there is none."""
    git = record.get("git")
    if not git:
        state = "not in a git repository: the exact source cannot be looked up"
    else:
        dirty = "with uncommitted changes: the commit alone does not reproduce this run"
        clean = "without uncommitted changes"
        state = f"commit {git.get('commit')}, {dirty if git.get('dirty') else clean}"
    names = ("seed", "config_sha256", "source_fingerprint", "started", "platform")
    return {
        "git": state,
        "commit": (git or {}).get("commit"),
        "facts": [(name.replace("_", " "), str(record.get(name, "unknown"))) for name in names],
        "versions": sorted((record.get("versions") or {}).items()),
    }
