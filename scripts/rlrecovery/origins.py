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

from rlrecovery.tables import read_made
from rlrecovery.wording import enumeration

#: The stage that makes data sets.
SIMULATED = "simulate"


def origins(
    folders: Mapping[str, str],
    methods: Sequence[str],
    batches: Mapping[str, Sequence[str]],
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

    Returns
    -------
    list of dict
        For every ``stage`` (`SIMULATED`, or a method) and what made its files, ``source`` (the
        code's fingerprint, None where a file does not say), ``versions`` (by package) and
        ``files`` (how many).
    """
    stages = {SIMULATED: folders["truth"]}
    stages |= {method: f"{folders['estimates']}/{method}" for method in methods}
    return [
        {"stage": stage, "files": files, "source": None, "versions": {}} | json.loads(made)
        for stage, folder in stages.items()
        for made, files in sorted(_counted(folder, batches).items())
    ]


def _counted(folder: str, batches: Mapping[str, Sequence[str]]) -> Counter[str]:
    """Files by what made them, as JSON."""
    paths = (f"{folder}/{cell}/{name}.parquet" for cell, names in batches.items() for name in names)
    return Counter(json.dumps(read_made(path), sort_keys=True) for path in paths)


def mixtures(made_by: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A sentence for every stage whose files were not all made by the same code and versions.

    Parameters
    ----------
    made_by : sequence of mapping
        From `origins`.
    """
    for stage in dict.fromkeys(each["stage"] for each in made_by):
        mine = [each for each in made_by if each["stage"] == stage]
        if len(mine) == 1:
            continue
        what = "Data sets" if stage == SIMULATED else f"Estimates of {stage}"
        kinds = [str(each["source"] or "unknown code") for each in mine]
        if len(set(kinds)) < len(kinds):
            kinds = [
                f"{kind} with {_said(e['versions'])}" for kind, e in zip(kinds, mine, strict=True)
            ]
        counts = [f"{each['files']} by {kind}" for each, kind in zip(mine, kinds, strict=True)]
        yield f"{what}: {enumeration(counts)}"


def _said(versions: Mapping[str, str]) -> str:
    return (
        ", ".join(f"{name} {version}" for name, version in versions.items()) or "unknown versions"
    )
