import itertools
import math
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rlrecovery.fit import bayes as bayes_module
from rlrecovery.fit.base import Setting
from rlrecovery.models.library import MODELS, find_model
from rlrecovery.predictive import check as predictive
from rlrecovery.predictive.check import (
    COUNT,
    OF,
    PREDICTIVE,
    WAYS,
    Observed,
    check,
    forward,
    known_means,
    one_step,
    posterior_draws,
    prior_draws,
    probabilities,
    read_observed,
    simulated,
    statistics,
    write_check,
)
from rlrecovery.simulate.batch import simulate_replicate
from rlrecovery.simulate.task import task_from_config
from rlrecovery.storage.files import BrokenFile

BANDIT = {"arms": [0.3, 0.7], "blocks": 2, "start_value": 0.5}
FLAT = {
    "alpha": {"distribution": "Beta", "alpha": 1, "beta": 1},
    "beta": {"distribution": "HalfNormal", "sigma": 10},
}
POPULATION = {
    "alpha": {
        "location": {"distribution": "Normal", "mu": 0, "sigma": 1.5},
        "scale": {"distribution": "HalfNormal", "sigma": 1},
    },
    "beta": {
        "location": {"distribution": "Normal", "mu": 1, "sigma": 1},
        "scale": {"distribution": "HalfNormal", "sigma": 1},
    },
}
EXACT = {
    "estimator": "quadrature",
    "model": "rescorla_wagner",
    "engine": "compiled",
    "priors": FLAT,
    "point": "mean",
}
CELL = {"truth": {"alpha": 0.4, "beta": 4.0}, "participants": 4, "trials": 30}


def sampled(pooling, **changes):
    method = EXACT | {"estimator": "bayes", "pooling": pooling, "likelihood": "potential"}
    method |= {"priors": POPULATION if pooling == "partial" else FLAT, "chains": 2, "tune": 60}
    return method | {"draws": 60, "target_accept": 0.9, "convergence": {}} | changes


def generator(task=BANDIT, model="rescorla_wagner", spread=0.3, seed=11):
    names = find_model(model).names
    population = {name: {"spread": spread} for name in names}
    return {"seed": seed, "model": model, "task": task, "population": population}


def setting(people, trials, task=BANDIT, model="rescorla_wagner"):
    return Setting.of({"model": model}, task, {"participants": people, "trials": trials}, ())


def seed(number=0):
    return np.random.SeedSequence(number)


def constant(cell, count, people):
    """The cell's truth as that many draws of all participants."""
    return {name: np.full((count, people), value) for name, value in cell["truth"].items()}


# --- statistics ---------------------------------------------------------------------------------


def by_loop(choices, rewards, blocks, means, start_value, n_arms, history=None):
    """The definitions, response by response, of one data set."""
    people, trials = choices.shape
    before, paid = (choices, rewards) if history is None else history
    place = np.zeros((people, trials), dtype=int)
    for i, t in itertools.product(range(people), range(1, trials)):
        place[i, t] = place[i, t - 1] + 1 if blocks[i, t] == blocks[i, t - 1] else 0
    length = place.max() + 1
    counts = {}

    def count(key, hit):
        hits, total = counts.get(key, (0, 0))
        counts[key] = hits + bool(hit), total + 1

    bins = min(15, length)
    edges = [k for k in range(length) if k == 0 or k * bins // length != (k - 1) * bins // length]
    edges.append(length)
    assert max(np.diff(edges)) - min(np.diff(edges)) <= 1
    assert len(edges) == bins + 1
    curve = "learning" if means is not None else "first_arm"
    keys = [(curve, (a + 1 + b) / 2) for a, b in itertools.pairwise(edges)]
    for i in range(people):
        last, block = None, None
        for t in range(trials):
            if blocks[i, t] != block:
                last, block = None, blocks[i, t]
            if choices[i, t] >= 0:
                k = sum(place[i, t] >= edge for edge in edges[1:-1])
                mine = None if means is None else means[i % len(means), t]
                best = choices[i, t] == 0 if mine is None else mine[choices[i, t]] == max(mine)
                count(keys[k], best)
                for arm in range(n_arms):
                    count((f"side_{arm}", None), choices[i, t] == arm)
                if last is not None and paid[i, last] > start_value:
                    count(("win_stay", None), choices[i, t] == before[i, last])
                elif last is not None:
                    count(("lose_shift", None), choices[i, t] != before[i, last])
            if before[i, t] >= 0:
                last = t
    keys += [(name, None) for name in ("win_stay", "lose_shift")]
    keys += [(f"side_{arm}", None) for arm in range(n_arms)]
    return {k: counts[k][0] / counts[k][1] if k in counts else np.nan for k in keys}


def random_data(rng, people, trials, n_arms, share=0.2):
    """Choices with gaps and ragged ends, rewards of three sizes, and unequal blocks."""
    choices = rng.integers(n_arms, size=(people, trials))
    choices[rng.random((people, trials)) < share] = -1
    ends = rng.integers(1, trials + 1, size=people)
    choices[np.arange(trials) >= ends[:, None]] = -1
    rewards = rng.integers(3, size=(people, trials)) / 2
    rewards[choices < 0] = np.nan
    blocks = np.cumsum(rng.random((people, trials)) < 0.1, axis=1)
    return choices, rewards, blocks


def assert_equal(found, expected, at=...):
    assert list(found) == list(expected)
    for key, value in expected.items():
        np.testing.assert_array_equal(np.asarray(found[key])[at], value, err_msg=str(key))


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (5, 33), (3, 200), (7, 15)])
@pytest.mark.parametrize("n_arms", [2, 3, 5])
def test_statistics_are_those_of_a_loop_over_responses(shape, n_arms):
    rng = np.random.default_rng([*shape, n_arms])
    for _ in range(5):
        data = random_data(rng, *shape, n_arms)
        means = rng.integers(3, size=(*shape, n_arms)).astype(float)  # with ties
        for known in (None, means, means[:1]):
            arguments = (*data, known, 0.5, n_arms)
            assert_equal(statistics(*arguments), by_loop(*arguments))


