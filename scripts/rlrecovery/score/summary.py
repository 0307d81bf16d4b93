"""The rule ``summarise``: the summary tables of a study, from which figures and report are made."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import pandas as pd

from rlrecovery.design.cells import Cell
from rlrecovery.fit.registry import Method
from rlrecovery.score.cell import score_grid
from rlrecovery.score.competing import crossed_measures, selection
from rlrecovery.score.prior_width import prior_sds
from rlrecovery.score.sampler_check import compare_posteriors
from rlrecovery.score.study import Study, size_groups
from rlrecovery.storage.files import conform, read_json, write_json, write_table
from rlrecovery.storage.provenance import Fitted, count_origins, now
from rlrecovery.storage.schemas import FAILURES, RECOVERY, SAMPLER_CHECK, SUMMARY, interval_columns

log = logging.getLogger(__name__)

#: Estimates kept for scatter plots: the approximate number in a study, and the smallest and largest
#: number for each parameter of a method in a cell.
POINTS_IN_ALL, FEWEST_POINTS, MOST_POINTS = 40_000, 20, 200


def summarise(
    methods: Mapping[str, Method],
    cells: Mapping[str, Cell],
    nominal_levels: Sequence[float],
    folders: Mapping[str, str],
    batches: Mapping[str, Sequence[str]],
    fitted: Fitted,
    sampler_pairs: Sequence[Sequence[str]],
    summary: str,
    begun: str,
    provenance: str,
    expected_hashes: Mapping[str, Mapping[str, str]],
) -> None:
    """Write the summary of a study: rule ``summarise``.

    Parameters
    ----------
    methods, cells, nominal_levels, folders, batches, fitted
        See `rlrecovery.score.study.Study`.
    sampler_pairs : sequence of (str, str)
        Methods to compare, from `rlrecovery.score.sampler_check.comparable_pairs`.
    summary : str
        Folder for the tables `rlrecovery.storage.schemas.SUMMARY`, each as CSV and as Parquet.
    begun, provenance : str
        Path of the record that was written at the start of the run, and path for the complete one.
    expected_hashes : mapping
        Hashes of the present settings, from `rlrecovery.config.study.expected_hashes`.
    """
    study = Study(methods, cells, nominal_levels, folders, batches, fitted)
    tables = method_tables(study)
    tables["comparison"] = comparison(study)
    tables["crossed"] = crossed_measures(study)
    tables["selection"] = selection(study)
    tables["priors"] = prior_sds(methods)
    tables["witness"] = sampler_check(study, sampler_pairs)
    for name in SUMMARY:
        for kind in ("csv", "parquet"):
            write_table(tables[name], f"{summary}/{name}.{kind}")
    made_by = count_origins(folders, fitted, batches, expected_hashes)
    write_json({**read_json(begun), "ended": now(), "made_by": made_by}, provenance)


def method_tables(study: Study) -> dict[str, pd.DataFrame]:
    """Make the tables ``recovery``, ``points`` and ``failures``.

    In a contest, only fits of the generating model are included.
    """
    fits = max(1, len(study.cells) * len(study.methods))
    limit = min(MOST_POINTS, max(FEWEST_POINTS, POINTS_IN_ALL // fits))
    measures, points, failures = [], [], []
    for name, method in study.methods.items():
        labels = study.design_labels(method)
        for group in size_groups(study.cells_to_measure(method)):
            joined, first = [], group[0]
            label = labels[first.key]
            for cell in group:
                scores = study.with_design(study.scores(name, cell), cell, label, name)
                measures.append(scores.assign(scope="cell", model=cell.model))
                rows = study.estimates_with_truth(name, cell)
                sample = scatter_sample(rows, study.nominal_levels, limit)
                points.append(study.with_design(sample, cell, label, name))
                failures.append(flag_counts(rows, name, cell).assign(variant=label))
                joined.append(rows.assign(cell=cell.key))
            correlations = study.with_design(score_grid(pd.concat(joined)), first, label, name)
            no_truth = dict.fromkeys(study.truth_names, float("nan"))
            measures.append(
                correlations.assign(
                    scope="grid", model=first.model, cell=first.size_key, **no_truth
                )
            )
            log.info("%s, %s: summarised %d cells", name, first.size_key, len(group))
    columns = [*RECOVERY[:3], *study.truth_names, *RECOVERY[3:]]
    return {
        "recovery": pd.concat(measures, ignore_index=True)[columns],
        "points": pd.concat(points, ignore_index=True),
        "failures": pd.concat(failures, ignore_index=True),
    }


def scatter_sample(rows: pd.DataFrame, nominal_levels: Sequence[float], limit: int) -> pd.DataFrame:
    """Select the estimates of the first data sets of a cell, for a scatter plot.

    About ``limit`` rows per parameter are kept; data sets are kept as a whole, and at least one.
    Of the intervals, the widest is kept.
    """
    rows_per_replicate = rows.groupby("replicate").size().max()
    replicates = max(1, round(limit * rows["parameter"].nunique() / rows_per_replicate))
    in_sample = rows["replicate"].isin(sorted(rows["replicate"].unique())[:replicates])
    columns = ["replicate", "participant", "level", "parameter", "truth", "estimate", "se"]
    return rows.loc[in_sample, [*columns, *interval_columns(max(nominal_levels)), "status"]]


def flag_counts(rows: pd.DataFrame, method: str, cell: Cell) -> pd.DataFrame:
    """Count rows by level, status (other than ``ok``) and reason."""
    counts = rows[rows["status"] != "ok"].groupby(["level", "status", "reason"]).size()
    return counts.reset_index(name="rows").assign(method=method, cell=cell.key)[[*FAILURES]]


def comparison(study: Study) -> pd.DataFrame:
    """Collect the paired comparisons of all cells, columns `COMPARISON` and truths."""
    labels = study.design_labels()
    return pd.concat(
        [
            study.with_design(study.comparison(cell), cell, labels[key])
            for key, cell in study.cells.items()
        ],
        ignore_index=True,
    )


def sampler_check(study: Study, pairs: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Compare sampled with exact posteriors in every cell, columns `SAMPLER_CHECK`."""
    tables = [
        compare_posteriors(study.estimates(sampled, cell), study.estimates(exact, cell)).assign(
            sampled=sampled, exact=exact, cell=key
        )
        for sampled, exact in pairs
        for key, cell in study.cells.items()
    ]
    return conform(pd.concat(tables, ignore_index=True) if tables else (), SAMPLER_CHECK)
