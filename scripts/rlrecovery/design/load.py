"""The amount of data that a job handles."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """Size of a batch: participants per data set, trials per participant, and data sets."""

    participants: int
    trials: int
    replicates: int

    @property
    def all_trials(self) -> int:
        """Trials of all participants of all data sets."""
        return self.participants * self.trials * self.replicates
