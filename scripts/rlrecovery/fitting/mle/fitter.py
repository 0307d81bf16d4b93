"""Maximum likelihood for each participant, and the two-step group estimate.

Each participant is fitted on the unconstrained scale within explicit bounds (see
`rlrecovery.fitting.mle.search`). All participants of one or more data sets are fitted together,
because most of the time of a single fit is spent outside of compiled code; the estimates of one do
not depend on the others. Standard errors come from the curvature of the log-likelihood on the
unconstrained scale and are transformed to the natural scale by the delta method. Intervals are
those of the profile likelihood (see `rlrecovery.fitting.mle.profile_interval`), of the parametric
bootstrap (`rlrecovery.fitting.mle.bootstrap`), or Wald's, whose ends are transformed. Wald
intervals are truncated at the bounds, because estimates cannot lie beyond them and the interval of
a nearly flat log-likelihood would otherwise be extremely wide. This does not change the coverage of
true values within the bounds, but can change bias-eliminated coverage where the true value plus the
bias lies beyond a bound.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.estimates import WHOLE, Row, Target, failed, one_line
from rlrecovery.fitting.mle.bootstrap import Bootstrap
from rlrecovery.fitting.mle.profile_interval import ProfileIntervals
from rlrecovery.fitting.mle.profile_points import Grid
from rlrecovery.fitting.mle.rows import Maximum, judge_group, mean_row, participant_rows
from rlrecovery.fitting.mle.search import Search, on_real_line
from rlrecovery.fitting.mle.settings import MleSettings
from rlrecovery.fitting.mle.starts import grid_points, search_box
from rlrecovery.likelihood.data import Observations
from rlrecovery.likelihood.evaluate import value_and_gradient
from rlrecovery.models.base import Parameter
from rlrecovery.storage.files import MACHINE

#: The maximum of a participant, or why there is none.
Result = Maximum | Exception


@dataclass(frozen=True)
class MaximumLikelihood:
    """Fitter of one cell.

    Attributes
    ----------
    settings : MleSettings
        Settings of the method.
    setting : Setting
        Model, task and sizes.
    search : Search
        How the maximum is searched.
    bootstrap : Bootstrap, optional
        How bootstrap intervals are computed; None without them.
    """

    settings: MleSettings
    setting: Setting
    search: Search
    bootstrap: Bootstrap | None = None

    @classmethod
    def of(cls, settings: MleSettings, setting: Setting) -> Self:
        """Make the fitter of a method in a cell."""
        model, box = setting.model, search_box(setting.model, settings.bounds)
        evaluate = on_real_line(model, value_and_gradient(setting.learner, settings.engine))
        points, size = grid_points(box, settings.grid), settings.grid
        intervals = None
        if settings.interval == "profile":
            grid = Grid(points, size)
            intervals = ProfileIntervals(evaluate, box, grid, setting.nominal_levels)
        search = Search(evaluate, box, points, size, settings.starts, intervals)
        is_bootstrap = settings.interval == "bootstrap"
        bootstrap = Bootstrap(search, setting, settings.data_sets) if is_bootstrap else None
        return cls(settings, setting, search, bootstrap)

    @property
    def targets(self) -> list[Target]:
        """Every participant and the group."""
        return [*self.setting.each_participant(), *self.setting.whole("group")]

    @property
    def data_sets_together(self) -> int:
        """Number of data sets that are worth fitting together."""
        if self.bootstrap is not None:
            return 1  # one data set is work enough, and a job that is killed loses the last part
        return max(1, self.search.together(self.setting.trials) // self.setting.participants)

    def fit(self, data: Observations, seed: np.random.SeedSequence) -> list[Row]:
        """Fit each participant, then average; the seed is used by bootstrap intervals only."""
        return self.fit_together([data], [seed])[0]

    def fit_together(
        self, data_sets: Sequence[Observations], seeds: Sequence[np.random.SeedSequence]
    ) -> list[list[Row]]:
        """Fit several data sets; the rows of each are those of `fit`."""
        started = time.perf_counter()
        data = stacked(data_sets)
        results = self._results(data)
        if self.bootstrap is not None:
            results = self._bootstrapped(self.bootstrap, data, results, seeds)
        seconds = (time.perf_counter() - started) / len(results)
        rows, count = self._participant_rows(results, seconds), self.setting.participants
        each = [slice(begin, begin + count) for begin in range(0, len(results), count)]
        groups = [self._group(results[own], count * seconds) for own in each]
        return [
            list(itertools.chain(*rows[own], group))
            for own, group in zip(each, groups, strict=True)
        ]

    def _results(self, data: Observations) -> list[Result]:
        """The maximum of each participant, or why there is none."""
        results: list[Result] = [
            ValueError("without any response nothing can be estimated") for _ in data.choices
        ]
        answered = np.flatnonzero((data.choices >= 0).any(axis=1))
        for position, result in zip(answered, self._maxima(data.rows(answered)), strict=True):
            results[position] = result
        return results

    def _bootstrapped(
        self,
        bootstrap: Bootstrap,
        data: Observations,
        results: Sequence[Result],
        seeds: Sequence[np.random.SeedSequence],
    ) -> list[Result]:
        """The results with bootstrap intervals, or why a simulated data set cannot be fitted."""
        complete = list(results)
        for row, result in enumerate(results):
            if isinstance(result, Maximum):
                data_set, participant = divmod(row, self.setting.participants)
                own = data.rows(slice(row, row + 1))
                try:
                    found = bootstrap.intervals(own, result, seeds[data_set], participant)
                    complete[row] = replace(result, intervals=found)
                except MACHINE:
                    raise
                except Exception as error:
                    complete[row] = error
        return complete

    def _maxima(self, data: Observations) -> list[Result]:
        """The maximum of each participant, all of whom responded."""
        try:
            return list(self.search.maxima(data))
        except MACHINE:
            raise
        except Exception as error:
            if len(data.choices) == 1:
                return [error]
        # Find out whose fit failed.
        each = (self._maxima(data.rows(slice(i, i + 1))) for i in range(len(data.choices)))
        return [result for results in each for result in results]

    def _participant_rows(self, results: Sequence[Result], seconds: float) -> list[list[Row]]:
        """The rows of each participant of one or more data sets."""
        setting, levels = self.setting, self.setting.nominal_levels
        numbered = [(i % setting.participants, result) for i, result in enumerate(results)]
        maxima = [(i, result) for i, result in numbered if isinstance(result, Maximum)]
        by_parameter = [
            participant_rows(
                maxima, j, parameter, self.search.box[j], levels, self._bounds(parameter)
            )
            for j, parameter in enumerate(setting.model.parameters)
        ]
        fitted = zip(*by_parameter, strict=True)
        return [
            [row | {"seconds": seconds} for row in next(fitted)]
            if isinstance(result, Maximum)
            else failed(setting.participant_targets(i), one_line(result), levels, seconds)
            for i, result in numbered
        ]

    def _bounds(self, parameter: Parameter) -> tuple[float, float]:
        lower, upper = self.settings.bounds[parameter.name]
        return lower, upper

    def _group(self, results: Sequence[Result], seconds: float) -> list[Row]:
        """Compute the two-step estimate: mean of the participants' estimates with a t interval."""
        usable = [result for result in results if isinstance(result, Maximum)]
        levels = self.setting.nominal_levels
        if not usable:
            reason = "no participant could be fitted"
            return failed(self.setting.whole("group"), reason, levels, seconds)
        rows = []
        for j, parameter in enumerate(self.setting.model.parameters):
            points = np.array([m.point[j] for m in usable])
            status, reason = judge_group(usable, j, len(results), parameter)
            rows.append(
                mean_row(
                    Target("group", WHOLE, parameter.name),
                    parameter,
                    points,
                    self.settings.group_scale,
                    levels,
                    self._bounds(parameter),
                    status=status,
                    reason=reason,
                    seconds=seconds,
                    at_bound=any(bool(m.end[j]) for m in usable),
                    converged=len(usable) == len(results) and all(m.converged for m in usable),
                )
            )
        return rows


def stacked(data_sets: Sequence[Observations]) -> Observations:
    """The participants of several data sets, padded at their end to the same number of trials."""
    if len(data_sets) == 1:
        return data_sets[0]
    longest = max(data.choices.shape[1] for data in data_sets)

    def padded(arrays: Sequence[Any], filler: float) -> Any:
        """Arrays with more trials, one below the other."""
        every = [(0, 0)] * (arrays[0].ndim - 2)
        ends = ([(0, 0), (0, longest - array.shape[1]), *every] for array in arrays)
        pairs = zip(arrays, ends, strict=True)
        return np.concatenate([np.pad(a, e, constant_values=filler) for a, e in pairs])

    return Observations(
        padded([data.choices for data in data_sets], -1),
        padded([data.rewards for data in data_sets], 0.0),
        padded([data.starts for data in data_sets], 0.0),
    )
