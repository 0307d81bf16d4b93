"""Confusion and inversion matrices, against hand-counted matrices and brute-force draws."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rlrecovery.score.confusion import SEED, inversion, selection_table
from rlrecovery.score.model_selection import cell_counts
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import COUNTS, SELECTION
from unit.score.examples import with_scores

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
                 "wins": won, "n": round(sum(of_cell)), "left_out": left_out,
                 "doubtful": 0, "stopped": 0}
        for (design, cell, simulated), of_cell in wins.items()
        for label, won in zip(labels, of_cell, strict=True)
    ]  # fmt: skip
    return conform(rows, COUNTS)


def matrix(table, column, **where):
    for name, value in where.items():
        table = table[table[name] == value]
    return table.set_index(["simulated", "fitted"])[column]


def test_without_counts_the_table_is_empty():
    table = selection_table(conform((), COUNTS))
    assert table.empty
    assert table.dtypes.astype(str).to_dict() == SELECTION


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
    is_alone = (both["contest"] == "mle") & (both["criterion"] == "AIC")
    is_alone &= both["unit"] == "participant"
    keys = ["scope", "design", "cell", "simulated", "fitted"]
    pd.testing.assert_frame_equal(
        both[is_alone].sort_values(keys, ignore_index=True),
        alone.sort_values(keys, ignore_index=True),
    )


def test_the_order_of_cells_and_models_changes_no_number():
    turned = {key: wins[::-1] for key, wins in reversed(WINS.items())}
    one, two = selection_table(counted()), selection_table(counted(turned, ("b", "a")))
    keys = ["scope", "design", "cell", "simulated", "fitted"]
    pd.testing.assert_frame_equal(
        one.sort_values(keys, ignore_index=True), two.sort_values(keys, ignore_index=True)
    )
    assert one["fitted"].unique().tolist() == ["a", "b"]
    assert two["fitted"].unique().tolist() == ["b", "a"], "the order of the config is kept"


def test_different_models_in_different_cells_are_refused():
    parts = [counted({("d", "x", "a"): [9, 1]}), counted({("d", "y", "c"): [5, 5]}, ("a", "c"))]
    with pytest.raises(ValueError, match="contest mle: the fitted models differ"):
        selection_table(pd.concat(parts))


def test_from_estimates_to_matrices():
    """Two models with two cells each; a is recovered by 3 of 4 participants, b by 1 of 4."""
    cells = {
        "a-1": ("a", [[2.0, 2.0]], [[1.0, 3.0]]),
        "a-2": ("a", [[2.0, 2.0]], [[1.0, 0.0]]),
        "b-1": ("b", [[2.0, 2.0]], [[1.0, 1.0]]),
        "b-2": ("b", [[2.0, 2.0]], [[9.0, 1.0]]),
    }
    counted_cells = [
        cell_counts({"exact": {"a": with_scores(a), "b": with_scores(b)}}, cell, "d", simulated)
        for cell, (simulated, a, b) in cells.items()
    ]
    table = selection_table(pd.concat(counted_cells))
    participants = matrix(table, "confusion", scope="all", unit="participant")
    assert participants.to_dict() == {
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
        _, lower, upper = inversion(wins, np.array([n, n]), np.random.default_rng(SEED))
        inside.append((lower <= expected) & (expected <= upper))
    # 95 % of 200 studies, with an SE of 1.5 points.
    assert np.mean(inside) == pytest.approx(0.95, abs=0.04)
