"""The keys of ``config.yaml``: what there is, what each means and what it may be.

The descriptions are the manual; the schema for editors and the sentences about mistakes are made
from the same models.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from rlrecovery.config.fields import (
    RUN_NAME,
    Arms,
    Bounds,
    Completed,
    Counts,
    Levels,
    Models,
    Name,
    Numbers,
    Omittable,
    Positive,
    Rows,
    Section,
    Shares,
    TrialLists,
    Trials,
)
from rlrecovery.config.priors import AnyDistribution, Population, Prior


class ReversalRule(Section):
    """When the arms trade places: each takes over what its left neighbour paid."""

    after: Trials = Field(
        default=(),
        description=(
            "Numbers of trials of a block after which they do, such as [40, 80]; an empty list is "
            "never."
        ),
    )
    every: int = Field(
        default=0, ge=0, description="They do after every so many trials of a block; 0 is never."
    )
    correct: int = Field(
        default=0,
        ge=0,
        description=(
            "They do as soon as a participant chose the best arm in so many of the last `within` "
            "responses, counted anew after each reversal; 0 is never."
        ),
    )
    within: int = Field(
        default=0, ge=0, description="Number of responses that `correct` looks back on."
    )


class DriftRule(Section):
    """A bounded Gaussian random walk of every arm's mean."""

    sd: float = Field(gt=0, description="SD of a trial's step. Daw et al. (2006): 2.8.")
    lower: float = Field(description="Lower bound, at which the walk is reflected. Daw et al.: 1.")
    upper: float = Field(
        description="Upper bound, at which the walk is reflected. Daw et al.: 100."
    )
    decay: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description=(
            "How much of the distance from the centre a step keeps; 1 is a walk without a centre. "
            "Daw et al.: 0.9836."
        ),
    )
    centre: Omittable[float] = Field(
        default=None,
        description=(
            "Where a decay below 1 pulls to, between the bounds. Left out without such a decay. "
            "Daw et al.: 50."
        ),
    )


class Sequence(Section):
    """The lab's own sequence, from a CSV file with a column per arm and a row per trial."""

    file: str = Field(
        description=(
            "CSV file, its path relative to the config: a header, then a row per trial and a "
            "column per arm. Its content becomes part of the resolved config."
        )
    )
    holds: Literal["rewards", "means"] = Field(
        description=(
            "rewards: what each arm pays at each trial. means: the probability, or with rewards "
            "gaussian the mean, that it pays from."
        )
    )
    values: Omittable[Rows] = Field(
        default=None,
        description=(
            "Content of the file. Left out, the file is read; the resolved config has it."
        ),
    )


class Task(Section):
    """What a participant faces."""

    arms: Omittable[Arms] = Field(
        default=None,
        description=(
            "Mean reward of each arm at the start of a block: with rewards bernoulli, the "
            "probability of reward 1 (otherwise the reward is 0). As many arms as numbers. Left "
            "out with a schedule."
        ),
    )
    rewards: Literal["bernoulli", "gaussian"] = Field(
        default="bernoulli",
        description="bernoulli: 1 or 0. gaussian: normally distributed around the arm's mean.",
    )
    sd: Omittable[Positive] = Field(
        default=None,
        description="SD of gaussian rewards, the same for all arms. Left out with bernoulli.",
    )
    blocks: int = Field(
        ge=1,
        description=(
            "Number of blocks that the trials are cut into, all equally long. In every block the "
            "arms start again as they were; a schedule goes on."
        ),
    )
    reset: bool = Field(
        default=True,
        description=(
            "Whether learning, too, starts again in every block (new stimuli), or is carried over "
            "(a break)."
        ),
    )
    feedback: Literal["partial", "full"] = Field(
        default="partial",
        description=(
            "partial: the outcome of the chosen arm is shown. full: the outcomes of all arms are, "
            "and models learn from all of them."
        ),
    )
    reversals: Omittable[ReversalRule] = Field(
        default=None,
        description=(
            "When the arms trade places: each takes over what its left neighbour paid. Has after, "
            "every, or correct and within; several may be combined. Left out, they never do."
        ),
    )
    drift: Omittable[DriftRule] = Field(
        default=None,
        description=(
            "Bounded Gaussian random walk of every arm's mean from trial to trial, anew for each "
            "participant and block. Left out, means stay."
        ),
    )
    schedule: Omittable[Sequence] = Field(
        default=None,
        description=(
            "The lab's own sequence, from a file, instead of arms, reversals and drift. Left out "
            "with these."
        ),
    )
    missing_trials: Omittable[TrialLists] = Field(
        default=None,
        description=(
            "Trials without a response, counted from 1 over all blocks: a list per participant, in "
            "turn. [[5, 17]] for the same trials in all. Left out, there are none."
        ),
    )
    neutral: Omittable[float] = Field(
        default=None,
        description=(
            "The outcome that is neither good nor bad: one above it is a win (win-stay, "
            "lose-shift), and a counterfactual learner mirrors outcomes at it. Left out, it is 0.5 "
            "where rewards are 1 or 0, and the start value elsewhere."
        ),
    )
    start_value: float = Field(
        description=(
            "Expected reward of every arm before the first trial of a block. 0.5 lies midway "
            "between the rewards 0 and 1."
        )
    )


