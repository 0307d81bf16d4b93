"""Estimates and posterior draws from a data set."""

import numpy as np
import pandas as pd
import pytest

from rlrecovery import fit, simulate
from unit.notebook.models import DECREASING

POPULATION = {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}}
EXACT = {"estimator": "quadrature"}
FAST = {"estimator": "bayes", "chains": 2, "draws": 60, "tune": 60}


def simulated(**changes):
    sizes = {"participants": 3, "trials": 40, "seed": 2}
    return simulate(truth={"alpha": 0.3, "beta": 4}, population=POPULATION, **sizes | changes)


@pytest.fixture(scope="module")
def data():
    return simulated()


@pytest.fixture(scope="module")
def own(data):
    """A table as a user has it: names of participants, trials from 1, no blocks."""
    names = data.trials["participant"].map({0: "ann", 1: "bob", 2: "cy"})
    table = data.trials.assign(participant=names, trial=data.trials["trial"] + 1)
    return table.drop(columns=["replicate", "block"])


def numbers(table):
    return table[["level", "parameter", "estimate", "se", "lower_95", "upper_95", "status"]]


def test_a_table_and_a_file_give_the_same_estimates(data, own, tmp_path):
    expected = fit(data).estimates
    from_table = fit(own).estimates
    pd.testing.assert_frame_equal(numbers(from_table), numbers(expected))
    assert from_table["participant"].tolist() == [*["ann"] * 2, *["bob"] * 2, *["cy"] * 2, -1, -1]
    data.trials.to_csv(tmp_path / "numbers.csv", index=False)
    numbered = fit(tmp_path / "numbers.csv").estimates
    pd.testing.assert_frame_equal(
        numbered.drop(columns="seconds"), expected.drop(columns="seconds")
    )
    own.to_csv(tmp_path / "own.csv", index=False)
    pd.testing.assert_frame_equal(
        fit(tmp_path / "own.csv").estimates.drop(columns="seconds"),
        from_table.drop(columns="seconds"),
    )


def test_numbers_of_participants_are_kept(own):
    numbered = own.assign(participant=own["participant"].map({"ann": 101, "bob": 7, "cy": 30}))
    found = fit(numbered).estimates
    assert found["participant"].tolist() == [101, 101, 7, 7, 30, 30, -1, -1]


def test_several_data_sets_in_one_table():
    data = simulated(replicates=3)
    whole = fit(data.trials).estimates
    for replicate, rows in data.trials.groupby("replicate"):
        alone = fit(rows.drop(columns="replicate")).estimates
        part = whole[whole["replicate"] == replicate].reset_index(drop=True)
        pd.testing.assert_frame_equal(numbers(part), numbers(alone))


def test_an_arm_that_nobody_chose(own):
    """Without arm 0, choices look as if they were counted from 1."""
    upper = own.assign(choice=own["choice"] + 1)
    found = fit(upper, task={"arms": 3}).estimates
    same = fit(own, task={"arms": 3}).estimates  # arms have no order
    pd.testing.assert_frame_equal(numbers(found), numbers(same), rtol=1e-6)


def test_a_method_of_a_config_fits_all_data_sets():
    data = simulated(replicates=3)
    some = fit(data, {"estimator": "mle", "replicates": 2}).estimates
    pd.testing.assert_frame_equal(numbers(some), numbers(fit(data).estimates))


def test_fits_can_be_compared_and_be_keys(data):
    first, second = fit(data), fit(data)
    assert first == first
    assert first != second
    assert len({first, second}) == 2


def test_data_sets_of_different_sizes():
    data = simulated(replicates=2).trials
    smaller = data[(data["replicate"] == 0) | (data["participant"] < 2)]
    counts = fit(smaller).estimates.groupby("replicate").size()
    assert counts.tolist() == [2 * 4, 2 * 3]


