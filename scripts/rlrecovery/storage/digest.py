"""Digests of files, by which every later change of a file is found when it is read.

A digest is the SHA-256 of all bytes of a file. A Parquet file has it in its own metadata (it is
computed of all other bytes), along with the place of the file in its run, so that files cannot be
exchanged either. A text file (CSV, JSON, YAML) has it in a file beside it, ``<name>.sha256``, which
``sha256sum --check`` reads. Where one file of a folder has a digest beside it, all others need one.
Files of earlier versions, and tables of other programs, have none.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

#: Folders of a run with Parquet files. All files in those of `_ALWAYS` have a digest: Snakemake
#: makes them again with any change of the code that writes them.
_ALWAYS = ("trials", "truth", "estimates", "scores")
_FOLDERS = (*_ALWAYS, "summary")

#: Metadata keys of a Parquet file.
DIGEST, PLACE = b"rlrecovery.sha256", b"rlrecovery.place"

#: Suffix of a file with the digest of another.
SUFFIX = ".sha256"

#: Number of characters of a digest, and the bytes before it: Thrift's header of a text of this
#: length follows the key.
_LENGTH = 64
_BEFORE = DIGEST + b"\x18" + bytes([_LENGTH])

#: What is said of a file whose bytes are not those that were written, or not known to be.
CHANGED, MISSING = "its content is not what was written", "it has no digest of its content"


def place_of(path: str | os.PathLike[str]) -> str:
    """The path from one of the folders of a run on, such as ``truth/<cell>/<batch>.parquet``.

    Empty for a file elsewhere.
    """
    parts = Path(path).parts
    starts = [i for i, part in enumerate(parts[:-1]) if part in _FOLDERS]
    return "/".join(parts[starts[-1] :]) if starts else ""


def parquet_bytes(rows: pa.Table, path: str | os.PathLike[str], **options: Any) -> bytes:
    """The content of a Parquet file with its digest, and with its place if it has one.

    Pages have checksums, which other programs can verify. `options` are those of
    ``pyarrow.parquet.ParquetWriter``.
    """
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, rows.schema, write_page_checksum=True, **options) as writer:
        writer.write_table(rows)
        place = place_of(path)
        writer.add_key_value_metadata(
            ({PLACE.decode(): place} if place else {}) | {DIGEST.decode(): "0" * _LENGTH}
        )
    content = bytearray(sink.getvalue())
    start = content.rindex(_BEFORE) + len(_BEFORE)
    content[start : start + _LENGTH] = _of_others(content, start).encode()
    return bytes(content)


def parquet_problem(content: bytes, path: str | os.PathLike[str]) -> str | None:
    """What is wrong with the content of a Parquet file; None if nothing is known to be."""
    start = content.rfind(_BEFORE) + len(_BEFORE)
    if start < len(_BEFORE):
        always = place_of(path).startswith(tuple(f"{name}/" for name in _ALWAYS))
        return MISSING if PLACE in content or always or _has_digests(path) else None
    if content[start : start + _LENGTH] != _of_others(content, start).encode():
        return CHANGED
    place = place_of(path)
    metadata = pq.read_metadata(pa.BufferReader(content)).metadata or {}
    written = metadata.get(PLACE, b"").decode()
    if place and written and place != written:
        return f"it was written as {written}"
    return None


def _of_others(content: bytes | bytearray, start: int) -> str:
    """Digest of all bytes except those of the digest itself, which begin at `start`."""
    view = memoryview(content)
    digest = hashlib.sha256(view[:start])
    digest.update(view[start + _LENGTH :])
    return digest.hexdigest()


def file_beside(path: str | os.PathLike[str]) -> Path:
    """The file with the digest of a text file."""
    return Path(path).with_name(Path(path).name + SUFFIX)


def digest_line(content: bytes, path: str | os.PathLike[str]) -> str:
    """The content of `file_beside`."""
    return f"{hashlib.sha256(content).hexdigest()}  {Path(path).name}\n"


def text_problem(content: bytes, path: str | os.PathLike[str]) -> str | None:
    """What is wrong with the content of a text file; None if nothing is known to be."""
    try:
        line = file_beside(path).read_bytes()
    except FileNotFoundError:
        return MISSING if _has_digests(path) else None
    return None if line == digest_line(content, path).encode() else CHANGED


def _has_digests(path: str | os.PathLike[str]) -> bool:
    """Whether files in the folder of a file have digests beside them."""
    return any(Path(path).parent.glob(f"*{SUFFIX}"))