class Variant(Section):
    """A model with something added or fixed."""

    model: str = Field(description="The model that is varied.")
    fixed: dict[str, Annotated[float, Field(description="Its value, natural scale.")]] = Field(
        default_factory=dict,
        description=(
            "Parameters that are held at a value, and so are neither true nor estimated. Left out, "
            "all are free."
        ),
    )
    lapse: bool = Field(
        default=False,
        description=(
            "Whether a lapse rate is added, the parameter lapse: with that probability a choice "
            "is random."
        ),
    )
    start_value: Literal["task", "free"] = Field(
        default="task",
        description=(
            "task: the start value of Q is that of the task. free: it is a parameter, start_value."
        ),
    )


#: Keys that several kinds of methods share.
FittedModel = Annotated[
    Omittable[str],
    Field(
        description=(
            "Model (or variant) that is fitted; may differ from the one that generates the data. "
            "Left out, the method is fitted with each of models.fit, and these fits compete."
        )
    ),
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
    model: FittedModel = None
    engine: Engine
    bounds: dict[str, Annotated[Bounds, Field(description="Lower and upper end.")]] = Field(
        description=(
            "Per parameter of the model, [lower, upper] on the natural scale: where the maximum is "
            "searched. Estimates at a bound are kept, flagged and counted. Truths must lie within. "
            "Without a model: per parameter of any of models.fit."
        )
    )
    grid: int = Field(
        ge=2,
        description="Points per parameter of the coarse grid that the searches start from.",
    )
    starts: int = Field(
        ge=1,
        description=(
            "Number of local searches per participant: they start from the best peaks of the grid "
            "and then from the best points apart from these, and the best end point is the "
            "estimate. At most the number of points of the grid."
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
    model: FittedModel = None
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
            "Truths must lie in the prior's support. Without a model: per parameter of any of "
            "models.fit."
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
    loo: bool = Field(
        default=False,
        description=(
            "Whether the expected log predictive density of every participant is computed by "
            "leave-one-out (PSIS-LOO, Vehtari et al. 2017), to compare models."
        ),
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
    model: FittedModel = None
    engine: Engine
    priors: dict[str, Annotated[AnyDistribution, Field(description="Its prior.")]] = Field(
        default_factory=dict,
        description=(
            "Per parameter of the model, a distribution on the natural scale. A parameter that is "
            "left out gets the model's default prior, and the resolved config shows it. Truths "
            "must lie in the prior's support. Without a model: per parameter of any of models.fit."
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
    model: FittedModel = None


Method = Annotated[
    MleMethod | BayesMethod | QuadratureMethod | MockMethod, Field(discriminator="estimator")
]


class Source(Section):
    """One of several models that generate data."""

    truth: dict[str, Annotated[Numbers, Field(description="Its true values.")]] = Field(
        default_factory=dict,
        description=(
            "Per parameter of the model, its true values, as in truth. Left out where every "
            "population is a distribution."
        ),
    )
    population: dict[str, Population] = Field(
        description="Per parameter of the model, how participants differ, as in population."
    )


class ModelRecovery(Section):
    """Which models generate data, and which are fitted to all of them."""

    simulate: dict[str, Annotated[Source, Field(description="Its truths and population.")]] = Field(
        min_length=1,
        description="The models (or variants) that generate data on the same design, by name.",
    )
    fit: Models = Field(
        description=(
            "The models (or variants) that every method without a model is fitted with; which of "
            "them wins is counted."
        )
    )


def _either(key: str, *others: str) -> dict[str, list[dict[str, Any]]]:
    """Either a key is there, or all others that it takes the place of, for the schema."""
    no_other = {"anyOf": [{"required": [other]} for other in others]}
    one, rest = {"required": [key]}, {"required": list(others)}
    return {"oneOf": [{**one, "not": no_other}, {**rest, "not": one}]}


class Experiment(Section):
    """One recovery study, complete; nothing in it is about the machine.

    Made by `load` or `parse`, which also check what the keys must satisfy together.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [_either("tasks", "task"), _either("models", "model", "truth", "population")]
        }
    )

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
    task: Omittable[Task] = Field(
        default=None,
        description="What every participant faces. Left out with tasks.",
    )
    tasks: Omittable[dict[Name, Annotated[Task, Field(description="One of the tasks.")]]] = Field(
        default=None,
        min_length=1,
        description=(
            "Several tasks to compare, each under a name of your choice, crossed into cells. Left "
            "out with task."
        ),
        json_schema_extra={"additionalProperties": False},
    )
    model: Omittable[str] = Field(
        default=None,
        description="Model (or variant) that generates the data. Left out with models.",
    )
    truth: Omittable[dict[str, Annotated[Numbers, Field(description="Its true values.")]]] = Field(
        default=None,
        description=(
            "Per parameter of the model, the true values to study. They are crossed with each "
            "other, with participants and with trials into cells. A parameter whose population "
            "names a distribution has no list here. Left out with models."
        ),
    )
    population: Omittable[dict[str, Population]] = Field(
        default=None,
        description=(
            "Per parameter of the model, how the participants of a data set differ: {spread: SD} "
            "around the cell's truth, or {distribution: name, arguments} to draw each participant "
            "anew whatever the cell. Left out with models."
        ),
    )
    models: Omittable[ModelRecovery] = Field(
        default=None,
        description=(
            "Model recovery: several models that generate data, and those that compete for them. "
            "Left out with model, truth and population."
        ),
    )
    variants: dict[Name, Annotated[Variant, Field(description="One of the variants.")]] = Field(
        default_factory=dict,
        description=(
            "Models with something added or fixed, each under a name of your choice, which then "
            "may stand wherever a model's name may. Left out, there are none."
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
            "Probabilities that a trial has no response, crossed into cells: [0, 0.1] asks what "
            "10 % missing cost."
        ),
    )
    completed: Completed = Field(
        default=((1.0,),),
        description=(
            "Shares of the trials that participants complete, in turn; several such lists are "
            "crossed into cells: [[1], [0.6, 0.8, 1]] asks what unequal numbers of trials cost."
        ),
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
    observed: str | None = Field(
        default=None,
        description=(
            "CSV file with a lab's own choices, relative to the config, with the columns "
            "participant, trial, choice (from 0; empty for no response), reward and perhaps block: "
            "the report then shows whether the first Bayesian method's model predicts them. Left "
            "out: predictions of the example data set are shown."
        ),
    )
    interval_levels: Levels = Field(
        description="Nominal levels at which coverage and width of intervals are reported."
    )
    methods: dict[Name, Method] = Field(
        min_length=1,
        description=(
            "The methods to compare, each under a name of your choice; all fit the same data. "
            "Their order changes no number."
        ),
        json_schema_extra={"additionalProperties": False},
    )

    def resolved(self) -> dict[str, Any]:
        """Plain values of all keys that have one, defaults among them."""
        return self.model_dump(mode="json", exclude_none=True)
