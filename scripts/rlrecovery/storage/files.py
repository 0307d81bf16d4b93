"""Atomic reading and writing of tables, text, JSON and YAML.

A file is written under a temporary name in its folder, synced to disk and renamed, so an existing
file is always complete. Reading a file that is damaged nevertheless (a disk error, another program)
raises `BrokenFile`: every file is compared with its digest (`rlrecovery.storage.digest`) when it is
read. The columns of the tables are in `rlrecovery.storage.schemas`.
"""

from __future__ import annotations

import contextlib
import glob
import io
import json
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from rlrecovery.storage import digest, schemas

# Functions import pandas and yaml themselves, because not all jobs need them.
if TYPE_CHECKING:
    import pandas as pd

#: Age in seconds at which temporary files are stale.
STALE_AFTER = 3600.0

#: Metadata key of a Parquet file under which its origin is stored.
_ORIGIN_KEY = b"rlrecovery.origin"

#: Errors of the machine, such as a full disk or too little memory. They are not properties of a
#: fit, so they are never recorded as a status: the job fails and is run again.
MACHINE = (MemoryError, OSError)


class BrokenFile(Exception):
    """A file that cannot be read; the message names the file and a remedy."""

    @classmethod
    def of(cls, path: str | os.PathLike[str], problem: str) -> BrokenFile:
        """The error of a file, from what is wrong with it."""
        first_line = problem.strip().splitlines()[0] if problem.strip() else "unreadable"
        return cls(
            f"{path} cannot be read ({first_line}). It was probably truncated or changed by "
            "another program: delete it and rerun the workflow; only this file and its dependents "
            "are recreated."
        )


def conform(
    rows: pd.DataFrame | Mapping[str, object] | Sequence[Mapping[str, object]],
    columns: Mapping[str, str],
) -> pd.DataFrame:
    """Create a table with exactly these columns (with their pandas types), even without rows.

    Raises
    ------
    ValueError
        If a column is missing, unexpected, or cannot be converted to its type.
    """
    import pandas as pd

    table = pd.DataFrame(rows, columns=None if len(rows) else list(columns))
    if set(table.columns) != set(columns):
        raise ValueError(f"columns {sorted(table.columns)} are not {sorted(columns)}")
    return table[list(columns)].astype(dict(columns))


def write_atomically(path: str | os.PathLike[str], write: Callable[[Path], object]) -> None:
    """Write a file so that it appears complete or not at all; its folder is created.

    `write` is called with a temporary path in the same folder, which is then synced and renamed.

    Raises
    ------
    BrokenFile
        If a folder has the name of the file.
    """
    target = Path(path)
    refuse_folder(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name[:100]}."
    for path_left in target.parent.glob(f"{glob.escape(prefix)}*{target.suffix}"):
        _remove_if_stale(path_left)
    temporary = target.with_name(f"{prefix}{uuid.uuid4().hex[:12]}{target.suffix}")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
        _sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def refuse_folder(target: Path) -> None:
    """Raise `BrokenFile` if a folder has the name of a file that is to be written."""
    if target.is_dir():
        raise BrokenFile(
            f"{target} is a folder, but a file of this name is to be written: move the folder"
        )


def _remove_if_stale(temporary: Path) -> None:
    """Remove a temporary file that a killed job left behind."""
    with contextlib.suppress(OSError):
        if time.time() - temporary.stat().st_mtime > STALE_AFTER:
            temporary.unlink()


def _sync_folder(folder: Path) -> None:
    """Sync a folder so that a rename survives a power failure, if the file system allows it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_table(
    table: pd.DataFrame, path: str | os.PathLike[str], origin: Mapping[str, object] | None = None
) -> None:
    """Write a table, without its index, atomically as Parquet or CSV, depending on the suffix.

    The metadata of a Parquet file hold the `origin`: code, versions and settings as plain values,
    see `rlrecovery.storage.provenance`.
    """
    if Path(path).suffix != ".parquet":
        write_with_digest(table.to_csv(index=False), path)
        return
    write_parquet(pa.Table.from_pandas(table, preserve_index=False), path, origin)


def write_parquet(
    rows: pa.Table,
    path: str | os.PathLike[str],
    origin: Mapping[str, object] | None = None,
    **options: Any,
) -> None:
    """Write an Arrow table atomically as Parquet, with an `origin` as for `write_table`.

    `options`, such as the compression, are those of ``pyarrow.parquet.ParquetWriter``.
    """
    if origin is not None:
        metadata = {_ORIGIN_KEY: json.dumps(dict(origin), sort_keys=True)}
        rows = rows.replace_schema_metadata({**(rows.schema.metadata or {}), **metadata})
    content = digest.parquet_bytes(rows, path, **options)
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def read_parquet(path: str | os.PathLike[str]) -> pa.BufferReader:
    """The content of a Parquet file that is as it was written, as a file to read from.

    Raises
    ------
    BrokenFile
        If the file is missing, damaged, or that of another place in its run.
    """
    with _readable(path):
        content = Path(path).read_bytes()
        problem = digest.parquet_problem(content, path)
    if problem is not None:
        raise BrokenFile.of(path, problem) from None
    return pa.BufferReader(content)


def read_origin(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The ``origin`` that `write_table` stored in a Parquet file; empty if there is none.

    Raises
    ------
    BrokenFile
        If the file is missing, damaged, or is not Parquet.
    """
    file = read_parquet(path)
    with _readable(path):
        return dict(json.loads((pq.read_schema(file).metadata or {}).get(_ORIGIN_KEY, b"{}")))


