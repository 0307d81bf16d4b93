"""The measures that requirements name, in the designs that a study measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from rlrecovery.advice.scales import Floats, Scale, scale_of
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import competitors, methods_of
from rlrecovery.config.targets import OF_INTERVALS, P_BEST, POWER, TargetSettings
from rlrecovery.score.analyses import Analysis, with_series
from rlrecovery.score.labels import label_of
from rlrecovery.score.measures import binomial_se
from rlrecovery.score.pooling import mean_over_cells, root_mean_over_cells
from rlrecovery.score.results import Summary, finest_level
from rlrecovery.score.series import as_text

_SIZE = ["participants", "trials"]
#: A bias has a known size, and a type I error is known to be above nominal, from this many MCSEs.
KNOWN = 2.0

#: Measure of an analysis of effects where there is none.
TYPE_1 = "type_1"

#: Estimates of a level, in words.
OF_LEVEL = {"participant": "of participants", "group": "of the group", "spread": "of the spread"}


@dataclass(frozen=True)
class Measured:
    """One measure that a requirement limits, in all measured designs.

    Attributes
    ----------
    requirement, target : str, TargetSettings
        Name and settings of the requirement.
    method : str
        Method, as the report names it; it is called ``name`` in the config.
    quantity : str
        What is measured, such as ``RMSE of alpha of participants``.
    truth : str
        True values in words, such as `` at alpha = 0.5``; empty for means over them.
    model, variant : str
        Generating model, and label of the other factors that vary: task and missing responses.
    participants, trials, value, mcse, n : array, shape (designs,)
        Sizes of the designs, the measure, its MCSE and the number of replicates; finite.
    near_zero : bool
        Whether it is the size of a bias that is not known to differ from 0 in some cell.
    left_out : float
        Largest share of estimates in a cell that have no interval, if it is a measure of intervals.
    type_1, nominal_type_1 : float
        Of power, the type I error of the analysis, mean over all cells, and its nominal level, if
        it is known to be higher than that.
    """

    requirement: str
    target: TargetSettings
    method: str
    name: str
    quantity: str
    truth: str
    model: str
    variant: str
    participants: Floats
    trials: Floats
    value: Floats
    mcse: Floats
    n: Floats
    near_zero: bool = False
    left_out: float = 0.0
    type_1: float = np.nan
    nominal_type_1: float = np.nan

    @property
    def subject(self) -> str:
        """What is measured, and at which true values."""
        return self.quantity + self.truth

    @property
    def scale(self) -> Scale:
        """Scale of its surrogate."""
        return scale_of(self.target.measure)


def measured(summary: Summary, experiment: Experiment) -> list[Measured]:
    """All measures of all requirements, in the order of the config.

    A requirement has one for each method, parameter that it applies to and, if it applies to the
    worst true value, cell. It has none for a method that does not have the measure.
    """
    sources = {P_BEST: _selected, POWER: _found}
    return [
        entry
        for name, target in experiment.targets.items()
        for entry in sources.get(target.measure, _estimated)(summary, experiment, name, target)
    ]


def _estimated(
    summary: Summary, experiment: Experiment, name: str, target: TargetSettings
) -> Iterator[Measured]:
    """Yield measures of estimates."""
    for method in summary.methods:
        of = summary.method_of.get(method, method)
        if target.method not in (None, of):
            continue
        level = target.level or finest_level(summary, method)
        rows = _rows(summary, target, method, level)
        for parameter in summary.parameters:
            if target.parameter is not None:
                label = experiment.labels.get(target.parameter, target.parameter)
                if parameter != label:
                    continue
            part = rows[rows["parameter"] == parameter]
            what = f"{_measure_text(summary, target)} of {parameter} {OF_LEVEL[level]}"
            near_zero = target.measure == "bias" and _is_near_zero(part)
            left_out = _left_out(summary, part) if target.measure in OF_INTERVALS else 0.0
            for truth, table in _by_truth(summary, experiment, part):
                subject = (what, truth, *origin(summary, method))
                for entry in _entry(name, target, (method, of), subject, table):
                    yield replace(entry, near_zero=near_zero, left_out=left_out)


def _is_near_zero(rows: pd.DataFrame) -> bool:
    """Whether a bias is within `KNOWN` Monte Carlo errors of 0 in some cell."""
    return bool((rows["value"].abs() < KNOWN * rows["mcse"]).any())


def _left_out(summary: Summary, rows: pd.DataFrame) -> float:
    """Largest share of the estimates of a cell that a measure does not use."""
    keys = ["method", "level", "parameter", "cell"]
    used, every = (
        table.astype(dict.fromkeys(keys, "object")).set_index(keys)["n_rows"]
        for table in (rows, summary.measure("share_failed"))
    )
    shares = 1 - used / every.reindex(used.index)
    return float(shares.max()) if shares.notna().any() else 0.0


def origin(summary: Summary, method: str) -> tuple[str, str]:
    """Generating model of a series, and the label of its other factors."""
    rows = summary.recovery[summary.recovery["method"] == method]
    first = rows[["model", "variant"]].iloc[0]
    model, variant = ("" if pd.isna(text) else str(text) for text in first)
    return model, _without_model(variant, model)


def _without_model(variant: str, model: str) -> str:
    """A label without the generating model, which `rlrecovery.design.cells` names first."""
    return ", ".join(word for word in variant.split(", ") if word != f"from {model}")


def _rows(summary: Summary, target: TargetSettings, method: str, level: str) -> pd.DataFrame:
    """Rows of the measure: of cells, or of the grid for a rank correlation over true values."""
    where: dict[str, Any] = {"method": method, "level": level}
    if target.measure in OF_INTERVALS:
        nominal = target.nominal or summary.headline_interval
        where["interval"] = np.nan if nominal is None else nominal
    if target.measure == "spearman":
        grid = summary.measure(target.measure, scope="grid", **where)
        if len(grid):
            return grid
    return summary.measure(target.measure, **where)


def _measure_text(summary: Summary, target: TargetSettings) -> str:
    """Name of a measure in a sentence."""
    nominal = target.nominal or summary.headline_interval or np.nan
    return {
        "rmse": "RMSE",
        "bias": "size of the bias",
        "empirical_se": "empirical SE",
        "relative_rmse": "relative RMSE",
        "width": f"width of {100 * nominal:g} % intervals",
        "coverage": f"coverage of {100 * nominal:g} % intervals",
        "spearman": "rank correlation",
        "spearman_within": "rank correlation within data sets",
        "reliability": "reliability",
        P_BEST: "share of best fits",
    }[target.measure]


def _by_truth(
    summary: Summary, experiment: Experiment, rows: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield cells of each true value, or their means; with the true value in words."""
    columns = [name for name in summary.truths if rows[name].notna().any()]
    if experiment.over == "truths" or not columns:
        yield "", _means(summary, rows)
        return
    for values, part in rows.groupby(columns, sort=False, dropna=False):
        names = zip(columns, values, strict=True)
        varying = [f"{c} = {v:g}" for c, v in names if len(rows[c].unique()) > 1]
        yield f" at {', '.join(varying)}" if varying else "", part


