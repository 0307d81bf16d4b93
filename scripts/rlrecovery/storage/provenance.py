"""The code, versions and settings that made the files of a run.

Every file of data and estimates stores its origin as plain values: ``source`` (fingerprint of the
code), ``versions`` (by package) and ``settings`` (hash of the settings); a file of estimates also
``replicates`` (the half-open range that was fitted). Snakemake reruns jobs whose code or settings
changed, but cannot detect files that were copied from another run; the report therefore compares
the origins of all files.
"""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import metadata
from typing import Any, TypedDict

from rlrecovery.storage.files import BrokenFile, read_json, read_origin
from rlrecovery.storage.fingerprint import PACKAGE, settings_hash, whole_fingerprint

#: Packages whose versions affect numbers, then figures, in the order of the report.
PACKAGES = (
    *("numpy", "scipy", "pandas", "pytensor", "numba", "pymc", "nutpie", "arviz-stats"),
    *("matplotlib", "seaborn", "altair"),
)

#: Environment variable in which the head process of a run stores its stamp.
STUDY = "RLRECOVERY_STUDY"

#: The stage that simulates; the other stages are methods.
SIMULATED = "simulate"

#: Stage, code, versions and agreement of the settings of a file.
_OriginKey = tuple[str, str, tuple[tuple[str, str], ...], bool]

#: Batches of each method, with the half-open ranges of replicates that it fits.
Fitted = Mapping[str, Mapping[str, Sequence[int]]]


class Origin(TypedDict):
    """Number of files of a stage with the same code, versions and settings.

    ``source`` is the fingerprint of the code, empty if it is not stored; ``settings_match`` is true
    if the settings are those of the current config.
    """

    stage: str
    source: str
    versions: dict[str, str]
    settings_match: bool
    files: int


def study_stamp(experiment: object) -> str:
    """Hash of config and code, which must be the same in all jobs of a run."""
    return f"{settings_hash(experiment)} {whole_fingerprint()}"


def same_study(experiment: object, remote: bool) -> bool:
    """Whether config and code are the same as when the head process of a run started.

    The head process stores the stamp of its resolved config `experiment` in the environment, which
    `remote` jobs on a cluster inherit.
    """
    stamp = study_stamp(experiment)
    if not remote:
        os.environ[STUDY] = stamp
    return os.environ.get(STUDY, stamp) == stamp


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python and of some packages, or of all in `PACKAGES`."""
    python = {"python": platform.python_version()}
    return python | {name: _version(name) for name in packages or PACKAGES}


@cache  # reading a version takes a millisecond, and every job of a study has some in its params
def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"  # such as the sampler where only figures are drawn


def git_state() -> dict[str, str | bool] | None:
    """Commit, and whether there are uncommitted changes (``dirty``); None outside a repository."""

    def git(*arguments: str) -> str:
        """Output of a git command."""
        command = ["git", "-C", str(PACKAGE), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain"))}
    except (OSError, subprocess.CalledProcessError):
        return None


def now() -> str:
    """Current time in UTC, to the second, in ISO format."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def count_origins(
    folders: Mapping[str, str],
    fitted: Fitted,
    batches: Mapping[str, Sequence[str]],
    expected_hashes: Mapping[str, Mapping[str, str]],
) -> list[Origin]:
    """Count the files of some cells by their origins.

    `folders` has the paths of the folders ``truth`` and ``estimates``, `fitted` the batches of each
    method, `batches` the keys of the batches of each cell, and `expected_hashes` the hash of the
    current settings by stage and cell.
    """
    stages = {SIMULATED: folders["truth"]}
    stages |= {method: f"{folders['estimates']}/{method}" for method in fitted}
    counts: Counter[_OriginKey] = Counter()
    for stage, folder in stages.items():
        for cell, names in batches.items():
            for batch in names:
                if stage != SIMULATED and batch not in fitted[stage]:
                    continue
                origin = read_origin(f"{folder}/{cell}/{batch}.parquet")
                versions = tuple(origin.get("versions", {}).items())
                replicates = None if stage == SIMULATED else fitted[stage][batch]
                match = _is_of(origin, expected_hashes[stage][cell], replicates)
                counts[stage, origin.get("source", ""), versions, match] += 1
    return _origins(counts)


