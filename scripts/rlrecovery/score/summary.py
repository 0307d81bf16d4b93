"""From estimates on disk to the small tables that figures and report need."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from rlrecovery.config.record import end_record
from rlrecovery.design.cells import Cell, variants, wrong_fits
from rlrecovery.score.measures import join, score_grid
from rlrecovery.score.model_selection import cell_counts, selection_table
from rlrecovery.score.paired import PAIRED
from rlrecovery.score.prior_width import prior_sds
from rlrecovery.score.sampler_check import WITNESS, differences
from rlrecovery.storage.files import (
    MEASURES,
    SUMMARY,
    TRUTH,
    conform,
    estimates_columns,
    interval_columns,
    read_json,
    read_table,
    read_tables,
    write_json,
    write_table,
)
from rlrecovery.storage.origins import origins

log = logging.getLogger(__name__)


#: What `crossed` adds to the measures: the contest, both models, and the design that they share.
CONTEST = ("contest", "simulated", "fitted", "design")

#: Scatter figures need some data sets, not all: about this many points in the whole study, and
#: between the two limits in each cell of each method.
POINTS_IN_ALL, FEWEST_POINTS, MOST_POINTS = 40_000, 20, 200


def design_columns(
    table: pd.DataFrame,
    cell: Cell,
    names: Sequence[str],
    variant: str,
    method: str | None = None,
) -> pd.DataFrame:
    """A table with method, cell, truth, sizes and variant in front; it may have methods already."""
    truth = dict(cell.truth)
    front: dict[str, Any] = {} if method is None else {"method": method}
    front |= {"cell": cell.key}
    front |= {name: truth.get(name, float("nan")) for name in names}
    front |= {"participants": cell.participants, "trials": cell.trials, "variant": variant}
    return table.assign(**front)[[*front, *[c for c in table.columns if c not in front]]]


def summarise(
    methods: Mapping[str, Mapping[str, Any]],
    cells: Mapping[str, Mapping[str, Any]],
    levels: Sequence[float],
    folders: Mapping[str, str],
    batches: Mapping[str, Sequence[str]],
    witnesses: Sequence[Sequence[str]],
    summary: str,
    begun: str,
    provenance: str,
    works: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Gather scores and estimates of a whole study into its summary.

    Parameters
    ----------
    methods : mapping
        `rlrecovery.design.cells.methods_of` the experiment.
    cells : mapping
        From cell key to `rlrecovery.design.cells.Cell.values`.
    levels : sequence of float
        Nominal levels of the intervals.
    folders : mapping
        Where ``scores``, ``paired``, ``estimates`` and ``truth`` are.
    batches : mapping
        From cell key to the keys of its batches.
    witnesses : sequence of two names
        Methods to compare: `rlrecovery.score.sampler_check.pairs`.
    summary : str
        Folder to write into: `rlrecovery.storage.files.SUMMARY`, each as CSV and as Parquet.
    begun, provenance : str
        What is known of the run since its beginning, and the path to write it to with what is known
        at its end.
    works : mapping, optional
        By stage and cell, the settings that files should be made for.
    """
    known = {key: Cell.of(values) for key, values in cells.items()}
    tables = gathered(methods, known, levels, folders, batches)
    tables["comparison"] = comparisons(folders, known)
    tables["crossed"] = crossed(methods, known, folders)
    tables["selection"] = selected(methods, known, folders, batches, levels)
    tables["priors"] = prior_sds(methods)
    tables["witness"] = compared(folders, witnesses, known, batches, levels)
    for name in SUMMARY:
        for kind in ("csv", "parquet"):
            write_table(tables[name], f"{summary}/{name}.{kind}")
    made = origins(folders, list(methods), batches, works)
    write_json(end_record(read_json(begun), made), provenance)


