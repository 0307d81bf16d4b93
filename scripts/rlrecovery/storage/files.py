"""The tables on disk: their columns, and reading and writing them whole or not at all.

A table is written under a temporary name in its own folder, synced and renamed, so that a file
that is there is complete. A file that is broken anyway (a disk error, another program) is reported
with its name and what to do.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

#: Seconds after which a temporary file is nobody's any more.
LEFT_BEHIND = 3600.0

#: Where a Parquet file says what made it.
_MADE = b"rlrecovery.made"

#: One row per participant and trial. ``choice`` is -1 and ``reward`` missing where no response
#: was given. ``block`` and ``trial`` count from 0; ``trial`` runs through all blocks.
TRIALS = {
    "replicate": "int64",
    "participant": "int64",
    "block": "int64",
    "trial": "int64",
    "choice": "int64",
    "reward": "float64",
}

#: One row per true value. ``level`` is ``participant``, ``group`` (the population's location,
#: natural scale) or ``spread`` (its SD on the unconstrained scale); ``participant`` is -1 for the
#: latter two. Participants count from 0.
TRUTH = {
    "replicate": "int64",
    "participant": "int64",
    "level": "str",
    "parameter": "str",
    "truth": "float64",
}

#: One row per estimated value; interval columns come after these (see `interval_columns`).
#: ``estimate`` and ``se`` (Wald SE by the delta method, or posterior SD) are on the natural scale.
#: ``status`` is one of `STATUSES` with ``reason`` in words; ``at_bound`` and ``converged`` are kept
#: apart because a row can be both. ``choices`` is the number of responses that the fit rests on;
#: ``log_likelihood`` is at the maximum (maximum likelihood only); ``log_evidence`` is the logarithm
#: of the marginal likelihood (quadrature only); ``elpd_loo`` and ``pareto_k`` are the expected log
#: predictive density by leave-one-out and its largest Pareto k (sampling with ``loo`` only);
#: ``grid_error`` is the largest difference between two grids in posterior SDs (quadrature only).
#: ``seconds`` is the wall time of the fit that the row came from.
ESTIMATES = {
    "replicate": "int64",
    "participant": "int64",
    "level": "str",
    "parameter": "str",
    "estimate": "float64",
    "se": "float64",
    "status": "str",
    "reason": "str",
    "at_bound": "bool",
    "converged": "bool",
    "rhat": "float64",
    "ess_bulk": "float64",
    "ess_tail": "float64",
    "divergences": "float64",
    "choices": "float64",
    "log_likelihood": "float64",
    "log_evidence": "float64",
    "elpd_loo": "float64",
    "pareto_k": "float64",
    "grid_error": "float64",
    "seconds": "float64",
}

#: ``ok``; ``at_bound``: kept, but at a bound of its parameter; ``not_converged``: kept, but a
#: convergence criterion failed; ``no_interval``: kept, but without a standard error and interval;
#: ``not_identified``: kept, but its interval spans all values that are allowed; ``failed``: no
#: estimate at all. A flag is of one parameter: its neighbours in the same fit may be ``ok``.
STATUSES = ("ok", "at_bound", "not_converged", "no_interval", "not_identified", "failed")

#: One row per measure; see `rlrecovery.score.measures`. Truth columns (one per parameter of the design)
#: stand between ``cell`` and ``participants``; they are missing where ``scope`` is ``grid``.
#: ``variant`` says in words what else tells cells apart (task, missing responses...), if anything.
MEASURES = (
    "scope",
    "method",
    "cell",
    "participants",
    "trials",
    "variant",
    "model",
    "level",
    "parameter",
    "rows",
    "measure",
    "interval",
    "value",
    "mcse",
    "n",
    "n_rows",
)

#: Tables of a study's summary.
SUMMARY = (
    "recovery", "points", "failures", "comparison", "priors", "witness", "crossed", "selection"
)  # fmt: skip


#: Failures of the machine (a full disk, no memory). They say nothing about a fit: they never become
#: rows, but end the job, which is done again.
MACHINE = (MemoryError, OSError)


class BrokenFile(Exception):
    """A file that cannot be read; the message names it and says what to do."""


def interval_columns(level: float) -> tuple[str, str]:
    """Names of the columns that hold the ends of an interval.

    Parameters
    ----------
    level : float
        Nominal level between 0 and 1.

    Returns
    -------
    tuple of str
        For 0.95: ``("lower_95", "upper_95")``.
    """
    percent = f"{100 * level:.10g}"
    return f"lower_{percent}", f"upper_{percent}"


def estimates_columns(levels: Sequence[float]) -> dict[str, str]:
    """Columns and types of a table of estimates with intervals at the given levels."""
    ends = [name for level in levels for name in interval_columns(level)]
    return ESTIMATES | dict.fromkeys(ends, "float64")


def conform(rows: Any, columns: Mapping[str, str]) -> pd.DataFrame:
    """Rows as a table with exactly these columns and types, also where there are no rows.

    Parameters
    ----------
    rows : DataFrame, or sequence of dict
        Every column must be there; more are an error.
    columns : mapping
        From column name to pandas type.
    """
    table = pd.DataFrame(rows, columns=None if len(rows) else list(columns))
    if set(table.columns) != set(columns):
        raise ValueError(f"columns {sorted(table.columns)} are not {sorted(columns)}")
    return table[list(columns)].astype(dict(columns))


def write_atomically(path: str | os.PathLike[str], write: Callable[[Path], None]) -> None:
    """Call ``write`` on a temporary path beside ``path``, sync it, and rename it into place."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    _tidy(target)
    handle, name = tempfile.mkstemp(prefix=_prefix(target), suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        # mkstemp makes private files; results are read by the lab.
        umask = os.umask(0)
        os.umask(umask)
        with contextlib.suppress(OSError):  # some network disks have no permissions
            temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
        _sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _prefix(target: Path) -> str:
    return f".{target.name[:100]}."


def _tidy(target: Path) -> None:
    """Remove what a job that was killed while it wrote this file has left behind, after an hour."""
    for path in target.parent.glob(f"{glob.escape(_prefix(target))}*{target.suffix}"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFT_BEHIND:
                path.unlink()


def _sync_folder(folder: Path) -> None:
    """Make a rename outlast a loss of power, where the disk can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_table(
    table: pd.DataFrame, path: str | os.PathLike[str], made: Mapping[str, Any] | None = None
) -> None:
    """Write a table as Parquet or CSV, as the path's ending says, whole or not at all.

    Parameters
    ----------
    table : DataFrame
        Its index is not written.
    path : path
        Where to.
    made : mapping, optional
        What made it, as plain values. A Parquet file carries them, and `read_made` reads them.
    """
    if Path(path).suffix != ".parquet":
        write_atomically(path, lambda temporary: table.to_csv(temporary, index=False))
        return
    rows = pa.Table.from_pandas(table, preserve_index=False)
    if made is not None:
        said = {_MADE: json.dumps(dict(made), sort_keys=True)}
        rows = rows.replace_schema_metadata({**(rows.schema.metadata or {}), **said})
    write_atomically(path, lambda temporary: pq.write_table(rows, temporary))


def read_made(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What made a Parquet file, as `write_table` was told; empty where it was told nothing.

    Raises
    ------
    BrokenFile
        If the file is missing or not Parquet.
    """
    with _readable(path):
        said = (pq.read_schema(path).metadata or {}).get(_MADE, b"{}")
        return dict(json.loads(said))


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write text as UTF-8, whole or not at all."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def read_table(
    path: str | os.PathLike[str], columns: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Read a Parquet or CSV table and check its columns.

    Parameters
    ----------
    path : path
        The table.
    columns : mapping, optional
        Columns that must be there; more are allowed.

    Raises
    ------
    BrokenFile
        If the file is missing, empty, truncated, not a table, or lacks a column.
    """
    with _readable(path):
        if Path(path).suffix == ".parquet":
            table = pd.read_parquet(path)
        else:
            table = pd.read_csv(path, keep_default_na=True)
    lacking = [name for name in columns or {} if name not in table.columns]
    if lacking:
        raise BrokenFile(_remedy(path, f"it lacks the columns {', '.join(lacking)}"))
    return table


def read_tables(paths: Iterable[str], columns: Mapping[str, str]) -> pd.DataFrame:
    """Several tables of one kind as one."""
    return pd.concat([read_table(path, columns) for path in paths], ignore_index=True)


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read JSON; a broken file is a `BrokenFile`."""
    with _readable(path):
        return json.loads(Path(path).read_text(encoding="utf-8"))


def write_json(content: Any, path: str | os.PathLike[str]) -> None:
    """Write JSON with sorted keys, whole or not at all."""
    write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", path)


def write_yaml(content: Any, path: str | os.PathLike[str]) -> None:
    """Write YAML in the order of the keys, whole or not at all."""
    write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), path)


@contextlib.contextmanager
def _readable(path: str | os.PathLike[str]) -> Iterator[None]:
    """Make a `BrokenFile` of what goes wrong while a file is read."""
    try:
        yield
    except FileNotFoundError:
        raise BrokenFile(f"{path} is not there; run the workflow again to make it") from None
    except PermissionError:
        raise BrokenFile(f"{path} may not be read: its permissions do not allow it") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise BrokenFile(_remedy(path, str(error))) from None


def _remedy(path: str | os.PathLike[str], what: str) -> str:
    first = what.strip().splitlines()[0] if what.strip() else "unreadable"
    return (
        f"{path} cannot be read ({first}). It was probably cut short or changed by another "
        "program: delete it and run the workflow again; only it and what depends on it is redone."
    )
