"""The keys of ``config.yaml``: the experiment as typed, immutable objects.

The settings of tasks, models, priors and estimators belong to their rooms; they are composed here.
The descriptions of the fields are the manual, and the schema for editors is generated from them.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, GetCoreSchemaHandler, SerializeAsAny
from pydantic_core import CoreSchema, core_schema

from rlrecovery.fit.base import MethodSettings
from rlrecovery.fit.registry import ESTIMATORS, settings_class
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
from rlrecovery.simulate.settings import TaskSettings


class RegisteredEstimator:
    """Validates a method with the settings class that its ``estimator`` is registered with."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A union of the registered settings classes, discriminated by ``estimator``."""
        choices: dict[Any, CoreSchema] = {
            name: handler.generate_schema(settings_class(name)) for name in ESTIMATORS
        }
        return core_schema.tagged_union_schema(choices, discriminator="estimator")


#: Settings of a method, of the class that its estimator is registered with.
AnyMethod = Annotated[SerializeAsAny[MethodSettings], RegisteredEstimator]


class Source(Section):
    """One of several models that generate data."""

    truth: dict[str, Annotated[Numbers, Field(description="Its true values.")]] = Field(
        default_factory=dict,
        description=(
            "True values per parameter, as in truth. Optional where every population is a "
            "distribution."
        ),
    )
    population: dict[str, Population] = Field(
        description="How participants differ, per parameter, as in population."
    )


#: Tasks and variants under names of the user's choice.
OneTask = Annotated[TaskSettings, Field(description="One of the tasks.")]
OneVariant = Annotated[VariantSettings, Field(description="One of the variants.")]


class ModelRecovery(Section):
    """Models that generate data, and models that are fitted to all of them."""

    simulate: dict[str, Annotated[Source, Field(description="Its truths and population.")]] = Field(
        min_length=1,
        description="Models (or variants) that generate data with the same design, by name.",
    )
    fit: Models = Field(
        description=(
            "Models (or variants) that every method without a model is fitted with; the report "
            "counts which of them fits best."
        )
    )


def _either(key: str, *others: str) -> dict[str, Any]:
    """Schema of two alternatives: one key, or the other keys that it replaces."""
    no_other = {"anyOf": [{"required": [other]} for other in others]}
    one, rest = {"required": [key]}, {"required": list(others)}
    return {"oneOf": [{**one, "not": no_other}, {**rest, "not": one}]}


class Experiment(Section):
    """One recovery study, complete; nothing in it depends on the machine.

    `rlrecovery.config.reader` creates it, and also checks that the keys are consistent.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                _either("tasks", "task"),
                _either("models", "model", "population"),
                {"not": {"required": ["models", "truth"]}},
            ]
        }
    )

    run: str = Field(
        pattern=RUN_NAME,
        description="Name of the run; its results are written to the folder results/<run>/.",
    )
    seed: int = Field(
        ge=0,
        description=(
            "Root seed of all random numbers. The same seed gives the same numbers; another seed "
            "gives an independent repetition of the study."
        ),
    )
    task: Omittable[TaskSettings] = Field(
        default=None,
        description="The task that every participant faces. Omit it with tasks.",
    )
    tasks: Omittable[dict[Name, OneTask]] = Field(
        default=None,
        min_length=1,
        description=(
            "Several tasks to compare, each under a name of your choice, crossed into cells. Omit "
            "it with task."
        ),
        json_schema_extra={"additionalProperties": False},
    )
    model: Omittable[str] = Field(
        default=None,
        description="Model (or variant) that generates the data. Omit it with models.",
    )
    truth: Omittable[dict[str, Annotated[Numbers, Field(description="Its true values.")]]] = Field(
        default=None,
        description=(
            "True values per parameter of the model. They are crossed with each other, with "
            "participants and with trials into cells. A parameter whose population is a "
            "distribution has no values here. Omit it where every population is a distribution, "
            "and with models."
        ),
    )
    population: Omittable[dict[str, Population]] = Field(
        default=None,
        description=(
            "How the participants of a data set differ, per parameter of the model: {spread: SD} "
            "around the cell's true value, or {distribution: name, arguments} to draw every "
            "participant from a distribution in all cells. Omit it with models."
        ),
    )
    models: Omittable[ModelRecovery] = Field(
        default=None,
        description=(
            "Model recovery: several models that generate data, and models that compete to fit "
            "them. Omit it with model, truth and population."
        ),
    )
    variants: dict[Name, OneVariant] = Field(
        default_factory=dict,
        description=(
            "Models with something added or fixed, each under a name of your choice, which can be "
            "used wherever the name of a model can. By default none."
        ),
        json_schema_extra={"additionalProperties": False},
    )
    participants: Counts = Field(
        description="Numbers of participants per data set, crossed into cells."
    )
    trials: Counts = Field(
        description=(
            "Numbers of trials per participant over all blocks, crossed into cells; each a "
            "multiple of the task's blocks."
        )
    )
    missing: Shares = Field(
        default=(0.0,),
        description=(
            "Probabilities of a trial without a response, crossed into cells: [0, 0.1] compares "
            "complete data with 10 % missing responses."
        ),
    )
    completed: Completed = Field(
        default=((1.0,),),
        description=(
            "Shares of the trials that participants complete, used in turn; several such lists are "
            "crossed into cells: [[1], [0.6, 0.8, 1]] compares equal with unequal numbers of "
            "trials."
        ),
    )
    replicates: int = Field(
        ge=2,
        description=(
            "Data sets per cell. They determine the Monte Carlo standard error of every measure, "
            "which needs at least two."
        ),
    )
    batch_size: int = Field(
        ge=1,
        description="Replicates per job. It divides the work and never changes a number.",
    )
    observed: str | None = Field(
        default=None,
        description=(
            "CSV file with observed choices, relative to the config, with the columns participant, "
            "trial, choice (from 0; empty for no response), reward and optionally block: the "
            "report then shows whether the model of the first Bayesian method predicts them. By "
            "default it shows predictions of the example data set."
        ),
    )
    interval_levels: Levels = Field(
        description="Nominal levels of the intervals whose coverage and width are reported."
    )
    methods: dict[Name, AnyMethod] = Field(
        min_length=1,
        description=(
            "The methods to compare, each under a name of your choice; all fit the same data. "
            "Their order changes no number."
        ),
        json_schema_extra={"additionalProperties": False},
    )

    def resolved(self) -> dict[str, Any]:
        """Plain values of all keys that have one, including defaults."""
        return self.plain()
