"""A whole study by Snakemake: its files, growth, order, resumption, and what a user reads."""

import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from browser import launched, opened

from rlrecovery.config import parse
from rlrecovery.figures.catalogue import files
from rlrecovery.planning.plan import kinds_of, know
from rlrecovery.report.latex import SHEETS
from rlrecovery.storage.files import SUMMARY
from workflow.runs import MEASURES, MLE, MOCK, ROOT, estimates, jobs, run, snakemake, study, write

STAGES = (
    "simulate", "fit", "score", "summarise", "example", "figure", "typeset", "report", "design",
)  # fmt: skip
BOTH = {"guess": MOCK, "mle": MLE}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder of a finished study by the mock and by maximum likelihood."""
    folder = tmp_path_factory.mktemp("study")
    output = run(folder, study(methods=BOTH))
    return folder, output


def test_a_study_ends_with_its_report_and_says_where(finished):
    folder, output = finished
    assert "The report is results/small/report.html" in output
    base = folder / "results" / "small"
    for name in ("report.html", "design.csv", "config.yaml", "provenance.json"):
        assert (base / name).stat().st_size > 0
    for name in (*SUMMARY, "example_participant"):
        assert (base / "summary" / f"{name}.csv").is_file()
    drawn = {path.stem for path in (base / "figures").glob("*.svg")}
    assert {"recovery", "bias", "zip", "nested", "comparison"} <= drawn
    for figure in drawn:
        assert all((folder / path).is_file() for path in files("results/small/figures", figure))
    assert {path.stem for path in (base / "tables").glob("*.tex")} == set(SHEETS)
    assert not [path for path in base.rglob(".*") if path.is_file()]


def test_every_stage_has_logs_and_benchmarks_beside_each_other(finished):
    base = finished[0] / "results" / "small"
    for stage in STAGES:
        logs = {
            p.relative_to(base / "logs").with_suffix("")
            for p in (base / "logs" / stage).rglob("*.log")
        }
        marks = {
            p.relative_to(base / "benchmarks").with_suffix("")
            for p in (base / "benchmarks" / stage).rglob("*.tsv")
        }
        assert logs
        assert logs == marks


def test_the_plan_knows_a_finished_study_and_how_much_disk_it_takes(finished):
    results, experiment = finished[0] / "results", parse(study(methods=BOTH)).resolved()
    known = know(experiment, results, calibrate=False)
    kinds = kinds_of(experiment, known, results / "small")
    assert all(kind.source.endswith("finished jobs") for kind in kinds[:-1])
    assert not any(kind.left for kind in kinds)
    places = (results / "small", finished[0] / ".snakemake/metadata")
    taken = [p.stat().st_blocks * 512 for place in places for p in place.rglob("*") if p.is_file()]
    assert sum(taken) / 2 < sum(kind.disk for kind in kinds) < 2 * sum(taken)
    grown = parse(study(methods=BOTH, replicates=6)).resolved()
    more = kinds_of(grown, known, results / "small")
    assert [len(kind.left) for kind in more[:-1]] == [2, 2, 2, 2]
    assert more[-1].left == more[-1].seconds


def test_a_fit_log_shows_progress(finished):
    log = finished[0] / "results/small/logs/fit/mle/alpha-0.3_beta-3.0_n-2_t-20/00000-00001.log"
    text = log.read_text()
    assert "replicate 0 done (1 of 2)" in text
    assert "data sets per second" in text


def test_a_second_run_has_nothing_to_do(finished):
    folder, _ = finished
    again = run(folder, study(methods=BOTH))
    assert "Nothing to be done" in again


def test_figures_are_rebuilt_from_the_summary_alone(finished):
    folder, _ = finished
    figure = folder / "results/small/figures/bias.svg"
    before = figure.read_bytes()
    figure.unlink()
    config = write(folder, study(methods=BOTH))
    plan = snakemake(folder, "figures", "-n", "--configfile", config)
    assert jobs(plan.stdout + plan.stderr) == {"figure": 1, "figures": 1, "total": 2}
    assert snakemake(folder, "figures", "--configfile", config).returncode == 0
    assert figure.read_bytes() == before


def test_figures_need_nothing_but_an_archived_summary(finished, tmp_path):
    """Neither estimates nor a sampler, and no record of how the summary was made."""
    base = finished[0] / "results/small"
    shutil.copytree(base / "summary", tmp_path / "results/small/summary")
    config = write(tmp_path, study(methods=BOTH))
    plan = snakemake(tmp_path, "figures", "-n", "--configfile", config)
    planned = jobs(plan.stdout + plan.stderr)
    count = len(list((base / "figures").glob("*.svg")))
    assert planned == {"figure": count, "figures": 1, "total": count + 1}
    code = (
        "import sys; sys.modules['pymc'] = sys.modules['nutpie'] = None\n"
        "from rlrecovery.figures import write_figure\n"
        "write_figure('bias', 'results/small/summary', 'drawn')"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "drawn/bias.svg").read_bytes() == (base / "figures/bias.svg").read_bytes()


def test_the_workflow_engines_own_report_works_offline(finished):
    folder, _ = finished
    config = write(folder, study(methods=BOTH))
    made = snakemake(folder, "--report", "workflow-report.html", "--configfile", config)
    assert made.returncode == 0, made.stdout + made.stderr
    with launched() as browser, opened(browser, folder / "workflow-report.html") as opening:
        page, _, requests = opening
        page.get_by_text("Tables").first.click()
        page.get_by_text("coverage").first.wait_for()
        assert all(request.startswith(("file:", "data:", "blob:")) for request in requests)
    text = (folder / "workflow-report.html").read_text()
    for words in ("Tables", "Figures", "without a trend over the truths", "marks around zero"):
        assert words in text


def test_batches_cores_and_the_order_of_methods_change_no_number(finished, tmp_path):
    folder, _ = finished
    other = study(methods={"mle": MLE, "guess": MOCK}, batch_size=3)
    run(tmp_path, other, MEASURES, cores=1)
    pd.testing.assert_frame_equal(estimates(folder), estimates(tmp_path), check_exact=True)
    one, two = (
        pd.read_csv(base / "results/small/summary/recovery.csv").query("measure != 'seconds'")
        for base in (folder, tmp_path)
    )
    keys = [c for c in one.columns if c not in ("value", "mcse")]
    one, two = (t.sort_values(keys, ignore_index=True) for t in (one, two))
    pd.testing.assert_frame_equal(one, two, check_exact=True)