@pytest.mark.parametrize("missing", [-1, np.nan, None])
def test_missing_responses(own, missing):
    choices = own["choice"].astype(object).where(own["trial"] != 3, missing)
    rewards = own["reward"].astype(object).where(own["trial"] != 3, missing and np.nan)
    found = fit(own.assign(choice=choices, reward=rewards)).estimates
    complete = fit(own).estimates
    assert (found["choices"].dropna() == complete["choices"].dropna() - 1).all()
    reference = own.assign(
        choice=own["choice"].where(own["trial"] != 3, -1),
        reward=own["reward"].where(own["trial"] != 3, 0),
    )
    pd.testing.assert_frame_equal(numbers(found), numbers(fit(reference).estimates))


def test_blocks_reset_learning(own):
    halves = own.assign(block=np.where(own["trial"] <= 20, "day 1", "day 2"))
    assert (fit(halves).estimates["estimate"] != fit(own).estimates["estimate"]).any()
    equal = fit(own, task={"blocks": 2}).estimates
    pd.testing.assert_frame_equal(numbers(fit(halves).estimates), numbers(equal))


def test_the_task_of_simulated_data_is_known():
    task = {"arms": [0.2, 0.5, 0.8], "feedback": "full", "start_value": 0.2}
    data = simulated(task=task)
    known = fit(data).estimates
    told = fit(data.trials, task=task).estimates
    pd.testing.assert_frame_equal(numbers(known), numbers(told))
    shown = fit(data.trials, task={"start_value": 0.2}).estimates  # arms and feedback are seen
    pd.testing.assert_frame_equal(numbers(known), numbers(shown))
    assert (fit(data.trials).estimates["estimate"] != known["estimate"]).any()


@pytest.mark.parametrize(
    "task",
    [
        {"arms": [0.3, 0.7], "reversals": {"after": [15, 30]}},
        {"arms": [0.3, 0.7], "blocks": 4, "reset": False, "missing_trials": [[3, 39]]},
        {"arms": [0.3, 0.7], "drift": {"sd": 0.1, "lower": 0.0, "upper": 1.0}},
        {"arms": [2, 5], "rewards": "gaussian", "sd": 2.0, "start_value": 3.0},
    ],
)
def test_tasks_of_every_kind(task):
    data = simulated(task=task)
    estimates = fit(data).estimates
    assert len(estimates) == 8
    told = fit(data.trials, task=task).estimates
    pd.testing.assert_frame_equal(numbers(estimates), numbers(told))


def test_rewards_that_are_not_0_or_1(own):
    scaled = own.assign(reward=10 * own["reward"])
    with pytest.raises(ValueError, match="must be 0 or 1, as in the task"):
        fit(scaled)
    found = fit(scaled, task={"rewards": "gaussian", "start_value": 5}).estimates
    expected = fit(own).estimates
    alphas = [table[table["parameter"] == "alpha"] for table in (found, expected)]
    np.testing.assert_allclose(*(t["estimate"] for t in alphas), rtol=1e-3)


def test_a_model_of_ones_own(data):
    found = fit(data, model=DECREASING).estimates
    assert set(found["parameter"]) == set(DECREASING.names)
    own = simulate(DECREASING, truth={"alpha": 0.5, "decay": 0.1, "beta": 5}, seed=1)
    assert set(fit(own).estimates["parameter"]) == set(DECREASING.names)  # the default


def test_settings_of_a_method(data):
    bounded = {"estimator": "mle", "bounds": {"alpha": [0.6, 0.9]}}
    found = fit(data, bounded).estimates
    assert found.loc[found["parameter"] == "alpha", "estimate"].between(0.6, 0.9).all()
    narrow = {"distribution": "Uniform", "lower": 0.0, "upper": 0.2}
    found = fit(data, {"estimator": "quadrature", "priors": {"alpha": narrow}}).estimates
    assert (found.loc[found["parameter"] == "alpha", "estimate"] < 0.2).all()


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        (None, "needs the mean rewards of the arms"),
        ({"arms": 2}, "needs the mean rewards of the arms"),
        ({"arms": [0, 1], "rewards": "gaussian"}, "needs the SD of the rewards"),
    ],
)
def test_a_task_that_is_simulated_must_be_known(own, task, sentence):
    method = {"estimator": "mle", "interval": "bootstrap", "bootstrap": 39}
    with pytest.raises(ValueError, match=sentence):
        fit(own, method, task=task)


