"""The time left of runs whose jobs take known times."""

import random

import pytest

from rlrecovery.commands.time_left import TimeLeft, in_words

FAST, SLOW, REPORT = ("fit", "mle", "n-5"), ("fit", "bayes", "n-5"), ("report", "", "")
LARGE = ("fit", "mle", "n-100")


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def run_one(times, clock, job, kind, seconds):
    times.start(job, kind)
    clock.now += seconds
    return times.finish(job)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (89, "89 s"), (90, "1.5 min"), (599, "10 min"), (3600, "60 min"),
     (300, "5 min"), (5400, "1.5 h"), (36000, "10 h"), (200_000, "2.3 days"), (1e7, "116 days")],
)  # fmt: skip
def test_a_duration_has_a_suitable_unit(seconds, text):
    assert in_words(seconds) == text


def test_nothing_is_said_before_a_job_is_finished(clock):
    times = TimeLeft([FAST] * 3, clock=clock)
    assert times.estimate() is None
    times.start(0, FAST)
    clock.now += 5
    assert times.estimate() is None


def test_jobs_of_one_kind_take_their_mean(clock):
    times = TimeLeft([FAST] * 5, clock=clock)
    assert run_one(times, clock, 0, FAST, 10) == 10
    assert run_one(times, clock, 1, FAST, 20) == 20
    assert times.estimate() == (pytest.approx(45), False)


def test_each_kind_counts_with_its_own_mean(clock):
    times = TimeLeft([FAST] * 11 + [SLOW] * 3, clock=clock)
    run_one(times, clock, 0, FAST, 1)
    run_one(times, clock, 1, SLOW, 100)
    assert times.estimate() == (pytest.approx(10 * 1 + 2 * 100), False)


def test_without_a_finished_job_of_a_kind_it_is_a_bound(clock):
    times = TimeLeft([FAST] * 3 + [REPORT], clock=clock)
    run_one(times, clock, 0, FAST, 10)
    assert times.estimate() == (pytest.approx(20), True)
    run_one(times, clock, 1, FAST, 10)
    assert times.estimate() == (pytest.approx(10), True)
    run_one(times, clock, 2, FAST, 10)
    assert times.estimate() is None  # only the report is left


def test_nothing_is_said_if_most_jobs_are_of_unknown_kinds(clock):
    times = TimeLeft([FAST] * 3 + [SLOW] * 3, clock=clock)
    run_one(times, clock, 0, FAST, 10)
    assert times.estimate() is None


def test_a_size_without_finished_jobs_takes_the_mean_of_the_others(clock):
    times = TimeLeft([FAST, FAST, LARGE, LARGE], clock=clock)
    run_one(times, clock, 0, FAST, 4)
    assert times.estimate() == (pytest.approx(12), False)
    run_one(times, clock, 1, LARGE, 40)
    assert times.estimate() == (pytest.approx(4 + 40), False)


def test_running_jobs_count_with_what_is_left_of_them(clock):
    times = TimeLeft([FAST] * 4, clock=clock)
    run_one(times, clock, 0, FAST, 10)
    times.start(1, FAST)
    clock.now += 4
    assert times.estimate() == (pytest.approx(26), False)
    clock.now += 100  # longer than expected: the job is about to end
    seconds, _ = times.estimate()
    assert seconds == pytest.approx(20)


def test_two_jobs_at_a_time_take_half_the_time(clock):
    times = TimeLeft([FAST] * 12, clock=clock)
    for job in range(0, 4, 2):
        times.start(job, FAST)
        times.start(job + 1, FAST)
        clock.now += 10
        times.finish(job)
        times.finish(job + 1)
    assert times.estimate() == (pytest.approx(40), False)


def test_the_last_job_is_not_shared_by_two_cores(clock):
    times = TimeLeft([FAST] * 2 + [SLOW] * 2, clock=clock)
    for job, kind in enumerate((FAST, FAST, SLOW)):
        times.start(job, kind)
    clock.now += 10
    for job in range(3):
        times.finish(job)
    times.start(3, SLOW)
    assert times.estimate() == (pytest.approx(10), False)


def test_failed_jobs_are_not_left_unless_they_are_tried_again(clock):
    times = TimeLeft([FAST] * 4, clock=clock)
    run_one(times, clock, 0, FAST, 10)
    times.start(1, FAST)
    clock.now += 10
    times.fail(1)
    assert times.estimate() == (pytest.approx(20), False)
    times.start(1, FAST)
    assert times.estimate() == (pytest.approx(30), False)


def test_jobs_that_were_not_started_or_expected_do_no_harm(clock):
    times = TimeLeft([], clock=clock)
    assert times.finish(7) is None
    times.fail(7)
    run_one(times, clock, 0, FAST, 10)
    assert times.estimate() is None


def test_a_queue_counts_neither_as_work_nor_as_a_run_time(clock):
    """All jobs are submitted at once, and four run at a time."""
    times = TimeLeft([FAST] * 40, on_cluster=True, clock=clock)
    for job in range(40):
        times.start(job, FAST)
    said = []
    for first in range(0, 40, 4):
        clock.now += 100
        for job in range(first, first + 4):
            assert times.finish(job, seconds=90) == 90
        said.append(times.estimate())
    assert said[:4] == [None] * 4
    assert [round(seconds) for seconds, _ in said[4:-1]] == [500, 400, 300, 200, 100]


@pytest.mark.parametrize("cores", [1, 2, 8])
def test_a_study_of_mixed_jobs_is_predicted(clock, cores):
    """From a fifth of the jobs on, within a fifth of the true time."""
    rng = random.Random(5)
    jobs = [FAST] * 200 + [SLOW] * 60 + [LARGE] * 100
    rng.shuffle(jobs)
    lengths = [{FAST: 3, SLOW: 40, LARGE: 12}[kind] * rng.uniform(0.7, 1.3) for kind in jobs]
    times, ends, said = TimeLeft(jobs, clock=clock), {}, []
    for job, (kind, length) in enumerate(zip(jobs, lengths, strict=True)):
        if len(ends) == cores:
            said.append(finish_next(times, ends, clock))
        times.start(job, kind)
        ends[job] = clock.now + length
    while ends:
        said.append(finish_next(times, ends, clock))
    checked = [(when, estimate) for when, estimate in said[len(jobs) // 5 : -cores]]
    assert len(checked) > 250
    for when, (seconds, is_bound) in checked:
        assert not is_bound
        assert abs(seconds - (clock.now - when)) < 0.2 * (clock.now - when) + 20


def finish_next(times, ends, clock):
    job = min(ends, key=ends.get)
    clock.now = ends.pop(job)
    times.finish(job)
    return clock.now, times.estimate()
