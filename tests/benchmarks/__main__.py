"""``make bench``: all measurements in one run, their ratios against the targets, and a picture."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import cases
from benchmarks.jobs import fixed_costs
from benchmarks.picture import picture
from benchmarks.study import jobs_of_study, share_of_starts
from rlrecovery.figures.style import save
from rlrecovery.storage.provenance import git_state, versions

#: What is promised: the ratio of two rows of the table (the second over the first, in CPU time, or
#: of effective sample sizes per CPU second), or a number of seconds.
TARGETS = [
    ("gradient, one participant, against the scan", 25, ("gradient", "N = 1"),
     "compiled", "scan"),
    ("gradient, one participant, against the notebook's scan", None, ("gradient", "N = 1"),
     "compiled", "notebook's scan"),
    ("gradient, 100 participants, against the scan", 4, ("gradient", "N = 100"),
     "compiled", "scan"),
    ("gradient per participant, against NumPyro, N = 1", 1, ("gradient", "N = 1"),
     "compiled", "NumPyro"),
    ("gradient per participant, against NumPyro, N = 100", 1, ("gradient", "N = 100"),
     "compiled", "NumPyro"),
    ("one posterior, against pm.sample of the notebook's scan", 20,
     ("one posterior", "4 x (1000 + 1000)"), "rlrecovery, NUTS",
     "pm.sample of the notebook's scan"),
    ("maximum likelihood, against the NumPy loop", 300,
     ("maximum likelihood", "one participant"), "rlrecovery", "NumPy loop, logsumexp, BFGS"),
    ("hierarchical, 20 participants, exact against NUTS", 40, ("hierarchical", "N = 20"),
     "rlrecovery, exact", "rlrecovery"),
]  # fmt: skip


def seconds(table: pd.DataFrame, what: str, size: str | None, form: str) -> float:
    """CPU seconds of one row, NaN if it was not measured."""
    rows = table[(table["what"] == what) & (table["form"] == form)]
    rows = rows if size is None else rows[rows["size"] == size]
    return float(rows["cpu_seconds"].iloc[0]) if len(rows) else float("nan")


def rate(table: pd.DataFrame, form: str, size: str) -> float:
    """Effective draws of the worst quantity per CPU second, hierarchical."""
    rows = table.query("what == 'hierarchical' and form == @form and size == @size")
    rows = rows.dropna(subset="ess") if "ess" in rows else rows[:0]
    return float((rows["ess"] / rows["cpu_seconds"]).iloc[0]) if len(rows) else float("nan")


def targets(table: pd.DataFrame) -> pd.DataFrame:
    """Each target with what was measured and whether it is met; missing where nothing was."""
    rows = []
    for name, least, (what, size), form, other in TARGETS:
        baseline = seconds(table, what, size, other)
        wanted = f"{least}x" if least else "no target"
        rows.append((name, wanted, baseline / seconds(table, what, size, form), least or 0))
    exact = seconds(table, "one posterior", None, "rlrecovery, quadrature")
    sampled = seconds(table, "one posterior", None, "rlrecovery, NUTS")
    rows.append(("quadrature of one posterior, against sampling it", "20x", sampled / exact, 20))
    ours, theirs = (rate(table, form, "N = 20") for form in ("rlrecovery", "NumPyro"))
    name = "hierarchical, N = 20, ESS per CPU second, against NumPyro"
    rows.append((name, "2x", ours / theirs, 2))
    result = pd.DataFrame(rows, columns=["target", "wanted", "measured", "least"])
    result["met"] = result["measured"] >= result["least"]
    result["measured"] = [
        "not measured" if np.isnan(value) else f"{value:.3g}x" for value in result["measured"]
    ]
    warm = table.query("what == 'fixed cost of a job' and size == 'warm cache'")
    for _, job in warm[warm["form"].str.startswith("bayes")].iterrows():
        cost = job["cpu_seconds"]
        name = f"fixed cost of a warm job, {job['form']}, CPU seconds"
        result.loc[len(result)] = [name, "< 6 s", f"{cost:.1f} s", 6, cost < 6]
    return result.drop(columns="least")


def overhead(table: pd.DataFrame, study: Path) -> pd.DataFrame:
    """The share of a study's CPU time in starting jobs, drawing and reporting, as a target."""
    warm = table.query("what == 'fixed cost of a job' and size == 'warm cache'")
    share = share_of_starts(jobs_of_study(study), warm.set_index("form")["cpu_seconds"].to_dict())
    name = f"CPU time of {study} in starting jobs, figures and report"
    row = (name, "< 35 %", f"{100 * share:.0f} %", share < 0.35)
    return pd.DataFrame([row], columns=["target", "wanted", "measured", "met"])


def main() -> None:
    """Measure everything; write tables, the picture and what the machine was."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--folder", default="results/bench", help="where results land")
    parser.add_argument("--python", default=sys.executable, help="interpreter that jobs run in")
    parser.add_argument("--study", help="folder of a finished run: what did it spend on overhead?")
    parser.add_argument("--only", help="names of cases, separated by commas")
    options = parser.parse_args()
    functions = {
        "gradients": cases.gradients, "growth": cases.growth,
        "maximum_likelihood": cases.maximum_likelihood, "unpooled": cases.unpooled,
        "hierarchical": cases.hierarchical, "exact": cases.exact_hierarchical,
        "jobs": lambda: fixed_costs(options.python),
    }  # fmt: skip
    rows = []
    for name in options.only.split(",") if options.only else functions:
        for measured in functions[name]():
            rows.append(measured)
            ess = f", smallest ESS {measured['ess']:.0f}" if "ess" in measured else ""
            print(f"{measured['what']}: {measured['form']}, {measured['size']}: "
                  f"{measured['cpu_seconds']:.3g} s CPU{ess}", flush=True)  # fmt: skip
    folder = Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows)
    table.to_csv(folder / "speeds.csv", index=False)
    about = {"versions": versions(), "git": git_state(), "platform": platform.platform(),
             "cores": os.cpu_count()}  # fmt: skip
    (folder / "about.json").write_text(json.dumps(about, indent=1) + "\n")
    if not options.only:
        goals = targets(table)
        if options.study:
            goals = pd.concat([goals, overhead(table, Path(options.study))], ignore_index=True)
        goals.to_csv(folder / "targets.csv", index=False)
        save(picture(table), [folder / "speeds.svg", folder / "speeds.pdf"])
        print(goals.to_string(index=False))
    print(f"The measurements are in {folder}/.")


if __name__ == "__main__":
    main()
