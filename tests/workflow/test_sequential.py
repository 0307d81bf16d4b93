"""Replicates that are added cell by cell until the MCSE of measures is met."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from settings import ROOT, study, write
from snakemake.exceptions import WorkflowError

from rlrecovery.commands.grow import grow, main
from rlrecovery.config.reader import parse
from rlrecovery.config.replicates import replicates_by_cell
from rlrecovery.report.growth_text import growth_text
from rlrecovery.score.results import load_summary
from workflow.inprocess import plan, run_here
from workflow.runs import MEASURES

FEW, MANY = (f"alpha-0.3_beta-3.0_n-{n}_t-20" for n in (2, 10))
RUN, LIMIT = "results/small", 1.3
KINDS = ("trials", "truth", "estimates")


def sequential(at_most=40, **changes):
    growing = {"until": {"bias": LIMIT, "coverage": 0.2}, "at_most": at_most, "at_least": 5}
    truth = {"alpha": [0.3], "beta": [3]}
    sizes = {"participants": [2, 10], "replicates": growing, "batch_size": 5}
    return study(truth=truth, **sizes | changes)


def until_enough(folder, experiment, most=10):
    """Run the summary and add replicates in turn; return the numbers after every addition.

    Jobs that start no process leave no record by which Snakemake notices further batches, so that
    the scores are deleted.
    """
    numbers = []
    for _ in range(most):
        for name in ("scores", "summary"):
            shutil.rmtree(folder / RUN / name, ignore_errors=True)
        for name in ("design.csv", "begun.json"):
            (folder / RUN / name).unlink(missing_ok=True)
        run_here(folder, experiment, MEASURES)
        with contextlib.chdir(folder):
            config = parse(experiment)
            if not grow(config, folder / RUN):
                return numbers
        numbers.append(json.loads((folder / f"{RUN}/replicates.json").read_text()))
    raise AssertionError("the study does not come to an end")


def contents(folder):
    """Bytes of all files of data and estimates."""
    base = folder / RUN
    paths = [path for kind in KINDS for path in (base / kind).rglob("*.parquet")]
    return {path.relative_to(base): path.read_bytes() for path in paths}


def replicates(folder):
    design = pd.read_csv(folder / f"{RUN}/design.csv")
    return dict(zip(design["cell"], design["replicates"], strict=True))


def mcses(folder):
    """Largest MCSE of the bias of participants, by cell."""
    table = pd.read_csv(folder / MEASURES)
    is_bias = (table["measure"] == "bias") & (table["scope"] == "cell") & (table["rows"] == "all")
    of_people = table[is_bias & (table["level"] == "participant")]
    return of_people.groupby("cell")["mcse"].max()


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """Folder of a study in which no cell grows any more, its first files, and its additions."""
    folder = tmp_path_factory.mktemp("sequential")
    run_here(folder, sequential(), MEASURES)
    first = contents(folder)
    return folder, first, until_enough(folder, sequential())


def test_cells_end_at_their_own_numbers_with_the_mcse_that_is_required(ended):
    folder, _, additions = ended
    ends = replicates(folder)
    assert 5 <= ends[MANY] < ends[FEW] <= 40
    assert additions
    assert additions[-1] == ends
    assert all(number % 5 == 0 for number in ends.values())
    assert (mcses(folder) <= LIMIT).all()
    assert set(mcses(folder).index) == {FEW, MANY}


def test_what_was_there_before_keeps_its_bytes(ended):
    folder, first, _ = ended
    after = contents(folder)
    assert len(first) == 3 * 2
    assert len(after) > len(first)
    assert all(after[name] == content for name, content in first.items())


def test_data_are_those_of_a_study_with_this_number(ended, tmp_path):
    folder, _, _ = ended
    run_here(tmp_path, sequential(replicates=int(replicates(folder)[FEW])), MEASURES)
    plain, grown = contents(tmp_path), contents(folder)
    shared = [name for name in grown if name.parts[0] in ("trials", "truth")]
    assert shared
    assert all(plain[name] == grown[name] for name in shared)


def test_nothing_is_left_to_do(ended):
    folder, _, _ = ended
    assert plan(folder, sequential(), MEASURES).counts == {}
    with contextlib.chdir(folder):
        assert main([str(write(folder, sequential()))]) == 3


def test_a_cell_that_is_added_starts_and_the_others_keep_their_numbers(ended):
    folder, _, _ = ended
    numbers = replicates_by_cell(parse(sequential(participants=[2, 10, 12])), folder / RUN)
    assert numbers == replicates(folder) | {"alpha-0.3_beta-3.0_n-12_t-20": 5}


def test_report_and_methods_say_how_replicates_were_added(ended):
    folder, _, _ = ended
    run_here(folder, sequential(), figures=False)
    html = (folder / RUN / "report.html").read_text()
    page = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    few, many = replicates(folder)[FEW], replicates(folder)[MANY]
    assert f"{many} to {few} replicates per cell, {few + many} simulated data sets" in page
    methods = " ".join((folder / RUN / "methods/methods.md").read_text().split())
    for text in (page, methods):
        assert "up to 40, until the MCSE of the bias was at most 1.3 and that of the cov" in text
        assert "This report is partial" not in text
        assert "unfinished study" not in text
        assert "without meeting this" not in text


def test_cells_that_do_not_meet_the_limits_are_named(tmp_path):
    run_here(tmp_path, sequential(), MEASURES)
    assert replicates(tmp_path) == {FEW: 5, MANY: 5}
    summary = load_summary(tmp_path / RUN / "summary", ("recovery",))
    _, waiting = growth_text(parse(sequential()), summary, replicates(tmp_path))
    assert waiting == (
        "1 of 2 cells does not meet this yet and may have more replicates, which make run adds: "
        f"{FEW}"
    )
    _, stopped = growth_text(parse(sequential(at_most=5)), summary, replicates(tmp_path))
    assert stopped == (
        f"1 of 2 cells stopped at the largest number of replicates without meeting this: {FEW}"
    )


def test_a_plain_number_makes_the_jobs_it_always_made(tmp_path):
    experiment = study()
    counts = plan(tmp_path, experiment, MEASURES).counts
    assert counts == {"design": 1, "simulate": 4, "fit": 4, "score": 1, "summarise": 1}
    run_here(tmp_path, experiment, MEASURES)
    assert grow(parse(experiment), tmp_path / RUN) == {}
    assert not (tmp_path / f"{RUN}/replicates.json").exists()


def test_a_damaged_file_of_numbers_is_one_sentence(ended, tmp_path):
    state = tmp_path / f"{RUN}/replicates.json"
    state.parent.mkdir(parents=True)
    state.write_text('{"a": "many"}\n')
    with pytest.raises(WorkflowError, match=r"replicates\.json cannot be read"):
        plan(tmp_path, sequential(), MEASURES)


@pytest.mark.slow
def test_make_run_adds_replicates_and_a_second_one_does_nothing(tmp_path):
    """By Snakemake itself, which notices the further batches."""
    config = write(tmp_path, sequential())
    command = [sys.executable, "-m", "rlrecovery.commands.run", f"{RUN}/summary/recovery.csv"]
    command += ["--snakefile", ROOT / "Snakefile", "--cores", "1", "--configfile", config]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    texts = []
    for _ in range(2):
        ended = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        texts.append(" ".join(ended.stdout.split()))
        if len(texts) == 1:
            first = contents(tmp_path)
    assert "Replicates are added to 1 cell, which then has 10, until the MCSE of the" in texts[0]
    assert replicates(tmp_path)[MANY] < replicates(tmp_path)[FEW]
    assert (mcses(tmp_path) <= LIMIT).all()
    assert "Replicates are added" not in texts[1]
    assert contents(tmp_path) == first
