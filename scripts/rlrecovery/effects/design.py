"""Groups, conditions and effects of a study, its cells, and how rows belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from rlrecovery.design.cells import Cell, plain_number
from rlrecovery.fitting.effects import Effect, EffectModel
from rlrecovery.models.distributions import Distribution
from rlrecovery.simulation.task import Integers


@dataclass(frozen=True)
class EffectDesign:
    """Groups, conditions and effects.

    Attributes
    ----------
    groups : tuple of str
        Names of the groups; one without a name if there are none.
    shares : tuple of float
        Share of the participants of each group.
    conditions : tuple of str
        Names of the conditions; one without a name if there are none.
    effects : tuple of Effect
        All effects, in the order of the config.
    spreads : tuple of (int, str, float)
        Index of a condition, parameter, and SD of the participants' differences, where above 0.
    """

    groups: tuple[str, ...]
    shares: tuple[float, ...]
    conditions: tuple[str, ...]
    effects: tuple[Effect, ...]
    spreads: tuple[tuple[int, str, float], ...] = ()

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Inverse of `plain`."""
        return cls(
            groups=tuple(plain["groups"]),
            shares=tuple(plain["shares"]),
            conditions=tuple(plain["conditions"]),
            effects=tuple(Effect(**effect) for effect in plain["effects"]),
            spreads=tuple((int(c), name, float(sd)) for c, name, sd in plain["spreads"]),
        )

    def plain(self) -> dict[str, Any]:
        """Plain values, for the parameters of a job."""
        return {
            "groups": list(self.groups),
            "shares": list(self.shares),
            "conditions": list(self.conditions),
            "effects": [asdict(effect) for effect in self.effects],
            "spreads": [list(entry) for entry in self.spreads],
        }

    @property
    def has_covariate(self) -> bool:
        """Whether there is a covariate."""
        return any(effect.kind == "covariate" for effect in self.effects)

    def group_sizes(self, participants: int) -> list[int]:
        """Number of participants of each group; they sum to `participants`.

        Shares that give no whole numbers are rounded down, and those with the largest remainders
        get one more (Hamilton's method).
        """
        exact = np.array(self.shares) * participants
        sizes = np.floor(exact + 1e-9).astype(int)
        order = np.argsort(-(exact - sizes), kind="stable")
        sizes[order[: participants - sizes.sum()]] += 1
        return [int(size) for size in sizes]

    def group_of(self, participants: int) -> Integers:
        """Index of the group of each participant, shape (participants,)."""
        sizes = self.group_sizes(participants)
        groups: Integers = np.repeat(np.arange(len(sizes)), sizes)
        return groups

    def model(self, participants: int, prior: Distribution, own_spreads: bool) -> EffectModel:
        """The hierarchical model of a joint analysis; rows are ordered by condition."""
        n_conditions = len(self.conditions)
        return EffectModel(
            group=self.group_of(participants),
            participant=np.tile(np.arange(participants), n_conditions),
            condition=np.repeat(np.arange(n_conditions), participants),
            effects=self.effects,
            prior=prior,
            own_spreads=own_spreads,
        )


@dataclass(frozen=True)
class EffectCell:
    """A cell with the true values of all effects.

    Attributes
    ----------
    cell : Cell
        True values of the reference, and sizes.
    sizes : tuple of float
        True value of each effect of the design, in its order: a difference on the unconstrained
        scale, or a correlation.
    """

    cell: Cell
    sizes: tuple[float, ...]

    @property
    def is_null(self) -> bool:
        """Whether all effects are 0."""
        return not any(self.sizes)

    def key(self, effects: Sequence[Effect]) -> str:
        """Name in paths and tables; made here only, and never parsed."""
        parts = [
            f"{effect.name}-{effect.parameter}-{plain_number(size)}"
            for effect, size in zip(effects, self.sizes, strict=True)
        ]
        return "_".join([self.cell.key, *parts])

    def values(self) -> dict[str, Any]:
        """Plain values, for the parameters of a job."""
        return {"cell": self.cell.values(), "sizes": list(self.sizes)}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Inverse of `values`."""
        return cls(Cell.of(values["cell"]), tuple(map(float, values["sizes"])))
