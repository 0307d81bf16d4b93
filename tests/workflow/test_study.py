"""A whole study by Snakemake: its files, and what is done again without figures or estimates."""

import os
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from browser import launched, opened
from settings import MLE, MOCK, ROOT, study, write

from rlrecovery.config.reader import parse
from rlrecovery.figures.catalogue import files
from rlrecovery.planning.calibration import finished_jobs
from rlrecovery.planning.stages import plan_stages
from rlrecovery.report.sheets import SHEETS
from rlrecovery.storage.schemas import SUMMARY
from workflow.inprocess import plan, run_here
from workflow.runs import FINISHED, MEASURES, estimates, same_numbers, snakemake

STAGES = (
    "simulate", "fit", "score", "summarise", "example", "figure", "typeset", "report", "design",
)  # fmt: skip


def test_a_study_ends_with_its_report_and_says_where(finished):
    assert "The report is results/small/report.html" in (finished / "output.txt").read_text()
    base = finished / "results/small"
    for name in ("report.html", "design.csv", "config.yaml", "provenance.json"):
        assert (base / name).stat().st_size > 0
    for name in (*SUMMARY, "example_participant"):
        assert (base / "summary" / f"{name}.csv").is_file()
    drawn = {path.stem for path in (base / "figures").glob("*.svg")}
    assert {"recovery", "bias", "zip", "nested", "comparison"} <= drawn
    for figure in drawn:
        assert all((finished / path).is_file() for path in files("results/small/figures", figure))
    assert {path.stem for path in (base / "tables").glob("*.tex")} == set(SHEETS)
    for name in ("methods.md", "methods.tex", "references.bib"):
        assert (base / "methods" / name).stat().st_size > 0
    assert not [path for path in base.rglob(".*") if path.is_file()]


def test_each_finished_job_is_one_short_line_without_its_files(finished):
    lines = (finished / "output.txt").read_text().splitlines()
    assert max(map(len, lines)) <= 200
    assert not [line for line in lines if "Reason" in line or "jobid" in line]
    pattern = r"\w{3} \d\d \d\d:\d\d:\d\d  ( *\d+) of (\d+)  (.{21})  ([a-z]+.*) \(.+\)"
    jobs = [match.groups() for line in lines if (match := re.fullmatch(pattern, line))]
    total = len(list((finished / "results/small/benchmarks").rglob("*.tsv")))
    assert [(int(done), int(of)) for done, of, *_ in jobs] == [
        (i, total) for i in range(1, total + 1)
    ]
    assert any(left.startswith(("about ", "at least ")) for _, _, left, _ in jobs)
    cells = {"alpha-0.3_beta-3.0_n-2_t-20", "alpha-0.6_beta-3.0_n-2_t-20"}
    assert {label for *_, label in jobs if label.startswith("fit mle")} == {
        f"fit mle {cell} replicates 00000-00003" for cell in cells
    }
    # Snakemake's log file has what is left out. Other tests may have run the finished study again.
    log, *_ = sorted((finished / ".snakemake/log").glob("*.log"))
    assert "Reason: Missing output files" in log.read_text()


def test_the_last_lines_count_flagged_estimates_and_jobs(finished):
    text, rows = (finished / "output.txt").read_text(), estimates(finished)
    is_flagged = rows["status"] != "ok"
    assert f"{is_flagged.sum()} of {len(rows)} estimates are flagged" in text
    for method, flags in is_flagged.groupby(rows["method"]):
        assert re.search(rf"(?m)^    {method} +{flags.sum()} of {len(flags)}(:|$)", text)
    assert re.search(r"Jobs done: \d+ in \d", text)


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_logs_and_benchmarks_beside_each_other(finished, stage):
    base = finished / "results/small"
    logs, benchmarks = (
        {path.relative_to(base / kind).with_suffix("") for path in (base / kind / stage).rglob(ext)}
        for kind, ext in (("logs", "*.log"), ("benchmarks", "*.tsv"))
    )
    assert logs
    assert logs == benchmarks


