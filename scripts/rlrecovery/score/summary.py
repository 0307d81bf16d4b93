"""The rule ``summarise``: the summary tables of a study, from which figures and report are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rlrecovery.config.limits import Limits
from rlrecovery.design.cells import Cell
from rlrecovery.fitting.registry import Method
from rlrecovery.score.competing import crossed_measures, selection
from rlrecovery.score.design import MOST_POINTS
from rlrecovery.score.prior_width import prior_sds
from rlrecovery.score.results import LABELS
from rlrecovery.score.study import Study
from rlrecovery.score.verdicts import verdicts
from rlrecovery.storage.files import read_record, write_json, write_table
from rlrecovery.storage.provenance import add_origins, now, read_origins
from rlrecovery.storage.schemas import FAILURES, PAIRED, RECOVERY, SCATTER, SUMMARY

#: Approximate number of estimates kept for scatter plots, and the smallest number for each
#: parameter of a method in a cell.
POINTS_IN_ALL, FEWEST_POINTS = 40_000, 20


def summarise(
    methods: Mapping[str, Method],
    cells: Mapping[str, Cell],
    scores: Sequence[str],
    summary: str,
    begun: str,
    provenance: str,
    limits: Limits,
    labels: Mapping[str, str],
) -> None:
    """Write the summary of a study: rule ``summarise``.

    Parameters
    ----------
    methods, cells : mapping
        Methods by name, and cells by key.
    scores : sequence of str
        Folders with the scores of each design, see `rlrecovery.score.design`.
    summary : str
        Folder for the tables `rlrecovery.storage.schemas.SUMMARY`, each as CSV and as Parquet.
    begun, provenance : str
        Path of the record that was written at the start of the run, and path for the complete one.
    limits : Limits
        Limits of the verdicts.
    labels : mapping
        Names of methods and parameters that figures and report show.
    """
    study = Study.read(methods, cells, scores)
    measures, pairs = recovery(study), comparison(study)
    tables = {
        "recovery": measures,
        "verdicts": verdicts(measures, pairs, limits),
        "points": points(study),
        "failures": failures(study),
        "comparison": pairs,
        "crossed": crossed_measures(study),
        "selection": selection(study),
        "priors": prior_sds(methods),
        "witness": study.arranged(study.scores["witness"], "sampled", "exact", "cell"),
    }
    for name in SUMMARY:
        for kind in ("csv", "parquet"):
            write_table(tables[name], f"{summary}/{name}.{kind}")
    write_json(dict(labels), f"{summary}/{LABELS}")
    made_by = add_origins(read_origins(f"{folder}/origins.json") for folder in scores)
    write_json({**read_record(begun), "ended": now(), "made_by": made_by}, provenance)


def recovery(study: Study) -> pd.DataFrame:
    """Collect all measures; in a contest, only those of fits of the generating model."""
    measures = study.of_generating_model(study.scores["measures"])
    columns = [*RECOVERY[:3], *study.truth_names, *RECOVERY[3:]]
    return study.with_design(study.arranged_by_size(measures))[columns]


def points(study: Study) -> pd.DataFrame:
    """Collect the estimates for scatter plots, fewer per cell in a study with many cells."""
    fits = max(1, len(study.cells) * len(study.methods))
    limit = min(MOST_POINTS, max(FEWEST_POINTS, POINTS_IN_ALL // fits))
    table = study.arranged_by_size(study.scores["points"])
    table = study.with_design(table[_is_in_sample(table, limit)])
    front = [*SCATTER][:2] + study.design_columns[:-2]
    ends = [name for name in table if str(name).startswith(("lower_", "upper_"))]
    return table[[*front, *[*SCATTER][2:-1], *ends, "status"]].reset_index(drop=True)


def _is_in_sample(table: pd.DataFrame, limit: int) -> np.ndarray:
    """Whether estimates belong to the first data sets of their cell: about ``limit`` per parameter.

    Data sets are kept as a whole, and at least one.
    """
    by_fit = table.groupby(["method", "cell"], sort=False)
    sizes = table.groupby(["method", "cell", "replicate"], sort=False)["truth"].transform("size")
    largest = sizes.groupby([table["method"], table["cell"]], sort=False).transform("max")
    data_sets = (limit * by_fit["parameter"].transform("nunique") / largest).round().clip(lower=1)
    return (by_fit["replicate"].rank("dense") <= data_sets).to_numpy()


def failures(study: Study) -> pd.DataFrame:
    """Collect the numbers of flagged rows, columns `FAILURES` and ``variant``."""
    table = study.arranged_by_size(study.scores["failures"])
    return study.with_design(table)[[*FAILURES, "variant"]]


def comparison(study: Study) -> pd.DataFrame:
    """Collect the paired comparisons of all cells, columns `COMPARISON` and truths."""
    table = study.with_design(study.arranged(study.scores["paired"], "cell"))
    return table[["cell", *study.design_columns[:-2], *PAIRED]]
