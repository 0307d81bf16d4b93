"""Settings of the mock estimator."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from rlrecovery.fit.base import Cost, Level, MethodSettings


class MockSettings(MethodSettings):
    """A stand-in that ignores the data and draws from the model's default priors."""

    fitter: ClassVar[str] = "rlrecovery.fit.mock.fitter:Mock"

    estimator: Literal["mock"] = Field(
        description=(
            "Estimator: a stand-in that ignores the data and draws from the model's default "
            "priors; it tries out a design, workflow or report in seconds."
        )
    )

    @property
    def cost(self) -> Cost:
        """Memory and time of its jobs."""
        return Cost(200, 1.4, 1e-3, 3e-6)

    def levels(self) -> tuple[Level, ...]:
        """Participants and the group."""
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
