"""Mock runs: the results folder of a finished study, made from random numbers in a second.

Estimates are drawn around their truths with correlated errors that shrink with the trials; some are
at a bound and some fits fail. Measures are computed from them, so that the tables agree with each
other as those of a real run do.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from scipy import stats
from settings import MLE, THOROUGH, bayes

from rlrecovery.config.limits import Limits
from rlrecovery.fitting.registry import Method
from rlrecovery.models.library import MODELS
from rlrecovery.score.individual import individual_measures, relative_rmse
from rlrecovery.score.over_truths import pool_measures
from rlrecovery.score.paired import paired_measures
from rlrecovery.score.prior_width import prior_sds
from rlrecovery.score.series import as_text
from rlrecovery.score.verdicts import verdicts
from rlrecovery.storage.files import read_table
from rlrecovery.storage.schemas import (
    CROSSED,
    PAIRED,
    PREDICTIVE,
    SAMPLER_CHECK,
    SCORES,
    SELECTION,
    interval_columns,
)

BOUND = 50.0
STATUS = np.array(["ok", "at_bound", "not_converged", "failed"])
REASONS = {
    "at_bound": "{} is at its bound",
    "not_converged": "R-hat above 1.01",
    "failed": "the optimiser stopped: <nan> & 'inf'",
}
_SAMPLER = THOROUGH | {"model": None, "tune": 500, "draws": 500}
METHODS = {
    "mle": MLE
    | {"model": None, "bounds": {"alpha": [0, 1], "beta": [0, BOUND]}, "grid": 10, "starts": 3},
    "bayes": bayes(**_SAMPLER),
    "hierarchical": bayes("partial", **_SAMPLER),
}
#: Per kind of method: shrinkage to the middle, SD of the error, share of estimates at the bound.
NATURE = {"mle": (0.0, 1.0, 0.05), "none": (0.12, 0.85, 0.0), "partial": (0.3, 0.6, 0.0)}


def experiment(
    truth=None,
    participants=(10,),
    trials=(50, 150),
    replicates=20,
    methods=("mle", "bayes", "hierarchical"),
    model="rescorla_wagner",
    population=None,
    levels=(0.5, 0.8, 0.9, 0.95),
):
    """A resolved config as plain values; names of methods begin with a key of `METHODS`."""
    truth = {"alpha": [0.2, 0.5, 0.8], "beta": [2.0, 5.0]} if truth is None else truth
    names = MODELS[model].names
    return {
        "run": "mock",
        "seed": 20220417,
        "task": {"arms": [0.4, 0.6], "blocks": 1, "start_value": 0.5},
        "model": model,
        "truth": {name: list(values) for name, values in truth.items()},
        "population": population or {name: {"spread": 0.4} for name in names},
        "participants": list(participants),
        "trials": list(trials),
        "replicates": replicates,
        "batch_size": 20,
        "interval_levels": list(levels),
        "methods": {name: METHODS[name.split("_")[0]] | {"model": model} for name in methods},
    }


def methods_of(exp):
    """The methods of a resolved config."""
    return {name: Method.of(settings, name) for name, settings in exp["methods"].items()}


@dataclass(frozen=True)
class Fits:
    """Estimates of a method, cell, level and parameter, arrays (replicates, participants)."""

    truth: np.ndarray
    estimate: np.ndarray
    se: np.ndarray
    status: np.ndarray
    seconds: np.ndarray
    real: tuple[np.ndarray, np.ndarray]
    to_natural: object

    def interval(self, level):
        """Ends at a nominal level, by the normal quantile on the unconstrained scale."""
        z = {0.5: 0.674, 0.8: 1.282, 0.9: 1.645, 0.95: 1.960}[level]
        middle, se = self.real
        return self.to_natural(middle - z * se), self.to_natural(middle + z * se)


def kind(settings):
    """Key of `NATURE` for a method."""
    return "mle" if settings["estimator"] == "mle" else settings["pooling"]


def levels_of(settings):
    """Levels for which a method has estimates."""
    return {"mle": ("participant", "group"), "none": ("participant",)}.get(
        kind(settings), ("participant", "group", "spread")
    )


def draw(rng, exp, settings, cell, level, common):
    """Fits of every parameter of one cell, level and method."""
    model, (n, participants) = MODELS[exp["model"]], common.shape
    if level != "participant":
        participants = 1
    shrink, noise, runaway = NATURE[kind(settings)]
    shared, fits = rng.normal(size=(n, participants)), {}
    for k, parameter in enumerate(model.parameters):
        centre = parameter.to_real(cell.get(parameter.name, 0.4))
        spread = 0.4 if level == "participant" else 0.0
        if level == "spread":
            centre = 0.4
        truth = centre + spread * common[:, :participants] * (1 if k else -1)
        sd = noise * (4.5 if level == "participant" else 2.0) / np.sqrt(cell["trials"])
        z = 0.7 * shared * (-1) ** k + 0.7 * rng.normal(size=shared.shape)
        error = sd * z - shrink * (truth - 0.5) * 0.3
        away = (rng.random(truth.shape) < runaway * 50 / cell["trials"]) & (level == "participant")
        natural = parameter.to_natural if level != "spread" else np.asarray
        middle = truth + error
        estimate = np.where(away, np.minimum(parameter.support[1], BOUND), natural(middle))
        status = np.where(away, "at_bound", "ok")
        if kind(settings) != "mle":
            status = np.where(rng.random(truth.shape) < 0.02, "not_converged", status)
        failed = rng.random(truth.shape) < 0.004
        status = np.where(failed, "failed", status)
        estimate = np.where(failed, np.nan, estimate)
        slope = parameter.slope(natural(truth)) if level != "spread" else 1.0
        seconds = {"mle": 0.002, "none": 0.3, "partial": 20.0}[kind(settings)]
        seconds = seconds * np.exp(0.3 * rng.normal(size=truth.shape)) * cell["trials"] / 100
        real = (np.where(failed, np.nan, middle), np.full(truth.shape, sd))
        fits[parameter.name] = Fits(
            natural(truth), estimate, sd * slope * np.ones_like(truth), status, seconds, real,
            natural,
        )  # fmt: skip
    return fits


def clustered(values):
    """Mean over all estimates and its MCSE with replicates as the independent unit."""
    finite = np.isfinite(values)
    count = finite.sum(axis=1)
    total = np.where(finite, values, 0).sum(axis=1)
    per_set = total[count > 0] / count[count > 0]
    n = len(per_set)
    mcse = per_set.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    return float(total.sum() / count.sum()), float(mcse)


def measures(fits, rows, nominal_levels):
    """(measure, interval, value, mcse, rows) of one set of fits."""
    keep = fits.status == "ok" if rows == "ok" else fits.status != "failed"
    error = np.where(keep, fits.estimate - fits.truth, np.nan)
    n, count = len(error), int(keep.sum())
    bias, mse = clustered(error), clustered(error**2)
    spread = float(error[keep].std(ddof=1)) if count > 1 else np.nan
    model_se = float(np.sqrt((fits.se[keep] ** 2).mean()))
    rmse = float(np.sqrt(mse[0]))
    out = [
        ("bias", np.nan, *bias),
        ("median_bias", np.nan, float(np.median(error[keep])), bias[1] * 1.25),
        ("empirical_se", np.nan, spread, spread / np.sqrt(2 * (n - 1)) if n > 1 else np.nan),
        ("model_se", np.nan, model_se, 0.05 * model_se),
        ("relative_error_model_se", np.nan, model_se / spread - 1, 0.1),
        ("mse", np.nan, *mse),
        ("rmse", np.nan, rmse, mse[1] / (2 * rmse)),
    ]
    for nominal_level in nominal_levels:
        lower, upper = fits.interval(nominal_level)
        inside = np.where(keep, (lower <= fits.truth) & (fits.truth <= upper), np.nan)
        width = np.where(keep, upper - lower, np.nan)
        shifted = fits.truth + bias[0]
        eliminated = np.where(keep, (lower <= shifted) & (shifted <= upper), np.nan)
        out += [
            ("coverage", nominal_level, *clustered(inside)),
            ("bias_eliminated_coverage", nominal_level, *clustered(eliminated)),
            ("width", nominal_level, *clustered(width)),
        ]
    out += correlations(fits.truth[keep], fits.estimate[keep])
    out += [("seconds", np.nan, *clustered(np.where(keep, fits.seconds, np.nan)))]
    if rows == "all":
        for status in STATUS[1:]:
            share = clustered((fits.status == status).astype(float))
            out.append((f"share_{status}", np.nan, *share))
    return [(*row, fits.status.size if row[0][:5] == "share" else count) for row in out]


def correlations(truth, estimate):
    """The three correlations, where the truth varies."""
    if len(truth) < 3 or np.ptp(truth) == 0:
        return []
    rank = np.corrcoef(stats.rankdata(truth), stats.rankdata(estimate))[0, 1]
    pearson = float(np.corrcoef(truth, estimate)[0, 1])
    shift = (truth.mean() - estimate.mean()) ** 2
    concordance = 2 * np.cov(truth, estimate)[0, 1] / (truth.var() + estimate.var() + shift)
    return [
        (name, np.nan, float(value), float((1 - value**2) / np.sqrt(len(truth))))
        for name, value in zip(
            ("pearson", "spearman", "concordance"), (pearson, rank, concordance), strict=True
        )
    ]


def cells_of(exp):
    """Cells of a design: name, truth columns, participants and trials."""
    for *values, participants, trials in itertools.product(
        *exp["truth"].values(), exp["participants"], exp["trials"]
    ):
        truth = dict(zip(exp["truth"], values, strict=True))
        parts = [f"{name}-{value:g}" for name, value in truth.items()]
        name = "_".join([*parts, f"n-{participants}", f"t-{trials}"])
        yield {"cell": name, **truth, "participants": participants, "trials": trials}


def long_rows(head, fits, rows, nominal_levels):
    """Rows of recovery.csv for one set of fits."""
    n = len(fits.truth)
    table = [
        head | {"rows": rows, "measure": m, "interval": i, "value": v, "mcse": e, "n": n,
                "n_rows": count}
        for m, i, v, e, count in measures(fits, rows, nominal_levels)
    ]  # fmt: skip
    if head["level"] == "participant" and np.ptp(fits.truth) > 0 and fits.truth.shape[1] > 1:
        keep = fits.status == "ok" if rows == "ok" else fits.status != "failed"
        replicates = np.indices(keep.shape)[0][keep]
        scores = individual_measures(fits.truth[keep], fits.estimate[keep], replicates)
        table += [
            head | {"rows": rows, "measure": name, "interval": np.nan} | score._asdict()
            for name, score in scores.items()
        ]
    return table


def point_rows(head, fits, nominal_levels, most=3):
    """Rows of points.csv for the first replicates."""
    lower, upper = fits.interval(max(nominal_levels))
    names = interval_columns(max(nominal_levels))
    replicates, participants = np.indices(fits.truth[:most].shape)
    columns = {
        "replicate": replicates.ravel(),
        "participant": participants.ravel() if head["level"] == "participant" else -1,
        "truth": fits.truth[:most].ravel(),
        "estimate": fits.estimate[:most].ravel(),
        "se": fits.se[:most].ravel(),
        names[0]: lower[:most].ravel(),
        names[1]: upper[:most].ravel(),
        "status": fits.status[:most].ravel(),
    }
    return pd.DataFrame(columns).assign(**{k: v for k, v in head.items() if k != "scope"})


def pooled_rows(recovery, truths):
    """Rows of scope grid: means over the cells."""
    table = pd.DataFrame(recovery)
    for (method, n, t), of_size in table.groupby(["method", "participants", "trials"], sort=False):
        head = {"scope": "grid", "method": method, "cell": f"n-{n}_t-{t}"}
        head |= dict.fromkeys(truths, np.nan) | {"participants": n, "trials": t}
        cells = [rows[[*SCORES]] for _, rows in of_size.groupby("cell", sort=False)]
        for row in pool_measures(cells).to_dict("records"):
            yield head | row


def grid_rows(exp, pooled):
    """Rows of scope grid: correlations over the truths, and for groups the relative RMSE."""
    for (method, participants, trials, level, parameter), parts in pooled.items():
        head = {"scope": "grid", "method": method, "cell": f"n-{participants}_t-{trials}"}
        head |= dict.fromkeys(exp["truth"], np.nan)
        head |= {"participants": participants, "trials": trials}
        head |= {"level": level, "parameter": parameter}
        truth = np.concatenate([f.truth.ravel() for f in parts])
        estimate = np.concatenate([f.estimate.ravel() for f in parts])
        keep = np.isfinite(estimate)
        values = correlations(truth[keep], estimate[keep])
        if values and level != "participant":
            replicates = np.concatenate([np.indices(f.truth.shape)[0].ravel() for f in parts])
            score = relative_rmse(truth[keep], estimate[keep], replicates[keep])
            values.append(("relative_rmse", np.nan, score.value, score.mcse))
        for m, i, v, e in values:
            yield head | {"rows": "all", "measure": m, "interval": i, "value": v, "mcse": e,
                          "n": exp["replicates"], "n_rows": int(keep.sum())}  # fmt: skip


def paired_rows(exp, cell, pooled):
    """Rows of comparison.csv for one cell: every method against the first."""
    reference, *others = exp["methods"]
    size = (cell["participants"], cell["trials"])
    for method, level, parameter in itertools.product(
        others, ("participant", "group", "spread"), MODELS[exp["model"]].names
    ):
        pair = [
            pooled.get((name, *size, level, parameter), [None])[-1] for name in (method, reference)
        ]
        if None in pair:
            continue
        both = np.isfinite(pair[0].estimate) & np.isfinite(pair[1].estimate)
        errors, other = ((fits.estimate - fits.truth)[both] for fits in pair)
        replicates = np.indices(both.shape)[0][both]
        head = cell | {"method": method, "reference": reference}
        head |= {"level": level, "parameter": parameter}
        for measure, score in paired_measures(errors, other, replicates):
            yield head | {"measure": measure} | score._asdict()


def write_run(folder, exp=None, seed=1, **changes):
    """Write a whole mock run into a folder and return the folder.

    ``changes`` are keywords of `experiment`.
    """
    folder, rng = Path(folder), np.random.default_rng(seed)
    exp = experiment(**changes) if exp is None else exp
    (folder / "summary").mkdir(parents=True, exist_ok=True)
    recovery, points, flagged, pooled, paired = [], [], [], {}, []
    for cell in cells_of(exp):
        common = rng.normal(size=(exp["replicates"], cell["participants"]))
        for method, settings in exp["methods"].items():
            for level in levels_of(settings):
                fits = draw(rng, exp, settings, cell, level, common)
                for parameter, fit in fits.items():
                    head = {"scope": "cell", "method": method, **cell}
                    head |= {"level": level, "parameter": parameter}
                    for rows in ("all", "ok"):
                        recovery += long_rows(head, fit, rows, exp["interval_levels"])
                    points.append(point_rows(head, fit, exp["interval_levels"]))
                    flagged += [
                        head | {"status": s, "reason": REASONS[s].format(parameter)}
                        for s in fit.status[fit.status != "ok"].ravel()
                    ]
                    key = (method, cell["participants"], cell["trials"], level, parameter)
                    pooled.setdefault(key, []).append(fit)
        paired += list(paired_rows(exp, cell, pooled))
    truths = list(exp["truth"])
    recovery += [*grid_rows(exp, pooled), *pooled_rows(recovery, truths)]
    write_tables(folder / "summary", truths, recovery, points, flagged, exp)
    order = ["cell", *truths, "participants", "trials", "variant", *PAIRED]
    pd.DataFrame(paired, columns=order).assign(variant="").to_csv(
        folder / "summary/comparison.csv", index=False
    )
    prior_sds(methods_of(exp)).to_csv(folder / "summary/priors.csv", index=False)
    write_verdicts(folder / "summary")
    write_examples(folder / "summary", exp, rng)
    write_records(folder, exp)
    return folder


def write_variants(folder, runs, competing=False):
    """Write a mock run of several tasks, shares of missing responses or generating models.

    ``runs`` are experiments by the entry of their rows in the column ``variant``; if models
    compete, by the name of the generating model, which tables of a method's own fits do not repeat.
    """
    folder, tables = Path(folder), {}
    for k, (label, exp) in enumerate(runs.items()):
        part = write_run(folder / "parts" / str(k), exp, seed=1 + k) / "summary"
        for table in ("recovery", "points", "failures", "comparison", "priors"):
            rows = pd.read_csv(part / f"{table}.csv")
            if table != "priors":
                text = f"from {label}" if table == "comparison" else ""
                rows = rows.assign(variant=text if competing else label)
                if table == "recovery":
                    rows = rows.assign(model=label if competing else "")
                rows["cell"] = label.replace(" ", "_") + "_" + rows["cell"]
            tables.setdefault(table, []).append(rows)
    exp = next(iter(runs.values()))
    write_run(folder, exp)
    truths = list(dict.fromkeys(name for run in runs.values() for name in run["truth"]))
    for table, parts in tables.items():
        whole = pd.concat([p for p in parts if len(p)] or parts, ignore_index=True)
        whole = whole.drop_duplicates() if table == "priors" else whole
        columns = [name for name in whole.columns if name not in truths]
        if table in ("recovery", "points", "comparison"):
            after_cell = columns.index("cell") + 1
            columns[after_cell:after_cell] = [name for name in truths if name in whole]
        whole[columns].to_csv(folder / f"summary/{table}.csv", index=False)
    write_verdicts(folder / "summary")
    return folder


def write_verdicts(summary):
    """verdicts.csv, from the tables of measures and comparisons."""
    recovery = read_table(summary / "recovery.csv", ())
    model = recovery["model"] if "model" in recovery else pd.Series("", index=recovery.index)
    recovery = recovery.assign(model=as_text(model), variant=as_text(recovery["variant"]))
    table = verdicts(recovery, read_table(summary / "comparison.csv", ()), Limits())
    table.to_csv(summary / "verdicts.csv", index=False)


def write_tables(summary, truths, recovery, points, flagged, exp):
    """recovery.csv, points.csv and failures.csv."""
    sizes = ["participants", "trials", "variant"]
    order = ["scope", "method", "cell", *truths, *sizes, "level", "parameter"]
    order += ["rows", "measure", "interval", "value", "mcse", "n", "n_rows"]
    whole = pd.DataFrame(recovery).assign(variant="")[order]
    whole.to_csv(summary / "recovery.csv", index=False)
    whole.iloc[:0].assign(**dict.fromkeys(CROSSED, "")).to_csv(summary / "crossed.csv", index=False)
    write_predictive(summary)
    pd.DataFrame(columns=list(SELECTION)).to_csv(summary / "selection.csv", index=False)
    order = ["method", "cell", *truths, *sizes, "replicate", "participant"]
    order += ["level", "parameter", "truth", "estimate", "se"]
    order += [*interval_columns(max(exp["interval_levels"])), "status"]
    pd.concat(points).assign(variant="")[order].to_csv(summary / "points.csv", index=False)
    keys = ["method", "cell", "level", "status", "reason"]
    counts = pd.DataFrame(flagged, columns=keys).groupby(keys).size()
    counts = counts.rename("rows").reset_index().assign(variant="")
    counts.to_csv(summary / "failures.csv", index=False)
    pd.DataFrame(columns=list(SAMPLER_CHECK)).to_csv(summary / "witness.csv", index=False)


def write_predictive(summary):
    """predictive.csv: a learning curve of eight bins, stay and shift, and two arms."""
    shown = [("learning", 10 * k + 5.5, 0.5 + 0.3 * k / 8) for k in range(8)]
    shown += [("win_stay", np.nan, 0.8), ("lose_shift", np.nan, 0.4)]
    shown += [("side_0", np.nan, 0.35), ("side_1", np.nan, 0.65)]
    rows = []
    for of, way, (name, trial, mean) in itertools.product(
        ("prior", "posterior"), ("forward", "one_step"), shown
    ):
        wide = 0.1 if of == "prior" else 0.04
        ends = {f"{end}_{level}": mean + sign * wide * level / 50
                for end, sign in (("lower", -1), ("upper", 1)) for level in (50, 95)}  # fmt: skip
        rows.append({"of": of, "way": way, "statistic": name, "trial": trial, "mean": mean,
                     "observed": mean + 0.03, "p": 0.3, **ends})  # fmt: skip
    pd.DataFrame(rows)[list(PREDICTIVE)].to_csv(summary / "predictive.csv", index=False)


def write_examples(summary, exp, rng):
    """The example participant and, where there is a Bayesian method, the example posterior."""
    model, arms = MODELS[exp["model"]], exp["task"]["arms"]
    cell = list(cells_of(exp))[-1]
    truth = {name: float(cell.get(name, 0.5)) for name in model.names}
    blocks, rows = exp["task"]["blocks"], []
    for trial in range(cell["trials"]):
        if trial % max(1, cell["trials"] // blocks) == 0:
            q = np.full(len(arms), exp["task"]["start_value"])
        p = np.exp(truth.get("beta", 5.0) * (q - q.max()))
        p = p / p.sum()
        choice = -1 if rng.random() < 0.01 else int(rng.choice(len(arms), p=p))
        reward = float(rng.random() < arms[choice]) if choice >= 0 else np.nan
        row = {"block": trial * blocks // cell["trials"], "trial": trial, "choice": choice}
        row |= {"reward": reward} | {f"value_{k}": v for k, v in enumerate(q)}
        rows.append(row | {f"probability_{k}": v for k, v in enumerate(p)})
        if choice >= 0:
            q = q.copy()
            q[choice] += next(iter(truth.values())) * (reward - q[choice])
    pd.DataFrame(rows).to_csv(summary / "example_participant.csv", index=False)
    method = next((m for m, s in exp["methods"].items() if s["estimator"] == "bayes"), None)
    example = {"cell": cell["cell"], "replicate": 0, "participant": 0, "truth": truth}
    example |= {"method": method, "participants": cell["participants"]}
    example |= {"trials": cell["trials"], "arms": arms}
    (summary / "example.json").write_text(json.dumps(example))
    if method:
        posterior = pd.DataFrame(itertools.product(range(4), range(500)), columns=["chain", "draw"])
        shared = rng.normal(size=len(posterior))
        for k, p in enumerate(model.parameters):
            z = 0.3 * ((-1) ** k * shared + rng.normal(size=len(posterior)))
            posterior[p.name] = p.to_natural(p.to_real(truth[p.name]) + z)
        posterior.to_csv(summary / "example_posterior.csv", index=False)


def write_records(folder, exp):
    """config.yaml, provenance.json and design.csv."""
    (folder / "config.yaml").write_text(yaml.safe_dump(exp, sort_keys=False))
    provenance = {
        "run": exp["run"],
        "seed": exp["seed"],
        "versions": {"python": "3.12.1", "numpy": "2.5.2", "pymc": "6.4.0"},
        "git": {"commit": "0123456789abcdef0123456789abcdef01234567", "dirty": True},
        "config_sha256": "c" * 64,
        "source_fingerprint": "f" * 64,
        "ended": "2026-01-01T01:00:00+00:00",
        "started": "2025-01-02T03:04:05+00:00",
        "platform": "Linux x86_64",
    }
    (folder / "provenance.json").write_text(json.dumps(provenance))
    design = pd.DataFrame(list(cells_of(exp))).assign(replicates=exp["replicates"])
    design.to_csv(folder / "design.csv", index=False)
