"""The fits of a data set with effects that two-step analyses rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from rlrecovery.effects.datasets import EffectData
from rlrecovery.effects.design import EffectCell
from rlrecovery.effects.generator import EffectGenerator
from rlrecovery.effects.two_step import Points, points_of
from rlrecovery.fitting.base import Fitter, JointFitter, Setting
from rlrecovery.fitting.batch import fit_data_sets
from rlrecovery.fitting.estimates import Row
from rlrecovery.fitting.registry import Method, make_fitter
from rlrecovery.likelihood.data import Observations

#: Points of each parameter.
AllPoints = dict[str, Points]


@dataclass(frozen=True)
class Fits:
    """A method that is prepared for the data sets of one cell with effects.

    Attributes
    ----------
    generator : EffectGenerator
        Generator of the data, for the seeds.
    cell : EffectCell
        The cell.
    setting : Setting
        The fitted model in the task; all sessions of a data set are its participants.
    fitters : mapping
        A fitter for each number of sessions that are fitted together.
    """

    generator: EffectGenerator
    cell: EffectCell
    setting: Setting
    fitters: Mapping[int, Fitter]

    @classmethod
    def of(
        cls,
        method: Method,
        generator: EffectGenerator,
        cell: EffectCell,
        nominal_level: float,
        by_group: bool,
        retest: bool,
    ) -> Self:
        """Prepare a method.

        `by_group` says whether each group and condition is fitted separately as well, and `retest`
        whether second sessions are fitted.
        """
        setting = sessions_setting(method, generator, cell, nominal_level)
        participants, sessions = cell.cell.participants, setting.participants
        sizes = {sessions}
        sizes |= {participants} if retest else set()
        sizes |= set(generator.design.group_sizes(participants)) if by_group else set()
        settings = method.settings.for_points()
        fitters = {
            size: make_fitter(settings, resized(setting, size)) for size in sorted(sizes) if size
        }
        return cls(generator, cell, setting, fitters)

    @property
    def together(self) -> int:
        """Number of data sets that are worth fitting together."""
        fitter = self.fitters[self.setting.participants]
        return fitter.data_sets_together if isinstance(fitter, JointFitter) else 1

    def of_all(self, data_sets: Sequence[EffectData]) -> list[AllPoints]:
        """Points of data sets whose sessions are fitted together, as those of one population."""
        fits = self._fit([each.data for each in data_sets], data_sets, "sampling")
        return [self._points(rows, len(self.generator.design.conditions)) for rows in fits]

    def of_retests(self, data_sets: Sequence[EffectData]) -> list[AllPoints]:
        """Points of the second sessions of data sets."""
        again = [each.retest for each in data_sets if each.retest is not None]
        return [self._points(rows, 1) for rows in self._fit(again, data_sets, "sampling, retest")]

    def by_group(self, data_sets: Sequence[EffectData]) -> list[AllPoints]:
        """Points of data sets of which each group and condition is fitted separately."""
        design, n = self.generator.design, self.cell.cell.participants
        group, conditions = design.group_of(n), len(design.conditions)
        whole: list[list[Row]] = [[] for _ in data_sets]
        for condition in range(conditions):
            for index in np.unique(group):
                sessions = condition * n + np.flatnonzero(group == index)
                own = [each.data.rows(sessions) for each in data_sets]
                purpose = f"sampling, group {index}, condition {condition}"
                for rows, fit in zip(whole, self._fit(own, data_sets, purpose), strict=True):
                    rows += [_renumbered(row, sessions) for row in fit if row["participant"] >= 0]
        return [self._points(rows, conditions) for rows in whole]

    def _fit(
        self, data: Sequence[Observations], data_sets: Sequence[EffectData], purpose: str
    ) -> list[list[Row]]:
        fitter = self.fitters[len(data[0].choices)]
        seeds = [
            self.generator.seed_sequence(self.cell, each.replicate, purpose) for each in data_sets
        ]
        return fit_data_sets(fitter, data, seeds, self.setting.nominal_levels)

    def _points(self, rows: Sequence[Row], conditions: int) -> AllPoints:
        return points_of(rows, self.setting.model, conditions)


def _renumbered(row: Row, sessions: np.ndarray) -> Row:
    """A row about a session of a part, with its number among all sessions."""
    return row | {"participant": int(sessions[row["participant"]])}


def sessions_setting(
    method: Method, generator: EffectGenerator, cell: EffectCell, nominal_level: float
) -> Setting:
    """The setting of a fit of all sessions of a data set."""
    task = generator.generator.faced_task()
    setting = Setting.of(method.model, task, cell.cell, (nominal_level,))
    return resized(setting, cell.cell.participants * len(generator.design.conditions))


def resized(setting: Setting, participants: int) -> Setting:
    """A setting with another number of participants."""
    return Setting(
        setting.learner, participants, setting.trials, setting.nominal_levels, setting.task
    )
