"""Variants of models: a lapse rate, a free start value, fixed parameters."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import Field

from rlrecovery.models.base import Model
from rlrecovery.models.library import LAPSE, MODELS, START_VALUE
from rlrecovery.models.settings import Section


class VariantSettings(Section):
    """A model with additional or fixed parameters: an entry of the config's ``variants``."""

    model: str
    """Name of the model that the variant is based on."""
    fixed: dict[str, Annotated[float, Field(description="Its value, natural scale.")]] = Field(
        default_factory=dict
    )
    """Parameters fixed at a value. They have no true values and are not estimated. By default all
    parameters are free."""
    lapse: bool = False
    """Whether a lapse rate is added, the parameter lapse: the probability of a random choice."""
    start_value: Literal["task", "free"] = "task"
    """task: Q starts at the task's start value. free: Q starts at the parameter start_value."""


@dataclass(frozen=True)
class ModelSpec:
    """A model as the config names it: one of `rlrecovery.models.library.MODELS`, or a variant.

    A `variant` is what the config defines under the name; None for a model of the library.
    """

    name: str
    variant: VariantSettings | None = None

    @staticmethod
    def of(plain: str | Mapping[str, Any]) -> ModelSpec:
        """Inverse of `plain`; missing keys of a variant have the defaults of `VariantSettings`."""
        if isinstance(plain, str):
            return ModelSpec(plain)
        settings = {key: value for key, value in plain.items() if key != "name"}
        return ModelSpec(plain["name"], VariantSettings.of(settings))

    def plain(self) -> str | dict[str, Any]:
        """The specification as plain values: a name, or for a variant a dictionary."""
        if self.variant is None:
            return self.name
        fixed = dict(sorted(self.variant.fixed.items()))
        return {"name": self.name, **self.variant.plain(), "fixed": fixed}

    def model(self) -> Model:
        """The model that is specified."""
        if self.variant is None:
            return MODELS[self.name]
        base, fixed = MODELS[self.variant.model], tuple(sorted(self.variant.fixed.items()))
        free_start = self.variant.start_value == "free"
        return _variant(base, self.name, fixed, self.variant.lapse, free_start)


@functools.cache
def _variant(
    base: Model, name: str, fixed: tuple[tuple[str, float], ...], lapse: bool, free_start: bool
) -> Model:
    """One object per variant, because compiled code is cached by the model object."""
    parameters = (*base.parameters, *[LAPSE] * lapse, *[START_VALUE] * free_start)
    changes = [
        *["with a lapse rate"] * lapse,
        *["with the start value as a parameter"] * free_start,
        *(f"{parameter} fixed at {value:g}" for parameter, value in fixed),
    ]
    return replace(
        base,
        name=name,
        title=", ".join([base.title, *changes]),
        parameters=tuple(p for p in parameters if p.name not in dict(fixed)),
        fixed=fixed,
        lapse=lapse,
    )
