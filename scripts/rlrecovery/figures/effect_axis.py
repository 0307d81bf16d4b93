"""Horizontal axis with the true sizes of an effect, on both scales."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rlrecovery.figures.axes import panel_width, wrap
from rlrecovery.figures.labels import symbol, unconstrained
from rlrecovery.score.analyses import StudiedEffect

#: Width in inches of the label of a size, and of what stands beside a panel.
LABEL_WIDTH, LEFT = 0.44, 0.4


def label_sizes(
    axes: Axes, effect: StudiedEffect, pooled: pd.DataFrame, has_own_axis: bool
) -> None:
    """Label the horizontal axis with true sizes and, of one truth, differences that they make.

    There is less room below a panel whose vertical axis has labels of its own.
    """
    sizes = sorted(float(size) for size in pooled["size"].unique())
    gap = smallest_distance(pd.Series(sizes))
    low, high = sizes[0] - 0.4 * gap, sizes[-1] + 0.4 * gap
    room = panel_width(axes) - LEFT - 0.15 * has_own_axis
    ticks = _apart(sizes, LABEL_WIDTH * (high - low) / max(0.5, room))
    natural = pooled.groupby("size")["natural"].agg(["min", "max"])
    scale = unconstrained(effect.parameter)
    is_one = np.allclose(natural["min"], natural["max"]) and scale != "natural scale"
    labels = [_signed(size) for size in ticks]
    if is_one:
        labels = [f"{text}\n({_signed(natural.loc[size, 'min'], 2)})"
                  for text, size in zip(labels, ticks, strict=True)]  # fmt: skip
    axes.set_xticks(ticks, labels)
    axes.set_xlim(low, high)
    letters = int((panel_width(axes) - (0.5 if has_own_axis else 0.2)) / 0.062)
    axes.set_xlabel("\n".join(wrap(size_label(effect, is_one), letters)))


def _apart(sizes: Sequence[float], distance: float) -> list[float]:
    """Sizes that are at least a distance apart: first the ends and 0, then the others."""
    kept: list[float] = []
    for size in (sizes[0], sizes[-1], *(s for s in sizes if s == 0), *sizes):
        if all(abs(size - other) >= distance for other in kept):
            kept.append(size)
    return sorted(kept)


def size_label(effect: StudiedEffect, has_natural: bool) -> str:
    """Label of the axis with the sizes of an effect."""
    if effect.kind == "covariate":
        return f"correlation with {symbol(effect.parameter)}"
    scale = unconstrained(effect.parameter)
    if has_natural:
        scale = f"{scale.removesuffix(' scale')} (natural) scale"
    return f"{effect.effect}: difference in {symbol(effect.parameter)}, {scale}"


def _signed(value: float, places: int | None = None) -> str:
    """Format a size with a typographic minus sign; a difference at two decimals or more."""
    if places is None or (value and abs(value) < 0.1**places):
        return f"{value:.2g}".replace("-", "−")
    text = f"{value:.{places}f}" if abs(value) < 10 else f"{value:.3g}"
    return "0" if not float(text) else text.replace("-", "−")


def smallest_distance(sizes: pd.Series) -> float:
    """Smallest distance between two true sizes; 1 if there is one."""
    distances = np.diff(np.unique(sizes.to_numpy(float)))
    return float(distances.min()) if distances.size else 1.0
