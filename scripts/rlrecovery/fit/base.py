"""The estimator contract: settings, targets, and a fitter that turns data into rows of estimates.

An estimator is a folder beside this file with two parts. Its settings class (a `MethodSettings`)
is read with the config and states what the estimator costs and how it is described; it imports
nothing heavy. Its fitter (a `Fitter`) is imported when it fits. `rlrecovery.fit.registry` lists
the settings classes, and nothing else in the project names an estimator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Protocol, Self

import numpy as np
from pydantic import Field

from rlrecovery.design.cells import Cell
from rlrecovery.design.load import Load
from rlrecovery.likelihood.data import Observations
from rlrecovery.models.base import Learner, Model, Parameter
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.settings import Omittable, Section
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulate.generator import learner_in
from rlrecovery.simulate.task import Task
from rlrecovery.storage.schemas import ESTIMATE_DEFAULTS, interval_columns

#: One row of a table of estimates, by column.
Row = dict[str, Any]

NAN = float("nan")

#: What an estimate refers to: one participant, the population's location, or its SD.
Level = Literal["participant", "group", "spread"]

#: How a method combines the data of participants.
Pooling = Literal["none", "partial", "complete"]

#: How a posterior is obtained, if an estimator has one.
PosteriorKind = Literal["sampled", "exact"]

#: Participant of a target that belongs to the data set as a whole.
WHOLE = -1


class Target(NamedTuple):
    """What one row of estimates is about.

    Attributes
    ----------
    level : str
        ``participant``, ``group`` or ``spread``.
    participant : int
        Index of the participant, or `WHOLE`.
    parameter : str
        Name of the parameter.
    """

    level: Level
    participant: int
    parameter: str


@dataclass(frozen=True)
class Setting:
    """What a fitter knows before it sees data.

    Attributes
    ----------
    learner : Learner
        The fitted model in the task.
    participants : int
        Participants per data set.
    trials : int
        Trials of the longest participant.
    levels : tuple of float
        Nominal levels of the intervals.
    """

    learner: Learner
    participants: int
    trials: int
    levels: tuple[float, ...]

    @classmethod
    def of(cls, model: ModelSpec, task: Task, cell: Cell, levels: Sequence[float]) -> Self:
        """Setting of a fitted model in a cell."""
        return cls(learner_in(model, task), cell.participants, cell.trials, tuple(levels))

    @property
    def model(self) -> Model:
        """The fitted model."""
        return self.learner.model

    def participant_targets(self, participant: int) -> list[Target]:
        """Targets of one participant: every parameter."""
        return [Target("participant", participant, name) for name in self.model.names]

    def each_participant(self) -> list[Target]:
        """Targets of all participants, participant by participant."""
        return [t for i in range(self.participants) for t in self.participant_targets(i)]

    def whole(self, level: Level) -> list[Target]:
        """Targets of the data set as a whole, at level ``group`` or ``spread``."""
        return [Target(level, WHOLE, name) for name in self.model.names]


class Fitter(Protocol):
    """An estimator prepared for one cell; it may hold compiled code that all fits share."""

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
            One row per target, made by `row`.
        """


@dataclass(frozen=True)
class Cost:
    """Memory and time of an estimator's jobs, measured on one core and rounded up.

    Attributes
    ----------
    memory_mib : int
        Memory of a job before it holds data: Python, packages and compiled code.
    start_seconds : float
        CPU time before the first fit.
    participant_seconds, trial_seconds : float
        CPU time per participant of a data set, and per trial, at a `MethodSettings.relative_work`
        of 1.
    """

    memory_mib: int
    start_seconds: float
    participant_seconds: float
    trial_seconds: float


#: Model of a method; shared by the settings of all estimators.
FittedModel = Annotated[
    Omittable[str],
    Field(
        description=(
            "Model (or variant) that is fitted; it may differ from the one that generates the "
            "data. By default the method is fitted with each of models.fit, and these fits compete."
        )
    ),
]
EngineSetting = Annotated[
    Literal["compiled", "scan"],
    Field(
        description=(
            "How the log-likelihood is computed; the values are the same. compiled: code generated "
            "from the model's definition, many times faster. scan: the definition itself, a "
            "pytensor.scan over trials."
        )
    ),
]
PointSetting = Annotated[
    Literal["mean", "median"],
    Field(description="Which summary of the posterior is the estimate."),
]

#: How much slower the scan is than the compiled likelihood, and the memory that compiling it needs.
SCAN_SLOWDOWN, SCAN_MEMORY_MIB = 20, 300


