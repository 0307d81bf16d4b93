"""The rule ``compare``: simulates a batch of data sets with effects, fits and analyses them.

A method with partial pooling is fitted to all sessions of a data set as to one population, and, for
the analyses ``..._by_group``, to each group and condition separately. A sampled method has no
analyses by group, which would at least double its time. The analysis ``joint`` is done by methods
that estimate effects of all kinds that the study has.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from threadpoolctl import threadpool_limits

from rlrecovery.effects.analyses import BY_GROUP, OF_ALL, analyses_of, compare_hash, has_retest
from rlrecovery.effects.datasets import EffectData, simulated
from rlrecovery.effects.design import EffectCell
from rlrecovery.effects.fits import AllPoints, Fits
from rlrecovery.effects.generator import EffectGenerator
from rlrecovery.effects.reliability import agreement
from rlrecovery.effects.settings import Analysis, EffectSettings
from rlrecovery.effects.two_step import Test, failed_row, two_step
from rlrecovery.fitting.checkpoint import Checkpoint
from rlrecovery.fitting.effects import EffectFitter, EffectPosterior
from rlrecovery.fitting.estimates import Row, one_line
from rlrecovery.fitting.registry import Method, make_effect_fitter
from rlrecovery.storage.files import MACHINE, conform, write_table
from rlrecovery.storage.fingerprint import settings_hash
from rlrecovery.storage.schemas import EFFECT_BATCH, RETEST_BATCH

log = logging.getLogger(__name__)


def compare_batch(
    method: Method,
    generator: EffectGenerator,
    cell: EffectCell,
    settings: EffectSettings,
    replicates: Sequence[int],
    effects: str,
    retest: str,
    made_by: Mapping[str, Any] | None = None,
) -> None:
    """Simulate and analyse a batch of data sets, and write effects and reliability.

    Parameters
    ----------
    method : Method
        The method.
    generator : EffectGenerator
        Generator of the data.
    cell : EffectCell
        The cell and its true effects.
    settings : EffectSettings
        Which analyses, and how.
    replicates : sequence of two int
        First data set, and one past the last.
    effects, retest : str
        Paths of the tables `rlrecovery.storage.schemas.EFFECT_BATCH` and ``RETEST_BATCH`` to write.
    made_by : mapping, optional
        Code and package versions, stored in the files with a hash of the settings. A checkpoint
        with other code, versions or settings is not used.
    """
    stamp = {**(made_by or {}), "settings": compare_hash(method, generator, cell, settings)}
    key = settings_hash(stamp)
    checkpoints = [
        Checkpoint(effects, key, EFFECT_BATCH),
        Checkpoint(retest, key, RETEST_BATCH),
    ]
    with threadpool_limits(1):  # BLAS threads slow down small matrices
        started = time.perf_counter()
        prepared = DataSetAnalyses.of(method, generator, cell, settings)
        log.info("ready to fit after %.1f s", time.perf_counter() - started)
        tables = _all_rows(prepared, range(*replicates), checkpoints)
    origin = {**stamp, "replicates": list(replicates)}
    for rows, columns, path in zip(
        tables, (EFFECT_BATCH, RETEST_BATCH), (effects, retest), strict=True
    ):
        write_table(conform(rows, columns), path, origin)
    for checkpoint in checkpoints:
        checkpoint.remove()


def _all_rows(
    prepared: DataSetAnalyses, replicates: Sequence[int], checkpoints: Sequence[Checkpoint]
) -> list[list[Row]]:
    """Analyse all data sets that are not in the checkpoints; the rows of both tables."""
    # Without second sessions, or without analyses, one of the tables has no rows.
    saved = [checkpoint.load() for checkpoint in checkpoints]
    needed = [by for by, has in zip(saved, prepared.has_rows, strict=True) if has]
    done = {r for r in replicates if needed and all(r in by for by in needed)}
    tables = [[row for r in sorted(done) for row in by.get(r, ())] for by in saved]
    left = [r for r in replicates if r not in done]
    started, together = time.perf_counter(), prepared.fits.together
    for begin in range(0, len(left), together):
        own = left[begin : begin + together]
        for table, checkpoint, rows in zip(tables, checkpoints, prepared.rows(own), strict=True):
            table += rows
            checkpoint.save(table)
        count = begin + len(own)
        rate = count / (time.perf_counter() - started)
        log.info(
            "%s done (%d of %d), %.3g data sets per second, about %.0f s left",
            f"data set {own[0]}" if len(own) == 1 else f"data sets {own[0]} to {own[-1]}",
            count,
            len(left),
            rate,
            (len(left) - count) / rate,
        )
    return [sorted(table, key=lambda row: row["replicate"]) for table in tables]


@dataclass(frozen=True)
class DataSetAnalyses:
    """The analyses of a method in a cell.

    Attributes
    ----------
    generator, cell, settings
        As for `compare_batch`.
    analyses : tuple of str
        The analyses, see `analyses_of`.
    fits : Fits
        The prepared method.
    joint : EffectFitter, optional
        Its joint analysis.
    """

    generator: EffectGenerator
    cell: EffectCell
    settings: EffectSettings
    analyses: tuple[Analysis, ...]
    fits: Fits
    joint: EffectFitter | None

    @classmethod
    def of(
        cls,
        method: Method,
        generator: EffectGenerator,
        cell: EffectCell,
        settings: EffectSettings,
    ) -> Self:
        """Prepare a method."""
        design, analyses = generator.design, analyses_of(method, settings, generator.design)
        fits = Fits.of(
            method,
            generator,
            cell,
            1 - settings.significance,
            by_group=not set(BY_GROUP).isdisjoint(analyses),
            retest=has_retest(cell, settings),
        )
        joint = None
        if "joint" in analyses:
            prior = settings.prior.distribution_object()
            model = design.model(cell.cell.participants, prior, settings.own_spreads)
            joint = make_effect_fitter(method.settings.for_points(), fits.setting, model)
        return cls(generator, cell, settings, analyses, fits, joint)

    @property
    def retest(self) -> bool:
        """Whether there are second sessions."""
        return has_retest(self.cell, self.settings)

    @property
    def has_rows(self) -> tuple[bool, bool]:
        """Whether there are rows of effects and of second sessions."""
        return bool(self.analyses), self.retest

    def rows(self, replicates: Sequence[int]) -> tuple[list[Row], list[Row]]:
        """Rows of effects and of second sessions, of some data sets."""
        data_sets = list(simulated(self.generator, self.cell, replicates, self.retest))
        effects: list[Row] = []
        points = None
        if self.retest or not set(OF_ALL).isdisjoint(self.analyses):
            started = time.perf_counter()
            points = self.fits.of_all(data_sets)
            tests: dict[Analysis, Test] = {test: test for test in OF_ALL}
            effects += self._two_step(tests, data_sets, points, started)
        if self.joint is not None:  # at once: it may need what the last fit has computed
            for data_set in data_sets:
                effects += self._joint(self.joint, data_set)
        if not set(BY_GROUP).isdisjoint(self.analyses):
            started = time.perf_counter()
            separate = self.fits.by_group(data_sets)
            effects += self._two_step(BY_GROUP, data_sets, separate, started)
        retests: list[Row] = []
        if self.retest and points is not None:
            retests = self._retests(data_sets, points)
        return effects, retests

    def _two_step(
        self,
        tests: Mapping[Analysis, Test],
        data_sets: Sequence[EffectData],
        points: Sequence[AllPoints],
        started: float,
    ) -> list[Row]:
        """Rows of two-step analyses; `started` is when their fits were begun."""
        seconds = (time.perf_counter() - started) / len(data_sets)
        design, significance = self.generator.design, self.settings.significance
        group = design.group_of(self.cell.cell.participants)
        return [
            self._row(data_set, k, analysis, seconds)
            | two_step(
                tests[analysis],
                effect,
                own[effect.parameter],
                group,
                data_set.covariate,
                significance,
            )
            for data_set, own in zip(data_sets, points, strict=True)
            for analysis in self.analyses
            if analysis in tests
            for k, effect in enumerate(design.effects)
        ]

    def _joint(self, fitter: EffectFitter, data_set: EffectData) -> list[Row]:
        """Rows of the joint analysis of a data set; an exception becomes failed rows."""
        started, replicate = time.perf_counter(), data_set.replicate
        effects = self.generator.design.effects
        seed = self.generator.seed_sequence(self.cell, replicate, "sampling")
        try:
            posteriors = fitter.fit(data_set.data, data_set.covariate, seed)
            columns = [joint_row(each, self.settings.significance) for each in posteriors]
        except MACHINE:
            raise
        except Exception as error:
            log.exception("the joint analysis of data set %d failed; its rows say so", replicate)
            columns = [failed_row(one_line(error))] * len(effects)
        seconds = time.perf_counter() - started
        return [
            self._row(data_set, k, "joint", seconds) | column for k, column in enumerate(columns)
        ]

    def _row(self, data_set: EffectData, index: int, analysis: Analysis, seconds: float) -> Row:
        """Columns that all analyses of an effect have."""
        effect = self.generator.design.effects[index]
        return {
            "replicate": data_set.replicate,
            "kind": effect.kind,
            "effect": effect.name,
            "parameter": effect.parameter,
            "analysis": analysis,
            "truth": self.cell.sizes[index],
            "log_bayes_factor": np.nan,
            "seconds": seconds,
        }

    def _retests(self, data_sets: Sequence[EffectData], points: Sequence[AllPoints]) -> list[Row]:
        """Rows about second sessions."""
        model = self.generator.generator.model.model()
        again = self.fits.of_retests(data_sets)
        rows = []
        for data_set, first, second in zip(data_sets, points, again, strict=True):
            for name in first:
                truth = None
                if name in data_set.truth:
                    truth = model.parameter(name).to_real(data_set.truth[name][0])
                own = agreement(first[name], second[name], truth)
                rows.append({"replicate": data_set.replicate, "parameter": name, **own})
        return rows


def joint_row(posterior: EffectPosterior, significance: float) -> Row:
    """Columns of a joint analysis: posterior mean, SD, equal-tailed interval, and p-value.

    The p-value is twice the posterior probability of the less probable sign.
    """
    lower, upper = posterior.quantiles([significance / 2, 1 - significance / 2])
    below = posterior.probability_below(0.0)
    row = {
        "estimate": posterior.mean,
        "se": posterior.sd,
        "lower": float(lower),
        "upper": float(upper),
        "p": min(1.0, 2 * min(below, 1 - below)),
        "log_bayes_factor": posterior.log_bayes_factor,
        "status": posterior.status,
        "reason": posterior.reason,
    }
    if posterior.status == "failed" or np.isfinite(posterior.mean):
        return row
    reason = f"the estimate is {posterior.mean}"
    return row | failed_row(reason) | {"log_bayes_factor": np.nan}
