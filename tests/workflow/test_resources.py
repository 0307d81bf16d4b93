"""What jobs ask for: by their size and their attempt, and never a reason to compute again."""

import yaml
from settings import BAYES, MOCK, ROOT, study

from workflow.inprocess import plan
from workflow.runs import FINISHED

PROFILE = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())
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
    assert set(first) > BY_SIZE
    for rule, pairs in first.items():
        assert all(memory > 0 and time > 0 for memory, time in pairs)
        assert second[rule] == {(2 * memory, 2 * time) for memory, time in pairs}


def test_another_amount_of_memory_or_time_computes_nothing_again(finished):
    other = {rule: {"mem_mb": 7777, "runtime": 7777} for rule in BY_SIZE}
    assert plan(finished, FINISHED, resources=other).counts == {}


def test_a_killed_job_is_repeated_three_times_by_the_profile():
    """Retries in a rule would multiply with those of the profile."""
    assert PROFILE["retries"] == 2
    assert not [
        path for path in (ROOT / "workflow/rules").glob("*.smk") if "retries:" in path.read_text()
    ]