class MethodSettings(Section):
    """Settings of a method: the part that all estimators share.

    A subclass adds its keys, names its estimator in the field ``estimator``, and states the facts
    below.
    """

    #: Import path of the fitter: ``module:class``; the class has ``of(settings, setting)``.
    fitter: ClassVar[str]
    #: Packages whose versions the estimates depend on.
    packages: ClassVar[tuple[str, ...]] = ("numpy", "scipy", "pytensor", "numba")
    #: How the posterior is obtained; None for an estimator without a posterior.
    posterior: ClassVar[PosteriorKind | None] = None
    #: Largest number of free parameters of a model that it can fit; None for no limit.
    max_parameters: ClassVar[int | None] = None

    estimator: str
    model: FittedModel = None

    @property
    def cost(self) -> Cost:
        """Memory and time of its jobs."""
        raise NotImplementedError

    def pooling_of_participants(self) -> Pooling:
        """How the data of participants are combined."""
        return "none"

    def levels(self) -> tuple[Level, ...]:
        """Levels that are estimated."""
        return ("participant",)

    def scores_models(self) -> bool:
        """Whether its rows have a criterion for model comparison."""
        return True

    def default_prior(self, parameter: Parameter) -> dict[str, Any] | None:
        """Prior that the config leaves out, as plain values; None where a method has none."""
        return None

    def prior_of(self, parameter: str, level: Level) -> Distribution | None:
        """Prior of a parameter at a level; None where the level has no prior of its own.

        At level ``group`` of partial pooling it is the prior of the population's location, on the
        unconstrained scale.
        """
        return None

    def restricted_to(self, parameters: Iterable[str]) -> Self:
        """The same settings with entries for these parameters only."""
        names = set(parameters)
        changes = {
            key: {name: value for name, value in entries.items() if name in names}
            for key in ("bounds", "priors")
            if (entries := getattr(self, key, None)) is not None
        }
        return self.model_copy(update=changes)

    def relative_work(self, n_parameters: int) -> float:
        """Time of a fit relative to a compiled two-parameter model (per draw if sampled)."""
        return max(1.0, n_parameters / 2) * self._engine_slowdown()

    def memory_bytes(self, n_parameters: int, load: Load) -> int:
        """Memory besides that of the process and of the data."""
        return SCAN_MEMORY_MIB * 2**20 if self._uses_scan() else 0

    def describe(self) -> str:
        """One sentence for the methods section of a paper."""
        raise NotImplementedError

    def _uses_scan(self) -> bool:
        return getattr(self, "engine", "compiled") == "scan"

    def _engine_slowdown(self) -> float:
        return SCAN_SLOWDOWN if self._uses_scan() else 1.0


def plain_prior(distribution: Distribution) -> dict[str, Any]:
    """A prior in the form that the config has."""
    return {"distribution": distribution.name, **distribution.as_dict()}


def row(
    target: Target,
    estimate: float,
    se: float,
    intervals: Mapping[float, tuple[float, float]],
    **diagnostics: Any,
) -> Row:
    """One row of `rlrecovery.storage.schemas.estimates_columns`, without the replicate.

    Parameters
    ----------
    target : Target
        What is estimated.
    estimate, se : float
        Point estimate, and its standard error or posterior SD; natural scale.
    intervals : mapping
        From nominal level to lower and upper end, natural scale.
    **diagnostics
        Any other column; the others get their defaults.
    """
    ends = {
        name: value
        for nominal, pair in intervals.items()
        for name, value in zip(interval_columns(nominal), pair, strict=True)
    }
    columns = {
        "participant": target.participant,
        "level": target.level,
        "parameter": target.parameter,
        "estimate": estimate,
        "se": se,
    }
    return columns | ends | ESTIMATE_DEFAULTS | diagnostics


def failed(
    targets: Iterable[Target], reason: str, levels: Sequence[float], seconds: float = NAN
) -> list[Row]:
    """Rows of a failed fit, with the reason and without numbers."""
    no_intervals = dict.fromkeys(levels, (NAN, NAN))
    flags = {"status": "failed", "reason": reason, "converged": False, "seconds": seconds}
    return [row(target, NAN, NAN, no_intervals, **flags) for target in targets]


def one_line(error: Exception) -> str:
    """An exception as one line of text, for the column ``reason``."""
    text = " ".join(str(error).split()) or "no message"
    return f"{type(error).__name__}: {text}"[:300]
