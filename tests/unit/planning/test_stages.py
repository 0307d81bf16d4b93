"""Jobs of a study by stage, their costs, and the time that the study takes on a machine."""

import pytest
from settings import BAYES, MOCK, study

from rlrecovery.config.reader import parse
from rlrecovery.config.study import cells_of, methods_of
from rlrecovery.design.load import Load
from rlrecovery.planning.costs import job_seconds
from rlrecovery.planning.resources import memory_to_fit
from rlrecovery.planning.stages import (
    Machine,
    best_batch_size,
    makespan,
    plan_stages,
    wall_seconds,
)
from unit.planning.examples import TRUE, measured_jobs, stage


def test_stages_have_all_jobs_and_the_largest_memory():
    experiment = parse(study(methods={"guess": MOCK, "bayes": BAYES}, participants=[2, 900]))
    stages = plan_stages(experiment)
    assert {"simulate", "fit guess", "fit bayes", "score", "design", "report"} <= set(stages)
    bayes = stages["fit bayes"]
    assert len(bayes.loads) == 4 * 2
    assert len(stages["score"].loads) == 2
    method = methods_of(experiment)["bayes"]
    assert bayes.memory_mib == memory_to_fit(method, Load(900, 20, 2))
    assert all(stage.left == set(stage.loads) for stage in stages.values())


def test_a_method_of_fewer_replicates_has_only_their_jobs():
    fewer = {"guess": MOCK, "few": MOCK | {"replicates": 5}}
    experiment = parse(study(methods=fewer, replicates=12, batch_size=4))
    stages = plan_stages(experiment)
    few, guess, score = (stages[name] for name in ("fit few", "fit guess", "score"))
    sizes = {job.split("/")[1]: load.replicates for job, load in few.loads.items()}
    assert sizes == {"00000-00003": 4, "00004-00007": 1}
    assert (len(few.loads), len(guess.loads)) == (2 * 2, 2 * 3)
    assert few.disk_bytes < guess.disk_bytes
    assert few.data_seconds == pytest.approx(guess.data_seconds * 5 / 12)
    assert score.work == pytest.approx(1 + 5 / 12)


def test_a_calibration_has_jobs_of_its_own(tmp_path):
    section = {"participants": 4, "trials": 20, "data_sets": 50, "batch_size": 20}
    raw = study(methods={"guess": MOCK, "bayes": BAYES})
    without = plan_stages(parse(raw))
    assert not {"calibrate bayes", "calibration"} & set(without)
    stages = plan_stages(parse(raw | {"calibration": section}))
    calibrate = stages["calibrate bayes"]
    assert {job: load.replicates for job, load in calibrate.loads.items()} == {
        "00000-00019": 20, "00020-00039": 20, "00040-00049": 10,
    }  # fmt: skip
    assert calibrate.loads["00000-00019"].participants == 1
    assert len(stages["calibration"].loads) == 1
    assert len(stages["figure"].loads) == len(without["figure"].loads) + 3
    machine = Machine(1)
    assert wall_seconds(stages, machine) > wall_seconds(without, machine)
    (tmp_path / "calibration/bayes").mkdir(parents=True)
    (tmp_path / "calibration/bayes/00020-00039.parquet").touch()
    left = plan_stages(parse(raw | {"calibration": section}), run=tmp_path)
    assert left["calibrate bayes"].left == {"00000-00019", "00040-00049"}
    assert left["score"].left == set(left["score"].loads)


def test_analyses_of_effects_have_jobs_of_their_own(tmp_path):
    groups = {"control": {"share": 0.5}, "patient": {"share": 0.5, "shift": {"alpha": [-0.5, 0.5]}}}
    raw = study(methods={"guess": MOCK, "bayes": BAYES}, participants=[6])
    without = plan_stages(parse(raw))
    assert not {"compare bayes", "effects"} & set(without)
    section = {"replicates": 5, "batch_size": 4, "methods": ["bayes"]}
    experiment = parse(raw | {"groups": groups, "effects": section})
    stages = plan_stages(experiment)
    assert "compare guess" not in stages
    compare = stages["compare bayes"]
    assert len(compare.loads) == 3 * len(cells_of(experiment)) * 2
    rows = {job: load.participants for job, load in compare.loads.items()}
    assert set(rows.values()) == {6, 2 * 6}  # without effects, there is the retest
    assert all((n == 12) == ("alpha-0.0" in job) for job, n in rows.items())
    assert compare.kind == stages["fit bayes"].kind
    assert sum(load.replicates for load in compare.loads.values()) == 5 * 3 * 2
    assert len(stages["effects"].loads) == 1
    job = next(iter(compare.loads))
    path = tmp_path / f"effects/bayes/{job}.parquet"
    path.parent.mkdir(parents=True)
    path.touch()
    left = plan_stages(experiment, run=tmp_path)["compare bayes"].left
    assert left == set(compare.loads) - {job}


@pytest.mark.parametrize(
    ("batch_size", "target", "best"), [(2, 1e9, 8), (50, 1e9, 50), (2, 13.0, 2), (2, 26.0, 4)]
)
def test_a_batch_need_not_be_larger_than_the_replicates_of_the_slowest(batch_size, target, best):
    few = {"guess": MOCK | {"replicates": 8}}
    changes = {"methods": few, "replicates": 50, "batch_size": batch_size}
    experiment = parse(study(participants=[10], **changes))
    fits = plan_stages(experiment, measured_jobs(experiment))["fit guess"]
    assert best_batch_size(experiment, fits, target) == best  # 5 s per data set, 2 s to start


