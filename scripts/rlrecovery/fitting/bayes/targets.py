"""The variables of the PyMC model that hold the targets of a fit."""

from __future__ import annotations

from collections.abc import Mapping

from rlrecovery.fitting.base import Pooling
from rlrecovery.fitting.estimates import Target
from rlrecovery.simulation.task import Floats


def variable_of(target: Target, pooling: Pooling) -> str:
    """Name of the variable of the PyMC model that holds a target."""
    if pooling == "partial" and target.level != "participant":
        return f"{target.parameter}_{target.level}"
    return target.parameter


def draws_of(target: Target, draws: Mapping[str, Floats], pooling: Pooling) -> Floats:
    """Draws of one target, natural scale, shape (chains, draws)."""
    values = draws[variable_of(target, pooling)]
    if pooling == "partial" and target.level == "participant":
        return values[:, :, target.participant]
    return values
