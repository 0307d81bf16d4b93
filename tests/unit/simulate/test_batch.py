"""Simulation: choices and rewards follow their probabilities, and seeds depend on values alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit, polygamma, psi

from rlrecovery.design.cells import Cell, batches, grid, seed_sequence
from rlrecovery.fit.batch import sampling_seed
from rlrecovery.likelihood.scan import observations_from_table
from rlrecovery.models.library import MODELS, RESCORLA_WAGNER, find_model
from rlrecovery.simulate import batch as simulate
from rlrecovery.simulate.task import PLAIN, Drift, Reversals, Schedule, Task, task_from_config
from rlrecovery.storage.files import TRIALS, TRUTH
from unit.forms import definition, full_feedback, random_theta, walk_of

ALPHA, BETA = RESCORLA_WAGNER.parameters
CELL = {"truth": {"alpha": 0.3, "beta": 4.0}, "participants": 4, "trials": 12}
GENERATOR = {
    "seed": 11,
    "model": "rescorla_wagner",
    "task": {"arms": [0.4, 0.6], "blocks": 2, "start_value": 0.5},
    "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}},
}
BETA22 = {"distribution": "Beta", "alpha": 2.0, "beta": 2.0}


def act(uniform, alpha=0.5, beta=5.0, task=None, missing=None):
    people = len(uniform)
    values = {"alpha": np.full(people, alpha), "beta": np.full(people, beta)}
    return simulate.behave(RESCORLA_WAGNER, values, task or Task((0.4, 0.6)), uniform, missing)


class TestNotebook:
    """The public notebook's data set, trial by trial as it draws them."""

    def test_first_ten(self):
        rng = np.random.default_rng(sum(map(ord, "RL_PyMC")))
        acted = act(rng.random((1, 150, 2)))
        assert "".join(map(str, acted.choices[0, :10])) == "1000001111"
        assert "".join(f"{r:.0f}" for r in acted.rewards[0, :10]) == "0111001111"

    def test_generator_choice_makes_the_same_choices(self):
        rng = np.random.default_rng(sum(map(ord, "RL_PyMC")))
        values, choices, rewards = np.array([0.5, 0.5]), [], []
        for _ in range(150):
            weights = np.exp(5 * values)
            choice = rng.choice([0, 1], p=weights / weights.sum())
            reward = rng.random() < (0.4, 0.6)[choice]
            values[choice] += 0.5 * (reward - values[choice])
            choices.append(int(choice))
            rewards.append(float(reward))
        again = np.random.default_rng(sum(map(ord, "RL_PyMC")))
        acted = act(again.random((1, 150, 2)))
        assert acted.choices[0].tolist() == choices
        assert acted.rewards[0].tolist() == rewards


def assert_hidden_values_are_the_references(model, task, length=30):
    rng, people = np.random.default_rng(5), 3
    theta, definite = random_theta(model, people, rng), definition(model)
    missing = rng.random((people, length)) < 0.2
    acted = simulate.behave(
        definite,
        dict(zip(definite.names, theta.T, strict=True)),
        task,
        rng.random((people, length, task.numbers)),
        missing,
    )
    assert missing.any()
    assert ((acted.choices == -1) == missing).all()
    assert (np.isnan(acted.rewards) == missing).all()
    blocks = task.block_of_trial(length) * task.reset
    for i in range(people):
        paid = acted.outcomes[i] if task.full else acted.rewards[i]
        if task.full:
            own = [row[c] for row, c in zip(paid, acted.choices[i], strict=True)]
            np.testing.assert_array_equal(acted.rewards[i], own)
        walk = walk_of(model)(
            theta[i], acted.choices[i], paid, blocks, task.n_arms, task.start_value
        )
        for name, states in walk.states.items():
            np.testing.assert_allclose(acted.states[name][i], states, rtol=1e-12)
        np.testing.assert_allclose(acted.probabilities[i], walk.probabilities, rtol=1e-12)


TASKS = [Task((0.2, 0.5, 0.8), 3, 0.25), Task((-1.0, 0.0, 1.0), 3, 0.25, sd=2.0)]
every_task = pytest.mark.parametrize("task", TASKS, ids=["bernoulli", "gaussian"])


@pytest.mark.parametrize("model", list(MODELS))
@every_task
def test_hidden_values_and_probabilities_are_the_references(model, task):
    assert_hidden_values_are_the_references(model, task)


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("reset", [True, False])
@full_feedback
def test_with_full_feedback_too(model, reset, feedback):
    task = dataclasses.replace(TASKS[1], full=True, reset=reset)
    assert_hidden_values_are_the_references(model, task)


@pytest.mark.parametrize(
    "model",
    [
        "rescorla_wagner+lapse",
        "rescorla_wagner_counterfactual+all",
        "kalman_filter+start",
        "random_responding+lapse",
        "pearce_hall+fixed",
    ],
)
@every_task
@pytest.mark.parametrize("full", [False, True], ids=["partial", "full"])
def test_of_variants_too(model, task, full):
    assert_hidden_values_are_the_references(model, dataclasses.replace(task, full=full))


