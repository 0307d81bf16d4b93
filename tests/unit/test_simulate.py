"""Simulation: choices and rewards follow their probabilities, and seeds depend on values alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit, polygamma, psi

from rlrecovery import simulate
from rlrecovery.design import Cell, batches, grid, seed_sequence
from rlrecovery.models import MODELS, RESCORLA_WAGNER
from rlrecovery.tables import TRIALS, TRUTH
from rlrecovery.tasks import BernoulliArms, GaussianArms
from unit.forms import random_theta, walk_of

ALPHA, BETA = RESCORLA_WAGNER.parameters
CELL = {"truth": {"alpha": 0.3, "beta": 4.0}, "participants": 4, "trials": 12}
GENERATOR = {
    "seed": 11,
    "model": "rescorla_wagner",
    "task": {"arms": [0.4, 0.6], "blocks": 2, "start_value": 0.5},
    "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}},
}
BETA22 = {"distribution": "Beta", "alpha": 2.0, "beta": 2.0}


def act(uniform, alpha=0.5, beta=5.0, arms=None, blocks=None, missing=None, start=0.5):
    people, length, _ = uniform.shape
    return simulate.behave(
        RESCORLA_WAGNER,
        {"alpha": np.full(people, alpha), "beta": np.full(people, beta)},
        arms or BernoulliArms((0.4, 0.6)),
        np.zeros(length, dtype=int) if blocks is None else blocks,
        uniform,
        start,
        missing,
    )


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


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize(
    "arms", [BernoulliArms((0.2, 0.5, 0.8)), GaussianArms((-1.0, 0.0, 1.0), 2.0)]
)
def test_hidden_values_and_probabilities_are_the_references(model, arms):
    rng, people, length = np.random.default_rng(5), 3, 30
    theta = random_theta(model, people, rng)
    blocks, missing = np.arange(length) // 10, rng.random((people, length)) < 0.2
    acted = simulate.behave(
        MODELS[model],
        dict(zip(MODELS[model].names, theta.T, strict=True)),
        arms,
        blocks,
        rng.random((people, length, 2)),
        0.25,
        missing,
    )
    assert missing.any()
    assert ((acted.choices == -1) == missing).all()
    assert (np.isnan(acted.rewards) == missing).all()
    for i in range(people):
        walk = walk_of(model)(theta[i], acted.choices[i], acted.rewards[i], blocks, 3, 0.25)
        for name, states in walk.states.items():
            np.testing.assert_allclose(acted.states[name][i], states, rtol=1e-12)
        np.testing.assert_allclose(acted.probabilities[i], walk.probabilities, rtol=1e-12)


class TestBehave:
    def test_choices_follow_their_probabilities(self):
        """After a common history, 20,000 participants choose among three arms."""
        rng, people, history = np.random.default_rng(2), 20_000, 6
        uniform = np.empty((people, history + 1, 2))
        uniform[:, :-1] = rng.random((history, 2))
        uniform[:, -1] = rng.random((people, 2))
        acted = act(uniform, alpha=0.3, beta=4.0, arms=BernoulliArms((0.3, 0.5, 0.7)))
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
        acted = act(
            np.random.default_rng(4).random((200, 50, 2)),
            beta=1.0,
            arms=BernoulliArms(probabilities),
        )
        paid = acted.rewards[acted.choices == arm]
        assert len(paid) > 1000
        assert stats.binomtest(int(paid.sum()), len(paid), probabilities[arm]).pvalue > 1e-3

    def test_gaussian_rewards_follow_theirs(self):
        arms = GaussianArms((1.0, -2.0), 3.0)
        acted = act(np.random.default_rng(6).random((100, 50, 2)), beta=0.5, arms=arms)
        residual = (acted.rewards - np.array(arms.means)[acted.choices]) / 3
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
        whole = act(uniform, blocks=np.repeat([0, 1], 10))
        for half in (slice(0, 10), slice(10, 20)):
            part = act(uniform[:, half])
            assert (whole.choices[:, half] == part.choices).all()
            assert (whole.states["q"][:, half] == part.states["q"]).all()
        assert (whole.states["q"][:, 10] == 0.5).all()
        assert (act(uniform).states["q"][:, 10] != 0.5).any()

    @pytest.mark.parametrize("alpha", [0.0, 1.0])
    @pytest.mark.parametrize("beta", [0.0, 1e-8, 1e3])
    @pytest.mark.filterwarnings("error")
    def test_extremes(self, alpha, beta):
        arms = GaussianArms((0.0, 1e3), 1e3)
        acted = act(np.random.default_rng(10).random((5, 40, 2)), alpha=alpha, beta=beta, arms=arms)
        assert np.isin(acted.choices, [0, 1]).all()
        assert np.isfinite(acted.probabilities).all()
        np.testing.assert_allclose(acted.probabilities.sum(axis=-1), 1.0)

    @pytest.mark.parametrize("first", [0.0, np.nextafter(1, 0)])
    def test_uniform_numbers_at_the_ends_choose_an_arm(self, first):
        uniform = np.full((1, 30, 2), first)
        acted = act(uniform, arms=BernoulliArms((0.1, 0.1, 0.1)), beta=1e3)
        assert np.isin(acted.choices, [0, 1, 2]).all()
        # the trial by trial probability of what was chosen is never zero
        picked = np.take_along_axis(acted.probabilities, acted.choices[..., None], axis=2)
        assert (picked > 0).all()

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
        again = simulate.behave(
            RESCORLA_WAGNER, values, BernoulliArms((0.4, 0.6)), np.repeat([0, 1], 6), uniform, 0.5
        )
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
