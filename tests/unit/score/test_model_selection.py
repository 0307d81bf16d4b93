"""Criteria, winners and counts of competing models, against hand-worked scores."""

import numpy as np
import pandas as pd
import pytest

from rlrecovery.score.model_selection import cell_counts, counts, criteria, winners
from rlrecovery.storage.schemas import COUNTS, CRITERIA, WINNERS
from unit.score.examples import fit_estimates, with_scores


def failed(table, replicate, participant):
    """The same estimates with one failed row in a fit."""
    of_fit = (table["replicate"] == replicate) & (table["participant"] == participant)
    table = table.copy()
    table.loc[table.index[of_fit][:1], "status"] = "failed"
    return table


def best(won, unit="participant", criterion="evidence"):
    """Winners by (replicate, participant), several where they tie."""
    rows = won[(won["unit"] == unit) & (won["criterion"] == criterion)]
    return {
        key: [model for model in group["winner"] if isinstance(model, str)]
        for key, group in rows.groupby(["replicate", "participant"])
    }


def test_information_criteria_of_hand_worked_fits():
    table = fit_estimates(
        [(0, 0, {"log_likelihood": -60.0, "choices": 100.0}),
         (0, 1, {"log_likelihood": -50.0, "choices": 80.0})],
        names=("alpha_positive", "alpha_negative", "beta"),
    )  # fmt: skip
    scored = criteria(table)
    assert list(scored.columns) == list(CRITERIA)
    scores = scored.set_index(["criterion", "participant"])["score"]
    assert set(scored["criterion"]) == {"AIC", "BIC"}
    # 2 * 3 + 120 and 2 * 3 + 100; 3 log 100 = 13.8155... and 3 log 80 = 13.1461...
    assert scores["AIC", 0] == pytest.approx(-126)
    assert scores["AIC", 1] == pytest.approx(-106)
    assert scores["BIC", 0] == pytest.approx(-133.81551055796427)
    assert scores["BIC", 1] == pytest.approx(-113.1460799)


def test_every_criterion_takes_its_own_column():
    loo = criteria(with_scores([[-40.0, -41.0]], "elpd_loo"))
    assert loo["criterion"].tolist() == ["LOO"] * 2
    assert loo["score"].tolist() == [-40, -41]
    exact = criteria(with_scores([[-42.0]]))
    assert exact[["criterion", "score"]].to_numpy().tolist() == [["evidence", -42.0]]


def test_a_failed_fit_has_no_score_and_the_others_keep_theirs():
    table = failed(with_scores([[-1.0, -2.0], [-3.0, -4.0]]), 1, 0)
    scores = criteria(table).set_index(["replicate", "participant"])["score"]
    assert np.isnan(scores[1, 0])
    assert scores.drop((1, 0)).tolist() == [-1, -2, -4]


def test_without_choices_there_is_no_bic():
    table = fit_estimates([(0, 0, {"log_likelihood": 0.0, "choices": 0.0}),
                       (0, 1, {"log_likelihood": -9.0})])  # fmt: skip
    scores = criteria(table).set_index(["criterion", "participant"])["score"]
    assert np.isnan(scores["BIC", 0])
    assert np.isfinite(scores["BIC", 1])


def test_group_rows_count_only_where_there_is_nothing_else():
    participants = with_scores([[-5.0]])
    group = with_scores([[-7.0]], level="group").assign(participant=-1)
    both = criteria(pd.concat([participants, group]))
    assert both[["participant", "score"]].to_numpy().tolist() == [[0, -5]]
    pooled = criteria(group)
    assert pooled[["participant", "score"]].to_numpy().tolist() == [[-1, -7]]


def test_estimates_without_any_criterion_give_an_empty_table():
    for table in (with_scores([[np.nan]]), with_scores([[1.0]])[:0]):
        scored = criteria(table)
        assert scored.empty
        assert list(scored.columns) == list(CRITERIA)


def contest(**scores):
    return {label: criteria(with_scores(values)) for label, values in scores.items()}


