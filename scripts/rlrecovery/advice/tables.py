"""The rule ``advise``: answers as tables, for figures, and as sentences, for the report."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from rlrecovery.advice.answer import Answer, answers
from rlrecovery.advice.region import Lattice, region
from rlrecovery.advice.scales import back
from rlrecovery.advice.sentences import introduction, sections
from rlrecovery.config.study import read_resolved
from rlrecovery.config.targets import ALL
from rlrecovery.score.results import load_summary
from rlrecovery.storage.files import conform, write_json, write_table
from rlrecovery.storage.schemas import ADVISED, FRONTIER, SURFACE

#: Numbers of trials of a map.
_COLUMNS = 21


def write_advice(
    summary_folder: str | os.PathLike[str],
    config_file: str | os.PathLike[str],
    outputs: Mapping[str, str],
) -> None:
    """Answer the requirements of a study and write tables and sentences.

    Parameters
    ----------
    summary_folder, config_file : path
        ``summary/`` of the run, and its resolved config.
    outputs : mapping
        Paths: ``frontier``, ``surface`` and ``advised``, see `rlrecovery.storage.schemas`, and
        ``text`` for the sentences (JSON).
    """
    experiment = read_resolved(config_file)
    found = answers(load_summary(summary_folder, ("recovery", "selection", "effects")), experiment)
    write_table(frontier_table(found), outputs["frontier"])
    write_table(surface_table(found), outputs["surface"])
    write_table(advised_table(found), outputs["advised"])
    text = {
        "introduction": introduction(found, experiment),
        "sections": [
            {"heading": section.heading, "paragraphs": [list(p) for p in section.paragraphs]}
            for section in sections(found, experiment)
        ],
    }
    write_json(text, outputs["text"])


def frontier_table(found: Sequence[Answer]) -> pd.DataFrame:
    """Frontiers of all answers, columns `rlrecovery.storage.schemas.FRONTIER`."""
    rows = []
    for answer in found:
        axes = ("participants", "trials") if answer.along_trials else ("trials", "participants")
        for other, interval in answer.frontier if answer.surrogates else ():
            sizes = dict(zip(axes, (other, interval.value), strict=True))
            ends = {"lower": interval.lower, "upper": interval.upper}
            rows.append(_key(answer) | {"along": axes[1], **sizes, **ends})
    return conform(rows, FRONTIER)


def surface_table(found: Sequence[Answer]) -> pd.DataFrame:
    """Predictions in all designs that were searched, columns `SURFACE`."""
    tables = []
    for answer in found:
        if not answer.surrogates:
            continue
        shown = region(answer.margins, _thinned(answer.region.lattice))
        points, margin = shown.lattice.points, shown.margin.ravel()
        value = np.full(margin.size, np.nan)
        if answer.requirement != ALL:
            first = answer.margins[0]
            value = back(answer.entries[0].scale, first.limit + first.sign * margin)
        columns = {
            "participants": points.participants,
            "trials": points.trials.round(2),
            "value": value.round(6),
            "met": special.ndtr(shown.distance.ravel()).round(6),
            "possible": shown.possible.ravel().round(4),
            "certain": shown.certain.ravel().round(4),
        }
        tables.append(pd.DataFrame(_key(answer) | columns))
    return conform(pd.concat(tables, ignore_index=True) if tables else (), SURFACE)


def _thinned(lattice: Lattice) -> Lattice:
    """Fewer numbers of trials, with the first and the last."""
    trials = lattice.trials
    places = np.unique(np.linspace(0, trials.size - 1, _COLUMNS).round().astype(int))
    return Lattice(lattice.participants, trials[places])


def advised_table(found: Sequence[Answer]) -> pd.DataFrame:
    """Measured designs and the cheapest ones, columns `ADVISED`."""
    return conform([row for answer in found for row in _advised(answer)], ADVISED)


def _advised(answer: Answer) -> Iterator[dict[str, Any]]:
    """Yield the rows of an answer."""
    numbers = ("value", "mcse", "limit", "cost", "lower", "upper")
    row = _key(answer) | {"verdict": ""} | dict.fromkeys(numbers, np.nan)
    if answer.requirement != ALL:
        row["limit"] = answer.entries[0].target.limit
    for (n, t), verdict in answer.designs.items():
        size = {"kind": "measured", "participants": n, "trials": t, "verdict": verdict}
        yield row | size | _decisive_value(answer, n, t)
    if (best := answer.cheapest) is not None:
        size = {"kind": "cheapest", "participants": best.participants, "trials": best.trials}
        yield row | size | dict(zip(numbers[3:], best.cost, strict=True))


def _decisive_value(answer: Answer, participants: int, trials: int) -> dict[str, float]:
    """The measured value with the smallest margin, and its MCSE; none for all requirements."""
    if answer.requirement == ALL:
        return {}
    found = []
    for entry in answer.entries:
        i = int(np.argmax((entry.participants == participants) & (entry.trials == trials)))
        margin = entry.target.sign * (entry.value[i] - entry.target.limit)
        found.append((margin, float(entry.value[i]), float(entry.mcse[i])))
    _, value, mcse = min(found)
    return {"value": value, "mcse": mcse}


def _key(answer: Answer) -> dict[str, str]:
    return {"requirement": answer.requirement, "method": answer.method}
