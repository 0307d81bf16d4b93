"""The plan: jobs, time, disk, memory and the batch size that goes with a time per job."""

import re

import pytest
from settings import BAYES, MLE, MOCK, ROOT, study, write

from rlrecovery.config.reader import ConfigError, parse
from rlrecovery.planning import plan
from rlrecovery.planning.costs import Cost, Seen, kind_of
from rlrecovery.planning.plan import (
    REST,
    Kind,
    Knowledge,
    Machine,
    advice,
    amount,
    counts,
    duration,
    kinds_of,
    machine_of,
    main,
    makespan,
    suggested,
    totals,
    wall_seconds,
)
from rlrecovery.planning.resources import Load, memory_to_fit

TRUE = Cost(2.0, 0.5, 1e-6)


def resolved(**changes):
    return parse(study(**changes)).resolved()


def known(experiment, name="guess", cost=TRUE):
    """As much as can be known of a method's cost."""
    kind = kind_of(experiment["methods"][name])
    loads = [Load(p, t, r) for p in (2, 20) for t in (20, 500) for r in (1, 4, 30) for _ in "ab"]
    return Knowledge([Seen(kind, 1.0, load, cost.seconds(1.0, load)) for load in loads])


def test_jobs_are_cells_times_batches_times_methods():
    found = counts(resolved(replicates=5, methods={"guess": MOCK, "mle": MLE}))
    assert found["simulate"] == 2 * 3
    assert found["fit"] == 2 * 3 * 2
    assert found["score"] == 2
    assert found["report"] == 1


def test_kinds_have_all_the_jobs_and_their_largest_memory(tmp_path):
    experiment = resolved(methods={"guess": MOCK, "bayes": BAYES}, participants=[2, 900])
    found = {kind.name: kind for kind in kinds_of(experiment, Knowledge(), tmp_path)}
    assert [*found] == ["simulate", "fit guess", "fit bayes", "score", "all others"]
    number = counts(experiment)
    assert len(found["fit bayes"].seconds) == number["fit"] / 2
    assert sum(len(kind.seconds) for kind in found.values()) == sum(number.values())
    method = experiment["methods"]["bayes"]
    assert found["fit bayes"].memory == memory_to_fit(method, Load(900, 20, 2))
    assert all(kind.left == kind.seconds for kind in found.values())


def test_files_that_are_there_are_not_left_to_be_made(tmp_path):
    experiment = resolved()
    place = tmp_path / "estimates/guess/alpha-0.3_beta-3.0_n-2_t-20"
    place.mkdir(parents=True)
    for name in ("00000-00001.parquet", ".00002-00003.parquet.done-so-far", "00000-00002.parquet"):
        (place / name).touch()
    found = {kind.name: kind for kind in kinds_of(experiment, Knowledge(), tmp_path)}
    assert len(found["fit guess"].left) == len(found["fit guess"].seconds) - 1
    assert len(found["simulate"].left) == len(found["simulate"].seconds)


def test_costs_are_those_of_finished_jobs_then_of_a_calibration_then_expected(tmp_path):
    experiment = resolved(participants=[20], trials=[500], replicates=30, batch_size=30)
    finished = known(experiment)
    tried = Knowledge((), finished.finished[:2])
    kinds = [
        next(k for k in kinds_of(experiment, k, tmp_path) if k.name == "fit guess")
        for k in (finished, tried, Knowledge())
    ]
    assert kinds[0].source == "24 finished jobs"
    assert kinds[0].seconds[0] == pytest.approx(TRUE.seconds(1, Load(20, 500, 30)), rel=0.1)
    assert kinds[1].source == "2 calibration jobs"
    assert kinds[2].source == "expectation"
    factors = [kind.factor for kind in kinds]
    assert factors == sorted(factors)
    assert len(set(factors)) == 3


def test_jobs_much_longer_than_any_that_was_seen_are_less_certain(tmp_path):
    experiment = resolved(participants=[20], trials=[500])
    near = known(experiment)
    small = Knowledge([job for job in near.finished if job.load.all_trials < 100])
    one, other = (
        next(k for k in kinds_of(experiment, k, tmp_path) if k.name == "fit guess").factor
        for k in (near, small)
    )
    assert one < other


@pytest.mark.parametrize(
    ("seconds", "at_a_time", "expected"),
    [
        ([], 3, 0),
        ([5], 3, 5),
        ([1] * 6, 3, 2),
        ([1] * 7, 3, 3),
        ([1, 1, 4], 2, 5),
        ([2] * 5, 1, 10),
    ],
)
def test_jobs_start_as_soon_as_there_is_room(seconds, at_a_time, expected):
    assert makespan(seconds, at_a_time) == expected


def test_stages_wait_for_each_other_and_a_cluster_takes_longer_per_job():
    kinds = [
        Kind("simulate", [10.0] * 4, [], 1, 1),
        Kind("fit a", [30.0] * 4, [30.0], 1, 1),
        Kind("score", [5.0], [5.0], 1, 1),
        Kind("all others", [7.0], [7.0], 1, 1),
    ]
    assert wall_seconds(kinds, Machine(1)) == pytest.approx(160 + 5 + 7)
    assert wall_seconds(kinds, Machine(4)) == pytest.approx(40 + 5 + 7)
    assert wall_seconds(kinds, Machine(1), left=True) == pytest.approx(30 + 5 + 7)
    assert wall_seconds(kinds, Machine(4, 2.0)) == pytest.approx(44 + 7 + 9)


