"""Which locations, SDs and correlations the groups of a joint analysis of effects share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rlrecovery.fitting.effects import EffectModel, standardised
from rlrecovery.simulation.task import Floats, Integers


@dataclass(frozen=True)
class Layout:
    """The structure of a model with effects of groups and of a covariate.

    The locations of a parameter belong to a place. Place 0 is that of the reference, and of all
    groups without an effect on the parameter if groups share their SDs. A group with an effect, or
    with its own SDs, has a place of its own, which has the number of the group.

    Attributes
    ----------
    groups : tuple of int array
        Rows of each group; the first one is the reference.
    shifted : bool array, shape (groups, parameters)
        Whether the location of a group differs from that of the reference.
    correlated : bool array, shape (parameters,)
        Whether a parameter is correlated with the covariate.
    covariate : float array, shape (rows,)
        Covariate with mean 0 and SD 1, the divisor of the variance being the number of rows; zeros
        without one.
    own_spreads : bool
        Whether each group has its own SDs.
    """

    groups: tuple[Integers, ...]
    shifted: NDArray[np.bool_]
    correlated: NDArray[np.bool_]
    covariate: Floats
    own_spreads: bool

    @classmethod
    def of(cls, model: EffectModel, names: Sequence[str], covariate: Floats | None) -> Self:
        """Make the layout of a model, for parameters with these names.

        Raises
        ------
        ValueError
            For effects of conditions, several sessions of a participant, a group without
            participants, and a covariate that is missing, not finite or constant.
        """
        if "condition" in model.kinds:
            raise ValueError("quadrature does not estimate effects of conditions")
        if len(np.unique(model.participant)) < len(model.participant):
            raise ValueError("quadrature estimates effects from one session of each participant")
        levels = [effect.index for effect in model.effects if effect.kind == "group"]
        n_groups = max([int(model.group.max(initial=0)), *levels]) + 1
        group = model.group[model.participant]
        rows = tuple(np.flatnonzero(group == g) for g in range(n_groups))
        empty = [str(g) for g, own in enumerate(rows) if not len(own)]
        if empty:
            raise ValueError(f"no participant is in group {', '.join(empty)} (counted from 0)")
        shifted = np.zeros((n_groups, len(names)), dtype=bool)
        correlated = np.zeros(len(names), dtype=bool)
        for effect in model.effects:
            if effect.kind == "group":
                shifted[effect.index, names.index(effect.parameter)] = True
            else:
                correlated[names.index(effect.parameter)] = True
        values = np.zeros(len(group))
        if correlated.any():
            values = standardised(covariate)[model.participant]
        return cls(rows, shifted, correlated, values, model.own_spreads)

    @property
    def n_parameters(self) -> int:
        """Number of parameters."""
        return len(self.correlated)

    def place(self, group: int, parameter: int) -> int:
        """Place of the locations of a group."""
        return group if self.own_spreads or self.shifted[group, parameter] else 0

    def places(self, parameter: int) -> list[int]:
        """Places of a parameter in increasing order."""
        return sorted({self.place(group, parameter) for group in range(len(self.groups))})

    def rows(self, place: int, parameter: int) -> Integers:
        """Rows of the participants in a place."""
        inside = [g for g in range(len(self.groups)) if self.place(g, parameter) == place]
        return np.sort(np.concatenate([self.groups[g] for g in inside]))
