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


@dataclass(frozen=True)
class ModelSpec:
    """A model by name, or a variant of one.

    Attributes
    ----------
    name : str
        Name in the config: of a model in `rlrecovery.models.library.MODELS`, or of a variant.
    base : str
        Name of the model in the library.
    fixed : tuple of (str, float)
        Fixed parameters and their values, sorted by name.
    lapse : bool
        Whether a lapse rate is added.
    free_start : bool
        Whether the start value is a parameter.
    is_variant : bool
        Whether the config defines it under `name`; False for a model of the library.
    """

    name: str
    base: str
    fixed: tuple[tuple[str, float], ...] = ()
    lapse: bool = False
    free_start: bool = False
    is_variant: bool = False

    @staticmethod
    def of(plain: str | Mapping[str, Any]) -> ModelSpec:
        """Inverse of `plain`; missing keys of a variant have the defaults of `VariantSettings`."""
        if isinstance(plain, str):
            return ModelSpec(name=plain, base=plain)
        settings = {key: value for key, value in plain.items() if key != "name"}
        return VariantSettings.of(settings).spec(plain["name"])

    def plain(self) -> str | dict[str, Any]:
        """The specification as plain values: a name, or for a variant a dictionary."""
        if not self.is_variant:
            return self.name
        return {
            "name": self.name,
            "model": self.base,
            "fixed": dict(self.fixed),
            "lapse": self.lapse,
            "start_value": "free" if self.free_start else "task",
        }

    def model(self) -> Model:
        """The model that is specified."""
        if not self.is_variant:
            return MODELS[self.base]
        return _variant(MODELS[self.base], self.name, self.fixed, self.lapse, self.free_start)


class VariantSettings(Section):
    """A model with additional or fixed parameters: an entry of the config's ``variants``."""

    model: str = Field(description="Name of the model that the variant is based on.")
    fixed: dict[str, Annotated[float, Field(description="Its value, natural scale.")]] = Field(
        default_factory=dict,
        description=(
            "Parameters fixed at a value. They have no true values and are not estimated. By "
            "default all parameters are free."
        ),
    )
    lapse: bool = Field(
        default=False,
        description=(
            "Whether a lapse rate is added, the parameter lapse: the probability of a random "
            "choice."
        ),
    )
    start_value: Literal["task", "free"] = Field(
        default="task",
        description=(
            "task: Q starts at the task's start value. free: Q starts at the parameter start_value."
        ),
    )

    def spec(self, name: str) -> ModelSpec:
        """The variant as a model specification with a name."""
        return ModelSpec(
            name=name,
            base=self.model,
            fixed=tuple(sorted(self.fixed.items())),
            lapse=self.lapse,
            free_start=self.start_value == "free",
            is_variant=True,
        )


@functools.cache
def _variant(
    base: Model, name: str, fixed: tuple[tuple[str, float], ...], lapse: bool, free_start: bool
) -> Model:
    """One object per variant, because compiled code is cached by the model object."""
    parameters = (*base.parameters, *[LAPSE] * lapse, *[START_VALUE] * free_start)
    changes = [
        *(["with a lapse rate"] if lapse else []),
        *(["with the start value as a parameter"] if free_start else []),
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


def find_model(plain: str | Mapping[str, Any]) -> Model:
    """The model with a name, or the variant that plain values describe (see `ModelSpec.of`)."""
    return ModelSpec.of(plain).model()
