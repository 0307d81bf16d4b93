"""All that the data sets of a cell with effects depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from rlrecovery.design.seeds import seed_sequence
from rlrecovery.effects.design import EffectCell, EffectDesign
from rlrecovery.simulation.generator import Generator


@dataclass(frozen=True)
class EffectGenerator:
    """Generator of data sets with groups, conditions and a covariate.

    Attributes
    ----------
    generator : Generator
        Model, task, population and root seed.
    design : EffectDesign
        Groups, conditions and effects.
    """

    generator: Generator
    design: EffectDesign

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Inverse of `plain`."""
        return cls(Generator.of(plain["generator"]), EffectDesign.of(plain["design"]))

    def plain(self) -> dict[str, Any]:
        """Plain values, for the parameters of a job."""
        return {"generator": self.generator.plain(), "design": self.design.plain()}

    def seed_sequence(
        self, cell: EffectCell, replicate: int, purpose: str
    ) -> np.random.SeedSequence:
        """Seed of one stream of random numbers of a data set.

        It depends only on values: neither on the names of groups and conditions nor on the order
        of effects, cells, methods or jobs.
        """
        effects = zip(self.design.effects, cell.sizes, strict=True)
        identity = self.generator.identity(cell.cell) | {
            "shares": list(self.design.shares),
            "conditions": len(self.design.conditions),
            "effects": sorted([e.kind, e.index, e.parameter, size] for e, size in effects),
            "spreads": sorted(list(entry) for entry in self.design.spreads),
        }
        return seed_sequence(self.generator.seed, identity, replicate, purpose)