def _means(summary: Summary, rows: pd.DataFrame) -> pd.DataFrame:
    """Mean over the cells of each design; designs without all cells are left out."""
    if (rows["measure"] == "bias").any():
        rows = rows.assign(value=rows["value"].abs())
    is_rmse, pool = (rows["measure"] == "rmse").any(), mean_over_cells
    if is_rmse:
        keys = ["method", "level", "parameter", "cell"]
        squares = summary.measure("mse").astype(dict.fromkeys(keys, "object"))
        rows = rows[keys].astype("object").merge(squares, on=keys)
        pool = root_mean_over_cells
    sizes = rows.groupby(_SIZE)
    most = sizes.size().max() if len(rows) else 0
    means = [(*size, *pool(part), part["n"].sum()) for size, part in sizes if len(part) == most]
    return pd.DataFrame(means, columns=[*_SIZE, "value", "mcse", "n"])


def _selected(
    summary: Summary, experiment: Experiment, name: str, target: TargetSettings
) -> Iterator[Measured]:
    """Yield shares of units whose best-fitting model is the generating one."""
    table, recovery = summary.selection, summary.recovery
    keep = (table["scope"] == "cell") & (table["simulated"] == target.model)
    table = table[keep & (table["fitted"] == target.model)]
    sizes = recovery[["cell", *_SIZE, "variant", *summary.truths]].astype({"cell": "object"})
    table = table.merge(sizes.drop_duplicates("cell"), on="cell")
    labels = [_without_model(label, str(target.model)) for label in as_text(table["variant"])]
    table = table.assign(variant=labels, measure=P_BEST)
    contests = competitors(methods_of(experiment))
    for (contest, criterion, variant), part in table.groupby(
        ["contest", "criterion", "variant"], sort=False
    ):
        if target.method not in (
            None,
            contest,
            *(m for m in contests if contests[m][0] == contest),
        ):
            continue
        unit = "participant" if (part["unit"] == "participant").any() else "data set"
        part = part[(part["unit"] == unit) & (part["n"] > 0)]
        share = part["wins"] / part["n"]
        part = part.assign(value=share, mcse=binomial_se(share, part["n"]))
        method = ", ".join(filter(None, [f"{contest} by {criterion}", variant]))
        what = f"share of {unit}s generated by {target.model} that it fits best"
        for truth, cells in _by_truth(summary, experiment, part):
            subject = (what, truth, str(target.model), variant)
            yield from _entry(name, target, (method, contest), subject, cells)


