"""Configs can be planned; studies of tasks, gaps and models run to the end."""

import re
from collections import Counter

import pandas as pd
import pytest
import yaml
from settings import MLE, MOCK, ROOT, study, write

from rlrecovery.config.reader import load
from rlrecovery.planning.stages import plan_stages
from workflow.inprocess import plan, run_here
from workflow.runs import MEASURES, REPORT, estimates, jobs, run, same_numbers, snakemake

CONFIGS = [ROOT / "config.yaml", *sorted((ROOT / "tests/config").glob("*.yaml"))]
BOUNDS = {
    "side_bias": [0, 1],
    "alpha": [0, 1],
    "beta": [0, 50],
    "lapse": [0, 1],
}
#: Two models and a variant, each data set fitted with each.
COMPETING = {
    **{k: v for k, v in study().items() if k not in ("model", "truth", "population")},
    "variants": {"lapsing": {"model": "rescorla_wagner", "lapse": True}},
    "models": {
        "simulate": {
            "random_responding": {
                "population": {"side_bias": {"distribution": "Uniform", "lower": 0.1, "upper": 0.3}}
            },
            "rescorla_wagner": {
                "truth": {"alpha": [0.3], "beta": [6]},
                "population": {"alpha": {"spread": 0.2}, "beta": {"spread": 0.1}},
            },
        },
        "fit": ["random_responding", "rescorla_wagner", "lapsing"],
    },
    "methods": {"mle": {k: v for k, v in MLE.items() if k != "model"} | {"bounds": BOUNDS}},
    "trials": [200],
    "replicates": 3,
}


def planned_jobs(path):
    """Number of jobs by rule, as `make plan` counts them."""
    counts = Counter()
    for stage in plan_stages(load(path)).values():
        counts[stage.rule] += len(stage.loads)
    return counts


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_config_can_be_planned_and_has_the_jobs_that_the_plan_counts(tmp_path, path):
    """A large study with one batch per cell, because each job costs time to plan."""
    raw = yaml.safe_load(path.read_text())
    config = path
    if raw["replicates"] > 2 * raw["batch_size"]:
        config = write(tmp_path, raw | {"batch_size": raw["replicates"]})
    counted = planned_jobs(config)
    assert plan(tmp_path, config).counts == counted | {"all": 1}


@pytest.mark.slow
def test_the_large_study_can_be_planned(tmp_path):
    path = ROOT / "tests/config/paper.yaml"
    launch = snakemake(tmp_path, "--dry-run", "--quiet", "rules", "--configfile", path)
    assert launch.returncode == 0, launch.stdout + launch.stderr
    counted = planned_jobs(path)
    assert counted["fit"] == 3 * 5 * 4 * 3 * 4 * 10
    assert jobs(launch.stdout) == counted | {"all": 1, "total": sum(counted.values()) + 1}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["missing", "own", "tasks", "variants"])
def test_a_config_runs_to_its_report(tmp_path, name):
    launch = snakemake(tmp_path, "--configfile", ROOT / f"tests/config/{name}.yaml", cores=2)
    assert launch.returncode == 0, launch.stdout + launch.stderr
    assert (tmp_path / f"results/{name}/report.html").stat().st_size > 0


def test_a_study_of_a_labs_own_data_has_its_check(tmp_path):
    """Figures and report as in the launched study, in this process."""
    run_here(tmp_path, ROOT / "tests/config/own.yaml", figures=False)
    checks = pd.read_csv(tmp_path / "results/own/summary/predictive.csv")
    assert {"prior", "posterior"} <= set(checks["of"])
    assert {"forward", "one_step"} == set(checks["way"])
    assert (tmp_path / "results/own/report.html").stat().st_size > 0


def test_competing_models_to_the_report(tmp_path):
    run_here(tmp_path, COMPETING, figures=False)
    table = pd.read_csv(tmp_path / "results/small/summary/selection.csv", keep_default_na=False)
    whole = table[
        (table["scope"] == "all") & (table["criterion"] == "BIC") & (table["unit"] == "participant")
    ].set_index(["simulated", "fitted"])
    assert len(whole) == 2 * 3
    assert (whole["n"].astype(int) == 3 * 2).all()
    for model in ("random_responding", "rescorla_wagner"):
        assert float(whole.loc[(model, model), "wins"]) >= 4
    recovery = pd.read_csv(tmp_path / "results/small/summary/recovery.csv")
    assert set(recovery["method"]) == {"mle_random_responding", "mle_rescorla_wagner"}
    # Fits of a wrong model compete, but they are not methods whose errors are compared.
    assert pd.read_csv(tmp_path / "results/small/summary/comparison.csv").empty
    page = (tmp_path / REPORT).read_text()
    assert "Best-fitting model for each generating model" in page
    assert re.search("6 participants [^<]*rescorla_wagner", page)


