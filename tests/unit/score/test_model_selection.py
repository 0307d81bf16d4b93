"""Model recovery against hand-worked scores, hand-counted matrices and brute-force draws."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rlrecovery.score import model_selection as selection
from rlrecovery.score.model_selection import (
    COUNTS,
    CRITERIA,
    SELECTION,
    WINNERS,
    cell_counts,
    counts,
    criteria,
    inversion,
    selection_table,
    winners,
)
from rlrecovery.storage.files import conform, estimates_columns

LEVELS = (0.95,)


def estimates(fits, names=("alpha", "beta"), level="participant", **columns):
    """Estimates of one model from rows of (replicate, participant, what its scores rest on)."""
    columns = {"choices": 100.0, "log_evidence": np.nan, "elpd_loo": np.nan, "pareto_k": np.nan,
               "log_likelihood": np.nan} | columns  # fmt: skip
    rows = [
        dict.fromkeys(estimates_columns(LEVELS), np.nan)
        | {"status": "ok", "reason": "", "at_bound": False, "converged": True}
        | columns
        | {"replicate": replicate, "participant": participant, "level": level, "parameter": name}
        | known
        for replicate, participant, known in fits
        for name in names
    ]
    return conform(pd.DataFrame(rows, columns=list(SCHEMA)), SCHEMA)


#: The columns of the contract, those included that other modules are to add.
SCHEMA = estimates_columns(LEVELS) | dict.fromkeys(
    ("choices", "log_evidence", "elpd_loo", "pareto_k"), "float64"
)


def fitted(scores, key="log_evidence", **keywords):
    """Estimates from scores of shape (replicates, participants)."""
    fits = [(r, p, {key: value}) for (r, p), value in np.ndenumerate(np.asarray(scores, float))]
    return estimates(fits, **keywords)


def failed(table, replicate, participant):
    """The same estimates with one fit that failed; one of its rows is enough to say so."""
    mine = (table["replicate"] == replicate) & (table["participant"] == participant)
    table = table.copy()
    table.loc[table.index[mine][:1], "status"] = "failed"
    return table


def best(won, unit="participant", criterion="evidence"):
    """Winners by (replicate, participant), as a list where they tie."""
    mine = won[(won["unit"] == unit) & (won["criterion"] == criterion)]
    return {
        key: [label for label in group["winner"] if isinstance(label, str)]
        for key, group in mine.groupby(["replicate", "participant"])
    }


# --- scores -----------------------------------------------------------------------------------


def test_information_criteria_of_hand_worked_fits():
    table = estimates(
        [(0, 0, {"log_likelihood": -60.0, "choices": 100.0}),
         (0, 1, {"log_likelihood": -50.0, "choices": 80.0})],
        names=("alpha_positive", "alpha_negative", "beta"),
    )  # fmt: skip
    found = criteria(table)
    assert list(found.columns) == list(CRITERIA)
    scores = found.set_index(["criterion", "participant"])["score"]
    assert set(found["criterion"]) == {"AIC", "BIC"}
    # 2 * 3 + 120 and 2 * 3 + 100; 3 log 100 = 13.8155... and 3 log 80 = 13.1461...
    assert scores["AIC", 0] == pytest.approx(-126)
    assert scores["AIC", 1] == pytest.approx(-106)
    assert scores["BIC", 0] == pytest.approx(-133.81551055796427)
    assert scores["BIC", 1] == pytest.approx(-113.1460799)


def test_every_criterion_takes_its_own_column():
    loo = criteria(fitted([[-40.0, -41.0]], "elpd_loo"))
    assert loo["criterion"].tolist() == ["LOO"] * 2
    assert loo["score"].tolist() == [-40, -41]
    exact = criteria(fitted([[-42.0]]))
    assert exact[["criterion", "score"]].to_numpy().tolist() == [["evidence", -42.0]]


def test_a_failed_fit_has_no_score_and_the_others_keep_theirs():
    table = failed(fitted([[-1.0, -2.0], [-3.0, -4.0]]), 1, 0)
    scores = criteria(table).set_index(["replicate", "participant"])["score"]
    assert np.isnan(scores[1, 0])
    assert scores.drop((1, 0)).tolist() == [-1, -2, -4]


def test_without_choices_there_is_no_bic():
    table = estimates([(0, 0, {"log_likelihood": 0.0, "choices": 0.0}),
                       (0, 1, {"log_likelihood": -9.0})])  # fmt: skip
    scores = criteria(table).set_index(["criterion", "participant"])["score"]
    assert np.isnan(scores["BIC", 0])
    assert np.isfinite(scores["BIC", 1])


def test_group_rows_count_only_where_there_is_nothing_else():
    people = fitted([[-5.0]])
    group = fitted([[-7.0]], level="group").assign(participant=-1)
    both = criteria(pd.concat([people, group]))
    assert both[["participant", "score"]].to_numpy().tolist() == [[0, -5]]
    pooled = criteria(group)
    assert pooled[["participant", "score"]].to_numpy().tolist() == [[-1, -7]]


def test_estimates_without_any_criterion_give_an_empty_table():
    for table in (fitted([[np.nan]]), fitted([[1.0]])[:0]):
        found = criteria(table)
        assert found.empty
        assert list(found.columns) == list(CRITERIA)


# --- winners ----------------------------------------------------------------------------------


def contest(**scores):
    return {label: criteria(fitted(values)) for label, values in scores.items()}


def test_the_highest_score_wins_for_participants_and_for_data_sets():
    won = winners(contest(a=[[3, 1], [1, 5]], b=[[2, 4], [2, 2]]))
    assert list(won.columns) == list(WINNERS)
    assert best(won) == {(0, 0): ["a"], (0, 1): ["b"], (1, 0): ["b"], (1, 1): ["a"]}
    # Sums 4 and 6 against 6 and 4.
    assert best(won, "data set") == {(0, -1): ["b"], (1, -1): ["a"]}
    assert (won["share"] == 1).all()


def test_aic_and_bic_may_disagree():
    """Three parameters gain 2.5 in log-likelihood over one: enough for AIC, not for BIC."""
    small = estimates([(0, 0, {"log_likelihood": -52.5})], names=("beta",))
    large = estimates([(0, 0, {"log_likelihood": -50.0})], names=("alpha", "beta", "gamma"))
    won = winners({"small": criteria(small), "large": criteria(large)})
    assert best(won, criterion="AIC") == {(0, 0): ["large"]}
    assert best(won, criterion="BIC") == {(0, 0): ["small"]}


def test_a_single_participant_is_no_data_set_of_several():
    assert set(winners(contest(a=[[1], [2]], b=[[2], [1]]))["unit"]) == {"participant"}


def test_exact_ties_share_the_win():
    won = winners(contest(a=[[1.0], [5.0]], b=[[1.0], [1.0]], c=[[0.0], [1.0]]))
    assert best(won) == {(0, 0): ["a", "b"], (1, 0): ["a"]}
    assert won["share"].tolist() == [0.5, 0.5, 1.0]
    table = counts(won, ["a", "b", "c"]).set_index("fitted")
    assert table["wins"].to_dict() == {"a": 1.5, "b": 0.5, "c": 0.0}
    assert (table["n"] == 2).all()


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_a_unit_without_every_score_is_left_out(missing):
    won = winners(contest(a=[[1, 1], [1, 1]], b=[[missing, 2], [0, 0]]))
    assert best(won) == {(0, 0): [], (0, 1): ["b"], (1, 0): ["a"], (1, 1): ["a"]}
    assert best(won, "data set") == {(0, -1): [], (1, -1): ["a"]}
    table = counts(won, ["a", "b"]).set_index(["unit", "fitted"])
    assert table.loc["participant", "wins"].to_dict() == {"a": 2, "b": 1}
    assert table[["n", "left_out"]].drop_duplicates().to_numpy().tolist() == [[3, 1], [1, 1]]


def test_a_participant_whom_one_model_lacks_altogether_is_left_out():
    both = contest(a=[[1, 1]], b=[[2, 0]])
    both["b"] = both["b"][both["b"]["participant"] == 0]
    won = winners(both)
    assert best(won) == {(0, 0): ["b"], (0, 1): []}
    assert best(won, "data set") == {(0, -1): []}


def test_a_model_whose_fits_all_failed_leaves_every_unit_out():
    table = fitted([[1.0], [2.0]]).assign(status="failed")
    won = winners({"a": criteria(fitted([[1.0], [2.0]])), "b": criteria(table)})
    assert best(won) == {(0, 0): [], (1, 0): []}


def test_a_fit_to_whole_data_sets_is_compared_with_the_sum_over_participants():
    pooled = fitted([[-6.0], [-9.0]], level="group").assign(participant=-1)
    alone = fitted([[-2.0, -3.0], [-5.0, -5.0]])
    for order in (1, -1):
        models = dict([("pooled", criteria(pooled)), ("alone", criteria(alone))][::order])
        won = winners(models)
        assert set(won["unit"]) == {"data set"}
        assert best(won, "data set") == {(0, -1): ["alone"], (1, -1): ["pooled"]}


def test_a_failure_of_one_participant_spoils_the_sum_of_its_data_set():
    table = failed(fitted([[9.0, 9.0], [9.0, 9.0]]), 0, 1)
    won = winners({"a": criteria(table), "b": criteria(fitted([[1.0, 1.0], [1.0, 1.0]]))})
    assert best(won, "data set") == {(0, -1): [], (1, -1): ["a"]}


# --- one cell ---------------------------------------------------------------------------------


def test_units_with_an_unreliable_loo_are_compared_and_counted():
    a, b = (fitted([[3, 1], [2, 2], [5, 4]], "elpd_loo") for _ in "ab")
    sure = np.full(len(a), 0.3)
    a["pareto_k"], b["pareto_k"] = sure, sure
    a.loc[(a["replicate"] == 0) & (a["participant"] == 1), "pareto_k"] = 0.71
    b.loc[(b["replicate"] == 1) & (b["participant"] == 0), "pareto_k"] = 0.7  # not above it
    b.loc[(b["replicate"] == 0) & (b["participant"] == 0), "pareto_k"] = np.nan
    lost = failed(b.assign(pareto_k=b["pareto_k"].mask(b["replicate"] == 2, 0.9)), 2, 0)
    found = cell_counts({"sampled": {"a": a, "b": lost}}, "c", "d", "a").set_index("unit")
    kept = ["n", "left_out", "doubtful"]
    assert set(map(tuple, found.loc["participant", kept].to_numpy())) == {(5, 1, 2)}
    assert set(map(tuple, found.loc["data set", kept].to_numpy())) == {(2, 1, 1)}


def test_units_with_a_fit_that_did_not_converge_are_compared_and_counted():
    a, b = fitted([[3, 1], [2, 2]]), fitted([[1, 3], [5, 1]])
    b.loc[(b["replicate"] == 0) & (b["participant"] == 1), "status"] = "not_converged"
    found = cell_counts({"exact": {"a": a, "b": b}}, "c", "d", "a").set_index("unit")
    assert set(map(tuple, found.loc["participant", ["n", "stopped"]].to_numpy())) == {(4, 1)}
    assert set(map(tuple, found.loc["data set", ["n", "stopped"]].to_numpy())) == {(2, 1)}


def test_other_criteria_do_not_rest_on_importance_sampling():
    both = fitted([[3, 1]], "elpd_loo", log_likelihood=-9.0, pareto_k=2.0)
    found = cell_counts({"x": {"a": both, "b": both}}, "c", "d", "a")
    doubtful = found.groupby("criterion")["doubtful"].max().to_dict()
    assert doubtful == {"AIC": 0, "BIC": 0, "LOO": 2}


def test_counts_of_a_cell_carry_its_keys_for_every_contest():
    models = {"a": fitted([[3, 1, 3]]), "b": fitted([[2, 4, 2]])}
    loo = {"a": fitted([[3, 1, 3]], "elpd_loo"), "b": fitted([[9, 9, 9]], "elpd_loo")}
    found = cell_counts({"exact": models, "sampled": loo}, "cell-1", "t-50", "a")
    assert found.dtypes.astype(str).to_dict() == COUNTS
    assert (found[["cell", "design", "simulated"]] == ["cell-1", "t-50", "a"]).all(axis=None)
    people = found[found["unit"] == "participant"].set_index(["contest", "criterion", "fitted"])
    assert people["wins"].to_dict() == {
        ("exact", "evidence", "a"): 2, ("exact", "evidence", "b"): 1,
        ("sampled", "LOO", "a"): 0, ("sampled", "LOO", "b"): 3,
    }  # fmt: skip


def test_no_contest_is_an_empty_table_all_the_way():
    for contests in ({}, {"exact": {}}, {"exact": {"a": fitted([[np.nan]])}}):
        found = cell_counts(contests, "c", "d", "a")
        assert found.empty
        assert found.dtypes.astype(str).to_dict() == COUNTS
        table = selection_table(found)
        assert table.empty
        assert table.dtypes.astype(str).to_dict() == SELECTION


# --- matrices ---------------------------------------------------------------------------------

#: Wins by (design, cell, simulated): 10 + 20 units of a in design t-50, 10 of b; more in t-99.
WINS = {
    ("t-50", "a-1", "a"): [8, 2],
    ("t-50", "a-2", "a"): [13, 7],
    ("t-50", "b-1", "b"): [4, 6],
    ("t-99", "a-3", "a"): [10, 0],
    ("t-99", "b-2", "b"): [1, 39],
}


def counted(wins=None, labels=("a", "b"), left_out=1, **columns):
    wins = WINS if wins is None else wins
    fixed = {"contest": "mle", "criterion": "AIC", "unit": "participant"} | columns
    rows = [
        fixed | {"design": design, "cell": cell, "simulated": simulated, "fitted": label,
                 "wins": won, "n": round(sum(each)), "left_out": left_out,
                 "doubtful": 0, "stopped": 0}
        for (design, cell, simulated), each in wins.items()
        for label, won in zip(labels, each, strict=True)
    ]  # fmt: skip
    return conform(rows, COUNTS)


def matrix(table, column, **where):
    for name, value in where.items():
        table = table[table[name] == value]
    return table.set_index(["simulated", "fitted"])[column]


def test_confusion_and_inversion_of_hand_counted_matrices():
    table = selection_table(counted())
    assert table.dtypes.astype(str).to_dict() == SELECTION
    confusion = matrix(table, "confusion", scope="design", design="t-50")
    # a won 21 of 30, b 6 of 10.
    assert confusion.to_dict() == pytest.approx(
        {("a", "a"): 0.7, ("a", "b"): 0.3, ("b", "a"): 0.4, ("b", "b"): 0.6}
    )
    inverse = matrix(table, "inversion", scope="design", design="t-50")
    assert inverse.to_dict() == pytest.approx(
        {("a", "a"): 7 / 11, ("b", "a"): 4 / 11, ("a", "b"): 1 / 3, ("b", "b"): 2 / 3}
    )


def test_all_cells_pool_and_every_cell_has_its_own_row():
    table = selection_table(counted())
    everything = table[table["scope"] == "all"]
    assert matrix(everything, "wins").to_dict() == {
        ("a", "a"): 31, ("a", "b"): 9, ("b", "a"): 5, ("b", "b"): 45,
    }  # fmt: skip
    assert matrix(everything, "n")["a", "a"] == 40
    assert matrix(everything, "left_out").to_dict() == {
        ("a", "a"): 3, ("a", "b"): 3, ("b", "a"): 2, ("b", "b"): 2,
    }  # fmt: skip
    assert (everything[["design", "cell"]] == "").all(axis=None)
    assert (table.loc[table["scope"] == "design", "cell"] == "").all()
    cells = table[table["scope"] == "cell"]
    assert set(cells["cell"]) == {cell for _, cell, _ in WINS}
    assert matrix(cells, "confusion", cell="a-2").tolist() == pytest.approx([13 / 20, 7 / 20])
    assert cells[["inversion", "inversion_lower", "inversion_upper"]].isna().all(axis=None)
    assert len(table) == 2 * 5 + 2 * 4 + 4


def test_the_prior_of_the_models_does_not_follow_their_numbers_of_data_sets():
    """Ten times the data of b, in the same proportions, change no inverse probability."""
    more = WINS | {("t-50", "b-1", "b"): [40, 60]}
    one, ten = (
        matrix(selection_table(counted(wins)), "inversion", scope="design", design="t-50")
        for wins in (WINS, more)
    )
    assert ten.tolist() == pytest.approx(one.tolist())


def test_confusion_intervals_are_beta_quantiles():
    labels = ("a", "b", "c")
    wins = {("d", "x", "a"): [17, 2.5, 0.5], ("d", "y", "b"): [0, 30, 0]}
    table = selection_table(counted(wins, labels))
    lower = matrix(table, "confusion_lower", scope="all")
    upper = matrix(table, "confusion_upper", scope="all")
    for (simulated, label), won, n in (
        (("a", "a"), 17, 20), (("a", "b"), 2.5, 20), (("b", "b"), 30, 30), (("b", "c"), 0, 30),
    ):  # fmt: skip
        # Dirichlet(wins + 1/3) over three models: the others together have n - wins + 2/3.
        expected = stats.beta(won + 1 / 3, n - won + 2 / 3).ppf([0.025, 0.975])
        got = lower[simulated, label], upper[simulated, label]
        assert got == pytest.approx(tuple(expected), rel=1e-9)


def test_inversion_intervals_agree_with_draws_from_another_seed():
    labels = ("a", "b", "c")
    wins = {
        ("d", "x", "a"): [40, 9, 1],
        ("d", "y", "b"): [5, 90, 5],
        ("d", "z", "c"): [10, 2, 13],
    }
    table = selection_table(counted(wins, labels))
    rng = np.random.default_rng(1)
    rows = [
        stats.dirichlet(np.array(w) + 1 / 3).rvs(200_000, random_state=rng) for w in wins.values()
    ]
    draws = np.stack(rows, axis=1)
    draws = draws / draws.sum(axis=1, keepdims=True)
    expected = np.quantile(draws, [0.025, 0.975], axis=0)
    for end, values in zip(("lower", "upper"), expected, strict=True):
        got = matrix(table, f"inversion_{end}", scope="all").to_numpy().reshape(3, 3)
        # The MCSE of an end is 0.0011 / density; the densities here are above 0.2.
        assert got == pytest.approx(values, abs=0.008)
    value = matrix(table, "inversion", scope="all").to_numpy().reshape(3, 3)
    assert value.sum(axis=0) == pytest.approx(np.ones(3))


def test_a_model_that_never_wins_has_no_inversion_and_the_others_have_theirs():
    wins = {("d", "x", "a"): [9, 1, 0], ("d", "y", "b"): [2, 8, 0], ("d", "z", "c"): [5, 5, 0]}
    table = selection_table(counted(wins, ("a", "b", "c")))
    table = table[table["scope"] == "all"].set_index("fitted")
    columns = ["inversion", "inversion_lower", "inversion_upper"]
    assert table.loc["c", columns].isna().all(axis=None)
    assert table.loc[["a", "b"], columns].notna().all(axis=None)
    assert table["confusion_upper"].notna().all()


def test_a_generating_model_without_any_unit_has_no_row_and_leaves_no_inversion():
    table = selection_table(counted({("d", "x", "a"): [9, 1], ("d", "y", "b"): [0, 0]}))
    table = table[table["scope"] == "all"].set_index("simulated")
    numbers = [name for name in SELECTION if "confusion" in name]
    assert table.loc["b", numbers].isna().all(axis=None)
    assert table.loc["a", numbers].notna().all(axis=None)
    assert table["inversion"].isna().all()


def test_one_model_wins_for_certain():
    table = selection_table(counted({("d", "x", "a"): [12]}, ("a",)))
    ends = ["confusion", "confusion_lower", "confusion_upper"]
    assert (table[ends] == 1).all(axis=None)
    assert (table.loc[table["scope"] == "all", "inversion"] == 1).all()


def test_a_generating_model_need_not_be_in_the_contest():
    table = selection_table(counted({("d", "x", "a"): [9, 1], ("d", "y", "other"): [5, 5]}))
    inverse = matrix(table, "inversion", scope="all")
    assert inverse["other", "a"] == pytest.approx(0.5 / 1.4)


def test_contests_criteria_and_units_do_not_mix_and_change_no_numbers_of_each_other():
    alone = selection_table(counted())
    others = [
        counted({("t-50", "a-1", "a"): [0, 9], ("t-50", "b-1", "b"): [3, 3]}, criterion="BIC"),
        counted(unit="data set"),
        counted(contest="exact", criterion="evidence"),
        counted({("t-77", "a-9", "a"): [5, 5]}, criterion="LOO"),
    ]
    both = selection_table(pd.concat([*others, counted()]))
    mine = (both["contest"] == "mle") & (both["criterion"] == "AIC")
    mine &= both["unit"] == "participant"
    keys = ["scope", "design", "cell", "simulated", "fitted"]
    pd.testing.assert_frame_equal(
        both[mine].sort_values(keys, ignore_index=True), alone.sort_values(keys, ignore_index=True)
    )


def test_the_order_of_cells_and_models_changes_no_number():
    turned = {key: each[::-1] for key, each in reversed(WINS.items())}
    one, two = selection_table(counted()), selection_table(counted(turned, ("b", "a")))
    keys = ["scope", "design", "cell", "simulated", "fitted"]
    pd.testing.assert_frame_equal(
        one.sort_values(keys, ignore_index=True), two.sort_values(keys, ignore_index=True)
    )
    assert one["fitted"].unique().tolist() == ["a", "b"]
    assert two["fitted"].unique().tolist() == ["b", "a"], "the order of the config is kept"


def test_different_models_in_different_cells_are_refused():
    parts = [counted({("d", "x", "a"): [9, 1]}), counted({("d", "y", "c"): [5, 5]}, ("a", "c"))]
    with pytest.raises(ValueError, match="contest mle has other models in some cells"):
        selection_table(pd.concat(parts))


def test_from_estimates_to_matrices():
    """Two models that generate two cells each; a is recovered by 3 of 4, b by 1 of 4 people."""
    cells = {
        "a-1": ("a", [[2.0, 2.0]], [[1.0, 3.0]]),
        "a-2": ("a", [[2.0, 2.0]], [[1.0, 0.0]]),
        "b-1": ("b", [[2.0, 2.0]], [[1.0, 1.0]]),
        "b-2": ("b", [[2.0, 2.0]], [[9.0, 1.0]]),
    }
    found = [
        cell_counts({"exact": {"a": fitted(a), "b": fitted(b)}}, cell, "d", simulated)
        for cell, (simulated, a, b) in cells.items()
    ]
    table = selection_table(pd.concat(found))
    people = matrix(table, "confusion", scope="all", unit="participant")
    assert people.to_dict() == {
        ("a", "a"): 0.75, ("a", "b"): 0.25, ("b", "a"): 0.75, ("b", "b"): 0.25,
    }  # fmt: skip
    # Sums 4 against 4 (a tie), 1, 2 and 10.
    sets = matrix(table, "wins", scope="all", unit="data set")
    assert sets.to_dict() == {("a", "a"): 1.5, ("a", "b"): 0.5, ("b", "a"): 1, ("b", "b"): 1}


@pytest.mark.parametrize("n", [25, 400])
def test_intervals_of_inversion_cover_the_truth(n):
    """Over repeated studies, as often as they say; the prior makes them a little off for few."""
    rng, truth = np.random.default_rng(5), np.array([[0.8, 0.2], [0.3, 0.7]])
    expected, inside = truth / truth.sum(axis=0), []
    for _ in range(200):
        wins = np.stack([rng.multinomial(n, row) for row in truth]).astype(float)
        _, lower, upper = inversion(wins, np.array([n, n]), np.random.default_rng(selection.SEED))
        inside.append((lower <= expected) & (expected <= upper))
    # 95 % of 200 studies, with an SE of 1.5 points.
    assert np.mean(inside) == pytest.approx(0.95, abs=0.04)
