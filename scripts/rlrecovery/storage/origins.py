"""Which state of the code and which versions made the files of a study, so that none are mixed.

The workflow runs again what depends on changed code. It cannot notice files that were copied from
another run, or that a user told it to take as they are; so every file of data and estimates carries
what made it, and the report says where these differ.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rlrecovery.report.numbers import enumeration, plural
from rlrecovery.storage.files import read_origin
from rlrecovery.storage.provenance import is_current

#: The stage that makes data sets.
SIMULATED = "simulate"


def origins(
    folders: Mapping[str, str],
    methods: Sequence[str],
    batches: Mapping[str, Sequence[str]],
    works: Mapping[str, Mapping[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """What made the files that a summary rests on.

    Parameters
    ----------
    folders : mapping
        Where ``truth`` and ``estimates`` are.
    methods : sequence of str
        Names of methods.
    batches : mapping
        From the key of a cell to those of its batches.
    works : mapping, optional
        `rlrecovery.config.progress.works`: the settings that files of a stage and cell should be of.

    Returns
    -------
    list of dict
        For every ``stage`` (`SIMULATED`, or a method) and what made its files, ``source`` (the
        code's fingerprint, None where a file does not say), ``versions`` (by package), ``right``
        (whether the settings are those of the config) and ``files`` (how many).
    """
    stages = {SIMULATED: folders["truth"]}
    stages |= {method: f"{folders['estimates']}/{method}" for method in methods}
    found = []
    for stage, folder in stages.items():
        counted = Counter(
            _said_by(f"{folder}/{cell}/{name}.parquet", (works or {}).get(stage, {}).get(cell))
            for cell, names in batches.items()
            for name in names
        )
        for made, files in sorted(counted.items()):
            found.append({"stage": stage, "files": files} | json.loads(made))
    return found


def _said_by(path: str, work: str | None) -> str:
    """What a file says of its making, as JSON."""
    made = {"source": None, "versions": {}} | read_origin(path)
    right = made.pop("work", None) == work or work is None
    return json.dumps(made | {"right": right}, sort_keys=True)


def mixtures(made_by: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A sentence for every stage whose files are not all of one making, or not of this config.

    Parameters
    ----------
    made_by : sequence of mapping
        From `origins`.
    """
    for stage in dict.fromkeys(each["stage"] for each in made_by):
        mine = [each for each in made_by if each["stage"] == stage]
        what = "Data sets" if stage == SIMULATED else f"Estimates of {stage}"
        files, wrong = sum(e["files"] for e in mine), [e for e in mine if not e.get("right", True)]
        if wrong:
            count = sum(each["files"] for each in wrong)
            yield f"{what}: {count} of {plural(files, 'file')} were made for another config"
        states: Counter[tuple[str, str]] = Counter()
        for each in mine:
            states[each["source"] or "", _said(each["versions"])] += each["files"]
        (source, _), *others = states
        if others:
            yield f"{what}: {enumeration(_listed(states))}"
        elif source and not is_current(source):
            yield f"{what}: made by {source}, which is not the code that wrote this page"


def _listed(states: Mapping[tuple[str, str], int]) -> list[str]:
    """How many files each state made; versions are named where the code does not tell."""
    sources = {source for source, _ in states}
    return [
        f"{files} by {source or 'unknown code'}"
        + f" with {versions}" * (len(sources) < len(states))
        for (source, versions), files in states.items()
    ]


def _said(versions: Mapping[str, str]) -> str:
    return (
        ", ".join(f"{name} {version}" for name, version in versions.items()) or "unknown versions"
    )
