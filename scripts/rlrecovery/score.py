"""Scoring the methods in one cell: estimates and truth meet on disk."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from rlrecovery.scores import score_cell
from rlrecovery.tables import TRUTH, estimates_columns, read_tables, write_table

log = logging.getLogger(__name__)


def score(
    estimates: Sequence[str], truth: Sequence[str], levels: Sequence[float], scores: Sequence[str]
) -> None:
    """Score every method in one cell; one job for all, because each takes less than its start.

    Parameters
    ----------
    estimates : sequence of str
        Paths of all batches of the first method, then of the second, and so on.
    truth : sequence of str
        Paths of all batches.
    levels : sequence of float
        Nominal levels of the intervals.
    scores : sequence of str
        A path to write per method.
    """
    batches, known = len(truth), read_tables(truth, TRUTH)
    for i, path in enumerate(scores):
        mine = estimates[i * batches : (i + 1) * batches]
        rows = read_tables(mine, estimates_columns(levels))
        log.info("scoring %d rows of %d replicates", len(rows), rows["replicate"].nunique())
        write_table(score_cell(rows, known, levels), path)
