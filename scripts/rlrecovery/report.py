"""The summary folder as one page that opens anywhere: the answer, the evidence, the methods.

Numbers and sentences are prepared here; the template only places them. Every sentence follows from
the numbers by the rules that the page states.
"""

from __future__ import annotations

import base64
import dataclasses
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
from scipy import stats

from rlrecovery import tables
from rlrecovery.figures.data import Summary, describe, load_summary
from rlrecovery.figures.precision import pool
from rlrecovery.models import MODELS
from rlrecovery.witness import overall

TEMPLATES = Path(__file__).parent / "templates"
#: Chance of any false alarm among the truths of one line, when nothing is wrong.
FAMILY = 0.05
#: Errors that differ by less than so many standard errors of the difference are not told apart.
APART = 2.0
#: A method is called far off from so many times the smallest error on.
FAR_OFF = 3.0
#: A Monte Carlo error below this is the rounding of a sum, not an error.
ROUNDING = 1e-12
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
    "share_no_interval": "without interval or not identified",
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
    identical = identical_parameters(summary, experiment)
    summary = without_impossible_coverage(summary, identical)
    return {
        "run": experiment["run"],
        "size": study_size(experiment, design, summary),
        "verdicts": verdicts(summary),
        "brief": brief(summary),
        "method_names": summary.methods,
        "answers": [answer(summary, parameter) for parameter in summary.parameters],
        "two_step": two_step(summary, experiment),
        "identical": _list(identical) if identical else "",
        "headline": f"{100 * (summary.headline_interval or 0):g}",
        "mechanisms": mechanisms(experiment),
        "estimands": estimands(experiment),
        "methods": methods(experiment),
        "bayes": any(each["estimator"] in ("bayes", "quadrature") for each in settings),
        "cells": [cell_table(summary, *pair) for pair in _pairs(summary)],
        "failures": failures(summary),
        "witnesses": witnesses(summary),
        "conventions": conventions(experiment),
    }


def identical_parameters(summary: Summary, experiment: Mapping[str, Any]) -> list[str]:
    """Parameters whose spread is estimated although all participants have the same value."""
    spread = set(summary.recovery.loc[summary.recovery["level"] == "spread", "parameter"])
    return [
        name
        for name, entry in experiment["population"].items()
        if name in spread and not entry.get("distribution") and not entry.get("spread")
    ]


def without_impossible_coverage(summary: Summary, parameters: Sequence[str]) -> Summary:
    """The summary without the coverage of a spread of zero, which no interval can hold."""
    table = summary.recovery
    impossible = (
        (table["level"] == "spread")
        & table["parameter"].isin(parameters)
        & table["measure"].isin(["coverage", "bias_eliminated_coverage"])
    )
    return dataclasses.replace(summary, recovery=table[~impossible])


def two_step(summary: Summary, experiment: Mapping[str, Any]) -> list[str]:
    """Names of the methods whose group estimate is a mean of bounded single estimates."""
    group = set(summary.recovery.loc[summary.recovery["level"] == "group", "method"])
    return [
        name
        for name, settings in experiment["methods"].items()
        if settings["estimator"] == "mle" and name in group
    ]


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
    if mcse <= ROUNDING * max(1.0, abs(value)):
        return _minus(f"{value:.3g}"), "0"
    digits = 1 - int(f"{mcse:.1e}".split("e")[1])
    places = max(0, digits)
    return _minus(f"{round(value, digits):.{places}f}"), f"{round(mcse, digits):.{places}f}"


def row_text(row: Mapping[Any, Any], scale: float = 1.0) -> str:
    """A measure as text: as `pm`, but a share without Monte Carlo error as a count."""
    count = _count(row)
    return count if count else pm(row["value"], row["mcse"], scale)


