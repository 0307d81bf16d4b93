"""Cells and labels of a study, and the columns that describe its design."""

import pandas as pd

from rlrecovery.design.cells import by_key, grid
from rlrecovery.fit.registry import Method
from rlrecovery.score.study import Study, size_groups
from unit.score.examples import MOCK

TRUTHS = {"easy": {"beta": [5.0]}, "hard": {"alpha": [0.2, 0.8], "beta": [2.0]}}
CELLS = by_key(
    cell for model, truth in TRUTHS.items() for cell in grid(truth, [3], [10, 20], model=model)
)
FITS_HARD = Method("mock_hard", MOCK.settings, MOCK.model, contest="mock", fitted="hard")
STUDY = Study({"mock": MOCK, "mock_hard": FITS_HARD}, CELLS, (0.95,), {}, {}, {})


def test_competing_methods_are_measured_where_their_model_generated_the_data():
    assert list(STUDY.cells_to_measure(MOCK)) == list(CELLS.values())
    assert {cell.model for cell in STUDY.cells_to_measure(FITS_HARD)} == {"hard"}


def test_labels_name_the_generating_model_unless_the_method_does():
    assert set(STUDY.design_labels().values()) == {"from easy", "from hard"}
    assert STUDY.design_labels(MOCK) == STUDY.design_labels()
    assert set(STUDY.design_labels(FITS_HARD).values()) == {""}


def test_design_columns_come_first():
    cell = next(iter(CELLS.values()))
    table = STUDY.with_design(pd.DataFrame({"value": [1.0]}), cell, "a label", "mock")
    assert list(table.columns) == [
        "method", "cell", "beta", "alpha", "participants", "trials", "variant", "value",
    ]  # fmt: skip
    assert table.drop(columns="alpha").to_dict("records") == [
        {"method": "mock", "cell": cell.key, "beta": 5.0, "participants": 3, "trials": 10,
         "variant": "a label", "value": 1.0}
    ]  # fmt: skip
    assert table["alpha"].isna().all(), "the truth of another model"
    named = STUDY.with_design(pd.DataFrame({"method": ["x"]}), cell, "")
    assert list(named.columns)[:2] == ["cell", "beta"]
    assert named["method"].tolist() == ["x"]


def test_cells_of_one_size_differ_in_their_truths_only():
    groups = size_groups(iter(CELLS.values()))
    sizes = [[(cell.model, cell.trials) for cell in group] for group in groups]
    assert sizes == [
        [("easy", 10)],
        [("easy", 20)],
        [("hard", 10), ("hard", 10)],
        [("hard", 20), ("hard", 20)],
    ]