def read_table(path: str | os.PathLike[str], columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Read a Parquet or CSV table that must have some columns, and may have more.

    Raises
    ------
    BrokenFile
        If the file is missing, empty, damaged, not a table, or lacks a column.
    """
    if Path(path).suffix == ".parquet":
        file = read_parquet(path)
        with _readable(path):
            table = pq.read_table(file, page_checksum_verification=True).to_pandas()
    else:
        text = read_text(path)
        with _readable(path):
            table = read_csv(io.StringIO(text))
    missing = [name for name in columns or () if name not in table.columns]
    if missing:
        raise BrokenFile.of(path, f"it lacks the columns {', '.join(missing)}")
    return table


def read_csv(source: str | os.PathLike[str] | IO[str]) -> pd.DataFrame:
    """Read a CSV table, in which names are text: a method may be called ``nan``, ``true`` or ``1``.

    Only an empty field is missing.
    """
    import pandas as pd

    types = dict.fromkeys(schemas.NAMES, "str")
    return pd.read_csv(source, keep_default_na=False, na_values=[""], dtype=types)


def read_tables(paths: Iterable[str], columns: Iterable[str]) -> pd.DataFrame:
    """Read several tables with the same columns and join their rows."""
    import pandas as pd

    return pd.concat([read_table(path, columns) for path in paths], ignore_index=True)


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write text atomically as UTF-8; it has no digest, because nothing reads it again."""
    write_atomically(path, lambda temporary: temporary.write_bytes(text.encode()))


def write_with_digest(text: str, path: str | os.PathLike[str]) -> None:
    """Write text atomically as UTF-8, with its digest in a file beside it.

    The digest is first, so that no new file is without one if the disk is full.
    """
    refuse_folder(Path(path))
    write_text(digest.digest_line(text.encode(), path), digest.file_beside(path))
    write_text(text, path)


def read_text(path: str | os.PathLike[str]) -> str:
    """Read text that is as it was written; raises `BrokenFile` if it is missing or damaged."""
    with _readable(path):
        content = Path(path).read_bytes()
        problem = digest.text_problem(content, path)
        if problem is None:
            return content.decode()
    raise BrokenFile.of(path, problem) from None


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read JSON; raises `BrokenFile` if the file is missing or damaged."""
    text = read_text(path)
    with _readable(path):
        return json.loads(text)


def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the record of a run: its name, and perhaps versions, the state of git and origins.

    Raises
    ------
    BrokenFile
        If the file is missing, damaged or no such record.
    """
    record = read_json(path)
    kinds = {"run": str, "versions": dict, "git": dict, "made_by": list}
    if not isinstance(record, dict) or "run" not in record:
        raise BrokenFile.of(path, "it is not the record of a run")
    for name, kind in kinds.items():
        if not isinstance(record.get(name) or kind(), kind):
            raise BrokenFile.of(path, f"its entry {name} has another form")
    return record


def write_json(content: Any, path: str | os.PathLike[str]) -> None:
    """Write JSON atomically, with sorted keys."""
    write_with_digest(json.dumps(content, indent=2, sort_keys=True) + "\n", path)


def write_yaml(content: Any, path: str | os.PathLike[str]) -> None:
    """Write YAML atomically, with keys in their order."""
    import yaml

    write_with_digest(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), path)


def unwritable_folders(run: str | os.PathLike[str]) -> list[str]:
    """Folders of a run that are not writable: its own (or the nearest parent) and subfolders."""
    folder = Path(run)
    nearest = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    subfolders = sorted(path for path in folder.glob("*") if path.is_dir())
    return [str(path) for path in (nearest, *subfolders) if not os.access(path, os.W_OK)]


def blocked_folders(run: str | os.PathLike[str]) -> list[str]:
    """Places of a run's folder and those above it where something else is: a file, a dead link."""
    places = (Path(run), *Path(run).parents)
    return [str(place) for place in places if os.path.lexists(place) and not place.is_dir()]


@contextlib.contextmanager
def _readable(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn errors of reading a file into `BrokenFile`."""
    try:
        yield
    except FileNotFoundError:
        raise BrokenFile(f"{path} does not exist; rerun the workflow to recreate it") from None
    except PermissionError:
        raise BrokenFile(f"{path} cannot be read: permission denied") from None
    except RecursionError:
        raise BrokenFile.of(path, "nested too deeply") from None
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        pa.ArrowException,
    ) as error:
        raise BrokenFile.of(path, str(error)) from None