def test_draws_are_described_all_at_once_with_means_of_their_own():
    rng, draws = np.random.default_rng(1), 6
    sets = [random_data(rng, 4, 25, 3) for _ in range(draws)]
    blocks, means = sets[0][2], rng.integers(3, size=(draws, 4, 25, 3)).astype(float)
    choices, rewards = (np.stack([data[k] for data in sets]) for k in (0, 1))
    for known in (means, means[0], None):
        found = statistics(choices, rewards, blocks, known, 0.5, 3)
        for d in range(draws):
            mine = known if known is None or known.ndim == 3 else known[d]
            assert_equal(found, by_loop(choices[d], rewards[d], blocks, mine, 0.5, 3), d)


def test_what_was_observed_may_be_the_history_of_drawn_choices():
    rng = np.random.default_rng(2)
    choices, rewards, blocks = random_data(rng, 4, 40, 2)
    drawn = np.where(choices < 0, -1, rng.integers(2, size=(5, 4, 40)))
    found = statistics(drawn, rewards, blocks, None, 0.5, 2, history=(choices, rewards))
    for d in range(5):
        expected = by_loop(drawn[d], rewards, blocks, None, 0.5, 2, history=(choices, rewards))
        assert_equal(found, expected, d)


def test_what_cannot_be_counted_is_missing():
    nobody = np.full((2, 4), -1)
    found = statistics(nobody, np.full((2, 4), np.nan), np.zeros((2, 4), int), None, 0.5, 2)
    assert all(np.isnan(value) for value in found.values())
    always = statistics(np.zeros((2, 4), int), np.ones((2, 4)), np.zeros((2, 4), int), None, 0.5, 2)
    assert math.isnan(always.pop(("lose_shift", None)))  # never lost
    assert {float(v) for v in always.values()} == {0, 1}
    assert always["win_stay", None] == 1
    lone = statistics(np.ones((1, 1), int), np.ones((1, 1)), np.zeros((1, 1), int), None, 0.5, 2)
    assert math.isnan(lone["win_stay", None])
    assert lone["first_arm", 1.0] == 0


def test_a_reward_at_the_start_value_is_no_win():
    found = statistics(np.zeros((1, 3), int), np.full((1, 3), 0.5), np.zeros((1, 3), int), None,
                       0.5, 2)  # fmt: skip
    assert math.isnan(found["win_stay", None])
    assert found["lose_shift", None] == 0


# --- draws of parameters ------------------------------------------------------------------------


def test_prior_draws_without_pooling_are_those_of_the_priors():
    for method in (EXACT, sampled("none")):
        drawn = prior_draws(method, setting(3, 10), 2000, np.random.default_rng(0))
        assert {name: values.shape for name, values in drawn.items()} == {
            "alpha": (2000, 3), "beta": (2000, 3),
        }  # fmt: skip
        assert stats.kstest(drawn["alpha"].ravel(), "uniform").pvalue > 1e-3
        assert stats.kstest(drawn["beta"].ravel(), stats.halfnorm(scale=10).cdf).pvalue > 1e-3
        for values in drawn.values():
            assert abs(np.corrcoef(values.T)[0, 1]) < 0.1


def test_complete_pooling_draws_one_value_for_all():
    drawn = prior_draws(sampled("complete"), setting(3, 10), 2000, np.random.default_rng(0))
    for values in drawn.values():
        assert values.shape == (2000, 3)
        assert (values == values[:, :1]).all()
    assert stats.kstest(drawn["alpha"][:, 0], "uniform").pvalue > 1e-3