def test_a_bootstrap_simulates_the_task_that_is_given(data):
    method = {"estimator": "mle", "interval": "bootstrap", "bootstrap": 39}
    known, told = fit(data, method), fit(data.trials, method, task=data.task)
    other = fit(data, method, task={"arms": [0.1, 0.9]})
    ends = [found.estimates[["lower_95", "upper_95"]] for found in (known, told, other)]
    assert ends[0].notna().all(axis=None)
    assert len(ends[1]) == len(ends[0])
    assert not ends[2].equals(ends[0])


def test_levels_of_intervals(data):
    columns = fit(data, levels=[0.89]).estimates.columns
    assert [name for name in columns if name.startswith("lower")] == ["lower_89"]


@pytest.mark.parametrize("method", ["mle", "quadrature"])
def test_small_and_degenerate_data_give_rows(own, method):
    one = own[own["participant"] == "ann"]
    for table in (one, one.head(1), one.assign(choice=0), one.assign(reward=0)):
        found = fit(table, method, task={"arms": 2}).estimates
        people = found[found["level"] == "participant"]
        assert len(people) == 2
        assert np.isfinite(people["estimate"]).all()


def test_failed_fits_are_said(own):
    silent = own["participant"] == "ann"
    with pytest.warns(UserWarning, match="2 of 8 estimates failed: .*without any response"):
        found = fit(
            own.assign(choice=own["choice"].where(~silent, -1), reward=own["reward"] * ~silent)
        )
    assert found.estimates["status"].tolist()[:2] == ["failed", "failed"]
    assert repr(found).startswith("<fit of rescorla_wagner by mle: 8 estimates, ")


# --- posterior draws -----------------------------------------------------------------------------


def test_maximum_likelihood_has_no_posterior(data):
    with pytest.raises(ValueError, match="mle has no posterior; fit with bayes or quadrature"):
        fit(data).posterior()


@pytest.mark.parametrize("pooling", ["none", "partial", "complete"])
def test_exact_draws_have_the_moments_and_quantiles_of_the_estimates(pooling):
    found = fit(simulated(participants=6, trials=100), EXACT | {"pooling": pooling})
    count = 3000
    tree = found.posterior(draws=count)
    assert set(tree.children) == {"posterior"}
    for _, row in found.estimates.iterrows():
        suffix = f"_{row['level']}" if pooling == "partial" else ""
        values = tree["posterior"][row["parameter"] + suffix.removesuffix("_participant")]
        if row["level"] == "participant":
            values = values.sel(participant=row["participant"])
        assert values.dims == ("chain", "draw")
        assert values.shape == (1, count)
        draws = values.to_numpy().ravel()
        assert abs(draws.mean() - row["estimate"]) < 5 * row["se"] / np.sqrt(count)
        assert draws.std() == pytest.approx(row["se"], rel=0.1)
        for share, end in ((0.25, "lower_50"), (0.75, "upper_50"), (0.95, "upper_90")):
            binomial_sd = np.sqrt(share * (1 - share) / count)
            assert abs((draws < row[end]).mean() - share) < 4 * binomial_sd


