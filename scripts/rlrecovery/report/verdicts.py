"""The answer of the report: errors, tests and verdicts, as numbers and as sentences.

Every sentence follows from the numbers by the rules that the page states.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from rlrecovery.design.cells import methods_of, sources, specification
from rlrecovery.figures.precision import pool
from rlrecovery.models.library import every_parameter, find_model
from rlrecovery.report.numbers import (
    both,
    count_text,
    enumeration,
    few_note,
    minus,
    plural,
    pm,
    row_text,
)
from rlrecovery.score.results import Summary, describe

#: Chance of any false alarm among the truths of one line, when nothing is wrong.
FAMILY = 0.05
#: Errors that differ by less than so many standard errors of the difference are not told apart.
APART = 2.0
#: A method is called far off from so many times the smallest error on.
FAR_OFF = 3.0
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


def study_size(
    experiment: Mapping[str, Any], design: pd.DataFrame, summary: Summary
) -> dict[str, Any]:
    """How large the study is, in numbers for the first paragraph."""
    generating = sources(experiment).values()
    truths = sum(math.prod(map(len, source["truth"].values())) for source in generating)
    models = [find_model(specification(experiment, source["model"])) for source in generating]
    return {
        "cells": len(design),
        "designs": len(designs(summary)),
        "truths": truths,
        "replicates": int(design["replicates"].max()),
        "data_sets": int(design["replicates"].sum()),
        "participants": enumeration([str(n) for n in summary.participants]),
        "trials": enumeration([str(n) for n in summary.trials]),
        "methods": enumeration(list(methods_of(experiment))),
        "parameters": enumeration(list(summary.parameters)),
        "model": "; ".join(dict.fromkeys(model.title for model in models)),
    }


def brief(summary: Summary) -> list[dict[str, Any]]:
    """RMSE over all truths of every method, in the smallest and the largest design.

    Returns
    -------
    list of dict
        One per parameter, level and design, with ``texts`` in the order of the methods.
    """
    sizes, lines = designs(summary), []
    places = itertools.product(
        summary.parameters, summary.levels, dict.fromkeys((sizes[0], sizes[-1]))
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
    found = []
    for parameter, level in itertools.product(summary.parameters, summary.levels):
        there = set(summary.measure("rmse", parameter=parameter, level=level)["method"])
        for model, methods in summary.sources.items():
            mine = [method for method in methods if method in there]
            if mine:
                about = f"{parameter} {OF[level]}{of_source(summary, model)}"
                found.append({"about": about, "text": verdict(summary, parameter, level, mine)})
    return found


def of_source(summary: Summary, model: str) -> str:
    """``, data of choice_kernel`` where several models generated data."""
    return f", data of {model}" if len(summary.sources) > 1 else ""


def verdict(
    summary: Summary, parameter: str, level: str, methods: Sequence[str] | None = None
) -> str:
    """The sentence of one parameter and level, by the rule of the page; of some methods or all."""
    every = errors_over_truths(summary, parameter, level)
    found = [error for error in every if methods is None or error.place.method in methods]
    if not found:
        return "no method has an estimate at every truth, so that nothing can be said."
    best = min(found, key=lambda error: error.value)
    facts = [f"RMSE {pm(best.value, best.mcse)}{_over(summary, parameter, best.place.method)}"]
    rank = _correlation(summary, parameter, best.place, "spearman").split(" ± ")[0]
    facts += [f"rank correlation {float(rank.replace('−', '-')):.2f}"] if rank != "–" else []
    failed = headline_cells(summary, parameter, best.place).get("share_failed")
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
    close = [error for error in rivals if not apart(summary, parameter, error, best)]
    if close:
        names = [f"{e.place.method} ({pm(e.value, e.mcse)})" for e in close]
        text += f"; not clearly better than {enumeration(names)} there"
    worst = max(found, key=lambda error: error.value)
    far = apart(summary, parameter, worst, best)
    if far and worst.value >= FAR_OFF * best.value:
        text += f"; {_where(worst.place, summary)} is far off (RMSE {pm(worst.value, worst.mcse)})"
    elif far:
        text += f"; largest error: {_where(worst.place, summary)} ({pm(worst.value, worst.mcse)})"
    return f"{text}."


def errors_over_truths(summary: Summary, parameter: str, level: str) -> list[Error]:
    """RMSE over all truths of every method and design that has an estimate at every truth."""
    places = (
        Place(level, method, people, trials)
        for method, (people, trials) in itertools.product(summary.methods, designs(summary))
    )
    found = (error_over_truths(summary, parameter, place) for place in places)
    return [error for error in found if error is not None]


def error_over_truths(summary: Summary, parameter: str, place: Place) -> Error | None:
    """RMSE over all truths of one method and design; None without an estimate at every truth."""
    cells = summary.measure("rmse", parameter=parameter, **place._asdict())
    if cells.empty or cells["value"].isna().any():
        return None
    where = {"parameter": parameter, "level": place.level}
    pooled = pool(summary, "rmse", cells, where).set_index("trials")
    if place.trials not in pooled.index or not np.isfinite(pooled.loc[place.trials, "value"]):
        return None
    row = pooled.loc[place.trials]
    return Error(place, float(row["value"]), float(row["mcse"]))


def guessing(summary: Summary, parameter: str, place: Place) -> float | None:
    """RMSE of always guessing the mean truth: the SD of the truths in ``points.csv``.

    None where the design has one true value only, around which people merely scatter: then there
    are no truths that an estimate could tell apart.
    """
    if len(set(summary.truths_of(parameter, place.method))) == 1:
        return None
    points = summary.points
    chosen = points["parameter"] == parameter
    for column, value in place._asdict().items():
        chosen &= points[column] == value
    sd = float(points.loc[chosen, "truth"].std(ddof=0))
    return sd if np.isfinite(sd) and sd > 1e-9 else None


def _same_design(one: Error, other: Error) -> bool:
    return one.place[2:] == other.place[2:]


def apart(summary: Summary, parameter: str, one: Error, other: Error) -> bool:
    """Whether two errors differ by more than Monte Carlo error; no if that is not known.

    Of two methods in one design the mean squared errors are compared on the same data sets; of two
    designs the RMSE, as they are independent.
    """
    if _same_design(one, other) and (paired := _paired(summary, parameter, one, other)):
        return bool(abs(paired[0]) > APART * paired[1])
    return bool(abs(one.value - other.value) > APART * np.hypot(one.mcse, other.mcse))


def _paired(
    summary: Summary, parameter: str, one: Error, other: Error
) -> tuple[float, float] | None:
    """Difference of the mean squared errors on the same data over all cells, with its MCSE."""
    table = summary.comparison
    if table.empty:
        return None
    methods = {one.place.method, other.place.method}
    here = (table["measure"] == "mse_difference") & (table["parameter"] == parameter)
    here &= (table["level"] == one.place.level) & (table["trials"] == one.place.trials)
    here &= table["participants"] == one.place.participants
    here &= table["method"].isin(methods) & table["reference"].isin(methods)
    found = table[here]
    if found.empty or found[["value", "mcse"]].isna().any(axis=None):
        return None
    mcse = float(np.sqrt((found["mcse"] ** 2).sum()) / len(found))
    return float(found["value"].mean()), mcse


def _where(place: Place, summary: Summary) -> str:
    """``mle with 50 trials``; participants too where the design varies them."""
    people = f"{plural(place.participants, 'participant')} and "
    return f"{place.method} with {people * (len(summary.participants) > 1)}{place.trials} trials"


def _over(summary: Summary, parameter: str, method: str) -> str:
    """`` over truths from 2 to 5``."""
    truths = summary.truths_of(parameter, method)
    if truths.empty:
        return " over the truths that were drawn"
    low, high = truths.min(), truths.max()
    text = f" at the truth {low:g}" if low == high else f" over truths from {low:g} to {high:g}"
    return minus(text)


def answer(summary: Summary, parameter: str) -> dict[str, Any]:
    """Table lines and sentences about one parameter."""
    lines = []
    sizes = designs(summary)
    front = set(sizes) if len(sizes) <= 3 else {sizes[0], sizes[-1]}
    for level in levels_shown(summary):
        for method in summary.methods:
            for people, trials in sizes:
                place = Place(level, method, people, trials)
                cells = headline_cells(summary, parameter, place)
                if len(cells):
                    line = _line(summary, parameter, place, cells)
                    lines.append(line | {"front": (people, trials) in front})
    hidden = [line for line in lines if not line["front"]]
    return {
        "parameter": parameter,
        "meaning": _meaning(parameter),
        "front": [line for line in lines if line["front"]],
        "hidden": hidden,
        "designs": len(sizes),
    }


def _line(
    summary: Summary, parameter: str, place: Place, cells: Mapping[str, pd.DataFrame]
) -> dict[str, Any]:
    """One line of the answer's table, with its sentence."""
    correlation = {name: _correlation(summary, parameter, place, name) for name in CORRELATIONS}
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


