"""Tables of scores in the order of the study, with the columns that describe its design."""

import pandas as pd
import pytest

from rlrecovery.design.cells import by_key, grid
from rlrecovery.fitting.registry import Method
from rlrecovery.score.study import Study
from rlrecovery.storage.files import BrokenFile, write_table
from rlrecovery.storage.schemas import SCORED
from unit.score.examples import MOCK

TRUTHS = {"easy": {"beta": [5.0]}, "hard": {"alpha": [0.2, 0.8], "beta": [2.0]}}
CELLS = by_key(
    cell for model, truth in TRUTHS.items() for cell in grid(truth, [3], [10, 20], model=model)
)
EASY, _, HARD, *_ = CELLS
FITS_HARD = Method("mock_hard", MOCK.settings, MOCK.model, contest="mock", fitted="hard")
STUDY = Study({"mock": MOCK, "mock_hard": FITS_HARD}, CELLS, {})


def every_row(**columns):
    """A row per method and cell, in the opposite order."""
    rows = [(method, cell) for method in STUDY.methods for cell in CELLS]
    return pd.DataFrame(rows[::-1], columns=["method", "cell"]).assign(**columns)


def test_competing_methods_are_measured_where_their_model_generated_the_data():
    rows = STUDY.of_generating_model(every_row())
    assert set(rows.loc[rows["method"] == "mock", "cell"]) == set(CELLS)
    of_hard = rows.loc[rows["method"] == "mock_hard", "cell"]
    assert {CELLS[key].model for key in of_hard} == {"hard"}


def test_labels_name_the_generating_model_unless_the_method_does():
    table = STUDY.with_design(every_row()).set_index(["method", "cell"])["variant"]
    assert table["mock", EASY] == "from easy"
    assert set(table["mock"]) == {"from easy", "from hard"}
    assert set(table["mock_hard"]) == {""}
    # A comparison names two methods, so its label does not depend on either.
    compared = STUDY.with_design(every_row(reference="mock"))
    assert set(compared["variant"]) == {"from easy", "from hard"}


def test_truth_and_sizes_are_those_of_the_cell():
    table = pd.DataFrame({"method": "mock", "cell": [HARD, EASY], "value": [1.0, 2.0]}, [7, 3])
    columns = ["beta", "alpha", "participants", "trials", "variant", "model", "design"]
    assert STUDY.design_columns == columns
    described = STUDY.with_design(table)
    assert list(described.columns) == ["method", "cell", "value", *columns]
    assert described.loc[7, columns].tolist() == [
        *(2.0, 0.2, 3, 10, "from hard", "hard", "n-3_t-10")
    ]
    assert described.loc[3, "beta"] == 5.0
    assert pd.isna(described.loc[3, "alpha"]), "the truth of another model"


def test_correlations_of_a_size_have_no_truth():
    size = CELLS[HARD].size_key
    row = STUDY.with_design(pd.DataFrame({"method": ["mock"], "cell": [size]})).iloc[0]
    assert row[["alpha", "beta"]].isna().all()
    assert row[["participants", "trials", "model"]].tolist() == [3, 10, "hard"]


def test_tables_have_the_order_of_the_study():
    table = STUDY.arranged(every_row(), "method", "cell")
    rows = list(table.itertuples(index=False, name=None))
    assert rows == [(method, cell) for method in STUDY.methods for cell in CELLS]
    by_cell = STUDY.arranged(every_row(), "cell")
    assert by_cell["cell"].drop_duplicates().tolist() == list(CELLS)


def test_cells_of_one_size_stand_together_before_their_correlations():
    sizes = list(dict.fromkeys(cell.size_key for cell in CELLS.values()))
    grids = pd.DataFrame({"method": "mock", "cell": sizes, "scope": "grid"})
    table = pd.concat([grids, every_row(scope="cell")], ignore_index=True)
    arranged = STUDY.arranged_by_size(table[table["method"] == "mock"])
    keys = list(CELLS)  # the hard cells alternate between two sizes
    assert arranged["cell"].tolist() == [
        *(keys[0], sizes[0], keys[1], sizes[1]),
        *(keys[2], keys[4], sizes[2], keys[3], keys[5], sizes[3]),
    ]
    without_scope = STUDY.arranged_by_size(every_row())
    assert without_scope["cell"].tolist()[6:] == [keys[i] for i in (0, 1, 2, 4, 3, 5)]


def test_a_cell_without_truth_is_not_taken_for_its_size():
    cells = by_key(grid({}, [3], [10]))
    study = Study({"mock": MOCK}, cells, {})
    (key,) = cells
    table = pd.DataFrame({"scope": ["grid", "cell"], "method": "mock", "cell": key})
    assert study.arranged_by_size(table)["scope"].tolist() == ["cell", "grid"]


def test_scores_are_read_from_all_designs(tmp_path):
    for i, design in enumerate(("a", "b")):
        for name in SCORED:
            write_table(pd.DataFrame({"value": [i]}), tmp_path / design / f"{name}.parquet")
    folders = [str(tmp_path / design) for design in ("a", "b")]
    study = Study.read(STUDY.methods, CELLS, folders)
    assert all(study.scores[name]["value"].tolist() == [0, 1] for name in SCORED)
    with pytest.raises(BrokenFile, match=r"c/measures\.parquet does not exist"):
        Study.read(STUDY.methods, CELLS, [*folders, str(tmp_path / "c")])