def test_partial_pooling_scatters_participants_around_a_location():
    drawn = prior_draws(sampled("partial"), setting(400, 10), 1500, np.random.default_rng(0))
    for name, mu, sigma in (("alpha", 0, 1.5), ("beta", 1, 1)):
        real = find_model("rescorla_wagner").parameter(name).to_real(drawn[name])
        centre, scale = real.mean(axis=1), real.std(axis=1)
        assert stats.kstest(centre, stats.norm(mu, sigma).cdf).pvalue > 1e-3
        assert stats.kstest(scale, stats.halfnorm(scale=1).cdf).pvalue > 1e-3
        within = (real - centre[:, None]) / scale[:, None]
        assert stats.kstest(within[:20].ravel(), "norm").pvalue > 1e-3


def test_posterior_draws_by_quadrature_are_of_each_participant_alone():
    observed = simulated(CELL | {"trials": 60}, generator())
    data, known = observed.data(True), setting(4, 60)
    drawn = posterior_draws(EXACT, known, data, 4000, seed())
    from rlrecovery.fit.quadrature import Quadrature

    fitter = Quadrature.of(EXACT, known)
    for i in range(4):
        grid, _ = fitter.integrate(data.rows(slice(i, i + 1)))
        for name, marginal in zip(("alpha", "beta"), grid.marginals(), strict=True):
            mine = drawn[name][:, i]
            assert mine.shape == (4000,)
            assert mine.mean() == pytest.approx(marginal.mean, abs=5 * marginal.sd / 4000**0.5)
    again = posterior_draws(EXACT, known, data, 4000, seed())
    assert all((again[name] == drawn[name]).all() for name in drawn)


@pytest.mark.parametrize("pooling", ["none", "partial", "complete"])
def test_posterior_draws_of_a_sampler_are_spread_over_all_chains(monkeypatch, pooling):
    chains, draws, people, seen = 4, 50, 3, []

    def fake(data, *, chains, draws, seed, **_):
        seen.append((data["choices"].shape, seed))
        values = np.arange(chains * draws, dtype=float).reshape(chains, draws)
        made = {"alpha": values + 1000 * len(seen), "beta": -values}
        if pooling == "partial":
            made = {k: v[:, :, None] + 0.1 * np.arange(people) for k, v in made.items()}
        return made, 0

    ready = SimpleNamespace(with_data=lambda **arrays: arrays)
    monkeypatch.setattr(bayes_module, "compile_model", lambda _: ready)
    monkeypatch.setattr(bayes_module, "sample", fake)
    observed = simulated(CELL | {"participants": people}, generator())
    method = sampled(pooling, chains=chains, draws=draws)
    found = posterior_draws(method, setting(people, 30), observed.data(True), 11, seed())
    spaced = np.linspace(0, 199, 11).round()
    assert {values.shape for values in found.values()} == {(11, people)}
    for i in range(people):
        own = {"none": 1000 * (i + 1), "partial": 1000 + 0.1 * i, "complete": 1000}[pooling]
        np.testing.assert_allclose(found["alpha"][:, i], spaced + own)
    expected = [(1, 30)] * people if pooling == "none" else [(people, 30)]
    assert [shape for shape, _ in seen] == expected
    if pooling == "none":  # the seeds that a fit of the same data would use
        children = [int(child.generate_state(1)[0]) for child in seed().spawn(people)]
        assert [number for _, number in seen] == children


# --- choices that draws make --------------------------------------------------------------------


def slow_data_set(rng, alpha, beta, arms, observed):
    """Rescorla-Wagner with softmax on the trials and blocks of a data set, number by number."""
    choices = np.full(observed.choices.shape, -1)
    rewards = np.full(observed.choices.shape, np.nan)
    for i in range(len(choices)):
        for t in range(choices.shape[1]):
            if t == 0 or observed.blocks[i, t] != observed.blocks[i, t - 1]:
                q = [0.5] * len(arms)
            if observed.choices[i, t] < 0:
                continue
            odds = [math.exp(beta * value) for value in q]
            point, arm = rng.random() * sum(odds), 0
            while arm < len(arms) - 1 and point >= sum(odds[: arm + 1]):
                arm += 1
            choices[i, t], rewards[i, t] = arm, float(rng.random() < arms[arm])
            q[arm] += alpha * (rewards[i, t] - q[arm])
    return choices, rewards


def assert_same_on_average(one, other):
    """Means of two samples per statistic differ by less than 4.5 standard errors."""
    assert list(one) == list(other)
    for key in one:
        a, b = (np.asarray(x)[np.isfinite(x)] for x in (one[key], other[key]))
        assert bool(len(a)) == bool(len(b)), key
        if len(a):
            error = math.sqrt(a.var() / len(a) + b.var() / len(b))
            assert abs(a.mean() - b.mean()) <= 4.5 * error + 1e-12, (key, a.mean(), b.mean())


def stacked(found):
    return {key: np.array([one[key] for one in found]) for key in found[0]}


