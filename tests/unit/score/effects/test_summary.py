"""The tables of a study with effects."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from rlrecovery.design.cells import Cell, grid
from rlrecovery.effects.batch import compare_batch
from rlrecovery.effects.design import EffectCell
from rlrecovery.effects.settings import EffectSettings
from rlrecovery.score.effects.measures import effect_measures
from rlrecovery.score.effects.summary import write_effects
from rlrecovery.score.results import load_summary
from rlrecovery.storage.files import read_table
from rlrecovery.storage.schemas import ANALYSED
from unit.effects.examples import CONDITION, CORRELATION, GROUP, generator, method

EFFECTS = (GROUP, CORRELATION)
SIZES = [(0.0, 0.0), (-0.8, 0.0), (0.8, 0.0), (0.0, 0.9), (-0.8, 0.9)]
TESTS = EffectSettings(analyses=("t_test", "rank_test"))
CELLS = {
    cell.key(EFFECTS): cell
    for own in grid({"alpha": [0.4, 0.6], "beta": [4.0]}, [8, 30], [20])
    for cell in (EffectCell(own, sizes) for sizes in SIZES)
    if own.participants == 8 or dict(own.truth)["alpha"] == 0.4
}
RANGES = {"mle": {"a": (0, 4), "b": (4, 6)}}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a study with one method."""
    root, made = tmp_path_factory.mktemp("run"), generator(EFFECTS)
    for key, cell in CELLS.items():
        for batch, replicates in RANGES["mle"].items():
            paths = [
                root / kind / "mle" / key / f"{batch}.parquet" for kind in ("effects", "retest")
            ]
            for path in paths:
                path.parent.mkdir(parents=True, exist_ok=True)
            compare_batch(method("mle"), made, cell, TESTS, replicates, *map(str, paths))
    write_effects(
        methods={"mle": method("mle")},
        cells=CELLS,
        generators={cell.cell.key: made for cell in CELLS.values()},
        settings=TESTS,
        ranges=RANGES,
        folders={kind: str(root / kind) for kind in ("effects", "retest")},
        summary=str(root / "summary"),
    )
    return root


@pytest.fixture(scope="module")
def summary(run):
    return load_summary(run / "summary", ANALYSED)


def test_both_kinds_of_files_have_the_same_rows(run, summary):
    for name in ANALYSED:
        stored = pd.read_parquet(run / "summary" / f"{name}.parquet")
        own = getattr(summary, name)
        assert len(stored) == len(own) > 0
        assert list(stored.columns) == list(own.columns)


def test_measures_are_those_of_the_rows(run, summary):
    key = EffectCell(CELLS[next(iter(CELLS))].cell, (-0.8, 0.9)).key(EFFECTS)
    paths = [run / "effects" / "mle" / key / f"{batch}.parquet" for batch in "ab"]
    rows = pd.concat([read_table(path) for path in paths])
    rows = rows[(rows["effect"] == "patient") & (rows["analysis"] == "rank_test")]
    expected = effect_measures(rows, -0.8, 0.05)
    table = summary.effects
    own = table[
        (table["alpha"] == 0.4)
        & (table["participants"] == 8)
        & (table["effect"] == "patient")
        & (table["analysis"] == "rank_test")
        & (table["size"] == -0.8)
        & (table["other_effects"] == "covariate alpha 0.9")
    ]
    assert own["measure"].tolist() == list(expected)
    assert own["value"].to_numpy() == pytest.approx(
        [s.value for s in expected.values()], nan_ok=True
    )
    assert own["mcse"].to_numpy() == pytest.approx([s.mcse for s in expected.values()], nan_ok=True)


def test_sizes_are_also_on_the_natural_scale(summary):
    table = summary.effects
    group = table[table["kind"] == "group"]
    expected = expit(logit(group["alpha"]) + group["size"]) - group["alpha"]
    assert group["natural"].to_numpy() == pytest.approx(expected)
    assert table[table["kind"] == "covariate"]["natural"].isna().all()


def test_the_significance_level_is_that_of_the_settings(summary):
    assert set(summary.effects["significance"]) == {TESTS.significance}


def test_correlations_are_divided_by_the_root_of_the_reliability_of_their_cell(summary):
    table, reliability = summary.effects, summary.reliability
    keys = ["alpha", "participants", "size", "other_effects"]
    bias = table[(table["kind"] == "covariate") & (table["measure"] == "bias")].set_index(keys)
    icc = reliability[(reliability["measure"] == "icc") & (reliability["parameter"] == "alpha")]
    checked = 0
    for _, row in icc.iterrows():
        own = bias.loc[(row["alpha"], row["participants"])].reset_index()
        pearson, corrected = (
            own[own["analysis"] == name].set_index(["size", "other_effects"])["value"]
            for name in ("t_test", "disattenuated")
        )
        size = pearson.index.get_level_values("size").to_numpy()
        if row["value"] > 0:
            expected = (pearson + size) / np.sqrt(row["value"]) - size
            assert corrected.loc[pearson.index].to_numpy() == pytest.approx(expected.to_numpy())
            checked += 1
        else:
            assert corrected.isna().all()
    assert checked > 0


