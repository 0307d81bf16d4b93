"""A study whose true values are draws of a population: its measures, texts and params of jobs."""

import pandas as pd
import pytest
from settings import MLE, study

from rlrecovery.config.reader import parse
from rlrecovery.report.data_text import models_text
from rlrecovery.report.methods_text import mechanisms
from workflow.inprocess import plan, run_here
from workflow.runs import MEASURES

ROWS = "alpha_location,alpha_spread,beta_location,beta_spread\n" + "".join(
    f"{k / 4 - 1},{0.2 + k / 20},{0.5 + k / 8},{0.1 + k / 40}\n" for k in range(8)
)


def planned(folder, file="draws.csv", **changes):
    """A config with a file of draws, which is written into the folder."""
    (folder / file).write_text(ROWS)
    config = study(
        population={"draws": file}, methods={"mle": MLE}, participants=[3], replicates=6, **changes
    )
    del config["truth"]
    return config


def by_rule(jobs, *rules):
    """Params of the jobs of rules."""
    return {
        str(job.output): dict(job.params.items()) for job in jobs.jobs if job.rule.name in rules
    }


def test_measures_are_of_errors_of_each_replicate(tmp_path):
    run_here(tmp_path, planned(tmp_path), MEASURES)
    run = tmp_path / "results/small"
    tables = [pd.concat(map(pd.read_parquet, sorted(run.glob(p)))) for p in
              ("truth/*/*.parquet", "estimates/mle/*/*.parquet")]  # fmt: skip
    rows = tables[1].merge(tables[0], on=["replicate", "participant", "level", "parameter"])
    errors = (rows["estimate"] - rows["truth"]).groupby([rows["level"], rows["parameter"]])
    measures = pd.read_csv(tmp_path / MEASURES).query("scope == 'cell' and rows == 'all'")
    for (level, parameter), own in errors:
        where = (measures["level"] == level) & (measures["parameter"] == parameter)
        value = measures[where].set_index("measure")["value"]
        assert value["bias"] == pytest.approx(own.mean())
        assert value["empirical_se"] == pytest.approx(own.std(ddof=1))
    group = tables[0].query("level == 'group' and parameter == 'beta'")["truth"]
    assert len(set(group)) > 1


def test_report_and_methods_section_say_where_truths_are_from(tmp_path):
    experiment = parse(planned(tmp_path), str(tmp_path / "study.yaml"))
    said = dict(mechanisms(experiment))
    assert said["True values"] == "Each data set takes its own from draws of the population."
    assert said["Population"].count("one of 8 draws, a random one in each data set") == 2
    (paragraph,) = models_text(experiment)
    assert "a random one of 8 joint draws" in paragraph.text


def test_another_path_changes_no_job_and_other_draws_change_all(tmp_path):
    rules = ("simulate", "fit", "score")
    before = by_rule(plan(tmp_path, planned(tmp_path), MEASURES), *rules)
    assert len(before) == 3 + 3 + 1
    renamed = planned(tmp_path, "other.csv")
    assert by_rule(plan(tmp_path, renamed, MEASURES), *rules) == before
    (tmp_path / "other.csv").write_text(ROWS.replace("-1.0,", "-1.5,"))
    after = by_rule(plan(tmp_path, renamed, MEASURES), *rules)
    assert after.keys() == before.keys()
    assert all(after[job] != before[job] for job in before)