def test_the_batch_size_makes_jobs_of_the_wanted_time():
    experiment = resolved(participants=[2, 18], replicates=100, batch_size=2)
    costs = known(experiment)
    size, slowest, average, longest = suggested(experiment, costs, 60.0)
    # A data set takes 1 s or 9 s, on average 5: with 2 s to start, 11 of them. In ten batches: 10.
    assert (size, slowest) == (10, "guess")
    assert average == pytest.approx(2 + 2 * 5, rel=0.1)
    assert longest == pytest.approx(2 + 2 * 9, rel=0.1)
    assert suggested(experiment, costs, 3.0)[0] == 1
    assert suggested(experiment, costs, 1e9)[0] == 100
    sizes = [suggested(experiment, costs, target)[0] for target in (10, 30, 100, 300, 1000)]
    assert sizes == sorted(sizes)


def test_the_slowest_method_decides():
    experiment = resolved(methods={"guess": MOCK, "mle": MLE}, replicates=50)
    finished = [known(experiment, name, cost).finished
                for name, cost in (("guess", Cost(1, 1e-4, 1e-8)), ("mle", TRUE))]  # fmt: skip
    assert suggested(experiment, Knowledge([*finished[0], *finished[1]]), 60.0)[1] == "mle"


@pytest.mark.parametrize(
    ("batch", "target", "words"),
    [
        (2, 60, "set batch_size: 50."),
        (50, 60, "as near"),
        (100, 1e6, "as near"),
        (1, 0.1, "as near"),
    ],
)
def test_advice_says_a_number_only_where_it_would_matter(batch, target, words):
    experiment = resolved(replicates=100, batch_size=batch)
    said = advice(experiment, known(experiment), target)
    assert f"batch_size: {batch}," in said
    assert words in said
    assert len(re.findall(r"\.(?= |$)", said)) <= 2


def test_totals_span_what_is_uncertain_and_say_what_is_left():
    kinds = [
        Kind("simulate", [7200.0] * 10, [], 500, 2**30, factor=2),
        Kind("score", [1.0], [1.0], 500, 1),
        Kind("all others", [1.0], [1.0], 4000, 1),
    ]
    said = "\n".join(totals(kinds, Machine(2)))
    assert "about 10 h with 2 jobs at a time" in said
    assert "from 5 h to 20 h" in said
    assert "Left, if what is on disk is still up to date: about 2 s" in said
    assert "about 1 GiB" in said
    assert "500 MiB is asked for" in said
    assert "1,000 MiB by as many" in said


def test_the_jobs_that_there_are_once_ask_for_what_their_rules_say():
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    for name, (_, memory) in REST.items():
        if name == "summarise":
            continue
        assert re.search(rf"(?s)\nrule {name}:.*?mem_mb=(\d+)", rules)[1] == str(memory)


def test_a_cluster_runs_as_many_jobs_as_its_profile_has(tmp_path):
    profiles = ROOT / "workflow/profiles"
    assert machine_of(3, None) == machine_of(3, profiles / "laptop") == Machine(3)
    assert machine_of(3, profiles / "slurm") == Machine(500, plan.SUBMITTED, 0.2)
    with pytest.raises(ConfigError, match="not a profile"):
        machine_of(3, tmp_path)
    (tmp_path / "config.yaml").write_text("executor: slurm\n")
    with pytest.raises(ConfigError, match="jobs is empty, but must be a whole number above 0"):
        machine_of(3, tmp_path)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.25, "0.25 s"), (59, "59 s"), (120, "2 min"), (5400, "1.5 h"), (864000, "10 days")],
)
def test_durations_are_read_easily(value, text):
    assert duration(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(512, "0.5 KiB"), (3 * 2**20, "3 MiB"), (1000 * 2**20, "1,000 MiB"), (2**41, "2 TiB")],
)
def test_amounts_are_read_easily(value, text):
    assert amount(value) == text


def test_the_command_prints_the_plan_and_leaves_nothing(tmp_path, capsys):
    config = write(tmp_path, study(methods={"guess": MOCK, "mle": MLE}))
    results = tmp_path / "results"
    given = [str(config), "--cores", "3", "--results", str(results), "--no-calibration"]
    assert main(given) == 0
    said = capsys.readouterr().out
    assert "small: 2 cells of 4 replicates, in batches of 2" in said
    for words in ("fit mle", "together", "with 3 jobs at a time", "Disk:", "Memory:", "Batches:"):
        assert words in said
    assert re.search(r"fit guess +4 +0 ", said)
    assert not results.exists()


def test_a_calibration_is_made_once_and_kept(tmp_path, capsys, monkeypatch):
    config, asked = write(tmp_path, study()), []

    def calibrated(experiment, kinds, say):
        """Pretends to run jobs."""
        asked.append(kinds)
        return [Seen(kind, 1.0, Load(2, 20, 1), 3.5) for kind in kinds]

    monkeypatch.setattr(plan, "calibrated", calibrated)
    for _ in range(2):
        assert main([str(config), "--results", str(tmp_path / "results")]) == 0
        assert "1 calibration job," in capsys.readouterr().out
    assert asked == [[kind_of(resolved()["methods"]["guess"])]]
    assert (tmp_path / "results/small/calibration.json").is_file()


def test_a_wrong_config_is_one_sentence(tmp_path, capsys):
    assert main([str(write(tmp_path, study(batch_size=0)))]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("error: ")
    assert "batch_size" in said[0]


@pytest.mark.parametrize(
    ("option", "value"),
    [("--cores", "0"), ("--cores", "x"), ("--minutes-per-job", "-1"), ("--minutes-per-job", "nan")],
)
def test_a_wrong_option_names_itself_and_its_value(tmp_path, capsys, option, value):
    with pytest.raises(SystemExit) as stopped:
        main([str(write(tmp_path, study())), option, value])
    assert stopped.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert option in said
    assert f"{value} is not a" in said
