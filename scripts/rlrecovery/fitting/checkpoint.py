"""Checkpoints of long batches: a killed job continues with the first data set that was not fitted.

A checkpoint is a file in the folder of the estimates with the rows of the finished data sets and a
hash of everything that they depend on (method, data, code, versions). A job ignores a checkpoint
with another hash. Every data set has its own seed, so an interrupted batch ends with the same rows
as an uninterrupted one.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rlrecovery.storage.files import BrokenFile, conform, read_parquet, refuse_folder, write_parquet

log = logging.getLogger(__name__)

#: Seconds between two writes of a checkpoint.
INTERVAL = 60.0
_KEY = b"rlrecovery.checkpoint"


def checkpoint_key(data: str, stamp: Mapping[str, Any]) -> str:
    """Compute the hash of everything that the rows of a batch depend on.

    Parameters
    ----------
    data : str
        File with the data sets; its content is hashed.
    stamp : mapping
        Code, versions and settings.
    """
    digest = hashlib.sha256(json.dumps(stamp, sort_keys=True).encode())
    digest.update(Path(data).read_bytes())
    return digest.hexdigest()


class Checkpoint:
    """The rows of the finished data sets of a batch, on disk.

    Parameters
    ----------
    output : str
        The file that the batch will write; the checkpoint is in the same folder.
    key : str
        From `checkpoint_key`.
    columns : mapping
        Columns and types of the rows.
    interval : float, optional
        Seconds between two writes; by default `INTERVAL`.
    """

    def __init__(
        self,
        output: str,
        key: str,
        columns: Mapping[str, str],
        interval: float | None = None,
    ) -> None:
        target = Path(output)
        self.path = target.with_name(f".{target.name}.done-so-far")
        self._key, self._columns = key, columns
        self._interval = INTERVAL if interval is None else interval
        self._last_write = time.monotonic()

    def load(self) -> dict[int, list[dict[str, Any]]]:
        """Read the rows by replicate; empty without a checkpoint with this key.

        Raises
        ------
        BrokenFile
            If a folder has the name of the checkpoint: found before the batch is fitted.
        """
        refuse_folder(self.path)
        try:
            table = pq.read_table(read_parquet(self.path), page_checksum_verification=True)
            stored_key = (table.schema.metadata or {}).get(_KEY, b"").decode()
        except (BrokenFile, OSError, ValueError, pa.ArrowException) as error:
            # PyArrow raises OSError for a damaged footer, which the digest does not cover.
            if self.path.exists():
                log.warning("%s is ignored: %s", self.path.name, error)
            return {}
        if stored_key != self._key:
            log.info("%s has other settings, data or code and is ignored", self.path.name)
            return {}
        rows_by_replicate: dict[int, list[dict[str, Any]]] = {}
        for row in conform(table.to_pandas(), self._columns).to_dict("records"):
            columns = {str(name): value for name, value in row.items()}
            rows_by_replicate.setdefault(int(columns["replicate"]), []).append(columns)
        log.info("%d data sets were finished before the interruption", len(rows_by_replicate))
        return rows_by_replicate

    def save(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the rows of the finished data sets, unless the last write was recent."""
        if time.monotonic() - self._last_write < self._interval:
            return
        table = pa.Table.from_pandas(conform(rows, self._columns))
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), _KEY: self._key})
        write_parquet(table, self.path)
        self._last_write = time.monotonic()

    def remove(self) -> None:
        """Delete the checkpoint, once the batch is written."""
        self.path.unlink(missing_ok=True)
