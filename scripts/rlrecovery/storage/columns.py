"""Parquet files from NumPy columns, written without pandas, which takes long to import.

The files are those that `rlrecovery.storage.files.write_table` writes of the same columns, byte for
byte.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rlrecovery.storage.files import write_parquet

#: Arrow type of a column, by its pandas type in `rlrecovery.storage.schemas`.
_ARROW = {"int64": pa.int64(), "float64": pa.float64(), "str": pa.large_string()}


def write_columns(
    columns: Mapping[str, NDArray[Any] | Sequence[str]],
    types: Mapping[str, str],
    path: str | os.PathLike[str],
    origin: Mapping[str, object] | None = None,
) -> None:
    """Write columns atomically as a Parquet file.

    Parameters
    ----------
    columns : mapping of array or sequence of str
        Columns by name, equally long; arrays of one axis. NaN is stored as a missing value.
    types : mapping of str
        Pandas types of these columns, ``int64``, ``float64`` or ``str``, in the order on disk.
    path, origin
        As for `rlrecovery.storage.files.write_table`.

    Raises
    ------
    ValueError
        If a column is missing or unexpected, or if an array is not of its type or length.
    """
    if set(columns) != set(types):
        raise ValueError(f"columns {sorted(columns)} are not {sorted(types)}")
    arrays = [_arrow_array(columns[name], kind) for name, kind in types.items()]
    schema = pa.schema([(name, _ARROW[kind]) for name, kind in types.items()])
    rows = pa.Table.from_arrays(arrays, schema=schema.with_metadata(_pandas_metadata(types)))
    write_parquet(rows, path, origin)


def _arrow_array(values: NDArray[Any] | Sequence[str], kind: str) -> pa.Array:
    """An Arrow array of buffers; ``pyarrow.array`` would import pandas."""
    if not isinstance(values, np.ndarray):
        return _text_array(values)
    if values.dtype != kind:
        raise ValueError(f"an array is of type {values.dtype}, not {kind}")
    if values.ndim != 1:
        raise ValueError(f"an array has {values.ndim} axes")
    buffers = [None, pa.py_buffer(np.ascontiguousarray(values))]
    if kind == "float64" and (missing := np.isnan(values)).any():
        buffers[0] = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    return pa.Array.from_buffers(_ARROW[kind], len(values), buffers)


def _text_array(values: Sequence[str]) -> pa.Array:
    words = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, words)], dtype=np.int64)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(words))]
    return pa.Array.from_buffers(_ARROW["str"], len(words), buffers)


def _pandas_metadata(types: Mapping[str, str]) -> dict[str, str]:
    """What PyArrow stores about a data frame, so that pandas reads the same columns back."""
    columns = [
        {
            "name": name,
            "field_name": name,
            "pandas_type": "object" if kind == "str" else kind,
            "numpy_type": kind,
            "metadata": None,
        }
        for name, kind in types.items()
    ]
    frame = {
        "index_columns": [],
        "column_indexes": [],
        "columns": columns,
        "attributes": {},
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": metadata.version("pandas"),
    }
    return {"pandas": json.dumps(frame)}