class TestBehave:
    def test_choices_follow_their_probabilities(self):
        """After a common history, 20,000 participants choose among three arms."""
        rng, people, history = np.random.default_rng(2), 20_000, 6
        uniform = np.empty((people, history + 1, 2))
        uniform[:, :-1] = rng.random((history, 2))
        uniform[:, -1] = rng.random((people, 2))
        acted = act(uniform, alpha=0.3, beta=4.0, task=Task((0.3, 0.5, 0.7)))
        probability = acted.probabilities[0, -1]
        assert (acted.probabilities[:, -1] == probability).all()
        assert np.ptp(probability) > 0.1
        counts = np.bincount(acted.choices[:, -1], minlength=3)
        assert stats.chisquare(counts, people * probability).pvalue > 1e-3

    def test_choices_follow_along_whole_sessions(self):
        """Choices binned by their probability, over many learners: observed equals expected."""
        acted = act(np.random.default_rng(3).random((400, 100, 2)), beta=3.0)
        probability, chose = acted.probabilities[..., 1].ravel(), acted.choices.ravel() == 1
        bins = np.digitize(probability, np.quantile(probability, np.linspace(0, 1, 11)[1:-1]))
        variance = np.bincount(bins, probability * (1 - probability))
        z = np.bincount(bins, chose - probability) / np.sqrt(variance)
        assert stats.chi2(len(z)).sf((z**2).sum()) > 1e-3

    @pytest.mark.parametrize("arm", [0, 1, 2])
    def test_rewards_follow_their_probabilities(self, arm):
        probabilities = (0.2, 0.5, 0.9)
        uniform = np.random.default_rng(4).random((200, 50, 2))
        acted = act(uniform, beta=1.0, task=Task(probabilities))
        paid = acted.rewards[acted.choices == arm]
        assert len(paid) > 1000
        assert stats.binomtest(int(paid.sum()), len(paid), probabilities[arm]).pvalue > 1e-3

    def test_gaussian_rewards_follow_theirs(self):
        task = Task((1.0, -2.0), sd=3.0)
        acted = act(np.random.default_rng(6).random((100, 50, 2)), beta=0.5, task=task)
        residual = (acted.rewards - np.array(task.arms)[acted.choices]) / 3
        assert stats.kstest(residual.ravel(), stats.norm.cdf).pvalue > 1e-3

    def test_a_missing_trial_teaches_nothing(self):
        """Without its missing trials, a session is one in which they never were."""
        uniform = np.random.default_rng(8).random((1, 30, 2))
        missing = np.zeros((1, 30), dtype=bool)
        missing[0, [0, 7, 8, 29]] = True
        whole = act(uniform, missing=missing)
        short = act(uniform[:, ~missing[0]])
        assert (whole.choices[~missing] == short.choices[0]).all()
        assert (whole.rewards[~missing] == short.rewards[0]).all()
        assert (whole.states["q"][~missing] == short.states["q"][0]).all()

    def test_blocks_begin_afresh(self):
        uniform = np.random.default_rng(9).random((3, 20, 2))
        whole = act(uniform, task=Task((0.4, 0.6), 2))
        for half in (slice(0, 10), slice(10, 20)):
            part = act(uniform[:, half])
            assert (whole.choices[:, half] == part.choices).all()
            assert (whole.states["q"][:, half] == part.states["q"]).all()
        assert (whole.states["q"][:, 10] == 0.5).all()
        carried = act(uniform, task=Task((0.4, 0.6), 2, reset=False))
        straight = act(uniform)
        assert (carried.choices == straight.choices).all()
        assert (carried.states["q"] == straight.states["q"]).all()
        assert (straight.states["q"][:, 10] != 0.5).any()

    @pytest.mark.parametrize("alpha", [0.0, 1.0])
    @pytest.mark.parametrize("beta", [0.0, 1e-8, 1e3])
    @pytest.mark.filterwarnings("error")
    def test_extremes(self, alpha, beta):
        task = Task((0.0, 1e3), sd=1e3)
        acted = act(np.random.default_rng(10).random((5, 40, 2)), alpha=alpha, beta=beta, task=task)
        assert np.isin(acted.choices, [0, 1]).all()
        assert np.isfinite(acted.probabilities).all()
        np.testing.assert_allclose(acted.probabilities.sum(axis=-1), 1.0)

    @pytest.mark.parametrize("first", [0.0, np.nextafter(1, 0)])
    def test_uniform_numbers_at_the_ends_choose_an_arm(self, first):
        uniform = np.full((1, 30, 2), first)
        acted = act(uniform, task=Task((0.1, 0.1, 0.1)), beta=1e3)
        assert np.isin(acted.choices, [0, 1, 2]).all()
        # the trial by trial probability of what was chosen is never zero
        picked = np.take_along_axis(acted.probabilities, acted.choices[..., None], axis=2)
        assert (picked > 0).all()

    def test_means_are_those_that_rewards_came_from(self):
        rng, task = np.random.default_rng(7), Task((0.0, 3.0), sd=1e-9, drift=Drift(0.5, -4, 4))
        means = task.means(30, 40, rng)
        uniform = rng.random((30, 40, 2))
        values = {"alpha": np.full(30, 0.5), "beta": np.full(30, 1.0)}
        acted = simulate.behave(RESCORLA_WAGNER, values, task, uniform, means=means)
        assert (acted.means == means).all()
        own = np.take_along_axis(means, acted.choices[:, :, None], axis=2)[:, :, 0]
        np.testing.assert_allclose(acted.rewards, own, atol=1e-7)

    def test_who_has_learnt_meets_a_reversal(self):
        """Fast and decided learners: whenever a run of right choices is long enough, and only then.

        Between two reversals there are at least as many responses as the criterion asks for.
        """
        rule = Reversals(correct=5, within=5)
        uniform = np.random.default_rng(12).random((20, 120, 2))
        missing = np.random.default_rng(13).random((20, 120)) < 0.1
        task = Task((0.1, 0.9), reversals=rule)
        acted = act(uniform, beta=8.0, task=task, missing=missing)
        best = acted.means.argmax(axis=2)
        turned = np.diff(best, axis=1) != 0
        assert (turned.sum(axis=1) > 2).all()
        for i in range(20):
            run = 0
            for t in range(119):
                if not missing[i, t]:
                    run = run + 1 if acted.choices[i, t] == best[i, t] else 0
                assert turned[i, t] == (run == 5), (i, t)
                run = 0 if run == 5 else run

    def test_a_sequence_of_rewards_is_paid_as_it_is(self):
        rows = tuple(map(tuple, np.random.default_rng(3).normal(size=(30, 3))))
        task = Task((), schedule=Schedule("rewards", rows), full=True)
        acted = act(np.random.default_rng(1).random((4, 25, task.numbers)), task=task)
        assert (acted.outcomes == np.array(rows)[:25]).all()

    def test_the_first_uniform_number_decides_the_choice_alone(self):
        """Partial and full feedback differ in what is learnt, not in the first choice."""
        rng = np.random.default_rng(5)
        uniform = rng.random((200, 1, 4))
        one = act(uniform[:, :, :2], task=Task((0.2, 0.5, 0.8)))
        all_shown = act(uniform, task=Task((0.2, 0.5, 0.8), full=True))
        assert (one.choices == all_shown.choices).all()
        assert one.outcomes is None

    def test_outcomes_of_arms_not_chosen_follow_their_own_probabilities(self):
        task = Task((0.2, 0.5, 0.9), full=True)
        acted = act(np.random.default_rng(8).random((200, 50, task.numbers)), beta=2.0, task=task)
        for k, probability in enumerate(task.arms):
            for chosen in (acted.choices == k, acted.choices != k):
                paid = acted.outcomes[chosen][:, k]
                assert len(paid) > 500
                assert stats.binomtest(int(paid.sum()), len(paid), probability).pvalue > 1e-3

    def test_lapses_are_choices_at_random(self):
        """Learners who would never take a losing arm: half the lapses are on it."""
        model = find_model({"name": "lapsing", "model": "rescorla_wagner", "lapse": True})
        people, task = 400, Task((0.0, 1.0), start_value=1.0)
        values = {"alpha": 1.0, "beta": 1e3, "lapse": 0.3}
        acted = simulate.behave(
            model,
            {name: np.full(people, value) for name, value in values.items()},
            task,
            np.random.default_rng(2).random((people, 60, 2)),
        )
        late = acted.choices[:, 30:]
        wrong = int((late == 0).sum())
        assert stats.binomtest(wrong, late.size, 0.15).pvalue > 1e-3

    def test_softmax(self):
        found = simulate.softmax(np.array([[1e6, 0.0], [np.log(3), 0.0], [-1e6, -1e6]]))
        np.testing.assert_allclose(found, [[1, 0], [0.75, 0.25], [0.5, 0.5]], rtol=1e-15)


