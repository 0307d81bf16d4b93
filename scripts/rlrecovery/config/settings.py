"""The keys of ``config.yaml``: what there is, what each means and what it may be.

The descriptions are the manual; the schema for editors and the sentences about mistakes are made
from the same models.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rlrecovery.config.distributions import AnyDistribution, Population, Prior
from rlrecovery.config.fields import (
    METHOD_NAME,
    RUN_NAME,
    Arms,
    Bounds,
    Counts,
    Levels,
    Numbers,
    Section,
)


class Task(Section):
    """What a participant faces."""

    arms: Arms = Field(
        description=(
            "Probability of reward 1 (otherwise the reward is 0) of each arm. As many arms as "
            "probabilities."
        )
    )
    blocks: int = Field(
        ge=1,
        description=(
            "Number of blocks that the trials are cut into, all equally long. Every block starts "
            "again from start_value."
        ),
    )
    start_value: float = Field(
        description=(
            "Expected reward of every arm before the first trial of a block. 0.5 lies midway "
            "between the rewards 0 and 1."
        )
    )


#: Keys that several kinds of methods share.
FittedModel = Annotated[
    str, Field(description="Model that is fitted; may differ from the one that generates the data.")
]
Engine = Annotated[
    Literal["compiled", "scan"],
    Field(
        description=(
            "How the log-likelihood is computed; the numbers are the same. compiled: machine code "
            "generated from the model's definition, many times faster. scan: the definition "
            "itself, a pytensor.scan over trials."
        )
    ),
]
Point = Annotated[
    Literal["mean", "median"], Field(description="Which number of the posterior is the estimate.")
]


class MleMethod(Section):
    """Maximum likelihood, participant by participant, and the two-step group estimate."""

    estimator: Literal["mle"] = Field(
        description="Kind of method: maximum likelihood, every participant alone."
    )
    model: FittedModel
    engine: Engine
    bounds: dict[str, Annotated[Bounds, Field(description="Lower and upper end.")]] = Field(
        description=(
            "Per free parameter of the model, [lower, upper] on the natural scale: where the "
            "maximum is searched. Estimates at a bound are kept, flagged and counted. Truths must "
            "lie within."
        )
    )
    grid: int = Field(
        ge=2,
        description="Points per parameter of the coarse grid whose peaks start the searches.",
    )
    starts: int = Field(
        ge=1,
        description=(
            "Largest number of local searches per participant: they start from the best peaks of "
            "the grid, and the best end point is the estimate. At most the number of points of the "
            "grid."
        ),
    )
    group_scale: Literal["unconstrained", "natural"] = Field(
        description=(
            "Scale on which the participants' estimates are averaged into the group estimate: the "
            "model's unconstrained scale (the group's truth is its population's location there), "
            "or the natural one."
        )
    )


class Convergence(Section):
    """What a posterior must satisfy; rows that fail one are kept, flagged and counted."""

    rhat: float = Field(
        gt=1, description="Largest R-hat; 1.01 is advised by Vehtari et al. (2021)."
    )
    ess_bulk: float = Field(
        ge=0,
        description=(
            "Smallest effective sample size of the bulk; the same authors advise 100 per chain."
        ),
    )
    ess_tail: float = Field(ge=0, description="Smallest effective sample size of the tails.")
    divergences: int = Field(ge=0, description="Largest number of divergent transitions.")


class BayesMethod(Section):
    """The posterior by NUTS."""

    estimator: Literal["bayes"] = Field(description="Kind of method: the posterior, by NUTS.")
    model: FittedModel
    pooling: Literal["none", "partial", "complete"] = Field(
        description=(
            "none: every participant alone. partial: hierarchical, participants scatter around a "
            "group location with a group SD, both estimated. complete: one value for all."
        )
    )
    likelihood: Literal["potential", "categorical"] = Field(
        description=(
            "How the model is written; the posterior is the same. potential: the log-likelihood is "
            "added as a term, which is fast. categorical: choices are random variables, which also "
            "gives predictive draws and pointwise log-likelihoods."
        )
    )
    engine: Engine
    priors: dict[str, Annotated[Prior, Field(description="Its prior.")]] = Field(
        default_factory=dict,
        description=(
            "Per parameter of the model. With pooling none or complete a distribution on the "
            "natural scale; with pooling partial one for location and one for scale. A parameter "
            "that is left out gets the model's default prior, and the resolved config shows it. "
            "Truths must lie in the prior's support."
        ),
    )
    point: Point
    chains: int = Field(
        ge=2, description="Number of chains; R-hat compares them and needs two at the least."
    )
    tune: int = Field(ge=1, description="Warm-up draws per chain; not kept.")
    draws: int = Field(ge=4, description="Kept draws per chain.")
    target_accept: float = Field(
        gt=0,
        lt=1,
        description=(
            "Acceptance rate that the step size is tuned to; nearer to 1 means smaller steps and "
            "fewer divergences."
        ),
    )
    convergence: Convergence = Field(
        description="Criteria of convergence; rows that fail one are kept, flagged and counted."
    )


class QuadratureMethod(Section):
    """The exact posterior of every participant alone, by summing over a grid."""

    estimator: Literal["quadrature"] = Field(
        description=(
            "Kind of method: the exact posterior of every participant alone, by summing over an "
            "adaptive grid; for models of up to three free parameters. No Monte Carlo error, and "
            "many times faster than sampling."
        )
    )
    model: FittedModel
    engine: Engine
    priors: dict[str, Annotated[AnyDistribution, Field(description="Its prior.")]] = Field(
        default_factory=dict,
        description=(
            "Per parameter of the model, a distribution on the natural scale. A parameter that is "
            "left out gets the model's default prior, and the resolved config shows it. Truths "
            "must lie in the prior's support."
        ),
    )
    point: Point


class MockMethod(Section):
    """A stand-in that looks at no data and answers from the model's default priors."""

    estimator: Literal["mock"] = Field(
        description=(
            "Kind of method: a stand-in that looks at no data and answers from the model's "
            "default priors; it tries out a design, workflow or report in seconds."
        )
    )
    model: str = Field(
        description=(
            "Model whose parameters it answers for; may differ from the one that generates the "
            "data."
        )
    )


