"""What jobs ask for: by their size and their attempt, and never a reason to compute again."""

import yaml
from settings import BAYES, MOCK, ROOT, study

from workflow.inprocess import plan
from workflow.runs import FINISHED

PROFILE = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())
RULES = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
BY_SIZE = {"simulate", "fit", "score", "summarise"}


def requests(folder, experiment, attempt=1):
    """Memory and minutes of the jobs of a study at an attempt, as a set of pairs by rule."""
    pairs = {}
    for job in plan(folder, experiment, attempt=attempt).jobs:
        if job.rule.script:
            resources = (job.resources.mem_mb, job.resources.runtime)
            pairs.setdefault(job.rule.name, set()).add(resources)
    return pairs


def test_a_larger_cell_a_heavier_method_and_a_later_attempt_ask_for_more(tmp_path):
    both = study(methods={"guess": MOCK, "bayes": BAYES}, participants=[2, 500], trials=[2000])
    first, second = (requests(tmp_path, both, attempt) for attempt in (1, 2))
    assert len(first["simulate"]) == 2
    assert len(first["fit"]) == 4
    for rule in BY_SIZE:
        assert second[rule] == {(2 * memory, 2 * time) for memory, time in first[rule]}


def test_another_amount_of_memory_or_time_computes_nothing_again(finished):
    other = {rule: {"mem_mb": 7777, "runtime": 7777} for rule in BY_SIZE}
    assert plan(finished, FINISHED, resources=other).counts == {}


def test_the_profile_says_for_every_other_rule_what_an_attempt_asks_for(tmp_path):
    by_rule, sizes = requests(tmp_path, study()), PROFILE["set-resources"]
    assert {*sizes} | BY_SIZE == set(by_rule)
    for rule, expressions in sizes.items():
        ((memory, minutes),) = by_rule[rule]
        for attempt in (1, 2, 3):
            assert eval(expressions["mem_mb"], {"attempt": attempt}) >= attempt * memory
            assert eval(expressions["runtime"], {"attempt": attempt}) >= attempt * minutes


def test_a_killed_job_is_repeated_by_the_profile_and_by_nobody_else():
    assert PROFILE["retries"] == 2
    assert "retries:" not in RULES