def test_hierarchical_models_compete_by_their_evidence_and_by_loo(tmp_path):
    """Evidence belongs to whole data sets, and LOO to participants."""
    exact = {"estimator": "quadrature", "pooling": "partial", "engine": "compiled"}
    exact |= {"point": "mean", "loo": True}
    models = COMPETING["models"] | {"fit": ["random_responding", "rescorla_wagner"]}
    competing = COMPETING | {"methods": {"exact": exact}, "models": models, "replicates": 2}
    run_here(tmp_path, competing, figures=False)
    table = pd.read_csv(tmp_path / "results/small/summary/selection.csv", keep_default_na=False)
    whole = table[(table["scope"] == "all") & (table["simulated"] == table["fitted"])]
    n = whole.groupby(["criterion", "unit"])["n"].first().astype(int).to_dict()
    assert n == {("LOO", "participant"): 4, ("LOO", "data set"): 2, ("evidence", "data set"): 2}
    # 2 x 200 choices of each data set tell the two models apart.
    assert (whole.loc[whole["unit"] == "data set", "wins"].astype(float) == 2).all()
    page = " ".join((tmp_path / REPORT).read_text().split())
    assert "exact, the marginal likelihood, data set by data set" in page
    assert "exact, the marginal likelihood, participant" not in page
    assert "exact, the leave-one-out predictive density, participant by participant" in page


@pytest.mark.slow
def test_competing_models_to_the_report_by_launched_jobs(tmp_path):
    launched, here = tmp_path / "launched", tmp_path / "here"
    for folder in (launched, here):
        folder.mkdir()
    run(launched, COMPETING, cores=2)
    run_here(here, COMPETING, MEASURES)
    same_numbers(launched, here)
    assert (launched / REPORT).stat().st_size > 0
    assert (launched / "results/small/figures/confusion.svg").stat().st_size > 0


def test_tasks_and_gaps_are_compared(tmp_path):
    """Each method in each task and with each share of missing responses is a line of its own."""
    task = {"arms": [0.3, 0.7], "blocks": 1, "start_value": 0.5}
    compared = study(
        tasks={"stable": task, "reversing": task | {"reversals": {"every": 10}}},
        missing=[0, 0.2],
        completed=[[1], [0.5, 1]],
        methods={"mle": MLE},
        truth={"alpha": [0.4], "beta": [3]},
        replicates=2,
        batch_size=2,
    )
    del compared["task"]
    run_here(tmp_path, compared, MEASURES)
    recovery = pd.read_csv(tmp_path / MEASURES)
    assert set(recovery["variant"]) == {
        f"{task}, {missing}, {completed}"
        for task in ("stable", "reversing")
        for missing in ("none missing", "20 % missing")
        for completed in ("all completed", "50/100 % completed")
    }
    files = list((tmp_path / "results/small/trials").rglob("*.parquet"))
    trials = pd.concat([pd.read_parquet(file).assign(cell=file.parts[-2]) for file in files])
    ragged = trials[trials["cell"].str.contains("completed")]
    lengths = ragged.groupby(["cell", "replicate", "participant"]).size()
    assert (lengths.xs(0, level="participant") == 10).all()
    assert (lengths.xs(1, level="participant") == 20).all()
    missing_shares = trials.groupby(trials["cell"].str.contains("missing"))["choice"].agg(
        lambda choice: (choice < 0).mean()
    )
    assert missing_shares[False] == 0
    assert 0.05 < missing_shares[True] < 0.4


def test_another_model_and_a_drawn_population(tmp_path):
    drawn = study(
        model="rescorla_wagner_two_rates",
        truth={"alpha_positive": [0.3], "alpha_negative": [0.6]},
        population={
            "alpha_positive": {"spread": 0.3},
            "alpha_negative": {"spread": 0},
            "beta": {"distribution": "Gamma", "alpha": 4, "beta": 1},
        },
        task={"arms": [0.2, 0.5, 0.8], "blocks": 2, "start_value": 0.5},
        replicates=2,
        methods={"mle": MLE, "guess": MOCK | {"model": "rescorla_wagner_two_rates"}},
    )
    run_here(tmp_path, drawn, MEASURES)
    table = estimates(tmp_path)
    assert set(table.query("method == 'mle'")["parameter"]) == {"alpha", "beta"}