def population(truth, spec, participants=20_000, seed=0):
    rng = np.random.default_rng(seed)
    return simulate.draw_population(RESCORLA_WAGNER, truth, spec, participants, rng)


class TestPopulation:
    @pytest.mark.parametrize("alpha", [0.0, 0.1, 0.30000000000000004, 1.0])
    @pytest.mark.parametrize("beta", [0.0, 1e-8, 5.0, 1e3])
    def test_no_spread_is_exactly_the_truth(self, alpha, beta):
        none = {"alpha": {"spread": 0}, "beta": {"spread": 0.0}}
        drawn = population({"alpha": alpha, "beta": beta}, none, 5)
        assert drawn["alpha"].tolist() == [alpha] * 5
        assert drawn["beta"].tolist() == [beta] * 5

    @pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (1.0, 0.0)])
    @pytest.mark.filterwarnings("error")
    def test_spread_around_an_end_stays_there(self, alpha, beta):
        some = {"alpha": {"spread": 0.5}, "beta": {"spread": 2.0}}
        drawn = population({"alpha": alpha, "beta": beta}, some, 50)
        assert (drawn["alpha"] == alpha).all()
        assert (drawn["beta"] == beta).all()

    def test_spread_is_the_sd_on_the_unconstrained_scale(self):
        drawn = population(
            {"alpha": 0.2, "beta": 5.0}, {"alpha": {"spread": 0.7}, "beta": {"spread": 0.3}}
        )
        for real, centre, sd in [
            (logit(drawn["alpha"]), logit(0.2), 0.7),
            (np.log(drawn["beta"]), np.log(5), 0.3),
        ]:
            assert stats.kstest(real, stats.norm(centre, sd).cdf).pvalue > 1e-3
        assert abs(np.corrcoef(logit(drawn["alpha"]), np.log(drawn["beta"]))[0, 1]) < 0.03

    @pytest.mark.parametrize(
        ("spec", "expected"),
        [
            (BETA22, stats.beta(2, 2)),
            ({"distribution": "Uniform", "lower": 0.1, "upper": 0.4}, stats.uniform(0.1, 0.3)),
        ],
    )
    def test_a_named_distribution_is_followed(self, spec, expected):
        drawn = population({"beta": 5.0}, {"alpha": spec, "beta": {"spread": 0.0}})
        assert stats.kstest(drawn["alpha"], expected.cdf).pvalue > 1e-3

    def test_the_notebooks_population(self):
        """Alpha and beta both from Beta(2, 2), independent, and no truth on the grid."""
        drawn = population({}, {"alpha": BETA22, "beta": BETA22})
        for name in ("alpha", "beta"):
            assert stats.kstest(drawn[name], stats.beta(2, 2).cdf).pvalue > 1e-3
        assert abs(stats.spearmanr(drawn["alpha"], drawn["beta"]).statistic) < 0.03

    def test_one_parameters_spread_leaves_the_others_alone(self):
        truth = {"alpha": 0.2, "beta": 5.0}
        one = population(truth, {"alpha": {"spread": 0.0}, "beta": {"spread": 0.3}}, 9)
        for alpha in ({"spread": 0.9}, BETA22):
            other = population(truth, {"alpha": alpha, "beta": {"spread": 0.3}}, 9)
            assert (one["beta"] == other["beta"]).all()
            assert (one["alpha"] != other["alpha"]).all()


