"""Studies with effects, and methods, for several tests."""

from __future__ import annotations

from settings import MLE, MOCK, POPULATION, QUADRATURE

from rlrecovery.design.cells import Cell
from rlrecovery.effects.design import EffectCell, EffectDesign
from rlrecovery.effects.generator import EffectGenerator
from rlrecovery.effects.settings import EffectSettings
from rlrecovery.fitting.effects import COVARIATE, Effect
from rlrecovery.fitting.registry import Method
from rlrecovery.simulation.generator import Generator

GROUP = Effect("group", "patient", 1, "alpha")
CONDITION = Effect("condition", "drug", 1, "beta")
CORRELATION = Effect("covariate", COVARIATE, 0, "alpha")
EVERY = (GROUP, CONDITION, CORRELATION)

#: The same analyses as by default, and rank tests.
ALL = EffectSettings(
    analyses=("t_test", "rank_test", "t_test_by_group", "rank_test_by_group", "joint")
)

METHODS = {
    "mle": MLE,
    "mock": MOCK,
    "none": QUADRATURE,
    "partial": QUADRATURE | {"pooling": "partial", "priors": POPULATION},
}


def generator(effects=EVERY, shares=(0.5, 0.5), groups=None, spreads=(), **changes):
    """Two groups and, with an effect of a condition, two conditions."""
    conditions = ("placebo", "drug") if any(e.kind == "condition" for e in effects) else ("",)
    groups = groups or ("control", "patient", "other")[: len(shares)]
    plain = {
        "seed": 1,
        "model": "rescorla_wagner",
        "task": {"arms": [0.3, 0.7], "blocks": 1, "start_value": 0.5},
        "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}},
    }
    design = EffectDesign(groups, shares, conditions, tuple(effects), tuple(spreads))
    return EffectGenerator(Generator.of(plain | changes), design)


def cell(*sizes, participants=6, trials=20, alpha=0.4):
    """A cell with true effects."""
    return EffectCell(Cell((("alpha", alpha), ("beta", 4.0)), participants, trials), sizes)


def method(name):
    return Method.of(METHODS[name], name)