def test_the_highest_score_wins_for_participants_and_for_data_sets():
    won = winners(contest(a=[[3, 1], [1, 5]], b=[[2, 4], [2, 2]]))
    assert list(won.columns) == list(WINNERS)
    assert best(won) == {(0, 0): ["a"], (0, 1): ["b"], (1, 0): ["b"], (1, 1): ["a"]}
    # Sums 4 and 6 against 6 and 4.
    assert best(won, "data set") == {(0, -1): ["b"], (1, -1): ["a"]}
    assert (won["share"] == 1).all()


def test_aic_and_bic_may_disagree():
    """Three parameters gain 2.5 in log-likelihood over one: enough for AIC, not for BIC."""
    small = fit_estimates([(0, 0, {"log_likelihood": -52.5})], names=("beta",))
    large = fit_estimates([(0, 0, {"log_likelihood": -50.0})], names=("alpha", "beta", "gamma"))
    won = winners({"small": criteria(small), "large": criteria(large)})
    assert best(won, criterion="AIC") == {(0, 0): ["large"]}
    assert best(won, criterion="BIC") == {(0, 0): ["small"]}


def test_a_single_participant_is_no_data_set_of_several():
    assert set(winners(contest(a=[[1], [2]], b=[[2], [1]]))["unit"]) == {"participant"}


def test_exact_ties_share_the_win():
    won = winners(contest(a=[[1.0], [5.0]], b=[[1.0], [1.0]], c=[[0.0], [1.0]]))
    assert best(won) == {(0, 0): ["a", "b"], (1, 0): ["a"]}
    assert won["share"].tolist() == [0.5, 0.5, 1.0]
    table = pd.DataFrame(counts(won, ["a", "b", "c"])).set_index("fitted")
    assert table["wins"].to_dict() == {"a": 1.5, "b": 0.5, "c": 0.0}
    assert (table["n"] == 2).all()


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_a_unit_without_every_score_is_left_out(missing):
    won = winners(contest(a=[[1, 1], [1, 1]], b=[[missing, 2], [0, 0]]))
    assert best(won) == {(0, 0): [], (0, 1): ["b"], (1, 0): ["a"], (1, 1): ["a"]}
    assert best(won, "data set") == {(0, -1): [], (1, -1): ["a"]}
    table = pd.DataFrame(counts(won, ["a", "b"])).set_index(["unit", "fitted"])
    assert table.loc["participant", "wins"].to_dict() == {"a": 2, "b": 1}
    assert table[["n", "left_out"]].drop_duplicates().to_numpy().tolist() == [[3, 1], [1, 1]]


def test_a_participant_whom_one_model_lacks_altogether_is_left_out():
    both = contest(a=[[1, 1]], b=[[2, 0]])
    both["b"] = both["b"][both["b"]["participant"] == 0]
    won = winners(both)
    assert best(won) == {(0, 0): ["b"], (0, 1): []}
    assert best(won, "data set") == {(0, -1): []}


def test_a_model_whose_fits_all_failed_leaves_every_unit_out():
    table = with_scores([[1.0], [2.0]]).assign(status="failed")
    won = winners({"a": criteria(with_scores([[1.0], [2.0]])), "b": criteria(table)})
    assert best(won) == {(0, 0): [], (1, 0): []}


def test_a_fit_to_whole_data_sets_is_compared_with_the_sum_over_participants():
    pooled = with_scores([[-6.0], [-9.0]], level="group").assign(participant=-1)
    alone = with_scores([[-2.0, -3.0], [-5.0, -5.0]])
    for order in (1, -1):
        models = dict([("pooled", criteria(pooled)), ("alone", criteria(alone))][::order])
        won = winners(models)
        assert set(won["unit"]) == {"data set"}
        assert best(won, "data set") == {(0, -1): ["alone"], (1, -1): ["pooled"]}


def hierarchical(evidence, elpd):
    """Estimates of a hierarchical fit: evidence of data sets, LOO of participants."""
    of_participants = with_scores(elpd, "elpd_loo")
    whole = [
        with_scores(np.reshape(evidence, (-1, 1)), level=level).assign(participant=-1)
        for level in ("group", "spread")
    ]
    return pd.concat([of_participants, *whole], ignore_index=True)