def _count(row: Mapping[Any, Any]) -> str:
    """``8 of 8`` (data sets) or ``48 of 48 rows`` for a share whose MCSE is exactly zero.

    Such an error only says that every replicate gave the same share, not that it is certain.
    """
    share = row["measure"].startswith("share_") or row["measure"].endswith("coverage")
    if not share or not row["mcse"] <= ROUNDING or not np.isfinite(row["value"]):
        return ""
    rows = int(row["n_rows"])
    return f"{round(row['value'] * rows)} of {rows}{'' if rows == row['n'] else ' rows'}"


def _few(row: Mapping[Any, Any]) -> str:
    """``n = 1`` where a measure rests on fewer than two replicates or has no MCSE."""
    unsure = np.isfinite(row["value"]) and (row["n"] < 2 or not np.isfinite(row["mcse"]))
    return f"n = {int(row['n'])}" if unsure else ""


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


OF = {"participant": "of single participants", "group": "of the group", "spread": "(spread)"}


class Error(NamedTuple):
    """RMSE of one method in one design, over all truths."""

    place: Place
    value: float
    mcse: float


def verdicts(summary: Summary) -> list[dict[str, str]]:
    """One plain sentence per parameter and level: who is best, where, and what to avoid.

    Returns
    -------
    list of dict
        ``about`` and ``text``.
    """
    pairs = itertools.product(summary.parameters, summary.levels)
    return [
        {"about": f"{parameter} {OF[level]}", "text": verdict(summary, parameter, level)}
        for parameter, level in pairs
        if len(summary.measure("rmse", parameter=parameter, level=level))
    ]


def verdict(summary: Summary, parameter: str, level: str) -> str:
    """The sentence of one parameter and level, by the rule that the page states."""
    found = errors_over_truths(summary, parameter, level)
    if not found:
        return "no method has an estimate at every truth, so that nothing can be said."
    best = min(found, key=lambda error: error.value)
    facts = [f"RMSE {pm(best.value, best.mcse)}{_over(summary, parameter)}"]
    rank = _correlation(summary, parameter, best.place, "spearman").split(" ± ")[0]
    facts += [f"rank correlation {float(rank.replace('−', '-')):.2f}"] if rank != "–" else []
    failed = _cells(summary, parameter, best.place).get("share_failed")
    if failed is not None and failed["value"].mean() > 0:
        facts.append(f"{100 * failed['value'].mean():.2g} % of the fits failed")
    first = "best by " if len(found) > 1 else ""
    text = f"{first}{_where(best.place, summary)} ({', '.join(facts)})"
    guess = guessing(summary, parameter, best.place)
    if guess and best.value >= guess:
        text += f", which is no better than always guessing the mean truth (RMSE {guess:.2g})"
    elif guess:
        text += f", where always guessing the mean truth would give {guess:.2g}"
    rivals = [error for error in found if _same_design(error, best) and error is not best]
    close = [error for error in rivals if not _apart(error, best)]
    if close:
        names = [f"{e.place.method} ({pm(e.value, e.mcse)})" for e in close]
        text += f"; not clearly better than {_list(names)} there"
    worst = max(found, key=lambda error: error.value)
    if _apart(worst, best) and worst.value >= FAR_OFF * best.value:
        text += f"; {_where(worst.place, summary)} is far off (RMSE {pm(worst.value, worst.mcse)})"
    elif worst is not best:
        text += f"; largest error: {_where(worst.place, summary)} ({pm(worst.value, worst.mcse)})"
    return f"{text}."


def errors_over_truths(summary: Summary, parameter: str, level: str) -> list[Error]:
    """RMSE over all truths of every method and design that has an estimate at every truth."""
    where, found = {"parameter": parameter, "level": level}, []
    for method, (people, trials) in itertools.product(summary.methods, _designs(summary)):
        place = Place(level, method, people, trials)
        cells = summary.measure("rmse", parameter=parameter, **place._asdict())
        if cells.empty or cells["value"].isna().any():
            continue
        pooled = pool(summary, "rmse", cells, where).set_index("trials")
        if trials in pooled.index and np.isfinite(pooled.loc[trials, "value"]):
            row = pooled.loc[trials]
            found.append(Error(place, float(row["value"]), float(row["mcse"])))
    return found


