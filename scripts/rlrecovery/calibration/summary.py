"""The rule ``calibration``: places of the truths in the posteriors of all methods, and tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rlrecovery.calibration.batch import DATA_SET
from rlrecovery.calibration.generator import PriorGenerator
from rlrecovery.calibration.truths import prior_sd
from rlrecovery.calibration.uniformity import holm, is_inside, p_uniform
from rlrecovery.storage.expected import row_problem
from rlrecovery.storage.files import BrokenFile, conform, read_origin, read_table, write_table
from rlrecovery.storage.schemas import CALIBRATED, CALIBRATION, CALIBRATION_BATCH, UNIFORMITY

#: Fewest values of which a distribution function is compared with its band.
FEWEST = 5


def write_calibration(
    generators: Mapping[str, PriorGenerator],
    files: Mapping[str, Mapping[str, str]],
    ranges: Mapping[str, Mapping[str, Sequence[int]]],
    summary: str,
) -> None:
    """Write the tables `rlrecovery.storage.schemas.CALIBRATED`, as CSV and as Parquet.

    Parameters
    ----------
    generators : mapping
        Method and design of every calibration, by name of the method.
    files : mapping
        Tables of `rlrecovery.calibration.batch`, by method and batch.
    ranges : mapping
        Half-open range of the data sets of these batches, by method and batch.
    summary : str
        Folder to write to.
    """
    parts = [
        read_batch(path, generators[method], ranges[method][batch]).assign(method=method)
        for method, paths in files.items()
        for batch, path in paths.items()
    ]
    places = with_contraction(pd.concat(parts, ignore_index=True), generators)
    tables = {"calibration": places, "uniformity": uniformity(places)}
    for name in CALIBRATED:
        for kind in ("csv", "parquet"):
            write_table(tables[name], f"{summary}/{name}.{kind}")


def read_batch(path: str, generator: PriorGenerator, replicates: Sequence[int]) -> pd.DataFrame:
    """Read the table of a batch.

    Raises
    ------
    BrokenFile
        If it cannot be read, is of other settings, or lacks data sets.
    """
    table = read_table(path, CALIBRATION_BATCH)
    if read_origin(path).get("settings") != generator.hash():
        raise BrokenFile.of(path, "it was made with other settings")
    numbers, codes = np.arange(*replicates), _quantity(table)
    kinds = np.unique(codes)
    expected = [np.repeat(numbers, len(kinds)), np.tile(kinds, len(numbers))]
    rows = [table["replicate"], codes]
    problem = row_problem(rows, expected, ("replicate", "quantity"))
    if problem is not None:
        raise BrokenFile.of(path, problem)
    return table


def _quantity(table: pd.DataFrame) -> np.ndarray:
    """Number of the level and parameter of each row."""
    keys = table["level"].astype(str) + " " + table["parameter"].astype(str)
    return pd.factorize(keys)[0].astype(np.int64)


def with_contraction(
    places: pd.DataFrame, generators: Mapping[str, PriorGenerator]
) -> pd.DataFrame:
    """Add 1 - posterior variance / prior variance (Schad, Betancourt & Vasishth 2021).

    Both variances are on the unconstrained scale. NaN for the log-likelihood, which has no prior.
    """
    contraction = np.full(len(places), np.nan)
    groups = places.groupby(["method", "level", "parameter"], sort=False)
    for (method, level, name), rows in groups.indices.items():
        if level == DATA_SET:
            continue
        fitted = generators[method].method
        sd = prior_sd(fitted.settings, fitted.fitted_model().parameter(name), level)
        contraction[rows] = 1 - (places["sd"].to_numpy()[rows] / sd) ** 2
    return conform(places.assign(contraction=contraction), CALIBRATION)


def uniformity(places: pd.DataFrame) -> pd.DataFrame:
    """Test the PIT values of every method and quantity, columns `UNIFORMITY`.

    ``p_holm`` is adjusted for the number of quantities of the method. The columns ``_unflagged``
    are of the fits without a flag.
    """
    rows = []
    groups = places.groupby(["method", "level", "parameter"], sort=False)
    for (method, level, name), part in groups:
        known, ok = part["pit"].notna(), part["status"] == "ok"
        values, unflagged = (part.loc[mask, "pit"].to_numpy() for mask in (known, known & ok))
        failed = int((~known).sum())
        rows.append(
            {
                "method": method,
                "level": level,
                "parameter": name,
                "data_sets": len(part),
                "failed": failed,
                "flagged": len(values) - len(unflagged),
                "n": len(values),
                "p": p_uniform(values),
                "p_holm": np.nan,
                "inside": len(values) >= FEWEST and is_inside(values),
                "n_unflagged": len(unflagged),
                "p_unflagged": p_uniform(unflagged),
                "p_holm_unflagged": np.nan,
            }
        )
    table = conform(rows, UNIFORMITY)
    by_method = table.groupby("method", sort=False)
    adjusted = {
        f"p_holm{rows}": by_method[f"p{rows}"].transform(lambda p: holm(p.to_numpy()))
        for rows in ("", "_unflagged")
    }
    return table.assign(**adjusted)