Method = Annotated[
    MleMethod | BayesMethod | QuadratureMethod | MockMethod, Field(discriminator="estimator")
]


class Experiment(Section):
    """One recovery study, complete; nothing in it is about the machine.

    Made by `load` or `parse`, which also check what the keys must satisfy together.
    """

    run: str = Field(
        pattern=RUN_NAME,
        description="Name of the run; its results land in the folder results/<run>/.",
    )
    seed: int = Field(
        ge=0,
        description=(
            "Root of all randomness. The same seed gives the same numbers; another seed is "
            "another, equally good, study."
        ),
    )
    task: Task = Field(description="What every participant faces.")
    model: str = Field(description="Model that generates the data.")
    truth: dict[str, Annotated[Numbers, Field(description="Its true values.")]] = Field(
        description=(
            "Per parameter of the model, the true values to study. They are crossed with each "
            "other, with participants and with trials into cells. A parameter whose population "
            "names a distribution has no list here."
        )
    )
    population: dict[str, Population] = Field(
        description=(
            "Per parameter of the model, how the participants of a data set differ: {spread: SD} "
            "around the cell's truth, or {distribution: name, arguments} to draw each participant "
            "anew whatever the cell."
        )
    )
    participants: Counts = Field(
        description="Numbers of participants per data set, crossed into cells."
    )
    trials: Counts = Field(
        description=(
            "Numbers of trials per participant over all blocks, crossed into cells; each a "
            "multiple of task.blocks."
        )
    )
    replicates: int = Field(
        ge=2,
        description=(
            "Data sets per cell. They make the Monte Carlo standard error of every number, for "
            "which two are needed at the least."
        ),
    )
    batch_size: int = Field(
        ge=1,
        description="Replicates that one job handles: cuts the work and never changes a number.",
    )
    interval_levels: Levels = Field(
        description="Nominal levels at which coverage and width of intervals are reported."
    )
    methods: dict[Annotated[str, Field(pattern=METHOD_NAME)], Method] = Field(
        min_length=1,
        description=(
            "The methods to compare, each under a name of your choice; all fit the same data. "
            "Their order changes no number."
        ),
        json_schema_extra={"additionalProperties": False},
    )
