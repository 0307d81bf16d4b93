"""What a file of data or estimates was made for: a hash of all settings that it depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any


def plain_hash(values: Any) -> str:
    """SHA-256 of what JSON can write, whatever the order of keys."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def simulate_work(generator: Mapping[str, Any], cell: Mapping[str, Any]) -> str:
    """Hash of the settings of a cell's data sets.

    Parameters
    ----------
    generator : mapping
        `rlrecovery.design.cells.generator_of` the cell.
    cell : mapping
        `rlrecovery.design.cells.Cell.values`.
    """
    return plain_hash([generator, cell])


def fit_work(
    method: Mapping[str, Any],
    generator: Mapping[str, Any],
    cell: Mapping[str, Any],
    levels: Sequence[float],
) -> str:
    """Hash of the settings of a cell's estimates by a method of `rlrecovery.design.cells.methods_of`."""
    return plain_hash([method, generator, cell, list(levels)])
