"""What single keys may hold, and the strict section that keys stand in."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _given(value: Any) -> Any:
    """A key that may be left out is left out, and not empty: that was hardly meant."""
    if value is None:
        raise PydanticCustomError("empty", "empty")
    return value


#: All names stand in paths, and so have limits.
RUN_NAME = "^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$"
#: Names of methods, of tasks and of variants of models.
WORD = "^[a-z][a-z0-9_]{0,39}$"
#: The same in words, for sentences and the manual.
PATTERNS = {
    RUN_NAME: "text of up to 100 letters, digits, _ and - that starts with a letter or a digit",
    WORD: "text of up to 40 lower-case letters, digits and _ that starts with a letter",
}

_Anything = TypeVar("_Anything")
#: What may be left out.
Omittable = Annotated[_Anything | None, BeforeValidator(_given)]
Name = Annotated[str, Field(pattern=WORD)]
Positive = Annotated[float, Field(gt=0)]
Numbers = Annotated[tuple[float, ...], Field(min_length=1), BeforeValidator(_as_tuple)]
Counts = Annotated[
    tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1), BeforeValidator(_as_tuple)
]
Arms = Annotated[tuple[float, ...], Field(min_length=2), BeforeValidator(_as_tuple)]
#: Probabilities that something is missing: not all of it can be.
Shares = Annotated[
    tuple[Annotated[float, Field(ge=0, lt=1)], ...],
    Field(min_length=1),
    BeforeValidator(_as_tuple),
]
Completed = Annotated[
    tuple[
        Annotated[
            tuple[Annotated[float, Field(gt=0, le=1)], ...],
            Field(min_length=1),
            BeforeValidator(_as_tuple),
        ],
        ...,
    ],
    Field(min_length=1),
    BeforeValidator(_as_tuple),
]
Rows = Annotated[tuple[Arms, ...], Field(min_length=1), BeforeValidator(_as_tuple)]
#: Trials by their numbers, from 1; there may be none.
Trials = Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(_as_tuple)]
TrialLists = Annotated[tuple[Trials, ...], Field(min_length=1), BeforeValidator(_as_tuple)]
Models = Annotated[tuple[str, ...], Field(min_length=2), BeforeValidator(_as_tuple)]
Levels = Annotated[
    tuple[Annotated[float, Field(gt=0, lt=1)], ...],
    Field(min_length=1),
    BeforeValidator(_as_tuple),
]
Bounds = Annotated[tuple[float, ...], Field(min_length=2, max_length=2), BeforeValidator(_as_tuple)]


class Section(BaseModel):
    """A section of ``config.yaml``: no other keys, no other types, no changes afterwards."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True
    )
