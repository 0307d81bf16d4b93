"""Settings of pilot data: how the file is read, and what is asked of it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from rlrecovery.models.settings import Omittable, Section, as_tuple_field


def _text_of_number(value: Any) -> Any:
    """Codes are compared with the text of a file; YAML reads some of them as whole numbers."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _each_once(codes: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(codes)) < len(codes):
        raise ValueError("must have a code of its own for each arm")
    return codes


#: A code of an arm in a file.
Code = Annotated[
    str,
    BeforeValidator(_text_of_number),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
]
#: Codes of all arms, in the order of the task's arms.
Codes = Annotated[tuple[Code, ...], Field(min_length=2), AfterValidator(_each_once), as_tuple_field]
#: Names of columns.
ColumnList = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=2), as_tuple_field
]
ColumnName = Annotated[str, Field(min_length=1)]


class ColumnNames(Section):
    """What the columns of the file are called."""

    participant: ColumnName = "participant"
    """Column with the names or numbers of the participants."""
    trial: ColumnName = "trial"
    """Column with the numbers of the trials, which count through all blocks or start anew in each
    block."""
    choice: ColumnName = "choice"
    """Column with the chosen arms."""
    reward: ColumnName = "reward"
    """Column with the rewards."""
    block: Omittable[ColumnName] = None
    """Column with the names or numbers of the blocks. By default the column block, if there is
    one."""
    outcomes: Omittable[ColumnList] = None
    """Columns with the outcomes of all arms, in the order of the arms, for a task with full
    feedback. By default reward_0, reward_1, ..."""


class PilotSettings(Section):
    """How a file of observed choices is read, by ``observed`` and by ``make pilot``."""

    columns: ColumnNames = Field(default_factory=ColumnNames)
    """Names of the columns, where they differ from participant, trial, choice, reward, block."""
    choices: Omittable[Codes] = None
    """Codes of the arms in the file, in the order of the arms of the task: [A, B] or [1, 2]. By
    default the arms are counted from 0."""
    least_contraction: float = Field(default=0.25, ge=0, lt=1)
    """Contraction is 1 - posterior variance / prior variance. Below this value, `make pilot` says
    that the pilot data say next to nothing about the quantity. At 0.25 the posterior SD is still
    87 % of the prior SD."""
    draws: int = Field(default=1000, ge=100, le=5_000)
    """Posterior draws of the population that make pilot writes; every replicate of the planned
    study takes one of them as its truth."""
    data_sets: int = Field(default=100, ge=0, le=10_000)
    """Data sets that make pilot simulates at the posterior to check that the posterior is
    calibrated there (posterior SBC); 0 for no check, otherwise best 100 or more."""

    def reading(self) -> dict[str, Any]:
        """Plain values of the keys that say how the file is read."""
        return self.model_dump(mode="json", exclude_none=True, include={"columns", "choices"})
