"""The command ``make plan`` and what it prints."""

import re

import pytest
from settings import MLE, MOCK, ROOT, study, write

from rlrecovery.config.reader import ConfigError, parse
from rlrecovery.design.load import Load
from rlrecovery.fitting.base import Cost
from rlrecovery.planning import plan
from rlrecovery.planning.costs import Job, kind_of
from rlrecovery.planning.plan import advice, amount, duration, machine_of, main, origins, totals
from rlrecovery.planning.size import size_of
from rlrecovery.planning.stages import Machine, plan_stages
from unit.planning.examples import TRUE, measured_jobs, stage


@pytest.mark.parametrize(
    ("batch_size", "target", "words"),
    [
        (2, 60, "set batch_size: 50."),
        (50, 60, "close enough"),
        (100, 1e6, "no other"),
        (1, 0.1, "no other"),
    ],
)
def test_a_batch_size_is_suggested_only_where_it_matters(batch_size, target, words):
    experiment = parse(study(replicates=100, batch_size=batch_size))
    text = advice(experiment, plan_stages(experiment, measured_jobs(experiment)), target)
    assert f"batch_size: {batch_size}," in text
    assert words in text


def test_the_slowest_method_decides():
    experiment = parse(study(methods={"guess": MOCK, "mle": MLE}, replicates=50))
    jobs = measured_jobs(experiment, "guess", Cost(1, 1, 1e-4, 1e-8))
    stages = plan_stages(experiment, jobs + measured_jobs(experiment, "mle", TRUE))
    assert "jobs of mle" in advice(experiment, stages, 60.0)


def test_totals_give_the_range_of_times_and_what_is_left():
    stages = {
        "simulate": stage("simulate", 7200.0, 10, 0, factor=2),
        "score": stage("score", 1.0, 1, 1),
        "report": stage("report", 1.0, 1, 1),
    }
    text = "\n".join(totals(stages, Machine(2)))
    assert "about 10 h with 2 jobs at a time" in text
    assert "range 5 h to 20 h" in text
    assert "about 2 s." in text
    assert "up to 500 MiB per job" in text
    assert "1,000 MiB for all" in text
    assert "up to 500 MiB for one of the others" in text


def test_no_job_of_the_table_requests_more_memory_than_the_totals_say():
    """`make check` names the largest request, too."""
    experiment = parse(study())
    stages = plan_stages(experiment)
    text = "\n".join(totals(stages, Machine(2)))
    assert amount(size_of(experiment).memory) in text


def test_a_cluster_runs_as_many_jobs_as_its_profile_has(tmp_path):
    profiles = ROOT / "workflow/profiles"
    assert machine_of(3, None) == machine_of(3, profiles / "laptop") == Machine(3)
    assert machine_of(3, profiles / "slurm") == Machine(500, plan.CLUSTER_OVERHEAD, 0.2)
    with pytest.raises(ConfigError, match="cannot read the profile"):
        machine_of(3, tmp_path)
    (tmp_path / "config.yaml").write_text("executor: slurm\n")
    with pytest.raises(ConfigError) as raised:
        machine_of(3, tmp_path)
    assert [m.path for m in raised.value.mistakes] == [("jobs",)]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.25, "0.25 s"), (59, "59 s"), (120, "2 min"), (5400, "1.5 h"), (864000, "10 days")],
)
def test_durations_have_a_suitable_unit(value, text):
    assert duration(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(512, "0.5 KiB"), (3 * 2**20, "3 MiB"), (1000 * 2**20, "1,000 MiB"), (2**41, "2 TiB")],
)
def test_amounts_have_a_suitable_unit(value, text):
    assert amount(value) == text


def test_the_command_prints_the_plan_and_writes_nothing(tmp_path, capsys):
    config = write(tmp_path, study(methods={"guess": MOCK, "mle": MLE}))
    results = tmp_path / "results"
    arguments = [str(config), "--cores", "3", "--results", str(results), "--no-calibration"]
    assert main(arguments) == 0
    output = capsys.readouterr().out
    assert "small: 2 cells of 4 replicates, in batches of 2" in output
    for words in (
        "fit mle",
        "with 3 jobs at a time",
        "Disk:",
        "Memory requested:",
        "queue",
        "Batches:",
    ):
        assert words in output
    assert re.search(r"fit guess +4 +0 ", output)
    counts = [int(n) for n in re.findall(r"^\S.{17} +(\d+) +0 ", output, re.MULTILINE)]
    assert sum(counts[:-1]) == counts[-1]
    assert max(map(len, output.splitlines())) <= 80
    assert not results.exists()


def test_long_names_and_large_numbers_fit_on_80_columns(tmp_path, capsys):
    long = {"a" * 40: MLE, "b" * 40: MOCK}
    sizes = {"participants": [1000], "trials": [1000], "replicates": 100_000, "batch_size": 1}
    config = write(tmp_path, study(methods=long, run="r" * 60, **sizes))
    assert main([str(config), "--results", str(tmp_path), "--no-calibration"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    table = lines[lines.index("") + 1 :]
    place = table.index(f"fit {'a' * 40}")
    assert table[place + 1].split()[:2] == ["200,000", "0"]
    assert {len(line) for line in table[: table.index("")] if line[:1] in " s"} == {80}


def test_the_origin_of_the_times_is_stated():
    stages = plan_stages(parse(study(methods={"guess": MOCK, "mle": MLE})), [])
    sentences = list(origins(stages))
    pattern = r"Times of (.*): from .*, within a factor of [\d.]+\."
    named = [name for text in sentences for name in re.fullmatch(pattern, text)[1].split(", ")]
    assert sorted(named) == ["all others", "fit guess", "fit mle", "score", "simulate"]


def test_a_method_is_calibrated_once(tmp_path, capsys, monkeypatch):
    config, calibrated = write(tmp_path, study(methods={"guess": MOCK, "again": MOCK})), []

    def calibrate(experiment, methods):
        """Pretends to run jobs."""
        calibrated.extend(method.name for method in methods)
        return [Job(kind_of(method), 1.0, Load(2, 20, 1), 3.5) for method in methods]

    monkeypatch.setattr(plan, "calibrate", calibrate)
    for _ in range(2):
        assert main([str(config), "--results", str(tmp_path / "results")]) == 0
        assert "1 calibration job," in capsys.readouterr().out
    assert calibrated == ["guess"]


def test_a_wrong_config_is_one_line(tmp_path, capsys):
    assert main([str(write(tmp_path, study(batch_size=0)))]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert "batch_size" in line


@pytest.mark.parametrize(
    ("option", "value"),
    [("--cores", "0"), ("--cores", "x"), ("--minutes-per-job", "-1"), ("--minutes-per-job", "nan")],
)
def test_a_wrong_option_names_itself_and_its_value(tmp_path, capsys, option, value):
    with pytest.raises(SystemExit) as stopped:
        main([str(write(tmp_path, study())), option, value])
    assert stopped.value.code == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert option in line
    assert value in line
