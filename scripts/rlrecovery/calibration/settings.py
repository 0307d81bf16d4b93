"""Settings of calibration: the section ``calibration`` of the config."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rlrecovery.models.settings import Name, Names, Omittable, Section


class CalibrationSettings(Section):
    """Calibration over the prior (simulation-based calibration) of methods with a posterior."""

    truth: Literal["prior"] = "prior"
    """Where the true values come from: the priors of the fitted method. With pooling partial, the
    population's locations and SDs, and then its participants; with none, one participant per data
    set; with complete, one value for all participants."""
    methods: Omittable[Names] = None
    """Names of the methods, as in methods; each must have a posterior. By default all that have
    one."""
    task: Omittable[Name] = None
    """Name of the task, in a study with tasks. By default the first one."""
    data_sets: int = Field(default=500, ge=20, le=1_000_000)
    """Data sets per method, each with truths of its own. More find smaller errors: with 500,
    intervals of 95 % that cover in 92.5 % are found with a probability of 60 % by the test of one
    quantity, and of 30 to 40 % after the adjustment for the others."""
    fewer: dict[Name, Annotated[int, Field(ge=20, description="Its data sets.")]] = Field(
        default_factory=dict
    )
    """Data sets of single methods, the first ones, by their names in methods: for a slow method
    beside fast ones. By default all."""
    participants: int = Field(ge=1)
    """Participants per data set; methods with pooling none use one, because they fit each alone."""
    trials: int = Field(ge=1)
    """Trials per participant over all blocks; a multiple of the task's blocks."""
    batch_size: Omittable[Annotated[int, Field(ge=1)]] = None
    """Data sets per job. It does not affect the results. By default the study's batch_size."""