def test_the_plan_knows_a_finished_study_and_how_much_disk_it_takes(finished):
    results, experiment = finished / "results", parse(FINISHED)
    measured = finished_jobs(results, experiment)
    stages = plan_stages(experiment, measured, run=results / "small")
    cell_stages = [name for name, stage in stages.items() if "finished job" in stage.origin]
    assert cell_stages == ["simulate", "fit guess", "fit mle", "score"]
    assert not any(stage.left for stage in stages.values())
    folders = (results / "small", finished / ".snakemake/metadata")
    blocks = [p.stat().st_blocks * 512 for f in folders for p in f.rglob("*") if p.is_file()]
    planned = sum(stage.disk_bytes for stage in stages.values())
    assert sum(blocks) / 2 < planned < 2 * sum(blocks)
    larger = plan_stages(parse(FINISHED | {"replicates": 8}), measured, run=results / "small")
    assert [len(larger[name].left) for name in cell_stages] == [2, 2, 2, 1]
    assert larger["report"].left


def test_a_fit_log_shows_progress(finished):
    cell = "alpha-0.3_beta-3.0_n-2_t-20"
    text = (finished / f"results/small/logs/fit/mle/{cell}/00000-00003.log").read_text()
    assert "replicates 0 to 3 done (4 of 4)" in text
    assert "data sets per second" in text


def test_a_second_run_has_nothing_to_do(finished):
    assert plan(finished, FINISHED).counts == {}


def test_jobs_in_one_process_give_the_numbers_of_launched_jobs(finished, tmp_path):
    """What the other tests of this folder rest on; and neither batches nor the order matter."""
    other = study(methods={"mle": MLE, "guess": MOCK}, batch_size=3)
    run_here(tmp_path, other, MEASURES)
    pd.testing.assert_frame_equal(estimates(finished), estimates(tmp_path), check_exact=True)
    ours, theirs = (
        pd.read_csv(base / MEASURES).query("measure != 'seconds'") for base in (finished, tmp_path)
    )
    keys = [column for column in ours if column not in ("value", "mcse")]
    ours, theirs = (table.sort_values(keys, ignore_index=True) for table in (ours, theirs))
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


def test_the_same_study_in_one_process_has_the_same_tables(finished, tmp_path):
    run_here(tmp_path, FINISHED, MEASURES)
    same_numbers(finished, tmp_path)


def test_figures_are_rebuilt_from_the_summary_alone(copied):
    folder = copied
    figure = folder / "results/small/figures/bias.svg"
    before = figure.read_bytes()
    figure.unlink()
    assert run_here(folder, FINISHED, "figures").counts == {"figure": 1, "figures": 1}
    assert figure.read_bytes() == before


def test_figures_need_nothing_but_an_archived_summary(finished, tmp_path):
    """Neither estimates nor a sampler, and no record of how the summary was made."""
    base = finished / "results/small"
    shutil.copytree(base / "summary", tmp_path / "results/small/summary")
    count = len(list((base / "figures").glob("*.svg")))
    assert plan(tmp_path, FINISHED, "figures").counts == {"figure": count, "figures": 1}
    code = (
        "import sys; sys.modules['pymc'] = sys.modules['nutpie'] = None\n"
        "from rlrecovery.figures.catalogue import write_figure\n"
        "write_figure('bias', 'results/small/summary', 'drawn')"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "drawn/bias.svg").read_bytes() == (base / "figures/bias.svg").read_bytes()


def test_snakemakes_own_report_works_offline(finished, tmp_path):
    page = tmp_path / "workflow-report.html"
    config = write(tmp_path, FINISHED)
    launch = snakemake(finished, "--nolock", "--report", page, "--configfile", config)
    assert launch.returncode == 0, launch.stdout + launch.stderr
    with launched() as browser, opened(browser, page) as opening:
        tab, _, requests = opening
        tab.get_by_text("Tables").first.click()
        tab.get_by_text("coverage").first.wait_for()
        assert all(request.startswith(("file:", "data:", "blob:")) for request in requests)
    text = page.read_text()
    for category in ("Tables", "Figures"):
        assert category in text
