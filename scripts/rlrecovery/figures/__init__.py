"""Tidy tables in, figures out; nothing is fitted here and nothing but ``summary/`` is read.

To add a figure, write a module with a ``draw_<name>(summary) -> Figure``, put it into `FIGURES`,
and write its caption in ``workflow/report/<name>.rst``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure

from rlrecovery.figures.bias import draw_bias
from rlrecovery.figures.convergence import draw_convergence
from rlrecovery.figures.coverage import draw_coverage
from rlrecovery.figures.data import Summary, load_summary
from rlrecovery.figures.participant import draw_participant
from rlrecovery.figures.posterior import draw_posterior
from rlrecovery.figures.precision import draw_precision
from rlrecovery.figures.recovery import draw_recovery
from rlrecovery.figures.style import save
from rlrecovery.figures.tradeoff import draw_tradeoff
from rlrecovery.models import MODELS

__all__ = ["FIGURES", "Summary", "available_figures", "load_summary", "save"]

#: Every figure, in the order of the report.
FIGURES: dict[str, Callable[[Summary], Figure]] = {
    "recovery": draw_recovery,
    "bias": draw_bias,
    "coverage": draw_coverage,
    "precision": draw_precision,
    "tradeoff": draw_tradeoff,
    "participant": draw_participant,
    "posterior": draw_posterior,
    "convergence": draw_convergence,
}


def available_figures(experiment: Mapping[str, Any]) -> list[str]:
    """Names of the figures that an experiment can give, in the order of the report.

    Parameters
    ----------
    experiment : mapping
        A resolved experiment, as in ``results/<run>/config.yaml``. Without a Bayesian method
        there is no posterior, and with one parameter no trade-off.
    """
    methods = experiment["methods"].values()
    lacking = set()
    if not any(settings["estimator"] == "bayes" for settings in methods):
        lacking.add("posterior")
    if len(MODELS[experiment["model"]].parameters) < 2:
        lacking.add("tradeoff")
    return [name for name in FIGURES if name not in lacking]