class TestPopulationTruth:
    def test_scatter_is_as_configured(self):
        assert simulate.population_truth(ALPHA, 0.3, {"spread": 0.5}) == (0.3, 0.5)
        assert simulate.population_truth(BETA, 1e3, {"spread": 0}) == (1000.0, 0.0)

    @pytest.mark.parametrize(
        ("parameter", "spec", "mean", "variance"),
        [
            # log of a Beta(a, b): mean psi(a) - psi(a + b), variance psi'(a) - psi'(a + b)
            (BETA, BETA22, psi(2) - psi(4), polygamma(1, 2) - polygamma(1, 4)),
            # its logit: psi(a) - psi(b), psi'(a) + psi'(b)
            (ALPHA, BETA22, 0.0, 2 * polygamma(1, 2)),
            (
                ALPHA,
                {"distribution": "Beta", "alpha": 1.5, "beta": 6},
                psi(1.5) - psi(6),
                polygamma(1, 1.5) + polygamma(1, 6),
            ),
            (ALPHA, {"distribution": "Uniform", "lower": 0, "upper": 1}, 0.0, np.pi**2 / 3),
            (
                BETA,
                {"distribution": "Gamma", "alpha": 3, "beta": 0.5},
                psi(3) + np.log(2),
                polygamma(1, 3),
            ),
            (BETA, {"distribution": "LogNormal", "mu": 1.2, "sigma": 0.4}, 1.2, 0.16),
            (
                BETA,
                {"distribution": "HalfNormal", "sigma": 10},
                (psi(0.5) + np.log(2)) / 2 + np.log(10),
                np.pi**2 / 8,
            ),
            (
                BETA,
                {"distribution": "Exponential", "lam": 0.2},
                np.log(5) - np.euler_gamma,
                np.pi**2 / 6,
            ),
        ],
    )
    def test_closed_forms(self, parameter, spec, mean, variance):
        location, spread = simulate.population_truth(parameter, None, spec)
        assert location == pytest.approx(parameter.to_natural(mean), rel=1e-8)
        assert spread == pytest.approx(np.sqrt(variance), rel=1e-8)

    def test_it_is_what_draws_have(self):
        drawn = population({}, {"alpha": BETA22, "beta": BETA22}, 100_000)
        for parameter in (ALPHA, BETA):
            real = parameter.to_real(drawn[parameter.name])
            location, spread = simulate.population_truth(parameter, None, BETA22)
            margin = 4 * spread / np.sqrt(len(real))
            assert real.mean() == pytest.approx(parameter.to_real(location), abs=margin)
            assert real.std() == pytest.approx(spread, rel=0.02)