def test_there_is_a_detectable_size_for_each_sign_cell_and_over_cells(summary):
    table = summary.detectable
    group = table[(table["effect"] == "patient") & (table["analysis"] == "t_test")]
    alone = group[group["other_effects"].isna() | (group["other_effects"] == "")]
    # Three cells; only those with 8 participants have more than one truth.
    pooled = alone["cell"].isna() | (alone["cell"] == "")
    assert alone[~pooled].groupby("cell", observed=True).size().tolist() == [2, 2, 2]
    assert alone[pooled]["participants"].tolist() == [8, 8]
    assert alone[pooled]["alpha"].isna().all()
    assert (table["power"] == 0.8).all()
    # Of an effect and another one, only negative sizes are simulated with the other.
    both = group[group["other_effects"] == "covariate alpha 0.9"]
    assert (both["lower"] < 0).all()


def test_reliability_has_one_row_per_measure_parameter_and_cell(summary):
    table = summary.reliability
    assert len(table) == 3 * 2 * 5
    assert set(table["n"]) == {6}


def test_a_study_without_analyses_has_empty_tables(tmp_path):
    """A method without a joint analysis, and no second sessions."""
    settings = EffectSettings(analyses=("joint",), retest=False)
    key, cell = next(iter(CELLS.items()))
    made = generator(EFFECTS)
    paths = [tmp_path / kind / "mle" / key / "a.parquet" for kind in ("effects", "retest")]
    for path in paths:
        path.parent.mkdir(parents=True)
    compare_batch(method("mle"), made, cell, settings, (0, 2), *map(str, paths))
    write_effects(
        methods={"mle": method("mle")},
        cells={key: cell},
        generators={cell.cell.key: made},
        settings=settings,
        ranges={"mle": {"a": (0, 2)}},
        folders={kind: str(tmp_path / kind) for kind in ("effects", "retest")},
        summary=str(tmp_path / "summary"),
    )
    tables = load_summary(tmp_path / "summary", ANALYSED)
    for name in ANALYSED:
        assert getattr(tables, name).empty
        assert [*getattr(tables, name).columns][:5] == [
            *("method", "cell", "alpha", "beta", "participants"),
        ]


def test_the_natural_size_with_draws_of_the_population_is_at_their_mean(tmp_path):
    draws = {"locations": [-1.0, 0.0], "spreads": [0.4, 0.6]}
    made = generator((GROUP,), population={"alpha": draws, "beta": {"spread": 0.3}})
    own = EffectCell(Cell((("beta", 4.0),), 6, 10), (-0.8,))
    key = own.key((GROUP,))
    paths = [tmp_path / kind / "mock" / key / "a.parquet" for kind in ("effects", "retest")]
    for path in paths:
        path.parent.mkdir(parents=True)
    compare_batch(method("mock"), made, own, TESTS, (0, 2), *map(str, paths))
    write_effects(
        methods={"mock": method("mock")},
        cells={key: own},
        generators={own.cell.key: made},
        settings=TESTS,
        ranges={"mock": {"a": (0, 2)}},
        folders={kind: str(tmp_path / kind) for kind in ("effects", "retest")},
        summary=str(tmp_path / "summary"),
    )
    effects = load_summary(tmp_path / "summary", ANALYSED).effects
    assert effects["natural"].to_numpy() == pytest.approx(expit(-1.3) - expit(-0.5))


def test_a_mean_over_conditions_has_a_reliability_of_its_own(tmp_path):
    """With two conditions, each participant's value is the mean of two estimates."""
    both, made = (CONDITION, CORRELATION), generator((CONDITION, CORRELATION), (1.0,))
    own = Cell((("alpha", 0.4), ("beta", 4.0)), 20, 60)
    cells = {cell.key(both): cell for cell in (EffectCell(own, (0, r)) for r in (0.0, 0.8))}
    for key, cell in cells.items():
        paths = [tmp_path / kind / "mle" / key / "a.parquet" for kind in ("effects", "retest")]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        compare_batch(method("mle"), made, cell, TESTS, (0, 3), *map(str, paths))
    write_effects(
        methods={"mle": method("mle")},
        cells=cells,
        generators={own.key: made},
        settings=TESTS,
        ranges={"mle": {"a": (0, 3)}},
        folders={kind: str(tmp_path / kind) for kind in ("effects", "retest")},
        summary=str(tmp_path / "summary"),
    )
    table, reliability = (
        pd.read_csv(tmp_path / f"summary/{name}.csv") for name in ("effects", "reliability")
    )
    is_icc = (reliability["measure"] == "icc") & (reliability["parameter"] == "alpha")
    (icc,) = reliability[is_icc]["value"]
    width = table[(table["measure"] == "width") & (table["kind"] == "covariate")]
    pearson, corrected = (
        width[width["analysis"] == name].set_index("size")["value"]
        for name in ("t_test", "disattenuated")
    )
    ratio = (pearson / corrected).to_numpy()
    assert ratio == pytest.approx(np.full(2, np.sqrt(2 * icc / (1 + icc))))
