"""Settings of a task: the ``task`` section of the config."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from rlrecovery.models.settings import Arms, Omittable, Positive, Rows, Section, TrialLists
from rlrecovery.simulation.changes import DriftSettings, ReversalSettings
from rlrecovery.simulation.task import Schedule, Task


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
        schedule = self.schedule
        return Task(
            arms=self.arms or (),
            blocks=self.blocks,
            start_value=self.start_value,
            sd=self.sd if self.rewards == "gaussian" else None,
            reset=self.reset,
            full_feedback=self.feedback == "full",
            reversals=self.reversals,
            drift=self.drift,
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
