"""Seeds of random numbers, computed only from values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np


def seed_sequence(
    root: int, identity: Mapping[str, Any], replicate: int, purpose: str
) -> np.random.SeedSequence:
    """Seed of one stream of random numbers.

    It depends only on values, never on batches or on the order of cells, methods or jobs.

    Parameters
    ----------
    root : int
        The config's seed.
    identity : mapping
        Plain values that generate the data, see
        `rlrecovery.simulation.generator.Generator.identity`.
    replicate : int
        Number of the data set in its cell.
    purpose : str
        Purpose of the numbers, for instance ``"trials"``.
    """
    text = json.dumps([identity, replicate, purpose], sort_keys=True, allow_nan=False)
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.SeedSequence([root, *np.frombuffer(digest, dtype=np.uint32).tolist()])
