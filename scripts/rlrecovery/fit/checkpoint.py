"""What a long batch has done so far, so that a killed job goes on where it stopped.

A checkpoint is a file beside the estimates with the rows of the data sets that are done. It says
what the rows depend on (method, data, code, versions); a job that finds one of anything else does
not use it. A data set's numbers depend on its own seed alone, so that a batch that was interrupted
ends with the same rows as one that was not.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rlrecovery.storage.files import conform, write_atomically

log = logging.getLogger(__name__)

#: Seconds of work after which the next finished data set is worth a write.
EVERY = 60.0
_KEY = b"rlrecovery.work"


def work_key(data: str, made: Mapping[str, Any] | None) -> str:
    """What the rows of a batch depend on, as a hash.

    Parameters
    ----------
    data : str
        File of the data sets; its bytes count.
    made : mapping, optional
        What makes them: code, versions and settings.
    """
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode())
    digest.update(Path(data).read_bytes())
    return digest.hexdigest()


class Checkpoint:
    """The rows of a batch that are done, on disk.

    Parameters
    ----------
    output : str
        The file that the batch will write; the checkpoint lies beside it.
    key : str
        From `work_key`.
    columns : mapping
        Columns and types of the rows.
    every : float
        Seconds between two writes at the least.
    """

    def __init__(
        self,
        output: str,
        key: str,
        columns: Mapping[str, str],
        every: float | None = None,
    ) -> None:
        target = Path(output)
        self.path = target.with_name(f".{target.name}.done-so-far")
        self._key, self._columns = key, columns
        self._every = EVERY if every is None else every
        self._written = time.monotonic()

    def load(self) -> dict[int, list[dict[str, Any]]]:
        """Rows by replicate; empty where there is no checkpoint of this very work."""
        try:
            known = (pq.read_schema(self.path).metadata or {}).get(_KEY, b"").decode()
            table = pq.read_table(self.path).to_pandas() if known == self._key else None
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, pa.ArrowException) as error:
            log.warning("%s cannot be read (%s) and is not used", self.path.name, error)
            return {}
        if table is None:
            log.info("%s is of other settings, data or code and is not used", self.path.name)
            return {}
        rows = conform(table, self._columns).to_dict("records")
        found: dict[int, list[dict[str, Any]]] = {}
        for row in rows:
            found.setdefault(int(row["replicate"]), []).append(row)
        log.info("%d data sets were done before this job was interrupted", len(found))
        return found

    def save(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the rows of whole data sets, if the last write is long enough ago."""
        if time.monotonic() - self._written < self._every:
            return
        table = pa.Table.from_pandas(conform(pd.DataFrame(rows), self._columns))
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), _KEY: self._key})
        write_atomically(self.path, lambda temporary: pq.write_table(table, temporary))
        self._written = time.monotonic()

    def remove(self) -> None:
        """Forget the rows: the batch is written."""
        self.path.unlink(missing_ok=True)