def test_forward_statistics_are_those_of_a_large_simulation_of_our_own():
    rng, arms = np.random.default_rng(3), (0.2, 0.5, 0.8)
    choices, rewards, blocks = random_data(rng, 3, 24, 3)
    means = np.broadcast_to(np.array(arms), (3, 24, 3))
    observed = Observed(choices, rewards, blocks, means)
    task = task_from_config({"arms": arms, "blocks": 5, "start_value": 0.5})
    cell = {"truth": {"alpha": 0.4, "beta": 3.0}}
    model = MODELS["rescorla_wagner"]
    found = forward(model, task, constant(cell, 3000, 3), observed, np.random.default_rng(4))
    ours = []
    for _ in range(1000):
        data = slow_data_set(rng, 0.4, 3.0, arms, observed)
        ours.append(statistics(*data, blocks, means, 0.5, 3))
    assert_same_on_average(found, stacked(ours))


SEQUENCE = np.random.default_rng(0).random((24, 2)).round(2).tolist()
TASKS = {
    "blocks": BANDIT | {"blocks": 3},
    "breaks": BANDIT | {"blocks": 3, "reset": False},
    "reversing": BANDIT | {"reversals": {"after": [5], "every": 8}},
    "reversing on": BANDIT | {"reversals": {"every": 5}, "reset": False},
    "learnt": BANDIT | {"reversals": {"correct": 3, "within": 4}},
    "restless": BANDIT
    | {"drift": {"sd": 0.1, "lower": 0.1, "upper": 0.9}, "rewards": "gaussian", "sd": 0.1},
    "shown": BANDIT | {"feedback": "full"},
    "sequence of rewards": {
        "blocks": 1, "start_value": 0.5, "schedule": {"holds": "rewards", "values": SEQUENCE},
    },
    "sequence of means": {
        "blocks": 2, "start_value": 0.5, "schedule": {"holds": "means", "values": SEQUENCE},
        "missing_trials": [[2, 3], []],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", list(TASKS))
def test_forward_statistics_are_those_of_the_simulator_on_every_kind_of_task(name):
    task, cell = TASKS[name], CELL | {"trials": 24, "participants": 3, "missing": 0.1}
    cell |= {"completed": [1.0, 0.7]}
    made = generator(task, spread=0)
    observed = simulated(cell, made)
    faced, model = task_from_config(task), MODELS["rescorla_wagner"]
    found = forward(model, faced, constant(cell, 400, 3), observed, np.random.default_rng(5))
    theirs, gone = [], observed.choices < 0
    for replicate in range(1, 400):
        # The same trials must be missing: leave them to the task alone.
        plain = {key: value for key, value in cell.items() if key not in ("missing", "completed")}
        lists = [(np.flatnonzero(mine) + 1).tolist() for mine in gone]
        again = generator(task | {"missing_trials": lists}, spread=0)
        _, b = simulate_replicate(plain, again, replicate)
        known = (observed.blocks, b.means, 0.5, 2)
        theirs.append(statistics(b.choices, b.rewards, *known))
    assert_same_on_average(found, stacked(theirs))


@pytest.mark.parametrize(
    ("name", "model"),
    [("blocks", "rescorla_wagner"), ("breaks", "rescorla_wagner"), ("shown", "rescorla_wagner"),
     ("restless", "rescorla_wagner"), ("blocks", "choice_kernel")],
)  # fmt: skip
def test_one_step_probabilities_are_those_of_the_simulator(name, model):
    truth = dict.fromkeys(find_model(model).names, 0.4) | {"beta": 4.0, "beta_choice": 2.0}
    truth = {key: truth[key] for key in find_model(model).names}
    cell = {"truth": truth, "participants": 3, "trials": 24, "missing": 0.1}
    made = generator(TASKS[name], model)
    values, behaviour = simulate_replicate(cell, made, 0)
    task, observed = task_from_config(TASKS[name]), simulated(cell, made)
    data = observed.data(task.reset)
    theta = np.stack([values[key] for key in find_model(model).names], axis=-1)
    for i in range(3):
        mine = data.rows(slice(i, i + 1))
        found = probabilities(find_model(model), task, mine, theta[i : i + 1])[0]
        there = observed.choices[i] >= 0
        np.testing.assert_allclose(found[there], behaviour.probabilities[i][there], rtol=1e-9)


def test_choices_one_step_ahead_have_these_probabilities():
    cell = CELL | {"missing": 0.1}
    values, behaviour = simulate_replicate(cell, generator(), 0)
    observed, task = simulated(cell, generator()), task_from_config(BANDIT)
    draws = {name: np.tile(value, (4000, 1)) for name, value in values.items()}
    rng = np.random.default_rng(6)
    found = one_step(MODELS["rescorla_wagner"], task, draws, observed, rng)
    expected = {key: [] for key in ("win_stay", "lose_shift", "side_0", "side_1")}
    for i, t in zip(*np.nonzero(observed.choices >= 0), strict=True):
        p = behaviour.probabilities[i, t]
        expected["side_0"].append(p[0])
        expected["side_1"].append(p[1])
        block = range(15 * (t // 15), t)
        before = [s for s in block if observed.choices[i, s] >= 0]
        if before:
            last = observed.choices[i, before[-1]]
            won = observed.rewards[i, before[-1]] > 0.5
            expected["win_stay" if won else "lose_shift"].append(p[last] if won else 1 - p[last])
    for name, terms in expected.items():
        drawn = found[name, None]
        assert drawn.shape == (4000,)
        assert drawn.mean() == pytest.approx(np.mean(terms), abs=4.5 * drawn.std() / 4000**0.5)
        p = np.array(terms)
        assert drawn.std() == pytest.approx(np.sqrt((p * (1 - p)).sum()) / len(p), rel=0.1)


def test_draws_are_cut_into_parts_that_fit_into_memory(monkeypatch):
    observed, task = simulated(CELL, generator()), task_from_config(BANDIT)
    draws, model, sizes = constant(CELL, 50, 4), MODELS["rescorla_wagner"], []
    count = predictive.statistics

    def watched(choices, *arguments, **keywords):
        sizes.append(choices.size)
        return count(choices, *arguments, **keywords)

    monkeypatch.setattr(predictive, "statistics", watched)
    monkeypatch.setattr(predictive, "AT_ONCE", 1000)
    for make in (forward, one_step):
        sizes.clear()
        found = make(model, task, draws, observed, np.random.default_rng(0))
        assert {value.shape for value in found.values()} == {(50,)}
        assert max(sizes) <= 1000
        assert sum(sizes) == 50 * 4 * 30


# --- the check ----------------------------------------------------------------------------------


def test_data_from_the_prior_have_uniform_prior_predictive_p_values():
    """Ties are broken by chance, so that p values of counts are uniform, too."""
    people, trials, sets = 3, 20, 400
    population = {"alpha": FLAT["alpha"], "beta": FLAT["beta"]}
    made = generator() | {"population": population}
    cell = {"truth": {}, "participants": people, "trials": trials}
    task, model = task_from_config(BANDIT), MODELS["rescorla_wagner"]
    rng = np.random.default_rng(7)
    drawn = None
    p = {}
    for replicate in range(sets):
        _, b = simulate_replicate(cell, made, replicate)
        blocks = np.tile(task.block_of_trial(trials), (people, 1))
        if drawn is None:
            values = prior_draws(EXACT, setting(people, trials), 20_000, rng)
            observed = Observed(b.choices, b.rewards, blocks, b.means)
            drawn = forward(model, task, values, observed, rng)
        actual = statistics(b.choices, b.rewards, blocks, b.means, 0.5, 2)
        for key, values in drawn.items():
            values = values[np.isfinite(values)]
            if np.isfinite(actual[key]):
                share = np.mean(values > actual[key]) + rng.random() * np.mean(
                    values == actual[key]
                )
                p.setdefault(key, []).append(share)
    assert {key: len(values) for key, values in p.items() if len(values) < 0.95 * sets} == {}
    assert min(stats.kstest(values, "uniform").pvalue for values in p.values()) > 1e-3


def checked(model, count=COUNT, people=10, trials=80, task=BANDIT, method=EXACT):
    truth = {"alpha": 0.4, "beta": 4.0, "alpha_choice": 0.4, "beta_choice": 5.0}
    cell = {"truth": {name: truth[name] for name in find_model(model).names}}
    cell |= {"participants": people, "trials": trials}
    observed = simulated(cell, generator(task, model))
    known = setting(people, trials, task)
    return check(method, known, task_from_config(task), observed, seed(), count), observed


def p_values(table, of, way):
    mine = table[(table["of"] == of) & (table["way"] == way)]
    return mine.set_index("statistic")["p"]


def test_the_right_model_agrees_with_its_data_and_a_wrong_one_does_not():
    right, _ = checked("rescorla_wagner")
    for way in WAYS:
        p = p_values(right, "posterior", way)
        assert p[["win_stay", "lose_shift", "side_0"]].between(0.01, 0.99).all()
    wrong, _ = checked("choice_kernel")
    for way in WAYS:
        p = p_values(wrong, "posterior", way)
        assert p["win_stay"] < 0.005
        assert p["lose_shift"] > 0.995


def test_the_table_has_a_row_for_each_statistic_kind_of_draws_and_way():
    table, observed = checked("rescorla_wagner", count=30, trials=60)
    assert table.columns.tolist() == list(PREDICTIVE)
    actual = statistics(observed.choices, observed.rewards, observed.blocks, observed.means, 0.5, 2)
    assert len(actual) == 15 + 4
    for of, way in itertools.product(OF, WAYS):
        mine = table[(table["of"] == of) & (table["way"] == way)]
        pairs = zip(mine["statistic"], mine["trial"], strict=True)
        keys = [(name, None if math.isnan(trial) else trial) for name, trial in pairs]
        assert keys == list(actual)
        np.testing.assert_array_equal(mine["observed"], list(actual.values()))
    order = ["lower_95", "lower_50", "upper_50", "upper_95"]
    assert (np.diff(table[order].to_numpy(), axis=1) >= 0).all()
    assert table["mean"].between(table["lower_95"], table["upper_95"]).all()
    assert table["p"].between(0, 1).all()


def test_a_row_counts_ties_half_and_leaves_out_draws_without_the_statistic():
    row = predictive._row(("win_stay", None), 0.5, np.array([0.2, 0.5, 0.5, 0.9, np.nan]))
    assert row["p"] == pytest.approx(0.5)
    assert row["mean"] == pytest.approx(0.525)
    assert row["lower_50"] == pytest.approx(np.quantile([0.2, 0.5, 0.5, 0.9], 0.25))
    assert row["upper_95"] == pytest.approx(np.quantile([0.2, 0.5, 0.5, 0.9], 0.975))
    assert predictive._row(("learning", 3.0), 0.5, np.array([0.6, 0.7]))["p"] == 1
    assert math.isnan(predictive._row(("win_stay", None), np.nan, np.array([0.5]))["p"])
    nothing = predictive._row(("win_stay", None), 0.5, np.array([np.nan]))
    assert all(math.isnan(nothing[name]) for name in ("mean", "lower_50", "upper_95", "p"))


def test_full_feedback_and_random_walks_are_checked_too():
    for name in ("shown", "restless"):
        table, _ = checked("rescorla_wagner", count=60, people=6, trials=40, task=TASKS[name])
        p = p_values(table, "posterior", "forward")
        assert p[["win_stay", "lose_shift"]].between(0.01, 0.99).all()


def test_a_hierarchical_posterior_narrows_what_its_prior_predicts():
    table, _ = checked("rescorla_wagner", count=60, people=5, trials=40, method=sampled("partial"))
    width = (table["upper_95"] - table["lower_95"]).groupby([table["of"], table["way"]]).mean()
    for way in WAYS:
        assert width["posterior", way] < width["prior", way]
    assert p_values(table, "posterior", "forward")["win_stay"] == pytest.approx(0.5, abs=0.49)


# --- a lab's own data ---------------------------------------------------------------------------


def written(folder, text, task=BANDIT, encoding="utf-8"):
    path = folder / "own.csv"
    path.write_bytes(text.encode(encoding))
    return read_observed(path, task_from_config(task))


def as_csv(observed, names, first=1):
    """A data set as a lab may have it: empty choices, and no rows after the last response."""
    lines = ["note,participant,trial,block,choice,reward"]
    for i, name in enumerate(names):
        for t in range(1 + np.flatnonzero(observed.choices[i] >= 0)[-1]):
            there = observed.choices[i, t] >= 0
            choice, reward = observed.choices[i, t], observed.rewards[i, t]
            answer = f"{choice},{reward:g}" if there else ","
            lines.append(f"x,{name},{t + first},{'ab'[observed.blocks[i, t]]},{answer}")
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize("first", [0, 1, 101])
def test_own_data_are_read_as_they_were_simulated(tmp_path, first):
    cell = CELL | {"missing": 0.2, "completed": [1.0, 0.6]}
    observed = simulated(cell, generator(TASKS["reversing"]))
    names = ["Zoë", "03", "a b", '"x, y"']
    text = as_csv(observed, names, first)
    found = written(tmp_path, text, TASKS["reversing"], "utf-8-sig")
    np.testing.assert_array_equal(found.choices, observed.choices)
    np.testing.assert_array_equal(found.rewards, observed.rewards)
    there = observed.choices >= 0
    np.testing.assert_array_equal(found.blocks[there], observed.blocks[there])
    np.testing.assert_array_equal(found.means[there], observed.means[there])
    assert found.outcomes is None
    mine = (found.choices, found.rewards, found.blocks, found.means)
    theirs = (observed.choices, observed.rewards, observed.blocks, observed.means)
    assert statistics(*mine, 0.5, 2).keys() == statistics(*theirs, 0.5, 2).keys()


def test_without_a_column_the_blocks_are_those_of_the_task(tmp_path):
    text = "trial,participant,reward,choice\n2,a,1.0,0.0\n1,a,0,1\n\n3,a,,-1\n4,a,NA,NA\n3,b,0,1\n"
    found = written(tmp_path, text)
    np.testing.assert_array_equal(found.choices, [[1, 0, -1, -1], [-1, -1, 1, -1]])
    np.testing.assert_array_equal(found.blocks, [[0, 0, 1, 1]] * 2)
    np.testing.assert_array_equal(found.rewards[0, :2], [0, 1])
    assert np.isnan(found.rewards[0, 2:]).all()
    np.testing.assert_array_equal(found.means, np.broadcast_to([0.3, 0.7], (2, 4, 2)))


def test_a_block_is_new_wherever_its_name_changes(tmp_path):
    rows = ["p,1,A", "p,2,B", "p,3,B", "p,4,A", "q,2,A", "q,4,A"]
    text = "participant,trial,block,choice,reward\n" + "\n".join(f"{row},0,1" for row in rows)
    np.testing.assert_array_equal(written(tmp_path, text).blocks, [[0, 1, 1, 2], [0, 0, 0, 0]])


def test_full_feedback_is_read_with_the_outcomes_of_all_arms(tmp_path):
    text = "participant,trial,choice,reward,reward_1,reward_0\na,1,1,0,0,1\na,2,,,,\n"
    found = written(tmp_path, text, TASKS["shown"])
    np.testing.assert_array_equal(found.outcomes[0], [[1, 0], [np.nan, np.nan]])
    data = found.data(True)
    np.testing.assert_array_equal(data.rewards[0], [[1, 0], [0, 0]])


@pytest.mark.parametrize("name", list(TASKS))
def test_means_are_those_of_the_task_where_it_alone_decides_them(name):
    task = task_from_config(TASKS[name])
    blocks = np.tile(task.block_of_trial(24), (3, 1))
    found = known_means(task, blocks)
    if name in ("learnt", "restless"):
        assert found is None
        return
    expected = task.means(3, 24, np.random.default_rng(0))
    np.testing.assert_array_equal(found, np.broadcast_to(expected, (3, 24, 2)))


HEADER = "participant,trial,choice,reward\n"
MUST = "it must be a CSV file with the columns participant, trial, choice, reward"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", f"is empty; {MUST}"),
        ("\n , \n", f"is empty; {MUST}"),
        ("participant,trial,reward\na,1,1", f"lacks the column choice; {MUST}, with commas"),
        ("participant;trial;choice;reward\na;1;1;1", "lacks the column participant"),
        (HEADER, f"has a header and no trial below it; {MUST}, a trial per line"),
        ("participant,trial,choice,reward,trial\na,1,1,1,1", "has the column trial more than once"),
        (HEADER + "a,1,1,1\na,2,1", "line 3 has 3 values, but must have 4, as the header has"),
        (HEADER + ",1,1,1", "line 2: participant is empty, but must be a name or a number"),
        ("block," + HEADER + ",a,1,1,1", "line 2: block is empty, but must be a name or a number"),
        (HEADER + "a,one,1,1", "line 2: trial is 'one', but must be a whole number that counts"),
        (HEADER + "a,1.5,1,1", "line 2: trial is '1.5', but must be a whole number"),
        (HEADER + "a,,1,1", "line 2: trial is '', but must be a whole number"),
        (HEADER + "a,inf,1,1", "line 2: trial is 'inf', but must be a whole number"),
        (HEADER + "a,1,2,1", "line 2: choice is '2', but must be one of the arms 0, 1, or -1 or "
         "empty where no response was given"),
        (HEADER + "a,1,left,1", "line 2: choice is 'left', but must be one of the arms 0, 1"),
        (HEADER + "a,1,-2,1", "line 2: choice is '-2', but must be one of the arms"),
        (HEADER + "a,1,0.5,1", "line 2: choice is '0.5', but must be one of the arms"),
        (HEADER + "a,1,1,", "line 2: reward is empty, but must be a number where a response was"),
        (HEADER + "a,1,1,win", "line 2: reward is 'win', but must be a number where a response"),
        (HEADER + "a,1,1,1_0", "line 2: reward is '1_0', but must be a number"),
        (HEADER + "a,1,1,nan", "line 2: reward is 'nan', but must be a number"),
        (HEADER + "a,1,1,10", "line 2: reward is '10', but must be 1 or 0: so the task pays"),
        (HEADER + "a,1,1,1\na,2,1,1\na,1,0,0", "line 4: participant 'a' has a trial 1 again, as in "
         "line 2; trials must count on through all blocks"),
        (HEADER + "a,1,1,1\na,3,1,1", "column trial goes from 1 to 3, but must count by 1; a trial "
         "without a response is a line with an empty choice"),
        (HEADER + "a,1,,\na,2,-1,", "has no response at all: every choice is empty or -1"),
        (HEADER + "a,1,1,1", ": its count of trials, 1, makes no 2 equal blocks, as the task has "
         "them; give it a column block"),
    ],
)  # fmt: skip
def test_mistakes_in_own_data_are_one_sentence(tmp_path, text, sentence):
    with pytest.raises(BrokenFile) as caught:
        written(tmp_path, text)
    said = str(caught.value)
    assert said.startswith(str(tmp_path / "own.csv"))
    assert sentence in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("task", "text", "sentence"),
    [
        ("shown", HEADER + "a,1,1,1\na,2,1,1", "lacks the column reward_0; it must be a CSV file "
         "with the columns participant, trial, choice, reward, reward_0, reward_1"),
        ("shown", "participant,trial,choice,reward,reward_0,reward_1\na,1,1,1,1,0",
         "line 2: reward is 1 but reward_1 is 0; they must be the same where arm 1 was chosen"),
        ("shown", "participant,trial,choice,reward,reward_0,reward_1\na,1,1,1,,1",
         "line 2: reward_0 is empty, but must be a number where a response was given"),
        ("sequence of rewards", HEADER + "".join(f"a,{t},1,0.1\n" for t in range(25)),
         "has 25 trials, but the task's schedule has 24: it must have one for every trial"),
        ("reversing on", "block," + HEADER + "".join(f"{t > 3},a,{t},1,1\n" for t in range(10)),
         "column block must have the 2 equal blocks of the task, because its arms change while"),
    ],
)  # fmt: skip
def test_mistakes_that_depend_on_the_task_are_one_sentence(tmp_path, task, text, sentence):
    with pytest.raises(BrokenFile, match=re.escape(sentence)):
        written(tmp_path, text, TASKS[task])


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(BrokenFile, match=r"own\.csv is not there; it must be a CSV file"):
        read_observed(tmp_path / "own.csv", task_from_config(BANDIT))
    with pytest.raises(BrokenFile, match=r"cannot be read \(Is a directory\); it must be"):
        read_observed(tmp_path, task_from_config(BANDIT))
    with pytest.raises(BrokenFile, match=r"own\.csv is not text in UTF-8; it must be"):
        written(tmp_path, HEADER + "Zoë,1,1,1", encoding="latin-1")
    huge = HEADER + "a,1,1," + "1" * 200_000
    with pytest.raises(BrokenFile, match=r"own\.csv cannot be read as CSV \(field larger"):
        written(tmp_path, huge)


def test_rewards_of_other_sizes_are_read_where_the_task_pays_them(tmp_path):
    for name in ("restless", "sequence of rewards"):
        found = written(tmp_path, HEADER + "a,1,1,0.3\na,2,1,-2", TASKS[name])
        np.testing.assert_array_equal(found.rewards, [[0.3, -2]])


# --- what the door calls ------------------------------------------------------------------------


def output(folder, methods, file=None, cell=CELL, made=None):
    path = folder / "predictive.csv"
    write_check(cell, made or generator(), methods, file, str(path))
    return pd.read_csv(path, dtype={"statistic": str})


def test_the_example_data_set_is_checked_without_a_file(tmp_path):
    table = output(tmp_path, {"exact": EXACT})
    assert list(table.columns) == list(PREDICTIVE)
    observed = simulated(CELL, generator())
    _, behaviour = simulate_replicate(CELL, generator(), 0)
    np.testing.assert_array_equal(observed.choices, behaviour.choices)
    expected = statistics(
        observed.choices, observed.rewards, observed.blocks, behaviour.means, 0.5, 2
    )
    assert len(table) == 4 * len(expected)
    np.testing.assert_allclose(table["observed"].iloc[: len(expected)], list(expected.values()))
    pd.testing.assert_frame_equal(table, output(tmp_path, {"other name": EXACT}))


def test_a_lab_s_own_data_are_checked_whatever_else_the_study_simulates(tmp_path):
    observed = simulated(CELL | {"participants": 3, "trials": 20}, generator(seed=5))
    file = tmp_path / "own.csv"
    file.write_text(as_csv(observed, "abc"))
    table = output(tmp_path, {"exact": EXACT}, str(file))
    known = (observed.choices, observed.rewards, observed.blocks, observed.means)
    expected = list(statistics(*known, 0.5, 2).values())
    np.testing.assert_allclose(table["observed"].iloc[: len(expected)], expected)
    other = CELL | {"trials": 50, "truth": {"alpha": 0.9, "beta": 1.0}}
    pd.testing.assert_frame_equal(table, output(tmp_path, {"exact": EXACT}, str(file), other))


def test_own_data_of_a_random_walk_show_the_first_arm(tmp_path):
    observed = simulated(CELL | {"participants": 2, "trials": 20}, generator(TASKS["restless"]))
    file = tmp_path / "own.csv"
    file.write_text(as_csv(observed, "ab"))
    table = output(tmp_path, {"exact": EXACT}, str(file), made=generator(TASKS["restless"]))
    curve = table[table["trial"].notna()]
    assert set(curve["statistic"]) == {"first_arm"}
    assert curve["mean"].notna().all()


def test_without_a_method_or_with_one_that_fails_the_table_has_no_rows(
    tmp_path, monkeypatch, caplog
):
    empty = output(tmp_path, {})
    assert list(empty.columns) == list(PREDICTIVE)
    assert empty.empty

    def broken(*_, **__):
        raise RuntimeError("all initialisation points failed")

    monkeypatch.setattr(predictive, "posterior_draws", broken)
    assert output(tmp_path, {"exact": EXACT}).empty
    assert "exact gave no predictive check: RuntimeError: all initialisation" in caplog.text


def test_mistakes_in_own_data_are_said_even_without_a_method(tmp_path):
    with pytest.raises(BrokenFile, match="is not there"):
        output(tmp_path, {}, str(tmp_path / "none.csv"))


def test_a_variant_is_checked_with_its_own_parameters():
    lapse = {"name": "lapsing", "model": "rescorla_wagner", "fixed": {"alpha": 0.4}, "lapse": True}
    priors = {"beta": FLAT["beta"], "lapse": FLAT["alpha"]}
    method = EXACT | {"model": lapse, "priors": priors}
    observed = simulated(CELL, generator())
    known = replace(setting(4, 30), model=find_model(lapse))
    table = check(method, known, task_from_config(BANDIT), observed, seed(), count=20)
    assert np.isfinite(table["p"]).all()
