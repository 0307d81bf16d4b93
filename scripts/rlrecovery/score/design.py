"""The rule ``score``: everything that is computed from the estimates in the cells of one design.

The cells are read one after the other. `rlrecovery.score.summary` puts the tables of all designs
together.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from rlrecovery.design.cells import Cell
from rlrecovery.score.batches import Batches
from rlrecovery.score.cell import score_cell, score_grid
from rlrecovery.score.model_selection import cell_counts
from rlrecovery.score.over_truths import pool_measures
from rlrecovery.score.paired import compare
from rlrecovery.score.sampler_check import compare_posteriors
from rlrecovery.storage.files import conform, write_json, write_table
from rlrecovery.storage.provenance import count_origins
from rlrecovery.storage.schemas import (
    COMPARED,
    COUNTS,
    ESTIMATE_KEYS,
    FAILURES,
    MEASURES,
    SAMPLER_CHECK,
    SCATTER,
    SCORED,
    interval_columns,
)

log = logging.getLogger(__name__)

#: Largest number of estimates kept for scatter plots, per parameter of a method in a cell.
MOST_POINTS = 200

#: A part of one of the tables `SCORED`, with the name of the table.
Part = tuple[str, pd.DataFrame]


class Competitor(NamedTuple):
    """A method of a contest, and the name of the model that it fits."""

    contest: str
    fitted: str


def score(
    cells: Mapping[str, Cell],
    competitors: Mapping[str, Competitor],
    sampler_pairs: Sequence[Sequence[str]],
    batches: Batches,
    expected_hashes: Mapping[str, Mapping[str, str]],
    folder: str,
) -> None:
    """Score all methods in the cells of one design and write the results.

    Parameters
    ----------
    cells : mapping
        The cells by key.
    competitors : mapping
        Methods that belong to a contest. Their fits of other models than the generating one are
        only compared with each other.
    sampler_pairs : sequence of (str, str)
        Methods to compare, from `rlrecovery.score.sampler_pairs.comparable_pairs`.
    batches : Batches
        The estimates and true values.
    expected_hashes : mapping
        Hashes of the present settings, see `rlrecovery.config.study.expected_hashes`.
    folder : str
        Folder for the tables `rlrecovery.storage.schemas.SCORED`, and for ``origins.json``: the
        numbers of files of estimates and true values by their origins.
    """
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in SCORED}
    for name, table in _parts(cells, competitors, sampler_pairs, batches):
        parts[name].append(table)
    ends = dict.fromkeys(interval_columns(max(batches.nominal_levels)), "float64")
    columns = [MEASURES, {**SCATTER, **ends}, FAILURES, COMPARED, COUNTS, SAMPLER_CHECK]
    for name, types in zip(SCORED, columns, strict=True):
        tables = [table for table in parts[name] if len(table)]
        whole = conform(pd.concat(tables, ignore_index=True) if tables else (), types)
        write_table(whole, f"{folder}/{name}.parquet")
    sources = batches.folders, batches.fitted, batches.batches
    write_json(count_origins(*sources, expected_hashes), f"{folder}/origins.json")


def _parts(
    cells: Mapping[str, Cell],
    competitors: Mapping[str, Competitor],
    sampler_pairs: Sequence[Sequence[str]],
    batches: Batches,
) -> Iterator[Part]:
    """Yield the parts of all tables: those of each cell, then measures over cells."""
    of_size: dict[tuple[str, str], list[pd.DataFrame]] = {}
    measured: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for key, cell in cells.items():
        joined = batches.estimates_with_truth(key)
        of_model = {
            method: rows
            for method, rows in joined.items()
            if method not in competitors or competitors[method].fitted == cell.model
        }
        for method, rows in joined.items():
            measures = score_cell(rows, batches.nominal_levels)
            yield "measures", measures.assign(scope="cell", method=method, cell=key)
            if method in of_model:
                measured.setdefault((method, cell.size_key), []).append(measures)
        for method, rows in of_model.items():
            points = scatter_sample(rows, batches.nominal_levels, MOST_POINTS)
            yield "points", points.assign(method=method, cell=key)
            yield "failures", flag_counts(rows).assign(method=method, cell=key)
            kept = rows[[*ESTIMATE_KEYS, "truth", "estimate", "status"]].assign(cell=key)
            of_size.setdefault((method, cell.size_key), []).append(kept)
        yield "paired", compare(of_model).assign(cell=key)
        yield "wins", _wins(cell, competitors, joined)
        for sampled, exact in sampler_pairs:
            pair = {"sampled": sampled, "exact": exact, "cell": key}
            yield "witness", compare_posteriors(joined[sampled], joined[exact]).assign(**pair)
        log.info("%s: scored %d methods", key, len(joined))
    for method, size_key in list(of_size):
        correlations = score_grid(pd.concat(of_size.pop((method, size_key)), ignore_index=True))
        for measures in (correlations, pool_measures(measured[method, size_key])):
            yield "measures", measures.assign(scope="grid", method=method, cell=size_key)


def _wins(
    cell: Cell, competitors: Mapping[str, Competitor], estimates: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Count how often each competing model fits best, columns `COUNTS`."""
    contests: dict[str, dict[str, pd.DataFrame]] = {}
    for method, (contest, fitted) in competitors.items():
        contests.setdefault(contest, {})[fitted] = estimates[method]
    return cell_counts(contests, cell.key, cell.design_key, cell.model)


def scatter_sample(rows: pd.DataFrame, nominal_levels: Sequence[float], limit: int) -> pd.DataFrame:
    """Select the estimates of the first data sets of a cell, for a scatter plot.

    About ``limit`` rows per parameter are kept; data sets are kept as a whole, and at least one.
    Of the intervals, the widest is kept.
    """
    rows_per_replicate = rows.groupby("replicate").size().max()
    replicates = max(1, round(limit * rows["parameter"].nunique() / rows_per_replicate))
    in_sample = rows["replicate"].isin(sorted(rows["replicate"].unique())[:replicates])
    columns = [*ESTIMATE_KEYS, "truth", "estimate", "se", "status"]
    return rows.loc[in_sample, [*columns, *interval_columns(max(nominal_levels))]]


def flag_counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Count rows by level, status (other than ``ok``) and reason."""
    flagged = rows[rows["status"] != "ok"]
    return flagged.groupby(["level", "status", "reason"]).size().reset_index(name="rows")