def write(folder, cell=CELL, generator=GENERATOR, replicates=(0, 5)):
    """Trials and truth of a batch, by way of the files."""
    name = f"{replicates[0]}-{replicates[1]}"
    trials, truth = folder / f"trials-{name}.parquet", folder / f"truth-{name}.parquet"
    simulate.simulate_batch(cell, generator, replicates, str(trials), str(truth))
    return pd.read_parquet(trials), pd.read_parquet(truth)


class TestBatch:
    def test_columns_and_rows(self, tmp_path):
        trials, truth = write(tmp_path)
        assert trials.dtypes.astype(str).to_dict() == TRIALS
        assert truth.dtypes.astype(str).to_dict() == TRUTH
        assert len(trials) == 5 * 4 * 12
        assert not trials.duplicated(["replicate", "participant", "trial"]).any()
        first = trials[(trials["replicate"] == 0) & (trials["participant"] == 3)]
        assert first["trial"].tolist() == list(range(12))
        assert first["block"].tolist() == [0] * 6 + [1] * 6
        assert set(trials["choice"]) == {0, 1}
        assert set(trials["reward"]) == {0.0, 1.0}
        assert len(truth) == 5 * 2 * (4 + 2)
        assert not truth.duplicated(["replicate", "participant", "level", "parameter"]).any()

    def test_truth(self, tmp_path):
        _, truth = write(tmp_path)
        whole = truth[truth["participant"] == -1]
        for level, values in [("group", (0.3, 4.0)), ("spread", (0.5, 0.3))]:
            rows = whole[whole["level"] == level]
            for name, value in zip(("alpha", "beta"), values, strict=True):
                assert (rows.loc[rows["parameter"] == name, "truth"] == value).all()
        people = truth[truth["level"] == "participant"]
        assert sorted(people["participant"].unique()) == [0, 1, 2, 3]
        assert people["truth"].nunique() == len(people) == 5 * 4 * 2

    @pytest.mark.parametrize("size", [1, 2, 3, 5])
    def test_cutting_into_batches_changes_no_number(self, tmp_path, size):
        trials, truth = write(tmp_path)
        pieces = [write(tmp_path, replicates=r) for r in batches(5, size).values()]
        for whole, parts in zip((trials, truth), zip(*pieces, strict=True), strict=True):
            pd.testing.assert_frame_equal(
                whole, pd.concat(parts, ignore_index=True), check_exact=True
            )

    def test_new_grid_values_change_no_number(self, tmp_path):
        """A cell's data are the same whatever stands beside it on the grid."""
        small = grid({"alpha": [0.3], "beta": [4]}, [4], [12])
        large = grid({"alpha": [0.1, 0.30, 0.9], "beta": [2, 4.0]}, [2, 4], [6, 12])
        (key,) = small
        one = write(tmp_path, small[key].values())
        other = write(tmp_path, large[key].values())
        for left, right in zip(one, other, strict=True):
            pd.testing.assert_frame_equal(left, right, check_exact=True)
        neighbour = grid({"alpha": [0.3], "beta": [4.5]}, [4], [12])
        moved, _ = write(tmp_path, next(iter(neighbour.values())).values())
        assert (moved["reward"] != one[0]["reward"]).any()

    def test_replicates_and_seeds_differ(self, tmp_path):
        trials, _ = write(tmp_path)
        sessions = trials.groupby(["replicate", "participant"])[["choice", "reward"]].agg(tuple)
        assert len(set(map(tuple, sessions.to_numpy()))) == len(sessions)
        other, _ = write(tmp_path, generator=GENERATOR | {"seed": 12})
        assert (trials["choice"] != other["choice"]).any()

    def test_the_population_has_a_stream_of_its_own(self):
        identity = simulate.identity_of(CELL, GENERATOR)
        rng = np.random.default_rng(seed_sequence(11, identity, 2, "population"))
        expected = expit(logit(0.3) + 0.5 * stats.norm.ppf(rng.random(4)))
        values, acted = simulate.simulate_replicate(CELL, GENERATOR, 2)
        np.testing.assert_allclose(values["alpha"], expected, rtol=1e-12)
        uniform = np.random.default_rng(seed_sequence(11, identity, 2, "trials")).random((4, 12, 2))
        again = simulate.behave(RESCORLA_WAGNER, values, Task((0.4, 0.6), 2), uniform)
        assert (acted.choices == again.choices).all()
        assert (
            uniform[0, 0, 0]
            != np.random.default_rng(seed_sequence(11, identity, 2, "population")).random()
        )

    def test_estimators_settings_are_no_part_of_the_identity(self):
        identity = simulate.identity_of(CELL, GENERATOR | {"methods": 1, "batch_size": 3})
        assert identity == simulate.identity_of(CELL, GENERATOR)

    @pytest.mark.parametrize("model", list(MODELS))
    @pytest.mark.parametrize(("people", "length"), [(1, 1), (1, 2), (3, 1)])
    def test_smallest_studies(self, tmp_path, model, people, length):
        names = MODELS[model].names
        ends = {"logit": (0.0, 1.0), "log": (1e3, 0.0), "identity": (-1e3, 1e3)}
        parameters = MODELS[model].parameters
        truth = {p.name: ends[p.transform][k % 2] for k, p in enumerate(parameters)}
        cell = {"truth": truth, "participants": people, "trials": length}
        generator = {
            "seed": 0,
            "model": model,
            "task": {"arms": [0.1, 0.5, 0.9], "blocks": 1, "start_value": 0.0},
            "population": {name: {"spread": 0.0} for name in names},
        }
        trials, truths = write(tmp_path, cell, generator, (0, 1))
        assert len(trials) == people * length
        assert truths["truth"].notna().all()
        assert Cell.of(cell).key.endswith(f"n-{people}_t-{length}")