def _found(
    summary: Summary, experiment: Experiment, name: str, target: TargetSettings
) -> Iterator[Measured]:
    """Yield shares of data sets in which an effect is found."""
    table = summary.effects
    if table.empty:
        return
    labels = {label_of(name, experiment.labels): name for name in experiment.methods}
    table = table[as_text(table["other_effects"]) == ""]
    for key in ("effect", "analysis"):
        if (wanted := getattr(target, key)) is not None:
            table = table[table[key] == wanted]
    if target.parameter is not None:
        shown = experiment.labels.get(target.parameter, target.parameter)
        table = table[table["parameter"] == shown]
    table = table.assign(config_name=as_text(table["method"]), variant=as_text(table["variant"]))
    keys = ["method", "analysis", "config_name", "variant", "kind"]
    for (method, analysis, shown, variant, kind), rows in with_series(table).groupby(
        keys, sort=False
    ):
        of = labels.get(str(shown), str(shown))
        if target.method not in (None, of):
            continue
        label = Analysis(str(method), str(analysis)).label(str(kind))
        for (effect, parameter), own in rows.groupby(["effect", "parameter"], sort=False):
            type_1, nominal = _known_type_1(own)
            powers = own[own["measure"] == POWER]
            if target.size is not None:
                powers = powers[powers["size"] == target.size]
            for size, part in powers.groupby("size", sort=False):
                what = f"power to find {_effect_text(str(kind), str(effect), str(parameter), size)}"
                for truth, cells in _by_truth(summary, experiment, part):
                    subject = (what, truth, "", str(variant))
                    for entry in _entry(name, target, (label, of), subject, cells):
                        yield replace(entry, type_1=type_1, nominal_type_1=nominal)


def _known_type_1(rows: pd.DataFrame) -> tuple[float, float]:
    """Type I error of an analysis over all cells, and its nominal level; NaN unless above it."""
    null = rows[rows["measure"] == TYPE_1]
    value, mcse = mean_over_cells(null)
    nominal = float(rows["significance"].iloc[0])
    if value - nominal > KNOWN * mcse:
        return value, nominal
    return np.nan, np.nan


def _effect_text(kind: str, effect: str, parameter: str, size: float) -> str:
    """An effect in a sentence."""
    if kind == "covariate":
        return f"a correlation of {size:g} with {parameter}"
    return f"a difference in {parameter} of {size:g} ({effect})"


def _entry(
    name: str,
    target: TargetSettings,
    method: tuple[str, str],
    subject: tuple[str, str, str, str],
    table: pd.DataFrame,
) -> Iterator[Measured]:
    """Yield a measure if it is known in any design."""
    table = table[np.isfinite(table[["value", "mcse"]].to_numpy(float)).all(axis=1)]
    if len(table):
        columns = (table[key].to_numpy(float) for key in (*_SIZE, "value", "mcse", "n"))
        participants, trials, value, mcse, n = columns
        value = np.abs(value) if target.measure == "bias" else value
        yield Measured(name, target, *method, *subject, participants, trials, value, mcse, n)


def by_requirement(
    entries: Sequence[Measured],
) -> Mapping[tuple[str, str], list[Measured]]:
    """Group measures by requirement and method, in their order."""
    groups: dict[tuple[str, str], list[Measured]] = {}
    for entry in entries:
        groups.setdefault((entry.requirement, entry.method), []).append(entry)
    return groups
