"""Summary tables of two competing models, whose estimates and scores are written by hand."""

from collections import defaultdict

import pytest

from rlrecovery.design.cells import Cell
from rlrecovery.fitting.registry import Method
from rlrecovery.score.batches import Batches
from rlrecovery.score.competing import crossed_measures, selection
from rlrecovery.score.design import Competitor, score
from rlrecovery.score.study import Study
from rlrecovery.score.summary import comparison, recovery
from rlrecovery.storage.files import conform, write_table
from rlrecovery.storage.schemas import CROSSED, SELECTION, TRUTH
from unit.score.examples import LEVELS, MOCK, fit_estimates

PARAMETERS = {"short": ("beta",), "long": ("alpha", "beta")}
CELLS = {
    cell.key: cell
    for cell in (
        Cell((("beta", 4.0),), participants=2, trials=10, model="short"),
        Cell((("alpha", 0.5), ("beta", 4.0)), participants=2, trials=10, model="long"),
    )
}
SHORT, LONG = CELLS
METHODS = {
    f"mock_{model}": Method(f"mock_{model}", MOCK.settings, MOCK.model, "mock", model)
    for model in PARAMETERS
} | {"alone": MOCK}
#: Evidence of each fitted model, by generating model, per replicate and participant.
EVIDENCE = {
    ("short", "short"): [[-1, -1], [-1, -5]],
    ("short", "long"): [[-2, -2], [-2, -2]],
    ("long", "short"): [[-9, -9], [-9, -9]],
    ("long", "long"): [[-8, -8], [-8, -8]],
}


def estimates_of(simulated, fitted):
    """Estimates that are 0.5 too large, of two replicates of two participants."""
    fits = [
        (r, p, {"log_evidence": score})
        for r, of_replicate in enumerate(EVIDENCE.get((simulated, fitted), [[-1, -1], [-1, -1]]))
        for p, score in enumerate(of_replicate)
    ]
    table = fit_estimates(fits, PARAMETERS.get(fitted, ("beta",)), se=0.1)
    truths = {"alpha": 0.5, "beta": 4.0}
    estimate = table["parameter"].map(truths) + 0.5
    ends = {f"{end}_{level}": estimate for end in ("lower", "upper") for level in (50, 95)}
    return table.assign(estimate=estimate, **ends)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("competing")
    folders = {kind: str(folder / kind) for kind in ("estimates", "truth")}
    for key, cell in CELLS.items():
        keys = fit_estimates([(r, p, {}) for r in (0, 1) for p in (0, 1)], PARAMETERS[cell.model])
        keys = keys.assign(truth=keys["parameter"].map(dict(cell.truth)))
        write_table(conform(keys[list(TRUTH)], TRUTH), f"{folders['truth']}/{key}/all.parquet")
        for name, method in METHODS.items():
            estimates = estimates_of(cell.model, method.fitted)
            write_table(estimates, f"{folders['estimates']}/{name}/{key}/all.parquet")
    fitted = {name: {"all": (0, 4)} for name in METHODS}
    batches = Batches(LEVELS, folders, {key: ["all"] for key in CELLS}, fitted)
    competitors = {n: Competitor(m.contest, m.fitted) for n, m in METHODS.items() if m.contest}
    score(
        CELLS,
        competitors,
        [],
        batches,
        defaultdict(lambda: defaultdict(str)),
        str(folder / "scores"),
    )
    return Study.read(METHODS, CELLS, [str(folder / "scores")])


def test_crossed_measures_are_those_of_parameters_that_both_models_have(study):
    table = crossed_measures(study)
    assert list(table.columns) == [*CROSSED[:3], "beta", "alpha", *CROSSED[3:]]
    bias = table[(table["measure"] == "bias") & (table["rows"] == "all")]
    rows = bias[["simulated", "fitted", "parameter", "value"]].to_numpy().tolist()
    assert rows == [
        ["short", "short", "beta", 0.5],
        ["long", "short", "beta", 0.5],
        ["short", "long", "beta", 0.5],
        ["long", "long", "alpha", 0.5],
        ["long", "long", "beta", 0.5],
    ]
    assert set(table["method"]) == {"mock_short", "mock_long"}
    assert set(table["contest"]) == {"mock"}
    assert set(table["design"]) == {"n-2_t-10"}
    assert set(table["variant"]) == {""}


def test_selection_counts_the_wins_of_both_models(study):
    table = selection(study)
    assert list(table.columns) == list(SELECTION)
    rows = table[(table["scope"] == "all") & (table["unit"] == "participant")]
    assert rows.set_index(["simulated", "fitted"])["wins"].to_dict() == {
        ("short", "short"): 3, ("short", "long"): 1, ("long", "short"): 0, ("long", "long"): 4,
    }  # fmt: skip
    # Sums -2 against -4, and -6 against -4.
    rows = table[(table["scope"] == "all") & (table["unit"] == "data set")]
    assert rows.set_index(["simulated", "fitted"])["wins"].to_dict() == {
        ("short", "short"): 1, ("short", "long"): 1, ("long", "short"): 0, ("long", "long"): 2,
    }  # fmt: skip


def test_the_summary_has_the_fits_of_the_generating_model_only(study):
    table = recovery(study)
    fits = table[table["scope"] == "cell"].drop_duplicates(["method", "model"])
    assert set(zip(fits["method"], fits["model"], strict=True)) == {
        ("mock_short", "short"), ("mock_long", "long"), ("alone", "short"), ("alone", "long"),
    }  # fmt: skip
    assert not {"mock_long"} & set(study.scores["points"].query("cell == @SHORT")["method"])
    assert set(comparison(study)["reference"]) == {"mock_short", "mock_long"}


def test_without_competing_models_both_tables_are_empty(study):
    measures = study.scores["measures"]
    scores = study.scores | {
        "measures": measures[measures["method"] == "alone"],
        "wins": study.scores["wins"].iloc[:0],
    }
    alone = Study({"alone": MOCK}, CELLS, scores)
    for table, columns in ((crossed_measures(alone), CROSSED), (selection(alone), SELECTION)):
        assert table.empty
        assert set(columns) <= set(table.columns)