def guessing(summary: Summary, parameter: str, place: Place) -> float | None:
    """RMSE of always guessing the mean truth: the SD of the truths in ``points.csv``."""
    points = summary.points
    chosen = points["parameter"] == parameter
    for column, value in place._asdict().items():
        chosen &= points[column] == value
    sd = float(points.loc[chosen, "truth"].std(ddof=0))
    return sd if np.isfinite(sd) and sd > 1e-9 else None


def _same_design(one: Error, other: Error) -> bool:
    return one.place[2:] == other.place[2:]


def _apart(one: Error, other: Error) -> bool:
    """Whether two errors differ by more than Monte Carlo error; no if that is not known."""
    return bool(abs(one.value - other.value) > APART * np.hypot(one.mcse, other.mcse))


def _where(place: Place, summary: Summary) -> str:
    """``mle with 50 trials``; participants too where the design varies them."""
    people = f"{_plural(place.participants, 'participant')} and "
    return f"{place.method} with {people * (len(summary.participants) > 1)}{place.trials} trials"


def _over(summary: Summary, parameter: str) -> str:
    """`` over truths from 2 to 5``."""
    if parameter not in summary.truths:
        return " over the truths that were drawn"
    truths = summary.recovery.loc[summary.recovery["scope"] == "cell", parameter]
    low, high = truths.min(), truths.max()
    return f" at the truth {low:g}" if low == high else f" over truths from {low:g} to {high:g}"


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
    alone = with_interval(cells)
    return {
        "place": place,
        "with_interval": f"intervals: {alone} of rows" if alone else "",
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


def with_interval(cells: Mapping[str, pd.DataFrame]) -> str:
    """Share of the rows with an estimate that have an interval too; empty where all have."""
    if "coverage" not in cells or "bias" not in cells:
        return ""
    share = cells["coverage"]["n_rows"].sum() / max(1, cells["bias"]["n_rows"].sum())
    return _percent(share) if share < 1 else ""


def _percent(share: float) -> str:
    """Never 100 % for less than all."""
    return f"{min(100 * share, 99.9):.3g} %"


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
        truth; "several" where cells tie) and ``cell`` (its key or theirs).
    """
    table = pd.DataFrame() if table is None else table.dropna(subset=["value"])
    if table.empty:
        return None
    ordered = table.sort_values("value")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    worst = _worst(table, badness(table))
    return {
        "low": row_text(low, scale),
        "high": row_text(high, scale),
        "one": len(table) == 1,
        "worst": _worst_words(worst, summary),
        "cell": ", ".join(worst["cell"].astype(str)),
    }


def _worst(table: pd.DataFrame, badness: pd.Series) -> pd.DataFrame:
    """Rows with the largest badness: one, or several that tie."""
    return table[np.isclose(badness, badness.max(), rtol=1e-9, atol=1e-12)]


def _worst_words(worst: pd.DataFrame, summary: Summary) -> str:
    return truth_words(worst.iloc[0], summary) if len(worst) == 1 else "several"


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
            rows = table["n_rows"].sum()
            hits = round((table["value"] * table["n_rows"]).sum())
            text = f"{pm(table['value'].mean(), mcse, 100)} %"
            found.append(f"{text if mcse != 0 else f'{hits} of {rows} rows'} {words}")
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
        alone = with_interval(cells)
        rest = f" (only {alone} of the rows have an interval)" if alone else ""
        parts.append(coverage_verdict(cells["coverage"], summary) + rest)
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
        inside = [_count(row) or (f"±{mcse}" if mcse is not None else ""), _few(row)]
        inside = ", ".join(each for each in inside if each)
        texts.append(f"{value}{unit}" + (f" ({inside})" if inside else ""))
    return f"between {texts[0]} and {texts[1]}" if len(set(texts)) == 2 else texts[0]


def bias_p(bias: pd.DataFrame) -> pd.Series:
    """Two-sided p value of no bias per cell: t test with n - 1 degrees of freedom.

    n is the number of replicates, the independent unit; NaN below two of them and without MCSE.
    """
    value, mcse = bias["value"].to_numpy(float), bias["mcse"].to_numpy(float)
    n = bias["n"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(value == 0, 0.0, np.abs(value) / mcse)
    p = 2 * stats.t.sf(t, np.maximum(n - 1, 1))
    judged = np.isfinite(value) & np.isfinite(mcse) & (n >= 2)
    return pd.Series(np.where(judged, p, np.nan), index=bias.index)


def bias_verdict(bias: pd.DataFrame, summary: Summary) -> str:
    """Whether bias can be told from none, with Bonferroni's correction over the line's truths."""
    p = bias_p(bias)
    judged, n = bias[p.notna()], int(bias["n"].max())
    if judged.empty:
        return f"whether there is bias cannot be told, because {_plural(n, 'replicate')} " + (
            "give no Monte Carlo error" if n != 1 else "gives no Monte Carlo error"
        )
    clear = judged[p[judged.index] <= FAMILY / len(judged)]
    if clear.empty:
        return f"no bias detectable at this number of replicates ({n})"
    if len(judged) == 1:
        return "detectably different from zero"
    worst = _worst_words(_worst(clear, clear["value"].abs()), summary)
    return f"detectable at {len(clear)} of {len(judged)} truths, most at {worst}"


def coverage_p(coverage: pd.DataFrame) -> pd.Series:
    """Two-sided p value of nominal coverage per cell.

    One row per replicate: exact binomial test. Several participants per replicate: the standard
    error that nominal coverage would have with independent rows, times the factor (at least 1) by
    which the reported MCSE exceeds that of independent rows, with n - 1 degrees of freedom. NaN
    below two replicates.
    """
    return pd.Series([_coverage_p(row) for _, row in coverage.iterrows()], index=coverage.index)


def _coverage_p(row: pd.Series) -> float:
    value, nominal = float(row["value"]), float(row["interval"])
    n, rows = int(row["n"]), int(row["n_rows"])
    if n < 2 or not np.isfinite(value):
        return np.nan
    if n == rows:
        return float(stats.binomtest(round(value * rows), rows, nominal).pvalue)
    independent = np.sqrt(value * (1 - value) / rows)
    factor = max(1.0, row["mcse"] / independent) if independent > 0 else 1.0
    factor = factor if np.isfinite(row["mcse"]) else 1.0
    se = factor * np.sqrt(nominal * (1 - nominal) / rows)
    return float(2 * stats.t.sf(abs(value - nominal) / se, n - 1))


def coverage_verdict(coverage: pd.DataFrame, summary: Summary) -> str:
    """Coverage in words, and whether it can be told from the nominal level.

    The tests are those of `coverage_p`, with Bonferroni's correction over the line's truths.
    """
    coverage = coverage.dropna(subset=["value"])
    nominal = float(coverage["interval"].iloc[0])
    text = f"{100 * nominal:g} % intervals cover {_between(coverage, 100, ' %')}"
    p = coverage_p(coverage)
    if p.isna().all():
        return f"{text}, too few replicates to judge that"
    clear = coverage[p <= FAMILY / p.notna().sum()]
    low, high = (int((sign * (clear["value"] - nominal) > 0).sum()) for sign in (-1, 1))
    if not low and not high:
        return f"{text}, not distinguishable from nominal"
    at = f" at {{}} of {len(coverage)} truths" if len(coverage) > 1 else ""
    found = [f"clearly below nominal{at.format(low)}"] if low else []
    found += [f"clearly above nominal{at.format(high)}"] if high else []
    if len(coverage) > 1:
        worst = _worst_words(_worst(clear, (clear["value"] - nominal).abs()), summary)
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
            value, mcse = rows["value"].iloc[0], rows["mcse"].iloc[0]
            return pm(value, mcse if mcse > 0 else np.nan)
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


def witnesses(summary: Summary) -> list[str]:
    """A sentence per sampled parameter that was also integrated exactly."""
    if summary.witness.empty:
        return []
    return [
        f"{row.sampled} against {row.exact}, {row.parameter}: over {row.posteriors} posteriors the "
        f"means differ by {row.rms_z:.2f} Monte Carlo standard errors (root mean square; about 1 "
        f"is expected) and by {row.largest_difference:.2g} posterior SDs at most; the sampled SD "
        f"is {row.sd_ratio:.3f} times the exact one on average."
        for row in overall(summary.witness).itertuples()
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
    if settings["estimator"] == "quadrature":
        return (
            "Bayesian, every participant alone; the exact posterior, by summing over a grid that "
            "adapts to it, without Monte Carlo error; the estimate is the posterior "
            f"{settings.get('point', '')}, intervals are equal-tailed."
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
        ("Flagged rows", "Bias, empirical SE and RMSE rest on every row with an estimate, flagged "
                         "or not, unless they say “unflagged rows”. Coverage, width and model SE "
                         "rest only on rows with an interval or a standard error; maximum "
                         "likelihood has none at a bound, so that these measures leave such rows "
                         "out. The share of rows with an interval stands beside coverage where it "
                         "is below 100 %. Failed fits have no estimate and enter the shares only."),
        ("Flags", "Per parameter: when alpha is at a bound, the row of alpha is flagged and that "
                  "of beta is not, although beta's standard error then holds for alpha fixed at "
                  "its bound."),
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
    ("share_no_interval", "all", "no interval or not identified (%)", 100),
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
    keys = list(_KEYS)
    order = list(dict.fromkeys(table[keys].itertuples(index=False, name=None)))
    counts = table[(table["measure"] == "bias") & (table["rows"] == "all")]
    columns, headers = [], []
    for measure, rows, interval, header, scale in _headers(summary):
        chosen = table[(table["measure"] == measure) & (table["rows"] == rows)]
        if interval is not None:
            chosen = chosen[np.isclose(chosen["interval"], interval)]
        if len(chosen):
            if measure == "coverage" and interval == summary.intervals[0]:
                columns.append(_interval_shares(chosen, counts))
                headers.append("rows with an interval")
            columns.append(_texts(chosen, scale))
            headers.append(header)
    named = counts[[*keys, "n", "n_rows"]].itertuples(index=False, name=None)
    sizes = {(cell, method): (int(n), int(rows)) for cell, method, n, rows in named}
    lines = [
        [*key, *sizes.get(key, ("–", "–")), *(column.get(key, "–") for column in columns)]
        for key in order
    ]
    head = ["cell", "method", "data sets", "rows", *headers]
    return {"parameter": parameter, "level": level, "head": head, "lines": lines}


_KEYS = ("cell", "method")


def _texts(table: pd.DataFrame, scale: float) -> dict[tuple[str, str], str]:
    """One measure as texts by cell and method."""
    found = {}
    for row in table.to_dict("records"):
        number = row["measure"] in _CORRELATIONS and row["mcse"] == 0
        text = pm(row["value"], np.nan) if number else row_text(row, scale)
        few = _few(row) if row["rows"] == "ok" else ""
        found[row["cell"], row["method"]] = f"{text} ({few})" if few else text
    return found


def _interval_shares(coverage: pd.DataFrame, counts: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Share of the rows with an estimate that coverage rests on, by cell and method."""
    both_counts = coverage.merge(counts, on=list(_KEYS), suffixes=("", "_all"))
    return {
        (row["cell"], row["method"]): "all" if row["n_rows"] >= row["n_rows_all"]
        else _percent(row["n_rows"] / row["n_rows_all"])
        for row in both_counts.to_dict("records")
    }  # fmt: skip


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
        state += " (when the design was last recorded)"
    names = ("seed", "config_sha256", "source_fingerprint", "started", "platform")
    return {
        "git": state,
        "commit": (git or {}).get("commit"),
        "dirty": bool((git or {}).get("dirty")),
        "facts": [(name.replace("_", " "), str(record.get(name, "unknown"))) for name in names],
        "versions": sorted((record.get("versions") or {}).items()),
    }
