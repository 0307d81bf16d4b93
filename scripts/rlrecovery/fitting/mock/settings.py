"""Settings of the mock estimator."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from rlrecovery.fitting.base import Cost, MethodSettings
from rlrecovery.fitting.estimates import Level


class MockSettings(MethodSettings):
    """Draws from the model's default priors, without using the data."""

    fitter: ClassVar[str] = "rlrecovery.fitting.mock.fitter:Mock"

    estimator: Literal["mock"] = Field(
        description=(
            "Estimator: ignores the data and draws from the model's default priors; for trying out "
            "a study, workflow or report within seconds."
        )
    )

    @property
    def cost(self) -> Cost:
        """Memory and time of its jobs."""
        return Cost(200, 1.4, 1e-3, 3e-6)

    def levels(self) -> tuple[Level, ...]:
        """Levels participant and group."""
        return ("participant", "group")

    def relative_work(self, n_parameters: int) -> float:
        """The same for all models."""
        return 1.0

    def describe(self) -> str:
        """One sentence for the methods section of a paper."""
        return (
            "A mock: it ignores the data and draws from the model's default priors. It shows what "
            "recovery looks like without any information; its numbers are not estimates."
        )