def read_origins(path: str | os.PathLike[str]) -> list[Origin]:
    """Read a result of `count_origins` from JSON; raises `BrokenFile` if the file is damaged."""
    origins = read_json(path)
    kinds = {"stage": str, "source": str, "versions": dict, "settings_match": bool, "files": int}
    if not isinstance(origins, list) or not all(
        isinstance(origin, dict)
        and all(isinstance(origin.get(name), kind) for name, kind in kinds.items())
        for origin in origins
    ):
        raise BrokenFile.of(path, "it does not have the origins of files")
    return origins


def add_origins(parts: Iterable[Sequence[Origin]]) -> list[Origin]:
    """Add up the numbers of files of several results of `count_origins`."""
    counts: Counter[_OriginKey] = Counter()
    for part in parts:
        for origin in part:
            versions = tuple(origin["versions"].items())
            key = origin["stage"], origin["source"], versions, origin["settings_match"]
            counts[key] += origin["files"]
    return _origins(counts)


def _origins(counts: Mapping[_OriginKey, int]) -> list[Origin]:
    """List the numbers of files by stage, in their order, and by origin."""
    stages = {stage: i for i, stage in enumerate(dict.fromkeys(key[0] for key in counts))}
    return [
        Origin(stage=stage, source=source, versions=dict(v), settings_match=match, files=n)
        for (stage, source, v, match), n in sorted(
            counts.items(), key=lambda item: (stages[item[0][0]], *item[0][1:])
        )
    ]


def finished(
    run: str,
    fitted: Fitted,
    cells: Sequence[str],
    batches: Sequence[str],
    expected_hashes: Mapping[str, Mapping[str, str]],
) -> tuple[list[str], dict[str, list[str]]]:
    """Methods and batches whose estimates are finished and match the current config.

    Methods are compared on the same data, so a batch is finished when every method that fits it has
    done so, and a cell is left out until every method has a finished batch in it. A method without
    any finished batch is left out, because it may be unable to fit at all.

    Parameters
    ----------
    run : str
        Folder of the run.
    fitted : mapping
        Batches of all methods, by name.
    cells, batches : sequence of str
        Keys of all cells and of all batches.
    expected_hashes : mapping
        As for `count_origins`.

    Returns
    -------
    methods, batches : list of str, dict
        Methods with a finished batch, and the batches finished by all these methods by cell;
        cells without any are omitted.
    """

    def current(stage: str, folder: str, ranges: Mapping[str, Any]) -> set[tuple[str, str]]:
        """Cell and batch of the files that match the current config."""
        hashes = expected_hashes[stage]
        return {
            (cell, batch)
            for cell in cells
            for batch, replicates in ranges.items()
            if _is_of(
                _origin_of(f"{run}/{folder}/{cell}/{batch}.parquet"), hashes[cell], replicates
            )
        }

    done = {name: current(name, f"estimates/{name}", ranges) for name, ranges in fitted.items()}
    kept = [name for name in fitted if done[name]]
    simulated = current(SIMULATED, "truth", dict.fromkeys(batches))
    used = {}
    for cell in cells:
        complete = [
            batch
            for batch in batches
            if (cell, batch) in simulated
            and all((cell, batch) in done[name] for name in kept if batch in fitted[name])
        ]
        if kept and all(set(complete) & set(fitted[name]) for name in kept):
            used[cell] = complete
    return kept, used


def _is_of(origin: Mapping[str, Any], settings: str, replicates: Sequence[int] | None) -> bool:
    """Whether a file is of these settings and, if its replicates are recorded, of these."""
    recorded = origin.get("replicates")
    same_replicates = recorded is None or replicates is None or [*recorded] == [*replicates]
    return origin.get("settings") == settings and same_replicates


def _origin_of(path: str) -> dict[str, Any]:
    """Origin of a file; empty if the file cannot be read."""
    try:
        return read_origin(path)
    except BrokenFile:  # it may be missing, or be replaced at this moment
        return {}