CORRELATIONS = ("spearman", "pearson")


def with_interval(cells: Mapping[str, pd.DataFrame]) -> str:
    """Share of the rows with an estimate that have an interval too; empty where all have."""
    if "coverage" not in cells or "bias" not in cells:
        return ""
    share = cells["coverage"]["n_rows"].sum() / max(1, cells["bias"]["n_rows"].sum())
    return percent(share) if share < 1 else ""


def percent(share: float) -> str:
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
    known = [name for name in summary.truths if np.isfinite(row[name])]
    return ", ".join(minus(f"{name} {row[name]:g}") for name in known) or "the only cell"


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
    text = f"Flagged rows: {enumeration(shares)}"
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
        inside = [count_text(row) or (f"±{mcse}" if mcse is not None else ""), few_note(row)]
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
        return f"whether there is bias cannot be told, because {plural(n, 'replicate')} " + (
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
    return f"{text}, {enumeration(found)}"


def headline_cells(summary: Summary, parameter: str, place: Place) -> dict[str, pd.DataFrame]:
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


def designs(summary: Summary) -> list[tuple[int, int]]:
    """Pairs of participants and trials, the smallest first."""
    cells = summary.recovery[summary.recovery["scope"] == "cell"]
    pairs = cells[["participants", "trials"]].drop_duplicates()
    return sorted((int(n), int(t)) for n, t in pairs.itertuples(index=False))


def levels_shown(summary: Summary) -> list[str]:
    """Levels that were estimated, in the order of the page."""
    there = set(summary.recovery["level"])
    return [level for level in ("participant", "group", "spread") if level in there]


def _meaning(parameter: str) -> str:
    return next((p.meaning for p in every_parameter() if p.name == parameter), "")
