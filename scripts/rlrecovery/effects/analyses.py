"""Which analyses of effects a method is used for, and what their results depend on."""

from __future__ import annotations

from typing import Final

from rlrecovery.effects.design import EffectCell, EffectDesign
from rlrecovery.effects.generator import EffectGenerator
from rlrecovery.effects.settings import Analysis, EffectSettings
from rlrecovery.effects.two_step import Test
from rlrecovery.fitting.registry import Method
from rlrecovery.storage.fingerprint import settings_hash

#: Analyses of estimates of all sessions together, and of each group and condition separately.
OF_ALL: Final[tuple[Test, ...]] = ("t_test", "rank_test")
BY_GROUP: Final[dict[Analysis, Test]] = {
    "t_test_by_group": "t_test",
    "rank_test_by_group": "rank_test",
}

#: Settings that change no row.
_NEUTRAL = ("replicates", "batch_size", "methods")


def analyses_of(
    method: Method, settings: EffectSettings, design: EffectDesign
) -> tuple[Analysis, ...]:
    """The analyses of a method, in the order of the settings; none without effects."""
    if not design.effects:
        return ()
    possible: set[Analysis] = set(OF_ALL)
    parts = len(design.groups) * len(design.conditions)
    if method.pooling == "partial" and method.settings.posterior != "sampled" and parts > 1:
        possible |= set(BY_GROUP)
    if method.settings.estimates_effects({effect.kind for effect in design.effects}):
        possible.add("joint")
    return tuple(analysis for analysis in settings.analyses if analysis in possible)


def compare_hash(
    method: Method, generator: EffectGenerator, cell: EffectCell, settings: EffectSettings
) -> str:
    """Hash of the settings of a method's analyses in a cell."""
    own = {key: value for key, value in settings.plain().items() if key not in _NEUTRAL}
    return settings_hash([method.plain(), generator.plain(), cell.values(), own])


def has_retest(cell: EffectCell, settings: EffectSettings) -> bool:
    """Whether second sessions are simulated in a cell."""
    return settings.retest and cell.is_null
