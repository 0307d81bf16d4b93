"""Settings of a task: the ``task`` section of the config."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from rlrecovery.models.settings import Arms, Omittable, Positive, Rows, Section, TrialLists, Trials
from rlrecovery.simulate.task import Drift, Reversals, Schedule, Task


class ReversalSettings(Section):
    """Reversals: mean rewards rotate by one arm."""

    after: Trials = ()
    """Numbers of trials within a block after which a reversal happens, such as [40, 80]; an empty
    list means never."""
    every: int = Field(default=0, ge=0)
    """Number of trials between reversals within a block; 0 means never."""
    correct: int = Field(default=0, ge=0)
    """Number of choices of the best arm, among the last `within` responses since the previous
    reversal, that triggers a reversal; 0 means never."""
    within: int = Field(default=0, ge=0)
    """Number of responses that `correct` refers to."""


class DriftSettings(Section):
    """A bounded Gaussian random walk of every arm's mean reward."""

    sd: float = Field(gt=0)
    """SD of the step per trial. Daw et al. (2006): 2.8."""
    lower: float
    """Lower bound, at which the walk is reflected. Daw et al. (2006): 1."""
    upper: float
    """Upper bound, at which the walk is reflected. Daw et al. (2006): 100."""
    decay: float = Field(default=1.0, gt=0, le=1)
    """Proportion of the distance from the centre that is kept in each step; 1 for a walk without a
    centre. Daw et al. (2006): 0.9836."""
    centre: Omittable[float] = None
    """Value between the bounds towards which the means decay; only allowed with decay < 1. Daw et
    al. (2006): 50."""


class ScheduleSettings(Section):
    """A fixed sequence of rewards or mean rewards, from a CSV file."""

    file: str
    """CSV file, its path relative to the config: a header, then one row per trial and one column
    per arm. Its content becomes part of the resolved config."""
    holds: Literal["rewards", "means"]
    """rewards: the reward of each arm in each trial. means: its probability of reward or, with
    rewards gaussian, its mean reward."""
    values: Omittable[Rows] = None
    """Content of the file. By default the file is read."""


class TaskSettings(Section):
    """The task that a participant faces."""

    arms: Omittable[Arms] = None
    """Mean reward of each arm at the start of a block: with rewards bernoulli, the probability of
    reward 1 (otherwise the reward is 0). One number per arm. Not allowed with a schedule."""
    rewards: Literal["bernoulli", "gaussian"] = "bernoulli"
    """bernoulli: 1 or 0. gaussian: normally distributed around the arm's mean."""
    sd: Omittable[Positive] = None
    """SD of gaussian rewards, the same for all arms; required with gaussian."""
    blocks: int = Field(ge=1)
    """Number of equally long blocks. In every block the arms start again with their initial means;
    a schedule continues."""
    reset: bool = True
    """Whether learning starts again in every block (new stimuli) or continues (a break)."""
    feedback: Literal["partial", "full"] = "partial"
    """partial: the outcome of the chosen arm is shown. full: the outcomes of all arms are shown,
    and models learn from all of them."""
    reversals: Omittable[ReversalSettings] = None
    """When mean rewards rotate by one arm: each arm takes over the mean of its left neighbour.
    Keys: after, every, or correct with within; they can be combined. By default never."""
    drift: Omittable[DriftSettings] = None
    """Bounded Gaussian random walk of every arm's mean from trial to trial, drawn for each
    participant and block. By default means are constant."""
    schedule: Omittable[ScheduleSettings] = None
    """A fixed sequence from a file, instead of arms, reversals and drift."""
    missing_trials: Omittable[TrialLists] = None
    """Trials without a response, counted from 1 over all blocks: one list per participant, used in
    turn. [[5, 17]] for the same trials in all participants. By default none."""
    neutral: Omittable[float] = None
    """Outcome that is neither good nor bad. An outcome above it is a win (win-stay, lose-shift),
    and counterfactual updating mirrors rewards at it. By default 0.5 for rewards of 1 or 0, and the
    start value otherwise."""
    start_value: float
    """Expected reward of every arm before the first trial of a block. 0.5 is midway between the
    rewards 0 and 1."""

    def task(self) -> Task:
        """The task that the settings describe."""
        drift, schedule = self.drift, self.schedule
        return Task(
            arms=self.arms or (),
            blocks=self.blocks,
            start_value=self.start_value,
            sd=self.sd if self.rewards == "gaussian" else None,
            reset=self.reset,
            full_feedback=self.feedback == "full",
            reversals=None if self.reversals is None else Reversals(**dict(self.reversals)),
            drift=None if drift is None else Drift(**drift.model_dump(exclude_none=True)),
            schedule=None if schedule is None else Schedule(schedule.holds, schedule.values or ()),
            missing_trials=self.missing_trials or (),
            neutral=self._neutral_outcome(),
        )

    def _neutral_outcome(self) -> float:
        if self.neutral is not None:
            return self.neutral
        rewards_are_given = self.schedule is not None and self.schedule.holds == "rewards"
        return self.start_value if rewards_are_given or self.rewards == "gaussian" else 0.5

    def canonical(self) -> dict[str, Any]:
        """Plain values that random seeds depend on: without defaults and file names.

        Omitting defaults keeps all seeds unchanged when a new key is added to tasks. The seeds of a
        schedule depend on its values, not on the name of its file.
        """
        defaults = {
            name: field.default
            for name, field in type(self).model_fields.items()
            if not field.is_required()
        }
        values = {k: v for k, v in self.plain().items() if k not in defaults or v != defaults[k]}
        if "schedule" in values:
            values["schedule"] = {k: v for k, v in values["schedule"].items() if k != "file"}
        return values