#: Data sets as they were drawn before tasks could do more: choices, rewards, true values.
KNOWN = {
    "two arms": (
        "rescorla_wagner",
        {"alpha": 0.3, "beta": 4.0},
        {"arms": [0.4, 0.6], "blocks": 1, "start_value": 0.5},
        {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}},
        ["000110101010111111110100010111", "111100011011111011111110110101"],
        ["111110101100111110000010000101", "101100011011011110111111010110"],
        {
            "alpha": [0.29810255314605083, 0.1699540765998615],
            "beta": [3.8137354880400323, 2.8563310067142145],
        },
    ),
    "three arms in blocks": (
        "rescorla_wagner_choice_kernel",
        {"beta": 2.0, "alpha_choice": 0.2, "beta_choice": 1.5},
        {"arms": [0.1, 0.5, 0.9], "blocks": 3, "start_value": 0.0},
        {
            "alpha": BETA22,
            "beta": {"spread": 0.0},
            "alpha_choice": {"spread": 1.0},
            "beta_choice": {"spread": 0.0},
        },
        ["121111121022202022221000011110", "012111111202222212221100012120"],
        ["111110010111100011110101010000", "011111110111111011110000001110"],
        {
            "alpha": [0.537664379780276, 0.4073745651639442],
            "beta": [2.0, 2.0],
            "alpha_choice": [0.16960122052879686, 0.21323305287545258],
            "beta_choice": [1.5, 1.5],
        },
    ),
    "no values": (
        "win_stay_lose_shift",
        {"epsilon": 0.2},
        {"arms": [0.2, 0.8], "blocks": 2, "start_value": 0.5},
        {"epsilon": {"spread": 0.0}},
        ["0110111010111011110100111101110111011110"],
        ["0100111000110011110110111001110111011100"],
        {"epsilon": [0.2]},
    ),
}


class TestAsBefore:
    """What a plain study draws is what it drew before there was anything else."""

    @pytest.mark.parametrize("name", KNOWN)
    @pytest.mark.parametrize("resolved", [False, True])
    def test_known_data_sets(self, name, resolved):
        model, truth, task, population, choices, rewards, expected = KNOWN[name]
        cell = {"truth": truth, "participants": len(choices), "trials": len(choices[0])}
        known = {"seed": 20, "model": model, "population": population}
        generator = known | {"task": PLAIN | task if resolved else task}
        values, acted = simulate.simulate_replicate(cell, generator, 3)
        assert ["".join(map(str, row)) for row in acted.choices.tolist()] == choices
        assert ["".join(f"{r:.0f}" for r in row) for row in acted.rewards.tolist()] == rewards
        for parameter, drawn in expected.items():
            np.testing.assert_allclose(values[parameter], drawn, rtol=1e-13)

    def test_the_identity_is_the_same_bit_for_bit(self):
        plain = {"cell": CELL, **{k: GENERATOR[k] for k in ("model", "task", "population")}}
        assert simulate.identity_of(CELL, GENERATOR) == plain
        resolved = GENERATOR | {"task": PLAIN | GENERATOR["task"]}
        assert simulate.identity_of(CELL, resolved) == plain
        expected = seed_sequence(11, plain, 4, "sampling").generate_state(4)
        assert (sampling_seed(resolved, CELL, 4).generate_state(4) == expected).all()


VARIANT = {"model": "rescorla_wagner", "fixed": {"beta": 4.0}, "lapse": True, "start_value": "task"}


