"""Scoring the methods in one cell: estimates and truth meet on disk."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from rlrecovery.score.measures import score_cell
from rlrecovery.score.paired import compare
from rlrecovery.storage.files import TRUTH, estimates_columns, read_tables, write_table

log = logging.getLogger(__name__)


def score(
    estimates: Sequence[str],
    truth: Sequence[str],
    levels: Sequence[float],
    scores: Mapping[str, str],
    paired: str,
    wrong: Sequence[str] = (),
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
    scores : mapping
        From method to the path of its measures, in the order of the estimates.
    paired : str
        Path to write: the methods compared on the same data.
    wrong : sequence of str
        Methods that are not compared, because they fit another model than generated the data and
        compete in `rlrecovery.score.model_selection`.
    """
    batches, known = len(truth), read_tables(truth, TRUTH)
    rows = {}
    for i, (method, path) in enumerate(scores.items()):
        mine = estimates[i * batches : (i + 1) * batches]
        rows[method] = read_tables(mine, estimates_columns(levels))
        count = rows[method]["replicate"].nunique()
        log.info("%s: scoring %d rows of %d replicates", method, len(rows[method]), count)
        write_table(score_cell(rows[method], known, levels), path)
    right = {method: table for method, table in rows.items() if method not in wrong}
    write_table(compare(right, known), paired)
