"""The keys of ``config.yaml`` as typed, immutable objects.

The settings of tasks, models, priors and estimators are defined in their own rooms. The manual and
the JSON schema are generated from the types and docstrings of the fields.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, GetCoreSchemaHandler, PrivateAttr, SerializeAsAny
from pydantic_core import CoreSchema, core_schema

from rlrecovery.calibration.settings import CalibrationSettings
from rlrecovery.config.figures import FigureSettings
from rlrecovery.config.limits import Limits
from rlrecovery.config.sequential import Replicates, SequentialReplicates
from rlrecovery.config.targets import CostSettings, Targets
from rlrecovery.effects.settings import Condition, CovariateSettings, EffectSettings, Group
from rlrecovery.fitting.base import MethodSettings
from rlrecovery.fitting.registry import ESTIMATORS, settings_class
from rlrecovery.models.prior_settings import Population
from rlrecovery.models.settings import (
    RUN_NAME,
    Completed,
    Counts,
    Levels,
    Models,
    Name,
    Numbers,
    Omittable,
    Section,
    Shares,
)
from rlrecovery.models.variants import VariantSettings
from rlrecovery.predictive.settings import PilotSettings
from rlrecovery.simulation.settings import TaskSettings

#: Seeds have up to 128 bits, as those that NumPy draws itself.
MOST_SEED = 2**128


class RegisteredEstimator:
    """Validates a method with the settings class of its ``estimator``."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A union of the registered settings classes, discriminated by ``estimator``."""
        choices: dict[Any, CoreSchema] = {
            name: handler.generate_schema(settings_class(name)) for name in ESTIMATORS
        }
        return core_schema.tagged_union_schema(choices, discriminator="estimator")


#: True values of each parameter.
Truth = dict[str, Annotated[Numbers, Field(description="Its true values.")]]
#: A name as it is shown.
Label = Annotated[str, Field(min_length=1, max_length=60, description="The name that is shown.")]
#: Settings of a method.
AnyMethod = Annotated[SerializeAsAny[MethodSettings], RegisteredEstimator]


def _with_draws(schema: dict[str, Any]) -> None:
    """Add the key ``draws`` to the schema of a population; it is replaced when a config is read."""
    schema["properties"] = {
        "draws": {
            "type": "string",
            "description": (
                "CSV file with draws of the population's location and SD on the unconstrained "
                "scale, columns <parameter>_location and <parameter>_spread, relative to the "
                "config, such as make pilot writes. Every replicate takes one row as its truth, "
                "chosen by its seed. Its content becomes part of the resolved config."
            ),
        }
    }


#: Groups and conditions under names of the user's choice.
OneGroup = Annotated[Group, Field(description="One of the groups.")]
OneCondition = Annotated[Condition, Field(description="One of the conditions.")]


class Source(Section):
    """One of several generating models."""

    truth: Truth = Field(default_factory=dict)
    """True values per parameter, as in truth. Not needed if all populations are distributions."""
    population: dict[str, Population] = Field(json_schema_extra=_with_draws)
    """How participants differ, per parameter, as in population."""


#: Tasks and variants under names of the user's choice.
OneTask = Annotated[TaskSettings, Field(description="One of the tasks.")]
OneVariant = Annotated[VariantSettings, Field(description="One of the variants.")]


class ModelRecovery(Section):
    """Generating models, and the models that are fitted to all of their data."""

    simulate: dict[str, Annotated[Source, Field(description="Its truths and population.")]] = Field(
        min_length=1
    )
    """Generating models (or variants) by name; all share the same grid."""
    fit: Models
    """Models (or variants) that every method without a model fits; the report counts which of them
    fits best."""


def _either(key: str, *others: str) -> dict[str, Any]:
    """JSON schema of two alternatives: one key, or the keys that it replaces."""
    no_other = {"anyOf": [{"required": [other]} for other in others]}
    one, rest = {"required": [key]}, {"required": list(others)}
    return {"oneOf": [{**one, "not": no_other}, {**rest, "not": one}]}