class TestIdentity:
    def test_names_of_task_model_and_variant_are_no_part_of_it(self):
        """They are a study's own words, and say nothing about a number."""

        def identity(cell_model, cell_task, name):
            cell = CELL | {"model": cell_model, "task": cell_task}
            return simulate.identity_of(cell, GENERATOR | {"model": {"name": name, **VARIANT}})

        assert identity("careless", "easy", "careless") == identity("b", "c", "d")
        assert identity("b", "c", "d")["cell"] == CELL

    @pytest.mark.parametrize(
        "change",
        [
            {"fixed": {"beta": 4.5}},
            {"fixed": {"alpha": 4.0}},
            {"lapse": False},
            {"start_value": "free"},
            {"model": "rescorla_wagner_sticky"},
        ],
    )
    def test_a_variants_values_are(self, change):
        one, other = (
            simulate.identity_of(CELL, GENERATOR | {"model": {"name": "same", **spec}})
            for spec in (VARIANT, VARIANT | change)
        )
        assert one != other

    @pytest.mark.parametrize(
        "change", [{"feedback": "full"}, {"reversals": {"every": 3}}, {"missing_trials": [[1]]}]
    )
    def test_a_tasks_values_are(self, change):
        other = GENERATOR | {"task": GENERATOR["task"] | change}
        assert simulate.identity_of(CELL, GENERATOR) != simulate.identity_of(CELL, other)

    @pytest.mark.parametrize("change", [{"missing": 0.1}, {"completed": [0.5, 1.0]}])
    def test_a_cells_values_are(self, change):
        other = simulate.identity_of(CELL | change, GENERATOR)
        assert simulate.identity_of(CELL, GENERATOR) != other


class TestMissing:
    CELL = CELL | {"participants": 60, "trials": 100}

    def gone(self, cell, generator=GENERATOR, replicate=0):
        _, acted = simulate.simulate_replicate(cell, generator, replicate)
        return acted.choices < 0

    @pytest.mark.parametrize("share", [0.05, 0.3])
    def test_a_share_is_a_probability_of_every_trial(self, share):
        gone = self.gone(self.CELL | {"missing": share})
        assert stats.binomtest(int(gone.sum()), gone.size, share).pvalue > 1e-3
        counts = gone.sum(axis=1)
        # of binomial numbers the variance is known, and so is its scatter over 60 people
        ratio = counts.var(ddof=1) / (100 * share * (1 - share))
        assert 5e-4 < stats.chi2(59).cdf(59 * ratio) < 1 - 5e-4
        places = gone.sum(axis=0)
        assert stats.chisquare(places).pvalue > 1e-3

    def test_none_are_missing_unless_it_is_said(self):
        assert not self.gone(self.CELL).any()
        assert not self.gone(self.CELL | {"missing": 0.0}).any()

    def test_they_differ_from_replicate_to_replicate(self):
        cell = self.CELL | {"missing": 0.3}
        assert (self.gone(cell) != self.gone(cell, replicate=1)).any()

    def test_those_that_the_task_says_are_missing_too(self):
        task = GENERATOR["task"] | {"missing_trials": [[1, 7], [3]]}
        gone = self.gone(self.CELL | {"missing": 0.05}, GENERATOR | {"task": task})
        assert gone[::2, [0, 6]].all()
        assert gone[1::2, 2].all()
        others = np.delete(gone, [0, 2, 6], axis=1)
        assert stats.binomtest(int(others.sum()), others.size, 0.05).pvalue > 1e-3


class TestCompleted:
    @pytest.mark.parametrize(
        ("shares", "expected"),
        [
            (None, [10] * 5),
            ((1.0,), [10] * 5),
            ((0.5, 1.0), [5, 10, 5, 10, 5]),
            ((0.6, 0.8, 1.0), [6, 8, 10, 6, 8]),
            ((0.001, 0.04), [1] * 5),  # who completes none is no participant
            ((0.33,), [3] * 5),
        ],
    )
    def test_lengths(self, shares, expected):
        cell = {"truth": {}, "participants": 5, "trials": 10}
        given = {} if shares is None else {"completed": shares}
        found = simulate.lengths(cell | given)
        assert found.tolist() == expected

    def test_rows_end_where_a_participant_did(self, tmp_path):
        cell = CELL | {"completed": [0.5, 1.0, 0.25]}
        trials, truth = write(tmp_path, cell)
        counts = trials.groupby(["replicate", "participant"])["trial"].agg(["size", "max"])
        assert counts.loc[0, "size"].tolist() == [6, 12, 3, 6]
        assert (counts["max"] == counts["size"] - 1).all()
        assert trials.dtypes.astype(str).to_dict() == TRIALS
        assert (trials["choice"] >= 0).all()
        assert trials.index.tolist() == list(range(5 * 27))
        assert truth["participant"].max() == 3

    def test_a_missing_trial_before_the_end_has_its_row(self, tmp_path):
        trials, _ = write(tmp_path, CELL | {"completed": [0.5], "missing": 0.5})
        assert len(trials) == 5 * 4 * 6
        assert trials["reward"].isna().sum() == (trials["choice"] < 0).sum() > 30

    def test_what_is_completed_is_as_long_as_all(self):
        """Its first trials are those of whoever goes on: only the seed differs, so it is given."""
        uniform = np.random.default_rng(3).random((2, 30, 2))
        missing = np.arange(30) >= np.array([[12], [30]])
        whole, part = act(uniform), act(uniform, missing=missing)
        assert (whole.choices[:, :12] == part.choices[:, :12]).all()
        assert (whole.choices[1] == part.choices[1]).all()
        assert (part.choices[0, 12:] == -1).all()


