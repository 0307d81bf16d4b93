"""The estimator contract: settings, targets, and a fitter that turns data into rows of estimates.

An estimator is a folder in this room with two parts. Its settings class (a `MethodSettings`)
defines its keys in the config, its cost and its description for the methods section; it must not
import slow libraries. Its fitter (a `Fitter`; with a posterior a `PosteriorFitter` or a
`SamplingFitter`) is imported by jobs that fit. `rlrecovery.fitting.registry` lists the settings
classes; no other code names an estimator.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
from pydantic import Field

from rlrecovery.design.cells import Cell
from rlrecovery.design.load import Load
from rlrecovery.fitting.effects import Effect, Kind
from rlrecovery.fitting.estimates import WHOLE, Level, Row, Target
from rlrecovery.likelihood.data import Observations
from rlrecovery.models.base import Learner, Model, Parameter
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.prior_settings import Prior
from rlrecovery.models.settings import Omittable, Section
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulation.generator import learner_in
from rlrecovery.simulation.task import Floats, Task

#: How a method combines the data of participants.
Pooling = Literal["none", "partial", "complete"]

#: How a posterior is obtained, if an estimator has one.
PosteriorKind = Literal["sampled", "exact"]

#: Summary of a posterior that is the point estimate.
Point = Literal["mean", "median"]


@dataclass(frozen=True)
class Setting:
    """Model, task and sizes, which are known before fitting.

    Attributes
    ----------
    learner : Learner
        The fitted model in the task.
    participants : int
        Participants per data set.
    trials : int
        Trials of the longest participant.
    nominal_levels : tuple of float
        Nominal levels of the intervals.
    task : Task
        The task, for estimators that simulate it.
    """

    learner: Learner
    participants: int
    trials: int
    nominal_levels: tuple[float, ...]
    task: Task

    @classmethod
    def of(cls, model: ModelSpec, task: Task, cell: Cell, nominal_levels: Sequence[float]) -> Self:
        """Make the setting of a fitted model in a cell."""
        sizes = cell.participants, cell.trials
        return cls(learner_in(model, task), *sizes, tuple(nominal_levels), task)

    @property
    def model(self) -> Model:
        """The fitted model."""
        return self.learner.model

    def participant_targets(self, participant: int) -> list[Target]:
        """Targets of one participant, one per parameter."""
        return [Target("participant", participant, name) for name in self.model.names]

    def each_participant(self) -> list[Target]:
        """Targets of all participants, participant by participant."""
        return [t for i in range(self.participants) for t in self.participant_targets(i)]

    def whole(self, level: Level) -> list[Target]:
        """Targets of the whole data set, at level ``group`` or ``spread``."""
        return [Target(level, WHOLE, name) for name in self.model.names]


class Fitter(Protocol):
    """An estimator prepared for one cell; it may hold compiled code that all fits share."""

    @property
    def targets(self) -> list[Target]:
        """Targets of a fit, in the order of its rows."""

    def fit(self, data: Observations, seed: np.random.SeedSequence) -> list[Row]:
        """Estimate all targets from one data set.

        Parameters
        ----------
        data : Observations
            Arrays of shape (participants, trials).
        seed : SeedSequence
            Seed of all random numbers.

        Returns
        -------
        list of dict
            One row per target, made by `row`.
        """


@runtime_checkable
class JointFitter(Fitter, Protocol):
    """A fitter that fits several data sets in less time together than one after the other."""

    @property
    def data_sets_together(self) -> int:
        """Number of data sets that are worth fitting together."""

    def fit_together(
        self, data_sets: Sequence[Observations], seeds: Sequence[np.random.SeedSequence]
    ) -> list[list[Row]]:
        """Fit several data sets; the rows of each are those of `fit`, bit for bit."""


class PosteriorDraws(NamedTuple):
    """Draws of all that a method estimates, from the posterior of one data set.

    Attributes
    ----------
    values : dict of float array, shape (chains, draws) or (chains, draws, participants)
        By parameter, natural scale. With partial pooling also ``<name>_group``, the location of
        the population, and ``<name>_spread``, its SD on the unconstrained scale.
    statistics : dict of array, shapes as of `values`
        Statistics of a sampler by name; empty for independent draws.
    """

    values: dict[str, Floats]
    statistics: dict[str, Any]


class Posterior(Protocol):
    """The posterior of one data set, which can be evaluated at the values that generated the data.

    Values of a location and of a participant's parameter are on the unconstrained scale; so are
    SDs at level ``spread``, which are the SDs of unconstrained values.
    """

    def below(self, target: Target, value: float, rng: np.random.Generator) -> float:
        """Posterior probability of values below `value`.

        From draws, (r + U) / (L + 1), where r of L draws are below `value` and U is uniform: the
        truth and independent draws have equal probabilities of all ranks.
        """

    def moments(self, target: Target) -> tuple[float, float]:
        """Posterior mean and SD."""

    def joint_draws(self, count: int, rng: np.random.Generator) -> dict[str, Floats]:
        """Draw the parameters of all participants jointly, natural scale.

        Shape (draws, participants) by parameter; a sampler returns all draws, whatever the `count`.
        """


class PosteriorFitter(Fitter, Protocol):
    """A fitter of an estimator with a posterior (see `MethodSettings.posterior`)."""

    def fit_posterior(
        self, data: Observations, seed: np.random.SeedSequence
    ) -> tuple[list[Row], Posterior]:
        """Fit a data set as `fit` does, and return its posterior beside the rows.

        Without pooling, the data must be those of a single participant.
        """

    def participant_draws(
        self, data: Observations, count: int, seed: np.random.SeedSequence
    ) -> dict[str, Floats]:
        """Draw the parameters of all participants from the posterior of a data set.

        Parameters
        ----------
        data : Observations
            Arrays of shape (participants, trials).
        count : int
            Number of draws.
        seed : SeedSequence
            Used in the same way as by `fit`.

        Returns
        -------
        dict of float array, shape (count, participants)
            Natural scale, by parameter. Draws of a sampler are evenly spaced over all its chains.
        """

    def posterior_draws(
        self, data: Observations, count: int, seed: np.random.SeedSequence
    ) -> PosteriorDraws:
        """Draw from the posterior of a data set, with arguments as of `participant_draws`.

        A sampler returns all draws that `fit` summarises, whatever the `count`.
        """


class SamplingFitter(PosteriorFitter, Protocol):
    """A fitter of an estimator whose posterior is sampled."""

    def participant_chains(
        self, data: Observations, seed: np.random.SeedSequence, participant: int
    ) -> dict[str, Floats]:
        """Sample the parameters of one participant: the very draws that `fit` summarises.

        Parameters
        ----------
        data : Observations
            Arrays of shape (participants, trials), of all participants.
        seed : SeedSequence
            Seed of the fit of the data set.
        participant : int
            Index of the participant.

        Returns
        -------
        dict of float array, shape (chains, draws)
            Natural scale, by parameter.
        """


@dataclass(frozen=True)
class Cost:
    """Memory and time of an estimator's jobs, measured on one core and rounded up.

    Attributes
    ----------
    memory_mib : int
        Memory of a job without data: Python, packages and compiled code.
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
            "Fitted model (or variant); it may differ from the generating model. By default the "
            "model that generates the data; in a study with models, the method is fitted with each "
            "of models.fit, and these fits are compared."
        )
    ),
]
EngineSetting = Annotated[
    Literal["compiled", "scan"],
    Field(
        description=(
            "How the log-likelihood is computed; the values are the same. compiled: code generated "
            "from the model's definition, many times faster. scan: the definition, a pytensor.scan "
            "over trials."
        )
    ),
]
PointSetting = Annotated[
    Point,
    Field(description="Summary of the posterior that is the point estimate."),
]