class Experiment(Section):
    """The complete description of a recovery study, independent of the machine."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                _either("tasks", "task"),
                _either("models", "model", "population"),
                {"not": {"required": ["models", "truth"]}},
            ]
        }
    )

    run: str = Field(pattern=RUN_NAME)
    """Name of the run; its results are written to the folder results/<run>/."""
    seed: int = Field(ge=0, lt=MOST_SEED)
    """Root seed of all random numbers. The same seed gives the same results; a different seed gives
    an independent repetition of the study."""
    task: Omittable[TaskSettings] = None
    """The task of all participants. Not allowed with tasks."""
    tasks: Omittable[dict[Name, OneTask]] = Field(
        default=None, min_length=1, json_schema_extra={"additionalProperties": False}
    )
    """Several tasks to compare, each under a name of your choice, crossed into cells. Not allowed
    with task."""
    model: Omittable[str] = None
    """Model (or variant) that generates the data. Not allowed with models."""
    truth: Omittable[Truth] = None
    """True values per parameter of the model. They are crossed with each other, with participants
    and with trials into cells. A parameter whose population is a distribution has no values here.
    Not needed if all populations are distributions; not allowed with models."""
    population: Omittable[dict[str, Population]] = Field(
        default=None, json_schema_extra=_with_draws
    )
    """How the participants of a data set differ, per parameter of the model: {spread: SD} around
    the cell's true value, or {distribution: name, arguments} to draw every participant from a
    distribution in all cells. Or {draws: file} for all parameters at once. Not allowed with
    models."""
    models: Omittable[ModelRecovery] = None
    """Model recovery: several generating models, and the models that compete to fit their data. Not
    allowed with model, truth and population."""
    variants: dict[Name, OneVariant] = Field(
        default_factory=dict, json_schema_extra={"additionalProperties": False}
    )
    """Models with additional or fixed parameters, each under a name of your choice, which can be
    used wherever a model can be named. By default none."""
    participants: Counts
    """Numbers of participants per data set, crossed into cells."""
    trials: Counts
    """Numbers of trials per participant over all blocks, crossed into cells; each a multiple of the
    task's blocks."""
    missing: Shares = (0.0,)
    """Probabilities of a trial without a response, crossed into cells: [0, 0.1] compares complete
    data with 10 % missing responses."""
    completed: Completed = ((1.0,),)
    """Shares of the trials that participants complete, used in turn; several such lists are crossed
    into cells: [[1], [0.6, 0.8, 1]] compares equal with unequal numbers of trials."""
    replicates: Replicates
    """Data sets per cell. They determine the Monte Carlo standard error (MCSE) of every measure,
    which needs at least two. Or {until: {coverage: 0.01, bias: 0.02}, at_most: 500}: `make run`
    adds replicates to each cell until these MCSEs are met."""
    batch_size: int = Field(ge=1)
    """Replicates per job. It does not affect the results."""
    observed: Omittable[str] = None
    """CSV file with observed choices, relative to the config, with the columns participant, trial,
    choice (from 0; empty for no response), reward and optionally block, or with those that pilot
    names: the report then shows whether the model of the first Bayesian method predicts them. The
    resolved config has its name alone. By default the report shows predictions of the example data
    set."""
    pilot: Omittable[PilotSettings] = None
    """How observed choices are read, if their columns or codes are others, and what `make pilot`
    does with them."""
    calibration: Omittable[CalibrationSettings] = None
    """Calibration over the prior: data sets of their own, whose true values are drawn from the
    priors of each Bayesian method, and a test whether its intervals contain them as often as they
    should. By default none."""
    groups: Omittable[dict[Name, OneGroup]] = Field(
        default=None, min_length=2, json_schema_extra={"additionalProperties": False}
    )
    """Groups of participants, each under a name of your choice, such as control and patient: the
    report then shows how often each analysis finds their differences. The first group is the
    reference. Data sets with groups are simulated in addition to those of the cells."""
    conditions: Omittable[dict[Name, OneCondition]] = Field(
        default=None, min_length=2, json_schema_extra={"additionalProperties": False}
    )
    """Conditions that every participant completes, each under a name of your choice, such as
    placebo and drug. The first one is the reference. Learning starts again in each condition."""
    covariate: Omittable[CovariateSettings] = None
    """A measured variable of the participants that may be correlated with their parameters."""
    effects: Omittable[EffectSettings] = None
    """How differences between groups and conditions, and correlations with the covariate, are
    analysed. By default with all defaults, where there are any."""
    interval_levels: Levels
    """Nominal levels of the intervals whose coverage and width are reported."""
    limits: Limits = Field(default_factory=Limits)
    """When the report calls a parameter recovered."""
    targets: Targets = Field(
        default_factory=dict, json_schema_extra={"additionalProperties": False}
    )
    """Requirements for `make advise`, each under a name of your choice: it answers how many
    participants and trials are needed to meet each of them and all together. By default none."""
    over: Literal["truths", "worst"] = "truths"
    """Whether a requirement applies to the mean over the true values of the grid, or to every true
    value, and so to the worst."""
    cost: Omittable[CostSettings] = None
    """Cost of a design; `make advise` then also answers which of the designs that meet the
    requirements is the cheapest."""
    within: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Largest half-width of the 90 % interval of a required number of trials, or of participants,
    as a share of it; `make advise ROUNDS=4` adds cells until it is reached."""
    labels: dict[str, Label] = Field(default_factory=dict)
    """Names of methods and parameters in figures, tables and report, by their names in this file:
    {mle: Maximum likelihood, alpha: learning rate}. By default the names themselves; figures show
    parameters by their symbols."""
    figures: FigureSettings = Field(default_factory=FigureSettings)
    """How figures look, and figures that are composed of others."""
    methods: dict[Name, AnyMethod] = Field(
        min_length=1, json_schema_extra={"additionalProperties": False}
    )
    """The methods to compare, each under a name of your choice; all fit the same data. Their order
    does not affect the results."""

    #: Not a key: it must not be published.
    _observed_path: str | None = PrivateAttr(default=None)

    @property
    def sequential(self) -> SequentialReplicates | None:
        """How replicates are added to cells; None if their number is given."""
        return self.replicates if isinstance(self.replicates, SequentialReplicates) else None

    @property
    def most_replicates(self) -> int:
        """Largest number of replicates of a cell: usually that of all cells."""
        if isinstance(self.replicates, SequentialReplicates):
            return self.replicates.at_most
        return self.replicates

    @property
    def headline_level(self) -> float:
        """Nominal level of the intervals that texts are about: 0.95, or else the largest."""
        levels = self.interval_levels
        return 0.95 if 0.95 in levels else max(levels)

    @property
    def observed_path(self) -> str | None:
        """Path of the file of observed choices on this machine; None if there is none."""
        return self._observed_path or self.observed

    def with_observed_path(self, path: str | None) -> Experiment:
        """The same experiment, with the path of the file of observed choices on this machine."""
        located = self.model_copy()
        located._observed_path = path
        return located

    def resolved(self) -> dict[str, Any]:
        """Plain values of all keys that have one, including defaults."""
        return self.plain()
