"""Calibration over the prior in sentences and a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rlrecovery.calibration.batch import DATA_SET
from rlrecovery.calibration.uniformity import BAND_LEVEL, SIGNIFICANCE
from rlrecovery.config.calibrations import generators
from rlrecovery.config.settings import Experiment
from rlrecovery.report.lines import OF_LEVEL
from rlrecovery.report.markup import cite, name
from rlrecovery.report.numbers import enumeration, plural
from rlrecovery.score.labels import label_of
from rlrecovery.score.results import Summary

#: Smaller p-values are not written out.
SMALLEST_P = 0.001

#: What the levels are called, after the name of a parameter.
OF_QUANTITY = {**OF_LEVEL, "participant": "of a participant", DATA_SET: "of a data set"}


class Verdict(NamedTuple):
    """Whether a method differs from a calibrated one, and a sentence with p-value and n."""

    differs: bool
    text: str


def calibration_section(summary: Summary, experiment: Experiment) -> dict[str, Any] | None:
    """Compute the template variables of the section; None without a calibration."""
    table = summary.uniformity
    if experiment.calibration is None or table.empty:
        return None
    return {
        "design": " ".join(design_text(experiment)),
        "verdicts": [verdict(part) for _, part in table.groupby("method", sort=False)],
        "rows": [_row(row) for row in table.to_dict("records")],
        "band": f"{100 * BAND_LEVEL:g}",
    }


def design_text(experiment: Experiment) -> Iterator[str]:
    """Describe the data sets of the calibration."""
    section = experiment.calibration
    if section is None:
        return
    methods = generators(experiment)
    shown = {label_of(name, experiment.labels): g for name, g in methods.items()}
    pooled = [method for method, generator in shown.items() if generator.participants > 1]
    alone = [method for method, generator in shown.items() if generator.participants == 1]
    yield (
        "For each of these methods, true values were drawn from its own priors, data were "
        f"simulated with the fitted model ({plural(section.trials, 'trial')} per participant), and "
        "the method was fitted to them."
    )
    if pooled:
        participants = plural(section.participants, "participant")
        yield f"Data sets have {participants} for {enumeration(pooled)}."
    if alone:
        yield f"Data sets have one participant for {enumeration(alone)}."
    if section.task is not None:
        yield f"The task is {section.task}."


def verdict(table: pd.DataFrame) -> Verdict:
    """State whether the PIT values of a method are uniform, from its rows of ``uniformity``."""
    method, p = str(table["method"].iloc[0]), table["p_holm"].astype(float)
    n, most = int(table["n"].max()), f"{len(table)} quantities"
    if not np.isfinite(p).any():
        return Verdict(True, f"{method}: no fit succeeded.")
    smallest, differs = float(p.min()), bool(p.min() < SIGNIFICANCE)
    if differs:
        rows = table[p < SIGNIFICANCE].to_dict("records")
        listed = enumeration([quantity(row) for row in rows])
        wrong = "the intervals are not right on average over the prior"
        if all(row["level"] == DATA_SET for row in rows):
            wrong = (
                "the posterior is not right on average over the prior, though no error of the "
                "intervals of single parameters was found"
            )
        text = (
            f"{method}: {wrong}: the PIT values of {listed} are not uniform ({p_text(smallest)}, "
            f"the smallest of {most} after Holm’s adjustment; n = {n} data sets)."
        )
    else:
        text = (
            f"{method}: no error of the intervals was found on average over the prior "
            f"({p_text(smallest)}, the smallest of {most} after Holm’s adjustment; "
            f"n = {n} data sets)."
        )
    return Verdict(differs, " ".join([text, *_flags(table)]))


def _flags(table: pd.DataFrame) -> Iterator[str]:
    """State how many fits failed or are flagged, and the p-value without these."""
    total = int(table["data_sets"].max())
    failed, flagged = (int(table[column].max()) for column in ("failed", "flagged"))
    if failed:
        yield f"{failed} of {total} fits failed and have no posterior."
    if flagged:
        p = float(table["p_holm_unflagged"].astype(float).min())
        without = f"; without these, {p_text(p)}" if np.isfinite(p) else ""
        yield f"{flagged} of {total} fits are flagged{without}."


def quantity(row: Any) -> str:
    """Name of a quantity in a sentence."""
    parameter = "the log-likelihood" if row["level"] == DATA_SET else row["parameter"]
    return f"{parameter} {OF_QUANTITY[row['level']]}"


def p_text(p: float) -> str:
    """A p-value in a sentence."""
    if np.isnan(p):
        return "–"
    return f"p < {SMALLEST_P:g}" if p < SMALLEST_P else f"p = {p:.2g}"


def _row(row: Any) -> list[str]:
    """Texts of a row of the table."""
    counts = [str(int(row[column])) for column in ("data_sets", "failed", "flagged")]
    p = [
        p_text(float(row[column])).removeprefix("p ").removeprefix("= ")
        for column in ("p", "p_holm", "p_holm_unflagged")
    ]
    is_whole = row["level"] == DATA_SET
    parameter = "log-likelihood" if is_whole else str(row["parameter"])
    inside = "yes" if row["inside"] else "no"
    return [str(row["method"]), str(row["level"]), parameter, *counts, *p, inside]


def calibration_methods(experiment: Experiment, summary: Summary) -> Iterator[str]:
    """Describe the calibration for a paper."""
    section = experiment.calibration
    if section is None or summary.uniformity.empty:
        return
    numbers = {
        str(method): int(part["data_sets"].max())
        for method, part in summary.uniformity.groupby("method", sort=False)
    }
    counts = [f"{name(method)} ({number} data sets)" for method, number in numbers.items()]
    yield (
        f"Calibration over the prior {cite('cook2006')} is tested for {enumeration(counts)}, with "
        "data sets of their own: true values are drawn from the priors of the method, data are "
        f"simulated by the fitted model with {section.trials} trials per participant, and the "
        "method is fitted to them."
    )
    if any(generator.participants > 1 for generator in generators(experiment).values()):
        yield (
            f"Methods that estimate participants together fit {section.participants} participants "
            "per data set, of whom one, drawn at random, is used for the tests at the level of "
            "participants."
        )
    yield (
        "The probability integral transform (PIT) of every parameter is the posterior probability "
        "of values below the true value: the distribution function of an exact posterior, or a "
        "randomised relative rank among all draws of a sampler. That of the joint log-likelihood "
        f"{cite('modrak2023')} is a rank among draws. Uniformity of the PIT is tested for "
        f"dependent values {cite('tesso2026')}, with Holm’s adjustment for the number of "
        f"quantities of a method {cite('holm1979')}, and shown with simultaneous bands "
        f"{cite('sailynoja2022')}. "
        "Coverage is reported separately, at the true values of the cells."
    )
