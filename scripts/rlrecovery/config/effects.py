"""The cells with groups, conditions and a covariate of a study, and who analyses them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator

from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of, generator_of, methods_of
from rlrecovery.design.cells import UNNAMED, Cell, batches, first_replicates
from rlrecovery.effects.analyses import analyses_of
from rlrecovery.effects.design import EffectCell, EffectDesign
from rlrecovery.effects.generator import EffectGenerator
from rlrecovery.effects.settings import EffectSettings
from rlrecovery.fitting.base import MethodSettings
from rlrecovery.fitting.effects import COVARIATE, Effect
from rlrecovery.fitting.registry import Method
from rlrecovery.models.base import Model

#: Sections of a config, of which a study with effects has at least one.
SECTIONS = ("groups", "conditions", "covariate", "effects")


def has_effects(experiment: Experiment) -> bool:
    """Whether a study has groups, conditions or a covariate, or asks for a retest alone."""
    return any(getattr(experiment, section) is not None for section in SECTIONS)


def settings_of(experiment: Experiment) -> EffectSettings:
    """The section ``effects``, or its defaults."""
    return experiment.effects or EffectSettings()


def sizes_of_effects(experiment: Experiment) -> dict[Effect, tuple[float, ...]]:
    """True values of each effect, 0 first."""
    given = dict(_named_effects(experiment))
    return {e: (0.0, *(v for v in map(float, vs) if v != 0)) for e, vs in given.items()}


def _named_effects(experiment: Experiment) -> Iterator[tuple[Effect, tuple[float, ...]]]:
    """Effects with their values in the config."""
    for index, (name, group) in enumerate((experiment.groups or {}).items()):
        for parameter, values in group.shift.items():
            yield Effect("group", name, index, parameter), values
    for index, (name, condition) in enumerate((experiment.conditions or {}).items()):
        for parameter, values in condition.shift.items():
            yield Effect("condition", name, index, parameter), values
    if experiment.covariate is not None:
        for parameter, values in experiment.covariate.correlation.items():
            yield Effect("covariate", COVARIATE, 0, parameter), values


def design_of(experiment: Experiment) -> EffectDesign:
    """Groups, conditions and effects of a study."""
    groups, conditions = experiment.groups or {}, experiment.conditions or {}
    return EffectDesign(
        groups=tuple(groups) or (UNNAMED,),
        shares=tuple(group.share for group in groups.values()) or (1.0,),
        conditions=tuple(conditions) or (UNNAMED,),
        effects=tuple(sizes_of_effects(experiment)),
        spreads=tuple(
            (index, parameter, float(sd))
            for index, condition in enumerate(conditions.values())
            for parameter, sd in condition.spread.items()
            if sd
        ),
    )


def effect_cells(experiment: Experiment) -> dict[str, EffectCell]:
    """All cells of a study with all combinations of effects, by key; effects vary fastest."""
    if not has_effects(experiment):
        return {}
    sizes_of = sizes_of_effects(experiment)
    combinations = list(itertools.product(*sizes_of.values()))
    cells = [EffectCell(c, sizes) for c in cells_of(experiment).values() for sizes in combinations]
    return {cell.key(tuple(sizes_of)): cell for cell in cells}


def effect_generator(experiment: Experiment, cell: Cell) -> EffectGenerator:
    """Generator of the data sets of a cell with effects."""
    return EffectGenerator(generator_of(experiment, cell), design_of(experiment))


def analysed_methods(experiment: Experiment) -> dict[str, Method]:
    """Methods whose estimates are analysed, by name; empty without effects."""
    if not has_effects(experiment):
        return {}
    chosen = settings_of(experiment).methods
    parameters = {effect.parameter for effect in sizes_of_effects(experiment)}
    return {
        name: method
        for name, method in methods_of(experiment).items()
        if can_be_analysed(method.settings, [method.fitted_model()], parameters)
        and (chosen is None or name in chosen)
    }


def can_be_analysed(
    method: MethodSettings, models: Iterable[Model], parameters: Collection[str]
) -> bool:
    """Whether a method estimates participants, with models that all have these parameters."""
    has_all = all(set(parameters) <= set(model.names) for model in models)
    return "participant" in method.levels() and has_all


def effect_batches(experiment: Experiment) -> dict[str, dict[str, tuple[int, int]]]:
    """Batches of each method by name, as half-open ranges of replicates."""
    section = settings_of(experiment)
    replicates = section.replicates or experiment.most_replicates
    every = batches(replicates, section.batch_size or experiment.batch_size)
    return {
        name: first_replicates(every, method.replicates_of(replicates))
        for name, method in analysed_methods(experiment).items()
    }


def rows_fitted(experiment: Experiment, cell: EffectCell, fits: float) -> int:
    """Number of sessions of a data set, with the share of one fit of a number in its retest.

    Without effects, one fit has a second session of all participants.
    """
    again = settings_of(experiment).retest and cell.is_null
    return math.ceil(
        cell.cell.participants * (len(design_of(experiment).conditions) + again / fits)
    )


def fits_per_data_set(experiment: Experiment, method: Method) -> float:
    """Time of all analyses of a data set by a method, relative to a fit of the whole data set."""
    section, design = settings_of(experiment), design_of(experiment)
    analyses, fits = analyses_of(method, section, design), 1.0
    if "joint" in analyses:
        fits += method.settings.effect_work(design.effects, section.own_spreads)
    return fits + any(analysis.endswith("_by_group") for analysis in analyses)
