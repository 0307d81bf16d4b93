"""The rule ``effects``: how well all analyses find the effects of a study, and reliability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from rlrecovery.design.cells import Cell, cell_labels, plain_number
from rlrecovery.effects.design import EffectCell
from rlrecovery.effects.generator import EffectGenerator
from rlrecovery.effects.settings import EffectSettings
from rlrecovery.fitting.effects import Effect
from rlrecovery.fitting.registry import Method
from rlrecovery.score.effects.detectable import POWER, detectable
from rlrecovery.score.effects.measures import (
    agreement_measures,
    disattenuated,
    effect_measures,
    reliability_of_mean,
    score_rows,
)
from rlrecovery.score.effects.read import EffectBatches
from rlrecovery.simulation.population import population_truth
from rlrecovery.storage.files import conform, write_table
from rlrecovery.storage.schemas import ANALYSED, DETECTABLE, EFFECTS, RELIABILITY

#: Columns that identify an analysis of an effect, whatever its size, in one cell.
_SERIES = ("method", "cell", "other_effects", "kind", "effect", "parameter", "analysis")

_SIZE = ("size", "natural", "significance")
_VALUES = ("measure", "value", "mcse", "n", "n_rows")


def write_effects(
    methods: Mapping[str, Method],
    cells: Mapping[str, EffectCell],
    generators: Mapping[str, EffectGenerator],
    settings: EffectSettings,
    ranges: Mapping[str, Mapping[str, Sequence[int]]],
    folders: Mapping[str, str],
    summary: str,
) -> None:
    """Write the tables `rlrecovery.storage.schemas.ANALYSED`, as CSV and as Parquet.

    Parameters
    ----------
    methods, cells, generators, settings, ranges, folders
        See `rlrecovery.score.effects.read.EffectBatches`.
    summary : str
        Folder to write to.
    """
    batches = EffectBatches(methods, cells, generators, settings, ranges, folders)
    tables = EffectStudy(batches).tables()
    for name in ANALYSED:
        for kind in ("csv", "parquet"):
            write_table(tables[name], f"{summary}/{name}.{kind}")


@dataclass(frozen=True)
class EffectStudy:
    """A study with effects, as its summary describes it."""

    batches: EffectBatches

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables `rlrecovery.storage.schemas.ANALYSED` by name."""
        reliability = self._reliability()
        effects = self._effects(reliability)
        return {
            "effects": self._with_design(effects, EFFECTS),
            "detectable": self._with_design(self._detectable(effects), DETECTABLE),
            "reliability": self._with_design(reliability, RELIABILITY),
        }

    @cached_property
    def _bases(self) -> dict[str, Cell]:
        """The cells without effects, by key."""
        return {each.cell.key: each.cell for each in self.batches.cells.values()}

    def _keys_of(self, base: str) -> list[str]:
        """Keys of the cells with effects of a cell."""
        return [key for key, each in self.batches.cells.items() if each.cell.key == base]

    def _reliability(self) -> pd.DataFrame:
        """Measures of reliability, one row per measure."""
        rows: list[dict[str, object]] = []
        for method in self.batches.methods:
            for key, cell in self.batches.cells.items():
                table = self.batches.retests(method, key)
                for parameter, own in table.groupby("parameter", sort=False):
                    about = {"method": method, "cell": cell.cell.key, "parameter": parameter}
                    rows += [about | row for row in score_rows(agreement_measures(own))]
        return pd.DataFrame(rows, columns=["method", "cell", "parameter", *_VALUES])

    def _effects(self, reliability: pd.DataFrame) -> pd.DataFrame:
        """Measures of all analyses, one row per measure."""
        icc = reliability[reliability["measure"] == "icc"]
        iccs = icc.set_index(["method", "cell", "parameter"])["value"].to_dict()
        rows: list[dict[str, object]] = []
        for method in self.batches.methods:
            for base in self._bases:
                tables = {key: self.batches.effects(method, key) for key in self._keys_of(base)}
                for k, effect in enumerate(self.batches.generators[base].design.effects):
                    known = iccs.get((method, base, effect.parameter), np.nan)
                    rows += self._of_effect(k, effect, method, tables, known)
        return pd.DataFrame(rows, columns=[*_SERIES, *_SIZE, *_VALUES])

    def _of_effect(
        self,
        index: int,
        effect: Effect,
        method: str,
        tables: Mapping[str, pd.DataFrame],
        icc: float,
    ) -> Iterator[dict[str, object]]:
        """Measures of all analyses of one effect in a cell: all its sizes."""
        significance = self.batches.settings.significance
        own = {key: _analyses(table, effect) for key, table in tables.items()}
        if effect.kind == "covariate" and self.batches.settings.retest:
            # The covariate is correlated with means over all conditions.
            base = self.batches.cells[next(iter(tables))]
            sessions = len(self.batches.generator(base).design.conditions)
            reliability = reliability_of_mean(icc, sessions)
            for by_name in own.values():
                if "t_test" in by_name:
                    by_name["disattenuated"] = disattenuated(by_name["t_test"], reliability)
        for analysis in dict.fromkeys(name for by_name in own.values() for name in by_name):
            for key, by_name in own.items():
                cell = self.batches.cells[key]
                size = cell.sizes[index]
                about = {
                    "method": method,
                    "cell": cell.cell.key,
                    "other_effects": self._others(cell, index),
                    "kind": effect.kind,
                    "effect": effect.name,
                    "parameter": effect.parameter,
                    "analysis": analysis,
                    "size": size,
                    "natural": self._natural(cell.cell.key, effect, size),
                    "significance": significance,
                }
                scores = effect_measures(by_name[analysis], size, significance)
                yield from (about | row for row in score_rows(scores))

    def _others(self, cell: EffectCell, index: int) -> str:
        """The other effects of a cell that are not 0."""
        effects = self.batches.generator(cell).design.effects
        return ", ".join(
            f"{effect.name} {effect.parameter} {plain_number(size)}"
            for k, (effect, size) in enumerate(zip(effects, cell.sizes, strict=True))
            if k != index and size
        )

    def _natural(self, base: str, effect: Effect, size: float) -> float:
        """Difference on the natural scale that an effect makes at the population's location."""
        generator = self.batches.generators[base].generator
        model = generator.model.model()
        if effect.kind == "covariate" or effect.parameter not in model.names:
            return np.nan
        parameter = model.parameter(effect.parameter)
        population = generator.population[effect.parameter]
        if population.draws is None:
            centre = dict(self._bases[base].truth).get(effect.parameter)
            location, _ = population_truth(parameter, centre, population)
        else:
            location = parameter.to_natural(np.mean(population.draws.locations))
        return float(parameter.to_natural(parameter.to_real(location) + size) - location)

    def _detectable(self, effects: pd.DataFrame) -> pd.DataFrame:
        """Size with a power of `POWER` of each analysis, by cell and over the cells of a size."""
        counts = _counts(effects)
        by_cell = _detectable_sizes(counts)
        about = by_cell[["cell", "kind", "effect", "parameter", "size"]]
        by_cell["natural"] = [
            self._natural(cell, Effect(kind, name, 0, parameter), size)
            for cell, kind, name, parameter, size in about.itertuples(index=False)
        ]
        of_size = {key: cell.size_key for key, cell in self._bases.items()}
        cells_of_size = Counter(of_size.values())
        pooled = counts.assign(cell=counts["cell"].map(of_size))
        pooled = pooled[pooled["cell"].map(cells_of_size) > 1]
        keys = [*_SERIES, "size"]
        pooled = pooled.groupby(keys, sort=False, as_index=False)[["found", "n"]].sum()
        over_truths = _detectable_sizes(pooled).assign(natural=np.nan)
        return pd.concat([by_cell, over_truths], ignore_index=True)

    def _with_design(self, rows: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
        """Add truth, sizes and label of each row's cell; conform to `columns`.

        A row about all cells of a size has the key of the size; its cell is then empty, and it has
        no truth.
        """
        names = list(dict.fromkeys(name for cell in self._bases.values() for name, _ in cell.truth))
        labels = cell_labels(self._bases)
        about: dict[str, dict[str, object]] = {}
        for key, cell in self._bases.items():
            shared = {
                "participants": cell.participants,
                "trials": cell.trials,
                "variant": labels[key],
            }
            about[key] = {"cell": key, **dict(cell.truth), **shared}
            about.setdefault(cell.size_key, {"cell": "", **shared})
        design = pd.DataFrame([about[key] for key in rows["cell"]], index=rows.index)
        rows = rows.drop(columns="cell").join(design) if len(rows) else rows
        types = dict(columns)
        front = {name: types.pop(name) for name in ("method", "cell")}
        return conform(rows, front | dict.fromkeys(names, "float64") | types)


def _analyses(table: pd.DataFrame, effect: Effect) -> dict[str, pd.DataFrame]:
    """Rows of an effect by analysis."""
    is_own = (
        (table["kind"] == effect.kind)
        & (table["effect"] == effect.name)
        & (table["parameter"] == effect.parameter)
    )
    return {str(name): rows for name, rows in table[is_own].groupby("analysis", sort=False)}


def _counts(effects: pd.DataFrame) -> pd.DataFrame:
    """Number of data sets in which an effect is found, of those that could be analysed."""
    shares = effects[effects["measure"].isin(["power", "type_1"])]
    found = (shares["value"].fillna(0.0) * shares["n"]).round()
    return shares[[*_SERIES, "size", "n"]].assign(found=found)


def _detectable_sizes(counts: pd.DataFrame) -> pd.DataFrame:
    """Rows of `DETECTABLE` without natural size; both signs have their own if both are there."""
    rows = []
    for key, own in counts.groupby(list(_SERIES), sort=False):
        about = dict(zip(_SERIES, key, strict=True))
        for sign in (-1, 1):
            used = own[own["size"] * sign >= 0]
            if not used["size"].any():
                continue
            sizes, found, n = (used[name].to_numpy() for name in ("size", "found", "n"))
            result = detectable(sizes, found, n, correlation=about["kind"] == "covariate")
            rows.append({**about, "power": POWER, **asdict(result)})
    return pd.DataFrame(rows, columns=[*_SERIES, "power", "size", "lower", "upper", "note"])
