"""Effects in words: people, sizes on both scales, and shares of data sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from rlrecovery.config.effects import design_of
from rlrecovery.config.settings import Experiment
from rlrecovery.report.estimation_text import parameters_of, scale_of
from rlrecovery.report.numbers import ROUNDING, plural, pm, pm_parts, rounded
from rlrecovery.score.analyses import StudiedEffect

Row = Mapping[Any, Any]


def people(experiment: Experiment, participants: int, trials: int) -> str:
    """Participants by group and their trials: ``60 participants (30 control, 30 patient) ...``."""
    design = design_of(experiment)
    text = plural(participants, "participant")
    if len(design.groups) > 1:
        sizes = zip(design.group_sizes(participants), design.groups, strict=True)
        text += f" ({', '.join(f'{size} {name}' for size, name in sizes)})"
    text += f" and {plural(trials, 'trial')}"
    if len(design.conditions) > 1:
        text += f" in each condition ({', '.join(design.conditions)})"
    return text


def about(
    experiment: Experiment, effect: StudiedEffect, size: float | None = None, natural: str = ""
) -> str:
    """An effect in words, with its size and what that is on the natural scale."""
    of_size = "" if size is None else f" of {rounded(size)}"
    if effect.kind == "covariate":
        return f"a correlation{of_size} of {effect.parameter} with the covariate"
    design = design_of(experiment)
    reference = (design.groups if effect.kind == "group" else design.conditions)[0]
    if size is not None:
        of_size += f" on the {scale_name(experiment, effect.parameter)}{natural}"
    return f"a difference in {effect.parameter}{of_size} between {effect.effect} and {reference}"


def the(label: str) -> str:
    """A label of an analysis with its article."""
    return label if label.startswith(("Pearson", "Spearman")) else f"the {label}"


def noun(effect: StudiedEffect) -> str:
    """What an effect is: a difference or a correlation."""
    return "correlation" if effect.kind == "covariate" else "difference"


def scale_name(experiment: Experiment, parameter: str) -> str:
    """Name of the unconstrained scale of a parameter, which may be given by its label."""
    names = {label: name for name, label in experiment.labels.items()}
    known = parameters_of(experiment).get(names.get(parameter, parameter))
    return f"{scale_of(known)} scale" if known else "unconstrained scale"


def natural_values(cells: pd.DataFrame, effect: StudiedEffect) -> list[tuple[float, float]]:
    """True values of the reference, and with the effect, per cell, natural scale.

    ``cells`` are rows of one size. A true value that is not of the grid is missing.
    """
    truths = cells.get(effect.parameter, pd.Series(np.nan, cells.index)).astype(float)
    pairs = zip(truths, truths + cells["natural"].astype(float), strict=True)
    return sorted({(round(a, 9), round(b, 9)) for a, b in pairs if np.isfinite([a, b]).all()})


def on_natural_scale(cells: pd.DataFrame, effect: StudiedEffect, experiment: Experiment) -> str:
    """A size on the natural scale, in brackets: `` (0.5 to 0.31)``; empty if it is the same."""
    if scale_name(experiment, effect.parameter) == "natural scale":
        return ""
    pairs = natural_values(cells, effect)
    if len(pairs) == 1:
        return f" ({rounded(pairs[0][0])} to {rounded(pairs[0][1])})"
    changes = cells["natural"].dropna().astype(float)
    if not len(changes):
        return ""
    low, high = sorted([changes.min(), changes.max()], key=abs)
    if np.isclose(low, high):
        return f" ({rounded(low)} on the natural scale)"
    return f" ({rounded(low)} to {rounded(high)} on the natural scale, by true value)"


def share(row: Row, of: str = "data sets") -> str:
    """A share of data sets in per cent ± MCSE; in words if it is none or all."""
    value, mcse = float(row["value"]), float(row["mcse"])
    if np.isfinite(value) and mcse <= ROUNDING and value in (0.0, 1.0):
        return f"{'all' if value else 'none'} of the {of.removeprefix('the ')}"
    return f"{pm(value, mcse, 100)} % of {of}"


def share_with_error(row: Row, of: str = "data sets") -> str:
    """A share of data sets with its Monte Carlo SE in words."""
    value, error = pm_parts(row["value"], row["mcse"], 100)
    if error in (None, "0"):
        return share(row, of)
    return f"{value} % of {of} (Monte Carlo SE {error} points)"


def share_cell(row: Row | None) -> str:
    """A share in a table, in per cent ± MCSE; a count if it is the same in all data sets."""
    if row is None or not np.isfinite(row["mcse"]) or row["mcse"] > ROUNDING:
        return cell_text(row, 100)
    return f"{round(row['value'] * row['total'])} of {int(row['total'])}"


def cell_text(row: Row | None, scale: float = 1.0) -> str:
    """A value ± MCSE in a table; a dash if there is none."""
    return "–" if row is None else pm(row["value"], row["mcse"], scale)