#: Slowdown of the scan relative to the compiled likelihood, and memory for compiling it.
SCAN_SLOWDOWN, SCAN_MEMORY_MIB = 20, 300


class Excess(NamedTuple):
    """A setting that is too large for a model.

    Attributes
    ----------
    key : str
        Key of the setting.
    value : int
        Its value.
    limit : str
        What it may be at most, as a sentence that starts with "must".
    """

    key: str
    value: int
    limit: str


class MethodSettings(Section):
    """Base class of the settings of all estimators.

    A subclass adds its keys, names its estimator in the field ``estimator``, and overrides the
    attributes and methods below where they differ.
    """

    #: Import path of the fitter: ``module:class``; the class has ``of(settings, setting)``.
    fitter: ClassVar[str]
    #: Import path of its joint analysis of effects, an `rlrecovery.fitting.effects.EffectFitter`:
    #: ``module:class``; the class has ``of(settings, setting, model)``. None if there is none.
    effect_fitter: ClassVar[str | None] = None
    #: Packages whose versions the estimates depend on.
    packages: ClassVar[tuple[str, ...]] = ("numpy", "scipy", "pytensor", "numba")
    #: How the posterior is obtained; None for an estimator without a posterior.
    posterior: ClassVar[PosteriorKind | None] = None
    #: Largest number of free parameters of a fitted model; None for no limit.
    max_parameters: ClassVar[int | None] = None
    #: Keys that do not affect the cost per unit of work: they are part of `relative_work` or hardly
    #: matter.
    cost_neutral: ClassVar[frozenset[str]] = frozenset()

    estimator: str
    model: FittedModel = None
    replicates: Omittable[Annotated[int, Field(ge=2)]] = None
    """Number of replicates of every cell that the method fits, the first ones: for a slow method
    beside fast ones. By default all."""

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

    def interval_kind(self) -> str | None:
        """Kind of the intervals, the value of key ``interval``; None if there is one kind only."""
        return None

    def estimates_effects(self, kinds: Collection[Kind]) -> bool:
        """Whether a joint analysis estimates effects of all these kinds together."""
        return False

    def effect_work(self, effects: Collection[Effect], own_spreads: bool) -> float:
        """Time of a joint analysis of effects, relative to a fit of the same data."""
        return 1.0

    def simulates_task(self) -> bool:
        """Whether a fit simulates the task, and so depends on its rewards."""
        return False

    def interval_mistake(self, levels: Sequence[float]) -> tuple[str, str] | None:
        """A key that does not suit the intervals of these nominal levels, and a sentence about it.

        The sentence follows the name of the key. None if there is no mistake.
        """
        return None

    def scores_models(self) -> bool:
        """Whether its rows have a score for model comparison."""
        return True

    def default_prior(self, parameter: Parameter) -> dict[str, Any] | None:
        """Default prior as plain values; None for a method without priors."""
        return None

    def default_bounds(self, parameter: Parameter) -> tuple[float, float] | None:
        """Default bounds on the natural scale; None for a method without bounds."""
        return None

    def prior_of(self, parameter: str, level: Level) -> Distribution | None:
        """Prior of a parameter at a level; None where the level has no prior of its own.

        At level ``group`` of partial pooling it is the prior of the population's location, on the
        unconstrained scale.
        """
        return None

    def bounds_by_parameter(self) -> Mapping[str, tuple[float, ...]] | None:
        """Key ``bounds``: lower and upper bound, natural scale; None without this key."""
        return None

    def priors_by_parameter(self) -> Mapping[str, Prior] | None:
        """Key ``priors``; None without this key."""
        return None

    def posterior_point(self) -> Point | None:
        """Summary of the posterior that is the point estimate; None without a posterior."""
        return None

    def restricted_to(self, parameters: Iterable[str]) -> Self:
        """Copy of the settings with entries for these parameters only."""
        names = set(parameters)
        entries = {"bounds": self.bounds_by_parameter(), "priors": self.priors_by_parameter()}
        changes = {
            key: {name: value for name, value in by_parameter.items() if name in names}
            for key, by_parameter in entries.items()
            if by_parameter is not None
        }
        return self.model_copy(update=changes)

    def for_points(self) -> Self:
        """Copy that gives the same point estimates, without what takes time for anything else."""
        return self

    def excess(self, n_parameters: int) -> Excess | None:
        """A setting that is too large for a model with this number of parameters, if any."""
        return None

    def cost_settings(self) -> dict[str, Any]:
        """Plain values of the settings that affect the cost per unit of work."""
        return {key: value for key, value in self.plain().items() if key not in self.cost_neutral}

    def uses_scan(self) -> bool:
        """Whether the likelihood is computed by the scan, which is slow."""
        return False

    def relative_work(self, n_parameters: int) -> float:
        """Time of a fit relative to a compiled two-parameter model (per draw if sampled)."""
        return max(1.0, n_parameters / 2) * self._engine_slowdown()

    def memory_bytes(self, n_parameters: int, load: Load) -> int:
        """Memory in addition to that of the process and of the data, in bytes."""
        return SCAN_MEMORY_MIB * 2**20 if self.uses_scan() else 0

    def describe(self) -> str:
        """One sentence for the methods section of a paper."""
        raise NotImplementedError

    def _engine_slowdown(self) -> float:
        return SCAN_SLOWDOWN if self.uses_scan() else 1.0