@pytest.mark.parametrize("pooling", ["none", "partial"])
def test_sampled_draws_are_those_behind_the_estimates(own, pooling):
    found = fit(own, FAST | {"pooling": pooling}, seed=4)
    tree = found.posterior()
    posterior, statistics = tree["posterior"], tree["sample_stats"]
    assert posterior["alpha"].dims == ("chain", "draw", "participant")
    assert posterior["alpha"].shape == (2, 60, 3)
    assert posterior["participant"].to_numpy().tolist() == ["ann", "bob", "cy"]
    people = found.estimates[found.estimates["level"] == "participant"]
    for name in ("alpha", "beta"):
        means = posterior[name].mean(("chain", "draw")).to_numpy()
        estimates = people.loc[people["parameter"] == name, "estimate"]
        np.testing.assert_allclose(means, estimates, rtol=1e-12)
    diverging = statistics["diverging"].sum(("chain", "draw")).to_numpy()
    assert people["divergences"].tolist() == np.repeat(diverging, 6 // diverging.size).tolist()
    again, other = (fit(own, FAST | {"pooling": pooling}, seed=seed) for seed in (4, 5))
    assert (again.estimates["estimate"] == found.estimates["estimate"]).all()
    assert (other.estimates["estimate"] != found.estimates["estimate"]).all()


def test_one_of_several_data_sets_is_chosen():
    found = fit(simulated(replicates=2), "quadrature")
    with pytest.raises(ValueError, match="there are 2 data sets; choose one"):
        found.posterior()
    with pytest.raises(ValueError, match="replicate is 2, but must be 0 or 1"):
        found.posterior(2)
    draws = [found.posterior(i, draws=50)["posterior"]["alpha"].to_numpy() for i in (0, 1)]
    assert (draws[0] != draws[1]).all()


@pytest.mark.parametrize("draws", [0, -1, 1.5, True])
def test_wrong_numbers_of_draws(data, draws):
    with pytest.raises(ValueError, match=f"draws is {draws}, but must be a whole number"):
        fit(data, "quadrature").posterior(draws=draws)


# --- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.rename(columns={"choice": "Choice"}), r"column choice \(rename column Choice"),
        (lambda t: t.drop(columns="reward"), "data has no column reward"),
        (lambda t: t.head(0), "data has no rows"),
        (lambda t: pd.DataFrame(), "data has no column participant"),
        (lambda t: t.assign(choice=t["choice"] + 1), "numbers from 1 to 2, but must have"),
        (lambda t: t.assign(choice="left"), "data, row 0: choice is 'left', but must be one of"),
        (lambda t: t.assign(choice=np.nan, reward=np.nan), "data has no responses"),
        (lambda t: t.assign(choice=np.nan), r"row \d+: reward is '1.0', but there was no response"),
        (lambda t: t.assign(trial=1), "row 1: participant 'ann' already has a trial 1 in row 0"),
        (lambda t: t[t["trial"] != 7], "skips from 6 to 8"),
        (lambda t: t.assign(reward=np.nan), "reward is empty, but must be a number"),
        (lambda t: t.assign(replicate="first"), "replicate is 'first', but must be a whole number"),
        (
            lambda t: pd.concat(
                [t.assign(replicate=0), t.assign(replicate=1)["replicate"]], axis=1
            ),
            "more than one column replicate",
        ),
        (lambda t: [1, 2], "data must be a DataFrame, or the path of a CSV file"),
        (lambda t: "nowhere.csv", "nowhere.csv does not exist"),
    ],
)
def test_mistakes_in_data_are_one_sentence(own, change, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        fit(change(own))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"method": "mlee"}, r"the method is 'mlee'.*did you mean mle"),
        ({"method": {"estimator": "quadrture"}}, "method.estimator is .*did you mean quadrature"),
        ({"method": {"estimator": "mle", "grids": 3}}, "unknown key 'method.grids'"),
        ({"method": {"estimator": "mle", "bounds": {"alpha": [0.9, 0.1]}}}, "method.bounds.alpha"),
        ({"model": "rescorla"}, "model is .*did you mean rescorla_wagner"),
        ({"task": {"start": 0}}, "unknown key 'task.start'.*did you mean 'start_value'"),
        ({"task": "arms"}, "task is 'arms', but must be a mapping such as"),
        ({"task": {"arms": 1}}, "task.arms is .*at least 2 entries"),
        ({"method": ["mle"]}, r"method is \['mle'\], but must be a mapping such as"),
        ({"model": 3}, "model is 3, but must be"),
        ({"levels": 95}, "levels is 95, but must be less than 1"),
        ({"levels": None}, "levels is empty, but must be"),
        ({"seed": -1}, "seed is -1, but must be at least 0"),
        ({"seed": "a"}, 'seed is "a", but must be a whole number'),
        ({"levels": [95]}, r"levels\[0\] is 95, but must be less than 1"),
        (
            {"method": {"estimator": "quadrature"}, "model": "pearce_hall_"},
            "did you mean pearce_hall",
        ),
    ],
)
def test_mistakes_in_arguments_are_one_sentence(own, arguments, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        fit(own, **arguments)
    assert "\n" not in str(caught.value)