def test_a_hierarchical_model_has_one_evidence_per_data_set():
    scored = criteria(hierarchical([-70.0, -80.0], [[-3.0, -4.0], [-5.0, -6.0]]))
    assert scored[["criterion", "participant"]].drop_duplicates().to_numpy().tolist() == [
        ["LOO", 0], ["LOO", 1], ["evidence", -1],
    ]  # fmt: skip
    assert scored.loc[scored["criterion"] == "evidence", "score"].tolist() == [-70, -80]


def test_evidence_selects_data_sets_and_loo_also_participants_in_one_contest():
    a = hierarchical([-70.0, -80.0], [[-3.0, -4.0], [-5.0, -6.0]])
    b = hierarchical([-71.0, -79.0], [[-4.0, -1.0], [-4.0, -9.0]])
    won = winners({"a": criteria(a), "b": criteria(b)})
    units = won[["criterion", "unit"]].drop_duplicates().apply(tuple, axis=1)
    assert set(units) == {("LOO", "participant"), ("LOO", "data set"), ("evidence", "data set")}
    assert best(won, "data set") == {(0, -1): ["a"], (1, -1): ["b"]}
    assert best(won, criterion="LOO") == {
        (0, 0): ["a"], (0, 1): ["b"], (1, 0): ["b"], (1, 1): ["a"],
    }  # fmt: skip
    # Sums -7 and -11 against -5 and -13.
    assert best(won, "data set", "LOO") == {(0, -1): ["b"], (1, -1): ["a"]}


def test_a_hierarchical_fit_that_stopped_is_counted_where_its_rows_are():
    """Group and spread belong to the evidence, participants to LOO."""
    a, b = (hierarchical([-7.0, -8.0], [[-3.0, -4.0], [-5.0, -6.0]]) for _ in "ab")
    a.loc[(a["level"] == "spread") & (a["replicate"] == 1), "status"] = "not_converged"
    b.loc[(b["level"] == "participant") & (b["replicate"] == 0), "status"] = "not_converged"
    counted = cell_counts({"exact": {"a": a, "b": b}}, "c", "d", "a")
    stopped = counted.groupby(["criterion", "unit"])["stopped"].max().to_dict()
    assert stopped == {
        ("LOO", "participant"): 2, ("LOO", "data set"): 1, ("evidence", "data set"): 1,
    }  # fmt: skip


def test_a_failed_hierarchical_fit_leaves_its_data_set_out_by_every_criterion():
    a, b = (hierarchical([-7.0, -8.0], [[-3.0, -4.0], [-5.0, -6.0]]) for _ in "ab")
    scores = ["log_evidence", "elpd_loo"]
    a.loc[a["replicate"] == 0, ["status", *scores]] = ["failed", np.nan, np.nan]
    counted = cell_counts({"exact": {"a": a, "b": b}}, "c", "d", "a")
    left_out = counted.groupby(["criterion", "unit"])[["n", "left_out"]].first()
    assert left_out.loc["evidence", "data set"].tolist() == [1, 1]
    assert left_out.loc["LOO", "data set"].tolist() == [1, 1]
    assert left_out.loc["LOO", "participant"].tolist() == [2, 2]


def test_complete_pooling_compares_data_sets_by_all_criteria():
    a, b = (
        with_scores([[score], [score]], level="group", elpd_loo=-score).assign(participant=-1)
        for score in (-5.0, -6.0)
    )
    won = winners({"a": criteria(a), "b": criteria(b)})
    assert set(won["unit"]) == {"data set"}
    assert best(won, "data set") == {(0, -1): ["a"], (1, -1): ["a"]}
    assert best(won, "data set", "LOO") == {(0, -1): ["b"], (1, -1): ["b"]}


def test_one_participant_of_a_hierarchical_model_is_a_data_set_by_evidence_only():
    a, b = hierarchical([-7.0], [[-3.0]]), hierarchical([-8.0], [[-2.0]])
    won = winners({"a": criteria(a), "b": criteria(b)})
    units = won[["criterion", "unit"]].apply(tuple, axis=1)
    assert set(units) == {("LOO", "participant"), ("evidence", "data set")}


