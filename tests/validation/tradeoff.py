"""The trade-off between learning rate and inverse temperature, with and without reversals."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd

from rlrecovery.figures.tradeoff import rank_correlation
from rlrecovery.score.results import Summary, load_summary

STABLE, REVERSING = "mle, stable", "mle, reversing"
#: Standard errors from which on a difference is more than chance.
CLEAR = 2.0


def tradeoff(summary: Path) -> bool:
    """Print the correlation of the errors of alpha and beta in both tasks.

    Returns
    -------
    bool
        Whether the errors go together in every design without reversals, which must be so. That
        reversals weaken this is checked and said, but not required: see what is printed.
    """
    print("\nDo errors of alpha and beta go together, and do reversals (every 20 trials) help?")
    tables = load_summary(summary, ("recovery", "points"))
    designs = list(itertools.product(sorted(set(tables.points["alpha"])), tables.trials))
    lines = [line(tables, alpha, trials) for alpha, trials in designs]
    together = [stable[0] < -CLEAR * stable[1] for stable, *_ in lines]
    weaker = [abs(s[0]) - abs(r[0]) > CLEAR * np.hypot(s[1], r[1]) for s, r, _ in lines]
    stronger = [abs(r[0]) - abs(s[0]) > CLEAR * np.hypot(s[1], r[1]) for s, r, _ in lines]
    sharper = [ratio < 1 for *_, ratio in lines]
    count = len(lines)
    print(f"  Errors go together with fixed probabilities: in {sum(together)} of {count} designs.")
    print(
        f"  Reversals weaken the correlation clearly in {sum(weaker)} of {count} designs and "
        f"strengthen it clearly in {sum(stronger)}."
    )
    print(
        f"  Reversals lower the RMSE of alpha in {sum(sharper)} of {count} designs.\n"
        "  What reversals do is to make alpha better known. The correlation that is left need not\n"
        "  be weaker: with fixed probabilities a long run of choices at the asymptote pins beta\n"
        "  down by itself, so that its errors are small and its own; with reversals both\n"
        "  parameters are read from the same stretches of relearning, and what one gets wrong the\n"
        "  other makes up for. So the claim holds for the error of alpha, and for the correlation\n"
        "  only where this table shows it."
    )
    return all(together)


def line(
    summary: Summary, alpha: float, trials: int
) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Print one design; both correlations with their errors, and the ratio of alpha's RMSE."""
    found = {}
    for series in (STABLE, REVERSING):
        points = summary.points
        here = points[(points["method"] == series) & (points["trials"] == trials)]
        found[series] = errors(here[np.isclose(here["alpha"], alpha)])
    stable, reversing = (rank_correlation(found[s], ("alpha", "beta")) for s in found)
    rmse = {s: float(np.sqrt((table["alpha"] ** 2).mean())) for s, table in found.items()}
    print(
        f"  alpha {alpha:g}, beta 3, {trials:3d} trials: rank correlation {stable[0]:+.2f} ± "
        f"{stable[1]:.2f} fixed, {reversing[0]:+.2f} ± {reversing[1]:.2f} reversing; RMSE of alpha "
        f"{rmse[STABLE]:.3f} fixed, {rmse[REVERSING]:.3f} reversing"
    )
    return stable, reversing, rmse[REVERSING] / rmse[STABLE]


def errors(points: pd.DataFrame) -> pd.DataFrame:
    """Errors of single participants, one row per fit and one column per parameter."""
    mine = points[points["level"] == "participant"].astype({"cell": str, "parameter": str})
    mine = mine.assign(error=mine["estimate"] - mine["truth"])
    keys = ["cell", "replicate", "participant"]
    return mine.pivot_table(index=keys, columns="parameter", values="error").reset_index()
