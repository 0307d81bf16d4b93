"""Arms turn uniform numbers into rewards, and may change; trials fall into equal blocks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rlrecovery.simulation.changes import DriftSettings, ReversalSettings
from rlrecovery.simulation.task import Course, Schedule, Task, block_starts

ZERO, ALMOST_ONE = 0.0, np.nextafter(1, 0)
DAW = DriftSettings(sd=2.8, lower=1, upper=100, decay=0.9836, centre=50)


def paid(task, arm, uniform):
    """What one arm pays for many uniform numbers."""
    uniform = np.asarray(uniform, dtype=float)
    means = np.tile(np.array(task.arms), (len(uniform), 1))
    return task.pay(means, uniform[:, None])[:, arm]


class TestBernoulliRewards:
    def test_below_the_probability_pays(self):
        task = Task((0.4, 0.6))
        assert paid(task, 0, [0.0, np.nextafter(0.4, 0), 0.4]).tolist() == [1, 1, 0]
        assert paid(task, 1, [0.5, 0.6, 0.99]).tolist() == [1, 0, 0]
        assert paid(task, 1, [0.5]).dtype == np.float64

    def test_ends(self):
        task = Task((0.0, 1.0))
        assert paid(task, 0, [ZERO, ALMOST_ONE]).tolist() == [0, 0]
        assert paid(task, 1, [ZERO, ALMOST_ONE]).tolist() == [1, 1]

    @pytest.mark.parametrize("arms", [(0.1, 0.5, 0.85), (0.5,) * 7])
    def test_frequencies(self, arms):
        rng, task, n = np.random.default_rng(0), Task(arms), 20_000
        assert task.n_arms == len(arms)
        for k, probability in enumerate(arms):
            wins = paid(task, k, rng.random(n)).sum()
            assert stats.binomtest(int(wins), n, probability).pvalue > 1e-3

    def test_one_uniform_number_serves_all_arms_or_each_has_its_own(self):
        task, means = Task((0.4, 0.6)), np.array([[0.4, 0.6]] * 3)
        one = task.pay(means, np.array([[0.3], [0.5], [0.7]]))
        assert one.tolist() == [[1, 1], [0, 1], [0, 0]]
        own = task.pay(means, np.array([[0.3, 0.7], [0.5, 0.5], [0.7, 0.3]]))
        assert own.tolist() == [[1, 0], [0, 1], [0, 1]]


class TestGaussianRewards:
    def test_it_is_the_normal_quantile(self):
        task = Task((-1.0, 0.0, 10.0), sd=2.0)
        q = 1.959963984540054
        for k, mean in enumerate(task.arms):
            rewards = paid(task, k, [0.5, 0.975, 0.025])
            np.testing.assert_allclose(rewards, [mean, mean + 2 * q, mean - 2 * q], rtol=1e-12)

    def test_distribution(self):
        task, rng = Task((1.0, -3.0), sd=0.5), np.random.default_rng(1)
        for k, mean in enumerate(task.arms):
            rewards = paid(task, k, rng.random(5000))
            assert stats.kstest(rewards, stats.norm(mean, 0.5).cdf).pvalue > 1e-3

    def test_a_uniform_number_of_exactly_zero_is_no_infinity(self):
        (reward,) = paid(Task((0.0, 1.0), sd=1.0), 0, [ZERO])
        assert np.isfinite(reward)
        assert reward < -30


class TestFullFeedback:
    @pytest.mark.parametrize(("full_feedback", "numbers"), [(False, 2), (True, 4)])
    def test_every_outcome_has_a_uniform_number(self, full_feedback, numbers):
        assert Task((0.1, 0.2, 0.3), full_feedback=full_feedback).n_uniforms == numbers

    def test_outcomes_of_the_arms_are_independent(self):
        task, n = Task((0.3, 0.5, 0.6), full_feedback=True), 20_000
        uniform = np.random.default_rng(2).random((n, task.n_uniforms))[:, 1:]
        outcomes = task.pay(np.tile(task.arms, (n, 1)), uniform)
        patterns = np.bincount(outcomes.astype(int) @ [4, 2, 1], minlength=8)
        chances = [
            np.prod([p if won else 1 - p for p, won in zip(task.arms, (a, b, c), strict=True)])
            for a in (0, 1)
            for b in (0, 1)
            for c in (0, 1)
        ]
        assert stats.chisquare(patterns, n * np.array(chances)).pvalue > 1e-3


class TestBlocks:
    @pytest.mark.parametrize(
        ("blocks", "trials", "expected"),
        [(1, 3, [0, 0, 0]), (2, 6, [0, 0, 0, 1, 1, 1]), (3, 3, [0, 1, 2]), (1, 1, [0])],
    )
    def test_equal_lengths(self, blocks, trials, expected):
        task = Task((0.4, 0.6), blocks)
        assert task.block_of_trial(trials).tolist() == expected

    @pytest.mark.parametrize(("blocks", "trials"), [(2, 5), (4, 3), (3, 10)])
    def test_unequal_lengths_are_refused(self, blocks, trials):
        sentence = f"{trials} trials do not divide into {blocks} equal blocks"
        with pytest.raises(ValueError, match=sentence):
            Task((0.4, 0.6), blocks).block_of_trial(trials)

    @pytest.mark.parametrize(
        ("reset", "expected"), [(True, [1, 0, 1, 0, 1, 0]), (False, [1, 0, 0, 0, 0, 0])]
    )
    def test_learning_begins_in_every_block_or_once(self, reset, expected):
        assert Task((0.4, 0.6), 3, reset=reset).starts(6).tolist() == expected


def means_of(task, trials, participants=1, seed=0):
    return task.means(participants, trials, np.random.default_rng(seed))


class TestMeans:
    def test_without_changes_they_are_the_arms(self):
        means = means_of(Task((0.1, 0.2, 0.9), 2), 6, participants=5)
        assert means.shape == (1, 6, 3)
        assert (means == [0.1, 0.2, 0.9]).all()

    def test_without_a_drift_no_random_number_is_drawn(self):
        for task in (Task((0.1, 0.9)), Task((0.1, 0.9), reversals=ReversalSettings(after=(2,)))):
            task.means(3, 6, None)


def letters(task, trials):
    """Which original arm each arm pays like, trial by trial, arms by letters in order."""
    rows = means_of(task, trials)[0]
    return " ".join("".join("abc"[task.arms.index(mean)] for mean in row) for row in rows)


class TestReversals:
    """Each arm takes over what its left neighbour paid; the first, what the last did."""

    TWO, THREE = (0.2, 0.8), (0.1, 0.5, 0.9)

    def test_after_a_trial(self):
        task = Task(self.TWO, reversals=ReversalSettings(after=(2, 3)))
        assert letters(task, 5) == "ab ab ba ab ab"

    def test_three_arms_go_round(self):
        task = Task(self.THREE, reversals=ReversalSettings(after=(1, 3, 4)))
        assert letters(task, 5) == "abc cab cab bca abc"

    def test_every_so_many_trials(self):
        assert (
            letters(Task(self.TWO, reversals=ReversalSettings(every=2)), 6) == "ab ab ba ba ab ab"
        )
        assert (
            letters(Task(self.THREE, reversals=ReversalSettings(every=1)), 4) == "abc cab bca abc"
        )

    def test_both_together_are_one_reversal_where_they_meet(self):
        task = Task(self.THREE, reversals=ReversalSettings(after=(2, 3), every=2))
        assert letters(task, 5) == "abc abc cab bca abc"

    def test_every_block_begins_with_the_arms_as_they_were(self):
        task = Task(self.TWO, 2, reversals=ReversalSettings(after=(1,)))
        assert letters(task, 6) == "ab ba ba ab ba ba"

    def test_after_the_last_trial_is_never(self):
        assert (
            letters(Task(self.TWO, 2, reversals=ReversalSettings(after=(3, 9))), 6)
            == "ab " * 5 + "ab"
        )

    def test_a_criterion_alone_changes_nothing_beforehand(self):
        task = Task(self.TWO, reversals=ReversalSettings(correct=2, within=2))
        assert letters(task, 4) == "ab ab ab ab"


def followed(task, choices, missing=None):
    """The letters of the best arm at every trial, participant by participant, -1 is no response."""
    choices = np.atleast_2d(choices)
    participants, trials = choices.shape
    means = means_of(task, trials, participants)
    course, best = Course(task, means, participants), []
    for t in range(trials):
        means_now = course.now(t)
        assert means_now.shape == (participants, task.n_arms)
        best.append(means_now.argmax(axis=1))
        missing_now = choices[:, t] < 0
        # What would have been chosen is right: it must not count.
        course.record(means_now, np.where(missing_now, best[-1], choices[:, t]), missing_now)
    return ["".join(map(str, row)) for row in np.transpose(best)]


class TestReversalsAfterLearning:
    """Choices by hand: two arms, the second is the better one at first."""

    @staticmethod
    def task(correct, within, **more):
        return Task((0.2, 0.8), reversals=ReversalSettings(correct=correct, within=within), **more)

    def test_so_many_in_a_row(self):
        assert followed(self.task(2, 2), [1, 0, 1, 1, 0, 0, 0]) == ["1111001"]

    def test_so_many_of_the_last_few(self):
        assert followed(self.task(2, 3), [1, 0, 1, 1, 1, 1]) == ["111000"]
        assert followed(self.task(2, 3), [1, 0, 0, 1, 1, 0]) == ["111110"]

    def test_they_are_counted_anew_after_a_reversal(self):
        """The right choices before it are none of the two that the next one takes."""
        assert followed(self.task(2, 4), [1, 1, 0, 1, 0, 0]) == ["110001"]
        assert followed(self.task(1, 1), [1, 1, 0, 0, 1]) == ["10011"]

    def test_trials_without_a_response_do_not_count_and_do_not_interrupt(self):
        assert followed(self.task(2, 2), [1, -1, -1, 1, 0]) == ["11110"]
        assert followed(self.task(1, 1), [-1, -1, 1, -1]) == ["1110"]

    def test_each_participant_has_an_own_course(self):
        choices = [[1, 1, 1, 1], [0, 0, 0, 0], [0, 1, 1, 1]]
        assert followed(self.task(2, 2), choices) == ["1100", "1111", "1110"]

    def test_a_block_begins_afresh(self):
        task = self.task(2, 2, blocks=2)
        assert followed(task, [1, 1, 0, 1, 1, 1]) == ["110110"]
        # one right choice at the end of a block is none at the beginning of the next
        assert followed(task, [0, 0, 1, 1, 0, 1]) == ["111111"]

    def test_three_arms_go_round(self):
        rule = ReversalSettings(correct=1, within=1)
        assert followed(Task((0.1, 0.2, 0.9), reversals=rule), [2, 0, 0, 1, 2]) == ["20112"]

    def test_together_with_one_at_a_fixed_trial(self):
        rule = ReversalSettings(after=(3,), correct=2, within=2)
        assert followed(Task((0.2, 0.8), reversals=rule), [1, 1, 1, 1, 1, 1]) == ["110110"]


def folded(value, lower, upper):
    """Reflection by hand: as often as it takes."""
    while not lower <= value <= upper:
        value = 2 * lower - value if value < lower else 2 * upper - value
    return value


class TestDrift:
    def test_reflection_folds_however_far(self):
        drift, rng = DriftSettings(sd=1, lower=-1.5, upper=2.0), np.random.default_rng(0)
        values = np.concatenate([rng.normal(0, 20, 500), [-1.5, 2.0, 5.5, -5.0, 0.25]])
        expected = [folded(value, -1.5, 2.0) for value in values]
        np.testing.assert_allclose(drift.reflected(values), expected, atol=1e-12)

    def test_a_walk_is_the_sum_of_its_steps_until_it_meets_a_bound(self):
        drift, start = (
            DriftSettings(sd=0.1, lower=0.0, upper=1.0),
            np.array([[0.3, 0.6], [0.5, 0.9]]),
        )
        means = drift.walk(start, 50, np.random.default_rng(4))
        noise = 0.1 * np.random.default_rng(4).standard_normal((2, 50, 2))
        assert means.shape == (2, 50, 2)
        for i in range(2):
            for k in range(2):
                value, seen = start[i, k], [start[i, k]]
                for t in range(1, 50):
                    value = folded(value + noise[i, t, k], 0.0, 1.0)
                    seen.append(value)
                np.testing.assert_allclose(means[i, :, k], seen, rtol=1e-10)
        free = (start[:, None] + noise[:, 1:].cumsum(axis=1)) % 1
        assert not np.allclose(means[:, 1:], free), "no bound was met"

    @pytest.mark.parametrize(
        ("drift", "arms"),
        [
            (DriftSettings(sd=0.3, lower=0.1, upper=0.9), (0.1, 0.5, 0.9)),
            (DriftSettings(sd=50, lower=-3, upper=7, decay=0.5, centre=2), (0.0, 7.0)),
            (DAW, (50.0,) * 4),
        ],
    )
    def test_it_stays_within_its_bounds(self, drift, arms):
        means = means_of(Task(arms, drift=drift, sd=1.0), 500, participants=20)
        assert means.shape == (20, 500, len(arms))
        assert (means >= drift.lower - 1e-12).all()
        assert (means <= drift.upper + 1e-12).all()
        assert (means[:, 0] == arms).all()

    def test_a_decaying_walk_has_the_moments_of_an_autoregression(self):
        """Mean c; variance sd^2 / (1 - decay^2); correlation decay^lag, with bounds far away."""
        drift = DriftSettings(sd=2.0, lower=-1e3, upper=1e3, decay=0.9, centre=5.0)
        late = drift.walk(np.full((4000, 1), 60.0), 211, np.random.default_rng(1))[:, :, 0]
        variance = 4 / (1 - 0.81)
        for t in (200, 205, 210):
            assert late[:, t].mean() == pytest.approx(5, abs=4 * np.sqrt(variance / 4000))
            assert late[:, t].var() == pytest.approx(variance, rel=4 * np.sqrt(2 / 4000))
            lag = np.corrcoef(late[:, 200], late[:, t])[0, 1]
            assert lag == pytest.approx(0.9 ** (t - 200), abs=4 / np.sqrt(4000))
        early = late[:, 3].mean()
        assert early == pytest.approx(5 + 0.9**3 * 55, abs=4 * np.sqrt(variance / 4000))

    def test_a_plain_walk_has_the_variance_of_its_steps(self):
        drift = DriftSettings(sd=0.5, lower=-1e3, upper=1e3)
        means = drift.walk(np.zeros((4000, 1)), 26, np.random.default_rng(1))[:, 25, 0]
        assert stats.kstest(means, stats.norm(0, 2.5).cdf).pvalue > 1e-3

    def test_a_reflected_walk_fills_its_range_evenly(self):
        """Its stationary distribution is uniform."""
        drift = DriftSettings(sd=0.2, lower=0.25, upper=0.75)
        means = drift.walk(np.full((4000, 1), 0.25), 60, np.random.default_rng(3))[:, -1, 0]
        assert stats.kstest(means, stats.uniform(0.25, 0.5).cdf).pvalue > 1e-3

    def test_the_walks_of_daw_et_al(self):
        """Their arms move within 1 to 100, mostly a stationary SD of 15.5 around 50."""
        means = means_of(Task((50.0,) * 4, drift=DAW, sd=4.0), 300, participants=200)
        steps = np.diff(means[:, 200:], axis=1) - (0.9836 - 1) * (means[:, 200:-1] - 50)
        assert steps.std() == pytest.approx(2.8, rel=0.02)
        assert means[:, -1].std() == pytest.approx(2.8 / np.sqrt(1 - 0.9836**2), rel=0.1)
        assert means[:, -1].mean() == pytest.approx(50, abs=3)

    def test_people_arms_and_blocks_have_their_own_walks(self):
        task = Task((0.5, 0.5), 2, drift=DriftSettings(sd=0.1, lower=0, upper=1))
        means = means_of(task, 20, participants=3)
        walks = [means[i, b : b + 10, k] for i in range(3) for b in (0, 10) for k in (0, 1)]
        assert all(walk[0] == 0.5 for walk in walks)
        assert len({tuple(walk) for walk in walks}) == len(walks)

    def test_arms_that_drift_may_trade_places(self):
        drift, rule = DriftSettings(sd=0.1, lower=0, upper=1), ReversalSettings(after=(4,))
        straight = means_of(Task((0.2, 0.5, 0.8), 2, drift=drift), 20, participants=2)
        turned = means_of(Task((0.2, 0.5, 0.8), 2, drift=drift, reversals=rule), 20, participants=2)
        for first in (0, 10):
            before, after = slice(first, first + 4), slice(first + 4, first + 10)
            assert (turned[:, before] == straight[:, before]).all()
            assert (turned[:, after] == np.roll(straight[:, after], 1, axis=2)).all()


class TestSchedule:
    ROWS = ((0.0, 1.0, 0.5), (1.0, 0.0, 0.25), (0.0, 0.0, 2.0))

    def test_rewards_are_as_they_are_whatever_the_numbers(self):
        task = Task((), schedule=Schedule("rewards", self.ROWS), sd=3.0)
        assert task.n_arms == 3
        means = means_of(task, 3)
        assert means.tolist() == [[list(row) for row in self.ROWS]]
        for uniform in (ZERO, 0.5, ALMOST_ONE):
            for numbers in (1, 3):
                outcomes = task.pay(means[:, 1], np.full((2, numbers), uniform))
                assert outcomes.tolist() == [[1.0, 0.0, 0.25]] * 2

    def test_means_are_what_is_drawn_from(self):
        task = Task((), schedule=Schedule("means", ((0.2, 0.9), (0.6, 0.1))))
        means = means_of(task, 2)
        assert task.pay(means[:, 0], np.array([[0.5]])).tolist() == [[0, 1]]
        assert task.pay(means[:, 1], np.array([[0.5]])).tolist() == [[1, 0]]
        wide = Task((), schedule=Schedule("means", ((5.0, -5.0),)), sd=2.0)
        outcomes = wide.pay(means_of(wide, 1)[:, 0], np.array([[0.5, 0.975]]))
        np.testing.assert_allclose(outcomes, [[5.0, -5 + 2 * 1.959963984540054]])

    def test_of_a_longer_sequence_the_first_trials_are_used(self):
        task = Task((), schedule=Schedule("rewards", self.ROWS))
        assert means_of(task, 2).tolist() == [[list(row) for row in self.ROWS[:2]]]

    def test_it_runs_over_all_blocks(self):
        task = Task((), 3, schedule=Schedule("rewards", self.ROWS))
        assert means_of(task, 3).tolist() == [[list(row) for row in self.ROWS]]


class TestMissingTrials:
    def test_lists_are_taken_in_turn_and_count_from_one(self):
        task = Task((0.4, 0.6), missing_trials=((1, 3), (), (4,)))
        missing = task.missing(5, 4)
        assert [np.flatnonzero(row).tolist() for row in missing] == [[0, 2], [], [3], [0, 2], []]

    def test_trials_beyond_the_last_are_none(self):
        assert Task((0.4, 0.6), missing_trials=((2, 9),)).missing(1, 3).tolist() == [[0, 1, 0]]

    def test_there_are_none_unless_they_are_said(self):
        assert not Task((0.4, 0.6)).missing(3, 4).any()


def test_any_of_the_best_arms_counts_towards_a_reversal():
    task = Task((0.8, 0.8, 0.1), reversals=ReversalSettings(correct=2, within=2))
    course = Course(task, task.means(3, 10, np.random.default_rng(0)), 3)
    for trial, choice in enumerate([[0, 1, 2], [1, 1, 0]]):
        course.record(course.now(trial), np.array(choice), np.zeros(3, dtype=bool))
    # Who chose one of the best two twice has reversed arms, who did so once has not.
    np.testing.assert_array_equal(course.now(2), [[0.1, 0.8, 0.8]] * 2 + [[0.8, 0.8, 0.1]])


def test_block_starts_are_where_the_number_of_the_block_changes():
    assert block_starts(np.array([[0, 0, 1, 1], [2, 3, 3, 2]])).tolist() == [
        [True, False, True, False],
        [True, True, False, True],
    ]


def test_a_task_is_stationary_unless_something_changes():
    assert Task((0.2, 0.8)).is_stationary
    assert not Task((0.2, 0.8), reversals=ReversalSettings(every=2)).is_stationary
    assert not Task((0.2, 0.8), drift=DAW).is_stationary
    assert not Task((), schedule=Schedule("rewards", ((0.0, 1.0),))).is_stationary
