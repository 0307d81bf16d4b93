"""The matrices of a model comparison in words: every number is that of the table."""

from types import SimpleNamespace

import pandas as pd
import pytest

from rlrecovery.report.latex import selection_sheet
from rlrecovery.report.model_comparison import contests, probability
from rlrecovery.score.model_selection import COUNTS, SELECTION, selection_table


def counted(wins, design="d", unit="participant", left_out=0, doubtful=0):
    """Counts of a contest of models a and b, by generating model."""
    rows = [
        {
            "contest": "mle", "criterion": "BIC", "unit": unit, "design": design,
            "cell": f"{simulated}_{design}", "simulated": simulated, "fitted": fitted,
            "wins": float(won), "n": sum(mine), "left_out": left_out,
            "doubtful": doubtful, "stopped": doubtful,
        }
        for simulated, mine in wins.items()
        for fitted, won in zip("ab", mine, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)[list(COUNTS)]


def summary(*tables):
    return SimpleNamespace(selection=selection_table(pd.concat(tables, ignore_index=True)))


def test_a_study_without_competing_models_has_nothing_to_say():
    empty = SimpleNamespace(selection=pd.DataFrame(columns=list(SELECTION)))
    assert contests(empty) == []
    assert selection_sheet(empty).body.empty


def test_matrices_have_the_numbers_of_the_table():
    found = summary(counted({"a": [18, 2], "b": [5, 15]}, left_out=3, doubtful=2))
    (contest,) = contests(found)
    assert contest["title"] == "mle, the Bayesian information criterion, participant by participant"
    assert contest["fitted"] == ["a", "b"]
    assert contest["units"] == {"a": 20, "b": 20}
    assert (contest["left_out"], contest["doubtful"], contest["stopped"]) == (6, 4, 4)
    assert contest["designs"] == []
    table = found.selection
    whole = table[table["scope"] == "all"].set_index(["simulated", "fitted"])
    for kind in ("confusion", "inversion"):
        texts = dict(contest[kind])
        for simulated in "ab":
            for k, fitted in enumerate("ab"):
                row = whole.loc[(simulated, fitted)]
                assert texts[simulated][k].startswith(f"{row[kind]:.2f} (")
                assert (
                    f"{row[f'{kind}_lower']:.2f}–{row[f'{kind}_upper']:.2f}" in texts[simulated][k]
                )
    assert dict(contest["confusion"])["b"][0].startswith("0.25")


@pytest.mark.parametrize(
    ("wins", "ends"),
    [
        ([40, 0], "."),
        ([3, 37], ": it is not recovered, b wins most often."),
        ([10, 9], ": whether it is recovered is not certain."),
    ],
)
def test_a_model_is_recovered_or_not_or_uncertain(wins, ends):
    (contest,) = contests(summary(counted({"a": wins, "b": [0, 40]})))
    assert contest["sentences"][0].startswith(f"Of {sum(wins)} participants that a generated, it")
    assert contest["sentences"][0].endswith(f"){ends}")


def test_a_misleading_winner_is_named():
    (contest,) = contests(summary(counted({"a": [10, 30], "b": [20, 20]})))
    assert any(s.startswith("Where a wins, b is the more probable") for s in contest["sentences"])


def test_a_model_that_is_not_fitted_is_said_to_be_so():
    (contest,) = contests(summary(counted({"a": [30, 10], "c": [4, 36]})))
    assert "c generated data but is not fitted; b wins most often." in contest["sentences"]


def test_several_designs_are_told_apart():
    tables = [counted({"a": [30, 10], "b": [0, 40]}, design) for design in ("short", "long")]
    (contest,) = contests(summary(*tables))
    assert [each["title"].rsplit(", ", 1)[1] for each in contest["designs"]] == ["short", "long"]
    assert contest["units"] == {"a": 80, "b": 80}
    assert contest["designs"][0]["units"] == {"a": 40, "b": 40}


def test_what_is_not_defined_is_a_dash():
    (contest,) = contests(summary(counted({"a": [20, 0], "b": [20, 0]})))
    assert dict(contest["inversion"])["a"][1] == "–"
    assert probability({"x": float("nan"), "x_lower": 0.0, "x_upper": 1.0}, "x") == "–"


def test_the_sheet_for_a_paper_has_a_row_per_simulating_model():
    body = selection_sheet(summary(counted({"a": [18, 2], "b": [5, 15]}))).body
    assert list(body.index.names) == ["method", "criterion", "unit", "simulated"]
    assert body.loc[("mle", "BIC", "participant", "b"), ("best fit", "a")].startswith("0.25 (")