class TestFullFeedbackTables:
    GENERATOR = GENERATOR | {
        "task": GENERATOR["task"]
        | {"arms": [0.0, 1.0, 3.0], "feedback": "full", "rewards": "gaussian", "sd": 1.0}
    }

    def test_a_column_for_every_arm(self, tmp_path):
        trials, _ = write(tmp_path, CELL | {"missing": 0.3}, self.GENERATOR)
        outcomes = [f"reward_{k}" for k in range(3)]
        assert list(trials.columns) == [*TRIALS, *outcomes]
        assert (trials[outcomes].dtypes == "float64").all()
        here = trials["choice"] >= 0
        assert trials.loc[~here, [*outcomes, "reward"]].isna().all(axis=None)
        picked = trials.loc[here, outcomes].to_numpy()[
            np.arange(here.sum()), trials.loc[here, "choice"]
        ]
        np.testing.assert_array_equal(trials.loc[here, "reward"], picked)

    def test_partial_feedback_has_none(self, tmp_path):
        trials, _ = write(tmp_path)
        assert list(trials.columns) == list(TRIALS)


#: What a task, a model or a cell may have, one at a time and together.
DIFFERENT = {
    "plain": ({}, {}, {}),
    "full": ({}, {"feedback": "full"}, {}),
    "carried over": ({}, {"reset": False}, {}),
    "reversals": ({}, {"reversals": {"every": 3, "correct": 3, "within": 4}}, {}),
    "drift": ({}, {"drift": {"sd": 0.2, "lower": 0, "upper": 1}}, {}),
    "ragged": ({}, {}, {"missing": 0.2, "completed": [0.5, 1.0]}),
    "lapse": ({"lapse": True}, {}, {}),
    "start": ({"start_value": "free"}, {}, {}),
    "fixed": ({"fixed": {"beta": 3.0}}, {}, {}),
    "all": (
        {"lapse": True, "start_value": "free", "fixed": {"beta": 3.0}},
        {"reset": False, "feedback": "full", "missing_trials": [[1, 5], []]},
        {"missing": 0.1, "completed": [0.75, 1.0, 0.5]},
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_is_written_has_the_probabilities_of_the_simulator(tmp_path, name):
    """From the file to the reference's likelihood, as an estimator reads it."""
    change, task_change, cell_change = DIFFERENT[name]
    spec = {"name": name, "model": "rescorla_wagner", **change}
    model = find_model(spec)
    truth = {"alpha": 0.4, "beta": 4.0, "lapse": 0.2, "start_value": 0.1}
    cell = CELL | {"truth": {n: truth[n] for n in model.names}} | cell_change
    generator = GENERATOR | {
        "model": spec,
        "task": GENERATOR["task"] | task_change,
        "population": {n: {"spread": 0.4} for n in model.names},
    }
    trials, truths = write(tmp_path, cell, generator, (2, 3))
    _, acted = simulate.simulate_replicate(cell, generator, 2)
    own = truths[truths["level"] == "participant"].pivot_table(
        index="participant", columns="parameter", values="truth"
    )
    data = observations_from_table(trials, generator["task"].get("reset", True))
    block = data.starts.cumsum(axis=1)
    for i, values in own.iterrows():
        known = dict(values) | dict(model.fixed)
        n = int((trials["participant"] == i).sum())
        walk = walk_of("rescorla_wagner")(
            [known["alpha"], known["beta"]],
            data.choices[i, :n],
            data.rewards[i, :n],
            block[i, :n],
            2,
            known.get("start_value", 0.5),
            known.get("lapse"),
        )
        here = data.choices[i, :n] >= 0
        assert here.sum() > 2
        simulated = acted.probabilities[i, :n]
        np.testing.assert_allclose(walk.probabilities[here], simulated[here], rtol=1e-10)
        assert (acted.choices[i, :n] == data.choices[i, :n]).all()


def test_the_means_of_a_drifting_task_have_a_stream_of_their_own():
    task = GENERATOR["task"] | {"drift": {"sd": 0.1, "lower": 0, "upper": 1}}
    generator = GENERATOR | {"task": task}
    _, acted = simulate.simulate_replicate(CELL, generator, 2)
    identity = simulate.identity_of(CELL, generator)
    rng = np.random.default_rng(seed_sequence(11, identity, 2, "means"))
    assert (acted.means == task_from_config(task).means(4, 12, rng)).all()
    _, other = simulate.simulate_replicate(CELL, generator, 3)
    assert (acted.means[:, 1] != other.means[:, 1]).all()
