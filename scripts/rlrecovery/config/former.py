"""Whether a config describes the study whose results a folder holds, or another one.

A study may grow: more or fewer levels, replicates and methods leave the results of the others as
they are. Any other change would replace results that exist by those of another study.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import read_resolved
from rlrecovery.storage.files import BrokenFile

#: A key with the keys above it; "*" stands for any name.
_Path = tuple[str, ...]

#: Keys that may change: levels and sizes, what is shown, and what changes no number.
_FREE: frozenset[_Path] = frozenset(
    {
        *((key,) for key in ("run", "truth", "participants", "trials", "missing", "completed")),
        *((key,) for key in ("replicates", "batch_size", "interval_levels", "observed")),
        *((key,) for key in ("limits", "labels", "figures", "pilot")),
        *((key,) for key in ("targets", "over", "cost", "within")),
        ("methods", "*", "replicates"),
        *(("calibration", key) for key in ("methods", "data_sets", "fewer", "batch_size")),
        *(("effects", key) for key in ("methods", "replicates", "batch_size")),
        ("groups", "*", "shift", "*"),
        ("conditions", "*", "shift", "*"),
        ("covariate", "correlation", "*"),
        ("models", "fit"),
        ("models", "simulate", "*", "truth"),
        ("task", "schedule", "file"),  # its values are compared
        ("tasks", "*", "schedule", "file"),
    }
)

#: Sections of named entries, of which there may be more or fewer.
_NAMED: frozenset[_Path] = frozenset(
    {
        ("tasks",),
        ("variants",),
        ("methods",),
        ("methods", "*", "bounds"),
        ("methods", "*", "priors"),
        ("models", "simulate"),
        ("groups",),
        ("groups", "*", "shift"),
        ("conditions",),
        ("conditions", "*", "shift"),
        ("covariate", "correlation"),
    }
)

#: Sections that a study may gain or lose as a whole.
_OPTIONAL: frozenset[_Path] = frozenset(
    (key,) for key in ("calibration", "groups", "conditions", "covariate", "effects")
)

#: Folders that hold results.
_RESULTS = ("trials", "truth", "estimates", "scores", "summary")

#: Longest value that the message shows.
_LONGEST = 40


def differing_keys(former: Experiment, present: Experiment) -> list[str]:
    """Keys with which a study would be another, each with both values where these are short."""
    return list(_differences(former.resolved(), present.resolved(), (), ()))


def refusal(experiment: Experiment, folder: Path) -> str | None:
    """One sentence if a folder holds the results of another study; otherwise None.

    Parameters
    ----------
    experiment : Experiment
        The present config.
    folder : Path
        Folder of the run.
    """
    record = folder / "config.yaml"
    if not record.exists() or not any((folder / kind).is_dir() for kind in _RESULTS):
        return None
    advice = (
        "Choose another name (run) for this study, or replace the former results with "
        "OVERWRITE=yes (in Snakemake: --config overwrite=true)."
    )
    try:
        differences = differing_keys(read_resolved(record), experiment)
    except BrokenFile as error:
        return f"{error} It says which study {folder}/ holds. {advice}"
    if not differences:
        return None
    return (
        f"{folder}/ holds the results of another study, which differs in "
        f"{', '.join(differences)}. {advice}"
    )


def _differences(former: Any, present: Any, path: _Path, pattern: _Path) -> Iterator[str]:
    """Yield the differing keys below a key."""
    if pattern in _FREE or former == present:
        return
    if pattern in _OPTIONAL and None in (former, present):
        return
    if not (isinstance(former, Mapping) and isinstance(present, Mapping)):
        yield f"{'.'.join(path)}{_values(former, present)}"
        return
    is_named = pattern in _NAMED
    for name in dict.fromkeys([*former, *present]):
        if is_named and not (name in former and name in present):
            continue
        values = former.get(name), present.get(name)
        yield from _differences(*values, (*path, name), (*pattern, "*" if is_named else name))


def _values(former: Any, present: Any) -> str:
    """Both values in parentheses; empty if one is long."""
    words = ["none" if value is None else str(value) for value in (former, present)]
    if any(len(word) > _LONGEST or isinstance(v, Mapping) for word, v in
           zip(words, (former, present), strict=True)):  # fmt: skip
        return ""
    return f" (there {words[0]}, here {words[1]})"
