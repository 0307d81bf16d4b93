"""Numbers of replicates that follow from the Monte Carlo standard errors (MCSEs) of measures."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from rlrecovery.models.settings import Omittable, Positive, Section

#: Replicates that a cell starts with, by default: an MCSE from fewer is itself too uncertain.
START = 20


class UntilSettings(Section):
    """Largest MCSEs of measures; each applies to every method and parameter."""

    bias: Omittable[Positive] = None
    """Largest MCSE of the bias, on the parameter's natural scale."""
    rmse: Omittable[Positive] = None
    """Largest MCSE of the RMSE, on the parameter's natural scale."""
    empirical_se: Omittable[Positive] = None
    """Largest MCSE of the empirical standard error, on the parameter's natural scale."""
    coverage: Omittable[Positive] = None
    """Largest MCSE of the coverage of 95 % intervals, or of those of the largest nominal level if
    0.95 is none of interval_levels: 0.01 is one percentage point."""

    @model_validator(mode="after")
    def _names_a_measure(self) -> UntilSettings:
        if not self.plain():
            measures = ", ".join(type(self).model_fields)
            raise ValueError(f"must name the largest MCSE of at least one measure: {measures}")
        return self

    def limits(self) -> dict[str, float]:
        """Largest MCSE by measure."""
        return self.plain()


class SequentialReplicates(Section):
    """Replicates that `make run` adds to each cell until MCSEs are small enough."""

    until: UntilSettings
    """Largest MCSEs. They apply to all parameters and to estimates of participants, or of the group
    where a method does not estimate participants."""
    at_most: Annotated[int, Field(ge=2)]
    """Largest number of replicates of a cell, reached or not."""
    at_least: Omittable[Annotated[int, Field(ge=2)]] = None
    """Number of replicates that every cell starts with, rounded up to whole batches. By default 20,
    or at_most if that is less."""

    @model_validator(mode="after")
    def _is_ordered(self) -> SequentialReplicates:
        if self.at_least is not None and self.at_least > self.at_most:
            raise ValueError(
                f"must have at_least ({self.at_least}) no larger than at_most ({self.at_most})"
            )
        return self

    def whole_batches(self, replicates: float, batch_size: int) -> int:
        """A number of replicates rounded up to whole batches; at most `at_most`."""
        if not replicates < self.at_most:
            return self.at_most
        return min(self.at_most, -int(-replicates // batch_size) * batch_size)

    def start(self, batch_size: int) -> int:
        """Number of replicates that every cell starts with."""
        return self.whole_batches(self.at_least or START, batch_size)


def _form(value: Any) -> str:
    """Name of the form of a value: a section, or else a number."""
    is_section = isinstance(value, dict | SequentialReplicates)
    return SequentialReplicates.__name__ if is_section else "int"


#: A number of replicates, or how it follows from MCSEs. Tags are names of JSON-schema definitions.
Replicates = Annotated[
    Annotated[int, Field(ge=2), Tag("int")]
    | Annotated[SequentialReplicates, Tag(SequentialReplicates.__name__)],
    Discriminator(_form),
]
