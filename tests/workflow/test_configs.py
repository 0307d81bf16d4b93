"""Every config under tests/config plans; small studies of tasks, gaps and models run to the end."""

import pandas as pd
import pytest

from rlrecovery.config import load
from rlrecovery.planning.plan import counts
from workflow.runs import MLE, REPORT, ROOT, jobs, run, snakemake, study

CONFIGS = sorted((ROOT / "tests/config").glob("*.yaml"))
BOUNDS = {
    "side_bias": [0, 1],
    "alpha": [0, 1],
    "beta": [0, 50],
    "lapse": [0, 1],
}


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_a_config_can_be_planned_and_has_the_jobs_that_the_plan_counts(tmp_path, config):
    done = snakemake(tmp_path, "--dry-run", "--quiet", "rules", "--configfile", config)
    assert done.returncode == 0, done.stdout + done.stderr
    counted = counts(load(config).resolved())
    assert jobs(done.stdout) == counted | {"all": 1, "total": sum(counted.values()) + 1}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["missing", "own", "tasks", "variants"])
def test_a_config_runs_to_its_report(tmp_path, name):
    done = snakemake(tmp_path, "--configfile", ROOT / f"tests/config/{name}.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / f"results/{name}/report.html").stat().st_size > 0


def test_competing_models_to_the_report(tmp_path):
    """Two models and a variant, each data set fitted with each; the report has the matrices."""
    competing = study(
        variants={"lapsing": {"model": "rescorla_wagner", "lapse": True}},
        models={
            "simulate": {
                "random_responding": {"population": {
                    "side_bias": {"distribution": "Uniform", "lower": 0.1, "upper": 0.3}}},
                "rescorla_wagner": {
                    "truth": {"alpha": [0.3], "beta": [6]},
                    "population": {"alpha": {"spread": 0.2}, "beta": {"spread": 0.1}}},
            },
            "fit": ["random_responding", "rescorla_wagner", "lapsing"],
        },
        methods={"mle": {k: v for k, v in MLE.items() if k != "model"} | {"bounds": BOUNDS}},
        trials=[200],
        replicates=3,
    )  # fmt: skip
    for key in ("model", "truth", "population"):
        del competing[key]
    run(tmp_path, competing)
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
    # Fits of a wrong model compete, but are no methods to be compared in error.
    assert pd.read_csv(tmp_path / "results/small/summary/comparison.csv").empty
    page = (tmp_path / REPORT).read_text()
    assert "Which model wins for whose data" in page
    assert "Of 6 participants that rescorla_wagner generated" in page


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
    run(tmp_path, compared, "results/small/summary/recovery.csv")
    recovery = pd.read_csv(tmp_path / "results/small/summary/recovery.csv")
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
    gone = trials.groupby(trials["cell"].str.contains("missing"))["choice"].agg(
        lambda choice: (choice < 0).mean()
    )
    assert gone[False] == 0
    assert 0.05 < gone[True] < 0.4
