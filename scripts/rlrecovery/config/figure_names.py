"""Names of the figures, in the order of the report, and whether a study gives them."""

from __future__ import annotations

import math
from collections.abc import Callable

from rlrecovery.config.effects import has_effects, settings_of, sizes_of_effects
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import methods_of, sources

#: Why a study has no figures of effects.
_NO_EFFECTS = "it has no groups, conditions or covariate"


def _always(experiment: Experiment) -> bool:
    return True


def _has_posterior(experiment: Experiment) -> bool:
    return any(method.posterior is not None for method in experiment.methods.values())


def _has_contest(experiment: Experiment) -> bool:
    return any(method.contest for method in methods_of(experiment).values())


def _has_several_parameters(experiment: Experiment) -> bool:
    methods = methods_of(experiment).values()
    return any(len(method.model.model().parameters) > 1 for method in methods)


def _has_several_cells(experiment: Experiment) -> bool:
    """Whether the cells of a generating model differ in anything."""
    sizes = len(experiment.participants) * len(experiment.trials)
    truths = [source.truth for _, source in sources(experiment).values()]
    return sizes * max(math.prod(map(len, truth.values())) for truth in truths) > 1


def _has_several_methods(experiment: Experiment) -> bool:
    return len(experiment.methods) > 1


def _has_several_participants(experiment: Experiment) -> bool:
    return len(experiment.participants) > 1


def _has_targets(experiment: Experiment) -> bool:
    return bool(experiment.targets)


def _has_draws(experiment: Experiment) -> bool:
    return any(method.posterior == "sampled" for method in experiment.methods.values())


def _is_calibrated(experiment: Experiment) -> bool:
    return experiment.calibration is not None


def _has_differences(experiment: Experiment) -> bool:
    """Whether there is an effect, and not a retest alone."""
    return bool(sizes_of_effects(experiment))


def _has_retest(experiment: Experiment) -> bool:
    return has_effects(experiment) and settings_of(experiment).retest


#: Whether an experiment gives each figure, and why not.
CONDITIONS: dict[str, tuple[Callable[[Experiment], bool], str]] = {
    "answer": (_always, ""),
    "recovery": (_always, ""),
    "bias": (_always, ""),
    "rmse": (_always, ""),
    "nested": (_has_several_cells, "it has a single cell"),
    "comparison": (_has_several_methods, "it has a single method"),
    "coverage": (_always, ""),
    "zip": (_always, ""),
    "precision": (_always, ""),
    "samplesize": (_has_several_participants, "it has a single number of participants"),
    "designs": (_has_targets, "it has no targets"),
    "tradeoff": (_has_several_parameters, "its models have a single parameter"),
    "contraction": (_has_posterior, "no method computes a posterior"),
    "calibration": (_is_calibrated, "it has no section calibration"),
    "calibrated_coverage": (_is_calibrated, "it has no section calibration"),
    "calibrated_contraction": (_is_calibrated, "it has no section calibration"),
    "power": (_has_differences, _NO_EFFECTS),
    "sign_and_size": (_has_differences, _NO_EFFECTS),
    "effect_estimates": (_has_differences, _NO_EFFECTS),
    "reliability": (_has_retest, "it simulates no second session"),
    "convergence": (_always, ""),
    "confusion": (_has_contest, "no models are compared"),
    "misfit": (_has_contest, "no models are compared"),
    "participant": (_always, ""),
    "predictive": (_has_posterior, "no method computes a posterior"),
    "posterior": (_has_draws, "no method draws from a posterior"),
}


def available_figures(experiment: Experiment) -> list[str]:
    """Names of the figures that an experiment gives, in the order of the report."""
    return [name for name, (gives, _) in CONDITIONS.items() if gives(experiment)]


def why_not(experiment: Experiment, figure: str) -> str | None:
    """Why an experiment does not give a figure; None if it does."""
    gives, reason = CONDITIONS[figure]
    return None if gives(experiment) else reason
