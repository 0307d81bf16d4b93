"""Files of other settings, data sets or analyses are refused."""

import pytest

from rlrecovery.effects.batch import compare_batch
from rlrecovery.effects.settings import EffectSettings
from rlrecovery.score.effects.read import EffectBatches
from rlrecovery.storage.files import BrokenFile, read_origin, read_table, write_table
from rlrecovery.storage.schemas import EFFECT_BATCH
from unit.effects.examples import EVERY, cell, generator, method

TESTS = EffectSettings(analyses=("t_test", "rank_test"))
NULL = cell(0.0, 0.0, 0.0)
KEY = NULL.key(EVERY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The files of two batches of one method in a cell."""
    root = tmp_path_factory.mktemp("run")
    for batch, replicates in (("a", (0, 3)), ("b", (3, 5))):
        paths = [root / kind / "mock" / KEY / f"{batch}.parquet" for kind in ("effects", "retest")]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        compare_batch(method("mock"), generator(), NULL, TESTS, replicates, *map(str, paths))
    return root


def batches(folder, settings=TESTS, made=None, ranges=None):
    return EffectBatches(
        methods={"mock": method("mock")},
        cells={KEY: NULL},
        generators={NULL.cell.key: made or generator()},
        settings=settings,
        ranges={"mock": ranges or {"a": (0, 3), "b": (3, 5)}},
        folders={kind: str(folder / kind) for kind in ("effects", "retest")},
    )


def test_all_batches_are_read(folder):
    own = batches(folder)
    assert own.effects("mock", KEY)["replicate"].tolist() == [i for i in range(5) for _ in range(6)]
    assert own.retests("mock", KEY)["replicate"].tolist() == [i for i in range(5) for _ in range(2)]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"settings": EffectSettings(analyses=("t_test",))}, "other settings"),
        ({"made": generator(shares=(0.4, 0.6))}, "other settings"),
        ({"ranges": {"a": (0, 4)}}, "are missing"),
        ({"ranges": {"b": (3, 4)}}, "replicate 4 is not expected"),
    ],
)
def test_other_settings_and_data_sets(folder, changes, problem):
    own = batches(folder, **changes)
    with pytest.raises(BrokenFile, match=problem):
        own.effects("mock", KEY)
    with pytest.raises(BrokenFile, match=problem):
        own.retests("mock", KEY)


def changed(folder, tmp_path, change):
    """A copy of the first batch with changed rows, and its settings."""
    source = folder / "effects" / "mock" / KEY / "a.parquet"
    target = tmp_path / "effects" / "mock" / KEY / "a.parquet"
    target.parent.mkdir(parents=True)
    write_table(change(read_table(source, EFFECT_BATCH)), str(target), read_origin(source))
    return batches(tmp_path, ranges={"a": (0, 3)})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda table: table[1:], "1 of 18 rows are missing"),
        (lambda table: table.assign(parameter="beta"), "not expected"),
        (lambda table: table.assign(analysis="joint"), "not expected"),
        (lambda table: table.iloc[[0, *range(len(table))]], "twice"),
    ],
)
def test_other_rows(folder, tmp_path, change, problem):
    with pytest.raises(BrokenFile, match=problem):
        changed(folder, tmp_path, change).effects("mock", KEY)