def test_jobs_with_files_are_not_left(tmp_path):
    cell = "alpha-0.3_beta-3.0_n-2_t-20"
    folder = tmp_path / "estimates/guess" / cell
    folder.mkdir(parents=True)
    for name in ("00000-00001.parquet", ".00002-00003.parquet.done-so-far", "00000-00002.parquet"):
        (folder / name).touch()
    stages = plan_stages(parse(study()), run=tmp_path)
    fits, simulate = stages["fit guess"], stages["simulate"]
    assert set(fits.loads) - fits.left == {f"{cell}/00000-00001"}
    assert simulate.left == set(simulate.loads)


def test_a_design_is_scored_again_while_one_of_its_batches_is_left(tmp_path):
    experiment = parse(study(trials=[20, 40]))
    stages = plan_stages(experiment, run=tmp_path)
    paths = [
        tmp_path / folder / f"{job}.parquet"
        for job in stages["simulate"].loads
        for folder in ("trials", "estimates/guess")
    ]
    paths += [tmp_path / f"scores/{design}/measures.parquet" for design in stages["score"].loads]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "report.html").touch()
    assert not any(stage.left for stage in plan_stages(experiment, run=tmp_path).values())
    paths[0].unlink()
    stages = plan_stages(experiment, run=tmp_path)
    assert stages["score"].left == {"n-2_t-20"}
    assert stages["report"].left
    paths[0].touch()
    paths[-1].unlink()
    stages = plan_stages(experiment, run=tmp_path)
    assert stages["score"].left == {"n-2_t-40"}
    assert not stages["fit guess"].left
    assert stages["report"].left


def test_a_design_has_one_job_that_scores_all_of_its_cells():
    truth = {"alpha": [0.1, 0.3, 0.5], "beta": [1, 3]}
    score = plan_stages(parse(study(truth=truth, trials=[20, 40], replicates=5)))["score"]
    assert score.loads == {f"n-2_t-{trials}": Load(2, trials, 6 * 5) for trials in (20, 40)}


def test_costs_are_those_of_finished_jobs_then_of_a_calibration_then_expected():
    experiment = parse(study(participants=[20], trials=[500], replicates=30, batch_size=30))
    jobs = measured_jobs(experiment)
    stages = [
        plan_stages(experiment, finished, calibration)["fit guess"]
        for finished, calibration in ((jobs, jobs[:2]), ([], jobs[:2]), ([], []))
    ]
    assert [stage.origin for stage in stages] == [
        "24 finished jobs", "2 calibration jobs", "expectation",
    ]  # fmt: skip
    seconds = next(iter(stages[0].seconds.values()))
    assert seconds == pytest.approx(job_seconds(TRUE, 1, Load(20, 500, 30)), rel=0.1)
    factors = [stage.factor for stage in stages]
    assert factors == sorted(set(factors))


def test_jobs_much_longer_than_any_measured_are_less_certain():
    experiment = parse(study(participants=[20], trials=[500]))
    jobs = measured_jobs(experiment)
    small = [job for job in jobs if job.load.all_trials < 100]
    factor, larger = (plan_stages(experiment, m)["fit guess"].factor for m in (jobs, small))
    assert factor < larger


@pytest.mark.parametrize(
    ("durations", "slots", "expected"),
    [
        ([], 3, 0),
        ([5], 3, 5),
        ([1] * 6, 3, 2),
        ([1] * 7, 3, 3),
        ([1, 1, 4], 2, 5),
        ([2] * 5, 1, 10),
    ],
)
def test_jobs_start_as_soon_as_a_slot_is_free(durations, slots, expected):
    assert makespan(durations, slots) == expected


def test_rules_wait_for_each_other_and_jobs_take_longer_on_a_cluster():
    stages = {
        "simulate": stage("simulate", 10.0, 4, 0),
        "fit a": stage("fit", 30.0, 4, 1, method="a"),
        "score": stage("score", 5.0, 1, 1),
        "report": stage("report", 7.0, 1, 1),
    }
    assert wall_seconds(stages, Machine(1)) == pytest.approx(160 + 5 + 7)
    assert wall_seconds(stages, Machine(4)) == pytest.approx(40 + 5 + 7)
    assert wall_seconds(stages, Machine(1), only_left=True) == pytest.approx(30 + 5 + 7)
    assert wall_seconds(stages, Machine(4, 2.0)) == pytest.approx(44 + 7 + 9)
    assert wall_seconds(stages, Machine(100, 0.0, 50.0)) == pytest.approx(400 + 50 + 50)


def test_jobs_of_the_best_batch_size_take_the_target_time():
    experiment = parse(study(participants=[2, 18], replicates=100))
    fits = plan_stages(experiment, measured_jobs(experiment))["fit guess"]
    # A data set takes 5 s on average: without 2 s to start, 11 of them, or 10 in ten batches.
    assert best_batch_size(experiment, fits, 60.0) == 10
    assert best_batch_size(experiment, fits, 3.0) == 1
    assert best_batch_size(experiment, fits, 1e9) == 100
    sizes = [best_batch_size(experiment, fits, target) for target in (10, 30, 100, 300, 1000)]
    assert sizes == sorted(sizes)
