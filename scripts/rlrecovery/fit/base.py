"""What every estimator is to the rest: observations and a seed in, rows of estimates out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rlrecovery.likelihood.scan import Observations
from rlrecovery.models.library import Model, find_model
from rlrecovery.simulate.task import task_from_config
from rlrecovery.storage.files import interval_columns

Row = dict[str, Any]

#: Level, participant (-1 for the data set as a whole) and parameter of an estimate.
Target = tuple[str, int, str]

NAN = float("nan")


@dataclass(frozen=True)
class Setting:
    """What a fitter knows before it sees data.

    Attributes
    ----------
    model : Model
        The model that is fitted.
    n_arms : int
        Arms of the task.
    start_value : float
        Q before the first trial of a block.
    participants : int
        People per data set.
    trials : int
        Trials of the longest participant.
    levels : tuple of float
        Nominal levels of the intervals.
    full : bool
        Whether the outcomes of all arms are shown.
    """

    model: Model
    n_arms: int
    start_value: float
    participants: int
    trials: int
    levels: tuple[float, ...]
    full: bool = False

    @classmethod
    def of(
        cls,
        method: Mapping[str, Any],
        task: Mapping[str, Any],
        cell: Mapping[str, Any],
        levels: Sequence[float],
    ) -> Setting:
        """Setting of a method (a ``methods`` entry of the config) in a cell."""
        faced = task_from_config(task)
        return cls(
            model=find_model(method["model"]).facing(faced),
            n_arms=faced.n_arms,
            start_value=faced.start_value,
            participants=cell["participants"],
            trials=cell["trials"],
            levels=tuple(levels),
            full=faced.full,
        )

    def each_participant(self) -> list[Target]:
        """Targets of the participants, participant by participant."""
        people = range(self.participants)
        return [("participant", i, name) for i in people for name in self.model.names]

    def whole(self, level: str) -> list[Target]:
        """Targets of a data set as a whole at a level, ``group`` or ``spread``."""
        return [(level, -1, name) for name in self.model.names]


class Fitter(Protocol):
    """An estimator made ready for one cell; it may hold compiled code that all fits share."""

    @classmethod
    def of(cls, method: Mapping[str, Any], setting: Setting) -> Fitter:
        """Fitter of a method (its entry of the config) in a cell."""

    @property
    def targets(self) -> list[Target]:
        """What a fit estimates, in the order of its rows."""

    def fit(self, data: Observations, seed: np.random.SeedSequence) -> list[Row]:
        """Estimate all targets from one data set.

        Parameters
        ----------
        data : Observations
            Arrays of shape (participants, trials).
        seed : SeedSequence
            The only source of randomness.

        Returns
        -------
        list of dict
            One row per target, as `row` makes them.
        """


def row(
    target: Target,
    estimate: float,
    se: float,
    intervals: Mapping[float, tuple[float, float]],
    **diagnostics: Any,
) -> Row:
    """One row of `rlrecovery.storage.files.estimates_columns`, without the replicate.

    Parameters
    ----------
    target : Target
        What is estimated.
    estimate, se : float
        Point and its standard error or posterior SD, natural scale.
    intervals : mapping
        From nominal level to lower and upper end, natural scale.
    **diagnostics
        Any other column; what is not given is unremarkable or missing.
    """
    level, participant, parameter = target
    ends = {
        name: value
        for nominal, pair in intervals.items()
        for name, value in zip(interval_columns(nominal), pair, strict=True)
    }
    blank = {
        "status": "ok", "reason": "", "at_bound": False, "converged": True, "rhat": NAN,
        "ess_bulk": NAN, "ess_tail": NAN, "divergences": NAN, "choices": NAN,
        "log_likelihood": NAN, "log_evidence": NAN, "elpd_loo": NAN, "pareto_k": NAN,
        "grid_error": NAN, "seconds": NAN,
    }  # fmt: skip
    return {
        "participant": participant, "level": level, "parameter": parameter,
        "estimate": estimate, "se": se, **ends, **(blank | diagnostics),
    }  # fmt: skip


def failed(
    targets: Iterable[Target], reason: str, levels: Sequence[float], seconds: float = NAN
) -> list[Row]:
    """Rows of a fit that gave nothing: the reason stands where the numbers would."""
    nothing = dict.fromkeys(levels, (NAN, NAN))
    return [
        row(t, NAN, NAN, nothing, status="failed", reason=reason, converged=False, seconds=seconds)
        for t in targets
    ]


def sentence(error: Exception) -> str:
    """An exception as one line for a reason column."""
    text = " ".join(str(error).split()) or "no message"
    return f"{type(error).__name__}: {text}"[:300]