def test_a_failure_of_one_participant_spoils_the_sum_of_its_data_set():
    table = failed(with_scores([[9.0, 9.0], [9.0, 9.0]]), 0, 1)
    won = winners({"a": criteria(table), "b": criteria(with_scores([[1.0, 1.0], [1.0, 1.0]]))})
    assert best(won, "data set") == {(0, -1): [], (1, -1): ["a"]}


def test_units_with_an_unreliable_loo_are_compared_and_counted():
    a, b = (with_scores([[3, 1], [2, 2], [5, 4]], "elpd_loo") for _ in "ab")
    sure = np.full(len(a), 0.3)
    a["pareto_k"], b["pareto_k"] = sure, sure
    a.loc[(a["replicate"] == 0) & (a["participant"] == 1), "pareto_k"] = 0.71
    b.loc[(b["replicate"] == 1) & (b["participant"] == 0), "pareto_k"] = 0.7  # not above it
    b.loc[(b["replicate"] == 0) & (b["participant"] == 0), "pareto_k"] = np.nan
    lost = failed(b.assign(pareto_k=b["pareto_k"].mask(b["replicate"] == 2, 0.9)), 2, 0)
    counted = cell_counts({"sampled": {"a": a, "b": lost}}, "c", "d", "a").set_index("unit")
    kept = ["n", "left_out", "doubtful"]
    assert set(map(tuple, counted.loc["participant", kept].to_numpy())) == {(5, 1, 2)}
    assert set(map(tuple, counted.loc["data set", kept].to_numpy())) == {(2, 1, 1)}


def test_units_with_a_fit_that_did_not_converge_are_compared_and_counted():
    a, b = with_scores([[3, 1], [2, 2]]), with_scores([[1, 3], [5, 1]])
    b.loc[(b["replicate"] == 0) & (b["participant"] == 1), "status"] = "not_converged"
    counted = cell_counts({"exact": {"a": a, "b": b}}, "c", "d", "a").set_index("unit")
    assert set(map(tuple, counted.loc["participant", ["n", "stopped"]].to_numpy())) == {(4, 1)}
    assert set(map(tuple, counted.loc["data set", ["n", "stopped"]].to_numpy())) == {(2, 1)}


def test_other_criteria_do_not_rest_on_importance_sampling():
    both = with_scores([[3, 1]], "elpd_loo", log_likelihood=-9.0, pareto_k=2.0)
    counted = cell_counts({"x": {"a": both, "b": both}}, "c", "d", "a")
    doubtful = counted.groupby("criterion")["doubtful"].max().to_dict()
    assert doubtful == {"AIC": 0, "BIC": 0, "LOO": 2}


def test_counts_of_a_cell_carry_its_keys_for_every_contest():
    models = {"a": with_scores([[3, 1, 3]]), "b": with_scores([[2, 4, 2]])}
    loo = {"a": with_scores([[3, 1, 3]], "elpd_loo"), "b": with_scores([[9, 9, 9]], "elpd_loo")}
    counted = cell_counts({"exact": models, "sampled": loo}, "cell-1", "t-50", "a")
    assert counted.dtypes.astype(str).to_dict() == COUNTS
    assert (counted[["cell", "design", "simulated"]] == ["cell-1", "t-50", "a"]).all(axis=None)
    participants = counted[counted["unit"] == "participant"].set_index(
        ["contest", "criterion", "fitted"]
    )
    assert participants["wins"].to_dict() == {
        ("exact", "evidence", "a"): 2, ("exact", "evidence", "b"): 1,
        ("sampled", "LOO", "a"): 0, ("sampled", "LOO", "b"): 3,
    }  # fmt: skip


def test_without_scores_the_table_is_empty():
    for contests in ({}, {"exact": {}}, {"exact": {"a": with_scores([[np.nan]])}}):
        counted = cell_counts(contests, "c", "d", "a")
        assert counted.empty
        assert counted.dtypes.astype(str).to_dict() == COUNTS