def gathered(
    methods: Mapping[str, Mapping[str, Any]],
    cells: Mapping[str, Cell],
    levels: Sequence[float],
    folders: Mapping[str, str],
    batches: Mapping[str, Sequence[str]],
) -> dict[str, pd.DataFrame]:
    """Measures, points and flags of all methods and cells: three of the summary's tables.

    Where models compete, only the fits of the model that generated the data are in them.
    """
    names = truth_names(cells.values())
    share = max(1, len(cells) * len(methods))
    limit = min(MOST_POINTS, max(FEWEST_POINTS, POINTS_IN_ALL // share))
    measures: list[pd.DataFrame] = []
    points: list[pd.DataFrame] = []
    flagged: list[pd.DataFrame] = []
    for method, settings in methods.items():
        said = variants_of(settings, cells)
        for group in same_size(right_cells(method, settings, cells)):
            joined, variant = [], said[group[0].key]
            for cell in group:
                scores = read_table(f"{folders['scores']}/{method}/{cell.key}.parquet")
                scores = design_columns(scores, cell, names, variant, method)
                measures.append(scores.assign(scope="cell", model=cell.model))
                rows = read_cell(folders, method, cell, batches, levels)
                shown = some(rows, levels, limit)
                points.append(design_columns(shown, cell, names, variant, method))
                flagged.append(flags(rows, method, cell).assign(variant=variant))
                joined.append(rows.assign(cell=cell.key))
            whole = over_truths(pd.concat(joined), method, group[0], names)
            measures.append(whole.assign(variant=variant, model=group[0].model))
            log.info("%s, %s: summarised %d cells", method, group[0].size_key, len(group))
    columns = [*MEASURES[:3], *names, *MEASURES[3:]]
    return {
        "recovery": pd.concat(measures, ignore_index=True)[columns],
        "points": pd.concat(points, ignore_index=True),
        "failures": pd.concat(flagged, ignore_index=True),
    }


def right_cells(
    method: str, settings: Mapping[str, Any], cells: Mapping[str, Cell]
) -> Iterator[Cell]:
    """Cells whose model a method fits; all, unless its model is one of several that compete."""
    return (cell for cell in cells.values() if not wrong_fits({method: settings}, cell))


def variants_of(settings: Mapping[str, Any], cells: Mapping[str, Cell]) -> dict[str, str]:
    """`rlrecovery.design.cells.variants`; a method's own model is said by its name already."""
    if "fitted" not in settings:
        return variants(cells)
    return variants({key: replace(cell, model="") for key, cell in cells.items()})


def crossed(
    methods: Mapping[str, Mapping[str, Any]],
    cells: Mapping[str, Cell],
    folders: Mapping[str, str],
) -> pd.DataFrame:
    """Measures of all fits of competing models, for the parameters that both models have."""
    names, found = truth_names(cells.values()), []
    for method, settings in methods.items():
        said = variants_of(settings, cells)
        for key, cell in cells.items() if "fitted" in settings else ():
            scores = read_table(f"{folders['scores']}/{method}/{key}.parquet")
            known = scores[(scores["measure"] == "bias") & (scores["n"] > 0)]["parameter"]
            scores = scores[scores["parameter"].isin(known)]
            models = {"simulated": cell.model, "fitted": settings["fitted"]}
            told = {"contest": settings["contest"], **models, "design": design_key(cell)}
            scores = design_columns(scores, cell, names, said[key], method)
            found.append(scores.assign(scope="cell", model=cell.model, **told))
    columns = [*MEASURES[:3], *names, *MEASURES[3:], *CONTEST]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def design_key(cell: Cell) -> str:
    """What cells of one design have in common, whatever model generated them."""
    return replace(cell, model="").size_key


def selected(
    methods: Mapping[str, Mapping[str, Any]],
    cells: Mapping[str, Cell],
    folders: Mapping[str, str],
    batches: Mapping[str, Sequence[str]],
    levels: Sequence[float],
) -> pd.DataFrame:
    """How often which model won, `rlrecovery.score.model_selection.SELECTION`."""
    counted = []
    for cell in cells.values():
        contests: dict[str, dict[str, pd.DataFrame]] = {}
        for method, settings in methods.items():
            if "contest" in settings:
                rows = read_estimates(folders, method, cell.key, batches, levels)
                contests.setdefault(settings["contest"], {})[settings["fitted"]] = rows
        if contests:
            counted.append(cell_counts(contests, cell.key, design_key(cell), cell.model))
    return selection_table(pd.concat(counted, ignore_index=True) if counted else pd.DataFrame())


def truth_names(cells: Iterable[Cell]) -> list[str]:
    """Parameters of the truth grid, in the design's order."""
    return list(dict.fromkeys(name for cell in cells for name, _ in cell.truth))


def comparisons(folders: Mapping[str, str], cells: Mapping[str, Cell]) -> pd.DataFrame:
    """The methods compared on the same data in every cell, `rlrecovery.score.paired.PAIRED`."""
    names = truth_names(cells.values())
    said = variants(cells)
    return pd.concat(
        [
            design_columns(
                read_table(f"{folders['paired']}/{key}.parquet", PAIRED), cell, names, said[key]
            )
            for key, cell in cells.items()
        ],
        ignore_index=True,
    )


def compared(
    folders: Mapping[str, str],
    witnesses: Sequence[Sequence[str]],
    cells: Iterable[str],
    batches: Mapping[str, Sequence[str]],
    levels: Sequence[float],
) -> pd.DataFrame:
    """Sampled against exact posteriors in every cell, as `rlrecovery.score.sampler_check.WITNESS`."""
    found = [
        differences(
            *(read_estimates(folders, name, cell, batches, levels) for name in pair)
        ).assign(sampled=pair[0], exact=pair[1], cell=cell)
        for pair in witnesses
        for cell in cells
    ]
    return conform(pd.concat(found, ignore_index=True) if found else (), WITNESS)


def same_size(cells: Iterable[Cell]) -> Iterator[list[Cell]]:
    """Cells grouped by participants and trials, in the order of their first."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.size_key, []).append(cell)
    yield from groups.values()


def read_cell(
    folders: Mapping[str, str],
    method: str,
    cell: Cell,
    batches: Mapping[str, Sequence[str]],
    levels: Sequence[float],
) -> pd.DataFrame:
    """Estimates of one method in one cell, each with its truth."""
    truth = [f"{folders['truth']}/{cell.key}/{batch}.parquet" for batch in batches[cell.key]]
    estimates = read_estimates(folders, method, cell.key, batches, levels)
    return join(estimates, read_tables(truth, TRUTH))


def read_estimates(
    folders: Mapping[str, str],
    method: str,
    cell: str,
    batches: Mapping[str, Sequence[str]],
    levels: Sequence[float],
) -> pd.DataFrame:
    """Estimates of one method in the cell of that key."""
    paths = [f"{folders['estimates']}/{method}/{cell}/{batch}.parquet" for batch in batches[cell]]
    return read_tables(paths, estimates_columns(levels))


def over_truths(joined: pd.DataFrame, method: str, cell: Cell, names: Sequence[str]) -> Any:
    """Correlations between truth and estimate over all truths of one size."""
    table = score_grid(joined).assign(
        scope="grid", method=method, cell=cell.size_key,
        participants=cell.participants, trials=cell.trials,
    )  # fmt: skip
    return table.assign(**dict.fromkeys(names, float("nan")))


def some(rows: pd.DataFrame, levels: Sequence[float], limit: int) -> pd.DataFrame:
    """Whole data sets from the first on, until there are enough points for a scatter."""
    per_replicate = rows.groupby("replicate").size().max()
    parameters = rows["parameter"].nunique()
    kept = max(1, round(limit * parameters / per_replicate))
    chosen = rows["replicate"].isin(sorted(rows["replicate"].unique())[:kept])
    columns = ["replicate", "participant", "level", "parameter", "truth", "estimate", "se"]
    return rows.loc[chosen, [*columns, *interval_columns(max(levels)), "status"]]


def flags(rows: pd.DataFrame, method: str, cell: Cell) -> pd.DataFrame:
    """How many rows carry which status and reason, the unremarkable ones left out."""
    bad = rows[rows["status"] != "ok"]
    counted = bad.groupby(["level", "status", "reason"], sort=True).size()
    table = counted.reset_index(name="rows")
    return table.assign(method=method, cell=cell.key)[
        ["method", "cell", "level", "status", "reason", "rows"]
    ]
