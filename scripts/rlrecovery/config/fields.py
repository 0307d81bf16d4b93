"""What single keys may hold, and the strict section that keys stand in."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


RUN_NAME = "^[A-Za-z0-9][A-Za-z0-9_-]*$"
METHOD_NAME = "^[a-z][a-z0-9_]*$"
#: The same in words, for sentences and the manual.
PATTERNS = {
    RUN_NAME: "text of letters, digits, _ and - that starts with a letter or a digit",
    METHOD_NAME: "text of lower-case letters, digits and _ that starts with a letter",
}

Probability = Annotated[float, Field(ge=0, le=1)]
Numbers = Annotated[tuple[float, ...], Field(min_length=1), BeforeValidator(_as_tuple)]
Counts = Annotated[
    tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1), BeforeValidator(_as_tuple)
]
Arms = Annotated[tuple[Probability, ...], Field(min_length=2), BeforeValidator(_as_tuple)]
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
