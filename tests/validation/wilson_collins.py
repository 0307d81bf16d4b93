"""Figure 5B of Wilson & Collins (2019): which of five models fits best, by BIC."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import stats

from rlrecovery.score.results import load_summary

MODELS = (
    "random_responding",
    "win_stay_lose_shift",
    "rescorla_wagner",
    "choice_kernel",
    "rescorla_wagner_choice_kernel",
)
#: Rows: the model that simulated; columns: the share of 100 simulations that each fits best.
PUBLISHED = np.array(
    [
        [0.97, 0.03, 0.00, 0.00, 0.00],
        [0.04, 0.96, 0.00, 0.00, 0.00],
        [0.06, 0.00, 0.94, 0.00, 0.00],
        [0.06, 0.00, 0.01, 0.93, 0.00],
        [0.03, 0.00, 0.10, 0.15, 0.72],
    ]
)
SIMULATIONS = 100
#: Chance that any row is called different although both come from the same probabilities.
FAMILY = 0.01


def wilson_collins(summary: Path) -> bool:
    """Print the published rows beside ours; whether none differs by more than chance."""
    print("\nWilson & Collins (2019), figure 5B: p(best fit by BIC | simulated), T = 1000")
    ours, counts = matrix(summary)
    print(f"  {'':30} {'random':>8} {'WSLS':>8} {'RW':>8} {'CK':>8} {'RW+CK':>8}")
    met = True
    for model, theirs, mine, n in zip(MODELS, PUBLISHED, ours, counts, strict=True):
        p = same(theirs, mine, n)
        different = p < FAMILY / len(MODELS)
        met &= not different
        print(f"  {model:30}{_row(theirs)}   theirs, of {SIMULATIONS}")
        verdict = "DIFFERS from theirs" if different else "as theirs within Monte Carlo error"
        print(f"  {'':30}{_row(mine)}   ours, of {n:.0f}; {verdict} (exact test, p = {p:.2g})")
    print(
        "  Theirs are fits from one random start, ours the best of three searches from a grid\n"
        "  (beta up to 100). A row is called different where Fisher's exact test of wins by\n"
        f"  the right model gives p < {FAMILY / len(MODELS):.3f}."
    )
    return met


def matrix(summary: Path) -> tuple[np.ndarray, np.ndarray]:
    """Our shares in the order of `MODELS`, and the number of simulations of each row."""
    table = load_summary(summary, ("selection",)).selection
    here = table[(table["scope"] == "all") & (table["criterion"] == "BIC")]
    here = here[here["unit"] == "participant"]
    wide = here.pivot(index="simulated", columns="fitted", values="confusion")
    sizes = here.groupby("simulated")["n"].first()
    return wide.loc[list(MODELS), list(MODELS)].to_numpy(), sizes[list(MODELS)].to_numpy()


def same(theirs: np.ndarray, ours: np.ndarray, n: float) -> float:
    """Fisher's exact test of how often the right model won, in their simulations and in ours."""
    right = int(np.argmax(theirs))
    wins = round(theirs[right] * SIMULATIONS), round(ours[right] * n)
    lost = SIMULATIONS - wins[0], round(n) - wins[1]
    return float(stats.fisher_exact([wins, lost]).pvalue)


def _row(shares: np.ndarray) -> str:
    return "".join(f"{share:9.2f}" for share in shares)
