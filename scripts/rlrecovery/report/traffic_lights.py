"""Traffic lights by a stated rule, the small table behind them, and what a design's levers do.

A light sums up four criteria over all truths of one design. Each has a limit for green and one for
red, and passes either only if it does so by two Monte Carlo standard errors: what is not certain is
amber. Where the limits lie is a convention, which the page states; what is good enough depends on
the differences that a study is to find.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rlrecovery.report.numbers import ROUNDING, enumeration, pm
from rlrecovery.report.verdicts import (
    OF,
    SHARES,
    Error,
    Place,
    apart,
    designs,
    error_over_truths,
    errors_over_truths,
    guessing,
    headline_cells,
    levels_shown,
    of_source,
    truth_words,
    with_interval,
)
from rlrecovery.score.results import Summary, describe

#: Criteria with their limits for green and for red, in words that the page prints.
RULE = (
    ("rank correlation of truth and estimate over the truths", "at least 0.75", "below 0.5"),
    ("RMSE as a share of that of always guessing the mean truth", "at most 0.5", "1 or more"),
    ("share of intervals that hold the truth, less the nominal level", "above −5 points",
     "below −15 points"),
    ("rows that are flagged or failed", "at most 5 %", "more than 25 %; of a group never, because "
     "one participant at a bound flags it"),
)  # fmt: skip

#: So many Monte Carlo standard errors must lie between a number and a limit.
CERTAIN = 2.0

NAMES = {
    "green": "recovered",
    "amber": "in part, or not certain",
    "red": "not recovered",
    "none": "not judged",
}


@dataclass(frozen=True)
class Criterion:
    """One number held against its limits; larger is better.

    Attributes
    ----------
    words : str
        What was found, for the reader.
    value, mcse : float
        The number and its Monte Carlo standard error.
    green, red : float
        It is good from `green` on and bad below `red`.
    """

    words: str
    value: float
    mcse: float
    green: float
    red: float

    @property
    def light(self) -> str:
        """``green`` or ``red`` where that is certain, else ``amber``."""
        doubt = CERTAIN * (self.mcse if np.isfinite(self.mcse) else np.inf)
        if self.value - doubt >= self.green:
            return "green"
        return "red" if self.value + doubt < self.red else "amber"


def judged(summary: Summary, parameter: str, place: Place) -> dict[str, Any] | None:
    """One line of the small table: four numbers over all truths, and the light.

    Returns
    -------
    dict or None
        ``bias`` (the one furthest from 0, and ``at`` which truth), ``rmse``, ``coverage`` and
        ``correlation`` as texts, ``light``, its ``name`` and the ``reasons`` for it.
        None where the method does not estimate this at all; without an estimate at some truth
        the light is red, whatever the others are like.
    """
    cells = headline_cells(summary, parameter, place)
    error = error_over_truths(summary, parameter, place)
    if "share_failed" not in cells:
        return None
    if error is None or "bias" not in cells:
        return _incomplete(place, cells)
    rank, coverage = correlation_of(summary, parameter, place), coverage_of(cells)
    found = list(criteria(summary, parameter, error, cells))
    light = combined(found)
    reasons = [c.words for c in found if c.light == light and light in ("amber", "red")]
    bias = cells["bias"].dropna(subset=["value"])
    worst = bias.loc[bias["value"].abs().idxmax()]
    return {
        "place": place, "design": describe(place.participants, place.trials),
        "bias": pm(worst["value"], worst["mcse"]), "at": truth_words(worst, summary),
        "rmse": pm(error.value, error.mcse),
        "coverage": _percent(cells["coverage"], coverage) if coverage else "–",
        "with_interval": with_interval(cells) or "all",
        "correlation": pm(*rank) if rank else "–",
        "light": light, "name": NAMES[light],
        "reasons": enumeration(reasons or [""]),
    }  # fmt: skip


def _incomplete(place: Place, cells: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """The line of a method without an estimate at some truth: numbers over all truths are none."""
    every = set(cells["share_failed"]["cell"])
    there = cells["rmse"].dropna(subset=["value"])["cell"] if "rmse" in cells else []
    lost = len(every - set(there))
    return {
        "place": place, "design": describe(place.participants, place.trials),
        "bias": "–", "at": "–", "rmse": "–", "coverage": "–", "with_interval": "–",
        "correlation": "–", "light": "red", "name": NAMES["red"],
        "reasons": f"no estimate at {lost} of {len(every)} truths",
    }  # fmt: skip


def _percent(cells: pd.DataFrame, coverage: tuple[float, float]) -> str:
    """Coverage in per cent; a count where its MCSE is 0, which only says that all are the same."""
    if coverage[1] > ROUNDING:
        return pm(*coverage, 100)
    rows = int(cells["n_rows"].sum())
    return f"{round(coverage[0] * rows)} of {rows}"


def combined(found: list[Criterion]) -> str:
    """Light of several criteria; ``none`` where there is no truth to tell apart from another."""
    lights = [criterion.light for criterion in found]
    if len(lights) < 3:
        return "none"
    return next((colour for colour in ("red", "amber") if colour in lights), "green")


def criteria(
    summary: Summary, parameter: str, error: Error, cells: dict[str, pd.DataFrame]
) -> Iterator[Criterion]:
    """Those of the four criteria that a design can be judged by."""
    place, guess = error.place, guessing(summary, parameter, error.place)
    rank, coverage = correlation_of(summary, parameter, place), coverage_of(cells)
    if rank is not None and guess:
        words = f"rank correlation {pm(*rank)}"
        yield Criterion(words, *rank, 0.75, 0.5)
        share, mcse = error.value / guess, error.mcse / guess
        words = f"RMSE {pm(share, mcse)} of guessing's"
        yield Criterion(words, -share, mcse, -0.5, -1.0)
    if coverage is not None:
        nominal = float(cells["coverage"]["interval"].iloc[0])
        rows = float(cells["coverage"]["n_rows"].sum())
        least = float(np.sqrt(nominal * (1 - nominal) / max(rows, 1.0)))
        words = f"{100 * nominal:g} % intervals hold {pm(*coverage, 100)} %"
        mcse = max(coverage[1], least)
        yield Criterion(words, coverage[0] - nominal, mcse, -0.05, -0.15)
    flagged, mcse = flagged_share(cells)
    words, red = f"{pm(flagged, mcse, 100)} % of rows flagged", -0.25
    yield Criterion(words, -flagged, mcse, -0.05, red if place.level == "participant" else -np.inf)


def correlation_of(summary: Summary, parameter: str, place: Place) -> tuple[float, float] | None:
    """Rank correlation over the truths with its MCSE; None where truth does not vary over cells."""
    rows = summary.measure("spearman", scope="grid", parameter=parameter, **place._asdict())
    if len(rows) != 1 or not np.isfinite(rows["value"].iloc[0]):
        return None
    # That no replicate changes the ranks says nothing about the error: none is claimed then.
    mcse = float(rows["mcse"].iloc[0])
    return float(rows["value"].iloc[0]), mcse if mcse > 0 else np.nan


def coverage_of(cells: dict[str, pd.DataFrame]) -> tuple[float, float] | None:
    """Mean coverage over the truths with its MCSE; None without intervals."""
    if "coverage" not in cells or cells["coverage"]["value"].isna().all():
        return None
    table = cells["coverage"].dropna(subset=["value"])
    # The closed form p (1 - p) / n is too small by (n - 1) / n on average, which matters for few.
    alone = (table["n"] == table["n_rows"]) & (table["n"] > 1)
    factor = np.sqrt(table["n"] / (table["n"] - 1).where(alone, table["n"]))
    return over_cells(table.assign(mcse=table["mcse"] * factor))


def over_cells(table: pd.DataFrame) -> tuple[float, float]:
    """Mean over the cells and its MCSE; cells are independent."""
    mcse = np.sqrt((table["mcse"] ** 2).sum(skipna=False)) / len(table)
    return float(table["value"].mean()), float(mcse)


def flagged_share(cells: dict[str, pd.DataFrame]) -> tuple[float, float]:
    """Share of rows that are flagged or failed, with its MCSE.

    The MCSE is that of independent rows times the largest factor by which those of the single
    flags exceed theirs, because participants of one data set are not independent.
    """
    whole = float(cells["share_failed"]["n_rows"].sum())
    good = float(cells["bias_ok"]["n_rows"].sum()) if "bias_ok" in cells else 0.0
    share, factor = 1 - good / whole, 1.0
    for name in SHARES:
        value, mcse = over_cells(cells[name]) if name in cells else (0.0, 0.0)
        alone = np.sqrt(value * (1 - value) / whole)
        if alone > 0 and np.isfinite(mcse):
            factor = max(factor, mcse / alone)
    # A share of 0 or 1 is not certain either: one more row of each kind stands for that.
    cautious = (share * whole + 1) / (whole + 2)
    return share, float(factor * np.sqrt(cautious * (1 - cautious) / whole))


def small_table(summary: Summary) -> list[dict[str, Any]]:
    """Every parameter, level and method in the largest design, as `judged` has it."""
    people, trials = designs(summary)[-1]
    lines = []
    for parameter in summary.parameters:
        for level in levels_shown(summary):
            for method in summary.methods:
                line = judged(summary, parameter, Place(level, method, people, trials))
                if line is not None:
                    lines.append({"parameter": parameter} | line)
    return lines


def advice(summary: Summary) -> list[dict[str, str]]:
    """What more trials, more participants or another method did to the error, in sentences.

    Returns
    -------
    list of dict
        ``about`` (parameter and level) and ``text``; nothing for a design without levers.
    """
    found = []
    for parameter in summary.parameters:
        for level in summary.levels:
            every = errors_over_truths(summary, parameter, level)
            for model, methods in summary.sources.items():
                errors = {e.place: e for e in every if e.place.method in methods}
                text = list(_levers(summary, errors, parameter))
                if text:
                    about = f"{parameter} {OF[level]}{of_source(summary, model)}"
                    found.append({"about": about, "text": "; ".join(text) + "."})
    return found


def _levers(summary: Summary, errors: dict[Place, Error], parameter: str) -> Iterator[str]:
    people, trials = designs(summary)[-1]
    here = [e for place, e in errors.items() if place[2:] == (people, trials)]
    if not here:
        return
    best = min(here, key=lambda error: error.value)
    fewest = best.place._replace(trials=summary.trials[0])
    if fewest != best.place and fewest in errors:
        change = f"{trials} instead of {fewest.trials} trials"
        yield _change(summary, parameter, change, errors[fewest], best)
    smallest = best.place._replace(participants=summary.participants[0])
    if smallest != best.place and smallest in errors:
        change = f"{people} instead of {smallest.participants} participants"
        yield _change(summary, parameter, change, errors[smallest], best)
    for other in here:
        if other is not best:
            change = f"{best.place.method} instead of {other.place.method}"
            yield _change(summary, parameter, change, other, best)


def _change(summary: Summary, parameter: str, what: str, before: Error, after: Error) -> str:
    """One lever with what it did."""
    numbers = f"{pm(before.value, before.mcse)} to {pm(after.value, after.mcse)}"
    if not apart(summary, parameter, before, after):
        return f"{what} made no clear difference (RMSE {numbers})"
    percent = 100 * abs(1 - after.value / before.value)
    way = "lowered" if after.value < before.value else "raised"
    return f"{what} {way} RMSE by {percent:.0f} % ({numbers})"
