"""Tables of effects as a study would give them, computed from formulas instead of data sets."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

from rlrecovery.score.results import Summary
from rlrecovery.storage.schemas import DETECTABLE, EFFECTS, RELIABILITY

#: Analyses by method.
FEW = {
    "mle": ("t_test",),
    "exact": ("t_test",),
    "hierarchical": ("t_test", "t_test_by_group", "joint"),
}
#: Nine analyses, of names that need room.
MANY = {
    "mle": ("t_test", "rank_test"),
    "bayes_informed": ("t_test", "rank_test"),
    "hierarchical": ("t_test", "rank_test", "t_test_by_group", "rank_test_by_group", "joint"),
}
#: A difference of groups in alpha.
PATIENT = ("group", "patient", "alpha")
DRUG = ("condition", "drug", "beta")
SCORE = ("covariate", "covariate", "alpha")
SIZES = {PATIENT: (0.0, -0.4, -0.8), DRUG: (0.0, 0.3), SCORE: (0.0, 0.3)}
#: How an analysis changes an effect (factor of its mean), and the SE that it reports (factor).
NATURE = {
    "t_test": (0.9, 1.0),
    "rank_test": (0.88, 1.02),
    "t_test_by_group": (1.15, 0.75),
    "rank_test_by_group": (1.12, 0.75),
    "joint": (1.0, 1.0),
}
SIGNIFICANCE, DATA_SETS = 0.05, 200


def effects(
    analyses: Mapping[str, Sequence[str]] = FEW,
    studied: Sequence[tuple[str, str, str]] = (PATIENT,),
    participants: Sequence[int] = (30, 60),
    trials: Sequence[int] = (60, 120),
    truths: Sequence[float] = (0.5,),
    sizes: Mapping[tuple[str, str, str], Sequence[float]] = SIZES,
    variants: Sequence[str] = ("",),
    n: int = DATA_SETS,
) -> pd.DataFrame:
    """A table ``effects``: tests of normal estimates whose shrinkage depends on the analysis."""
    rows = []
    for n_people, n_trials, truth, variant in itertools.product(
        participants, trials, truths, variants
    ):
        cell = {"cell": f"alpha-{truth}_n-{n_people}_t-{n_trials}{variant}", "alpha": truth}
        cell |= {"participants": n_people, "trials": n_trials, "variant": variant}
        for (method, names), effect in itertools.product(analyses.items(), studied):
            for analysis, size in itertools.product(names, sizes[effect]):
                key = dict(zip(("kind", "effect", "parameter"), effect, strict=True))
                key |= {"method": method, "other_effects": "", "analysis": analysis, "size": size}
                key["natural"] = natural(truth, size, effect)
                key["significance"] = SIGNIFICANCE
                rows += [
                    cell | key | measure
                    for measure in measures(analysis, size, n_people, n_trials, n)
                ]
    columns = list(EFFECTS)
    columns.insert(columns.index("participants"), "alpha")
    return pd.DataFrame(rows, columns=columns)


def natural(truth: float, size: float, effect: tuple[str, str, str]) -> float:
    """The difference on the natural scale; alpha is a learning rate and beta is 3."""
    if effect[0] == "covariate":
        return np.nan
    if effect[2] == "alpha":
        return float(expit(logit(truth) + size) - truth)
    return float(3 * np.exp(size) - 3)


def measures(
    analysis: str, size: float, participants: int, trials: int, n: int
) -> list[dict[str, Any]]:
    """Rows of all measures of one analysis of an effect."""
    factor, reported = NATURE[analysis]
    se = 2 * np.sqrt((0.6 + 30 / trials) / participants)
    mean, limit = factor * size, -norm.ppf(SIGNIFICANCE / 2) * reported * se
    grid = np.linspace(mean - 6 * se, mean + 6 * se, 4001)
    weight = norm.pdf(grid, mean, se) / norm.pdf(grid, mean, se).sum()
    found = np.abs(grid) > limit
    power, covered = float(weight[found].sum()), np.abs(grid - size) < limit
    share = {"power" if size else "type_1": power, "coverage": float(weight[covered].sum())}
    share |= {"share_failed": 0.0, "share_flagged": 0.01 if analysis == "joint" else 0.0}
    values = {key: (p, np.sqrt(p * (1 - p) / n), n) for key, p in share.items()}
    values["bias"] = (mean - size, se / np.sqrt(n), n)
    values["empirical_se"] = (se, se / np.sqrt(2 * n), n)
    values["width"] = (2 * limit, 0.01, n)
    if size:
        many = max(1, round(power * n))
        wrong = float(weight[found & (np.sign(grid) != np.sign(size))].sum() / power)
        values["type_s"] = (wrong, np.sqrt(wrong * (1 - wrong) / many), many)
        exaggeration = float((weight * np.abs(grid))[found].sum() / power / abs(size))
        values["type_m"] = (exaggeration, 0.6 * se / abs(size) / np.sqrt(many), many)
    return [
        {"measure": name, "value": value, "mcse": mcse, "n": count, "n_rows": count}
        for name, (value, mcse, count) in values.items()
    ]


def detectable(table: pd.DataFrame, power: float = 0.8) -> pd.DataFrame:
    """A table ``detectable`` pooled over cells, by interpolation between the sizes."""
    keys = [
        "method",
        "participants",
        "trials",
        "variant",
        "kind",
        "effect",
        "parameter",
        "analysis",
    ]
    rows = []
    for key, part in table[table["measure"].isin(["power", "type_1"])].groupby(keys, sort=False):
        curve = part.groupby(part["size"].abs())["value"].mean()
        sign = -1.0 if (part["size"] < 0).any() else 1.0
        reached = curve.max() >= power
        size = sign * float(np.interp(power, curve, curve.index)) if reached else np.nan
        row = dict(zip(keys, key, strict=True)) | {"cell": "", "alpha": np.nan, "power": power}
        row |= {"other_effects": "", "size": size, "lower": 0.9 * size, "upper": 1.12 * size}
        natural_size = natural(0.5, size, (key[4], key[5], key[6])) if reached else np.nan
        note = "" if reached else "the power is lower at all simulated sizes"
        rows.append(row | {"natural": natural_size, "note": note})
    columns = list(DETECTABLE)
    columns.insert(columns.index("participants"), "alpha")
    return pd.DataFrame(rows, columns=columns)


def reliability(
    methods: Sequence[str] = tuple(FEW),
    participants: Sequence[int] = (30, 60),
    trials: Sequence[int] = (60, 120),
    parameters: Sequence[str] = ("alpha", "beta"),
    truths: Sequence[float] = (0.5,),
    n: int = DATA_SETS,
) -> pd.DataFrame:
    """A table ``reliability``: more trials, and methods that come later, are more reliable."""
    rows = []
    for n_people, n_trials, truth in itertools.product(participants, trials, truths):
        cell = {"cell": f"alpha-{truth}_n-{n_people}_t-{n_trials}", "alpha": truth, "variant": ""}
        cell |= {"participants": n_people, "trials": n_trials}
        for (rank, method), parameter in itertools.product(enumerate(methods), parameters):
            icc = n_trials / (n_trials + 50 - 8 * rank - 10 * (parameter == "beta"))
            values = {
                "icc": (icc, 0.01),
                "retest_correlation": (icc + 0.01, 0.01),
                "truth_correlation": (np.sqrt(icc), 0.006),
                "participants_factor": (1 / icc, 0.01 / icc**2),
                "share_failed": (0.0, 0.0),
            }
            rows += [
                cell
                | {"method": method, "parameter": parameter, "measure": name}
                | {"value": value, "mcse": mcse, "n": n, "n_rows": n}
                for name, (value, mcse) in values.items()
            ]
    columns = list(RELIABILITY)
    columns.insert(columns.index("participants"), "alpha")
    return pd.DataFrame(rows, columns=columns)


def with_effects(summary: Summary, **keywords: Any) -> Summary:
    """A summary with the three tables; keywords are those of `effects`."""
    table = effects(**keywords)
    return dataclasses.replace(
        summary, effects=table, detectable=detectable(table), reliability=reliability()
    )
