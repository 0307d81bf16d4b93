"""What jobs ask for: by their size and their attempt, and never a reason to compute again."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from workflow.runs import BAYES, MEASURES, MOCK, ROOT, jobs, run, snakemake, study, write

PROFILE = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())
RULES = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
BY_SIZE = {"simulate", "fit", "score", "summarise"}


#: A dry run whose jobs say what they would ask for: one line of JSON each.
PLAN = """
import json, sys
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings import types

snakefile, config, target, attempt = sys.argv[1:]
with SnakemakeApi(types.OutputSettings(quiet={types.Quietness.ALL})) as api:
    study = api.workflow(
        resource_settings=types.ResourceSettings(cores=1),
        config_settings=types.ConfigSettings(configfiles=[Path(config)]),
        snakefile=Path(snakefile),
    )
    study.dag(types.DAGSettings(targets={target})).execute_workflow(
        executor="dryrun", execution_settings=types.ExecutionSettings(attempt=int(attempt))
    )
    for job in study._workflow.dag.jobs:
        print("asks", json.dumps([job.rule.name, job.resources.mem_mb, job.resources.runtime]))
"""


def asked(folder, experiment, attempt):
    """Memory and minutes of the jobs of a study at an attempt, as a set of pairs by rule."""
    command = ["-c", PLAN, ROOT / "Snakefile", write(folder, experiment), MEASURES, attempt]
    planned = subprocess.run(
        [sys.executable, *map(str, command)], cwd=folder, capture_output=True, text=True
    )
    assert planned.returncode == 0, planned.stderr
    found = {}
    for line in re.findall(r"(?m)^asks (.*)$", planned.stdout):
        rule, *sizes = json.loads(line)
        found.setdefault(rule, set()).add(tuple(sizes))
    return found


def test_a_larger_cell_a_heavier_method_and_a_later_attempt_ask_for_more(tmp_path):
    both = study(methods={"guess": MOCK, "bayes": BAYES}, participants=[2, 500], trials=[2000])
    first, second = (asked(tmp_path, both, attempt) for attempt in (1, 2))
    assert len(first["simulate"]) == 2
    assert len(first["fit"]) == 4
    for rule in BY_SIZE:
        assert second[rule] == {(2 * memory, 2 * time) for memory, time in first[rule]}


def test_another_amount_of_memory_or_time_computes_nothing_again(tmp_path):
    run(tmp_path, study(), MEASURES)
    config = write(tmp_path, study())
    changed = [f"{rule}:{what}=7777" for rule in BY_SIZE for what in ("mem_mb", "runtime")]
    again = snakemake(tmp_path, MEASURES, "--configfile", config, "--set-resources", *changed)
    assert "Nothing to be done" in again.stdout + again.stderr
    assert not jobs(again.stdout)


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_the_profile_says_for_every_other_rule_what_an_attempt_asks_for(attempt):
    sizes = PROFILE["set-resources"]
    assert {*sizes} | BY_SIZE == set(re.findall(r"(?m)^rule ([a-z]+):", RULES))
    for rule, given in sizes.items():
        block = RULES.split(f"rule {rule}:")[1]
        for what, expression in given.items():
            least = int(re.search(rf"{what}=(\d+)", block)[1])
            value = eval(expression, {"attempt": attempt})
            assert value >= attempt * least


def test_a_killed_job_is_repeated_by_the_profile_and_by_nobody_else():
    assert PROFILE["retries"] == 2
    assert "retries:" not in RULES


def test_every_entry_of_a_profile_is_explained():
    for path in (ROOT / "workflow/profiles").glob("*/config.yaml"):
        lines = path.read_text().splitlines()
        for above, line in zip(["", *lines], lines, strict=False):
            if re.match(r"[a-z]", line) and "#" not in line:
                explained = above.startswith("#") or "#" in above
                assert explained or path.parent.name == "ci", f"{path}: {line}"
