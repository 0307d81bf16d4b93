"""Files say what made them, and a study whose files differ in that is told apart."""

import pandas as pd
import pytest

from rlrecovery.storage.files import BrokenFile, read_origin, read_table, write_table
from rlrecovery.storage.origins import mixtures, origins
from rlrecovery.storage.provenance import source_fingerprint

OLD = {"source": "fit:1", "versions": {"numpy": "2.5.1"}}
NEW = {"source": source_fingerprint("fit.batch"), "versions": {}}
OTHER = OLD | {"versions": {"numpy": "2.5.2"}}
TABLE = pd.DataFrame({"x": [1.5, None], "y": ["a", "b"]})
BATCHES = {"cell-1": ["00000-00002", "00002-00004"], "cell-2": ["00000-00002"]}


def written(folder, made):
    """Files of two methods and the truth; what made them in turn."""
    folders = {kind: str(folder / kind) for kind in ("truth", "estimates")}
    for stage, states in made.items():
        where = "truth" if stage == "simulate" else f"estimates/{stage}"
        paths = [f"{where}/{cell}/{batch}.parquet" for cell in BATCHES for batch in BATCHES[cell]]
        for path, state in zip(paths, states, strict=True):
            write_table(TABLE, folder / path, state)
    return folders


def test_a_table_carries_what_made_it_and_is_the_same_table(tmp_path):
    write_table(TABLE, tmp_path / "a.parquet", OLD)
    write_table(TABLE, tmp_path / "b.parquet")
    assert read_origin(tmp_path / "a.parquet") == OLD
    assert read_origin(tmp_path / "b.parquet") == {}
    pd.testing.assert_frame_equal(
        read_table(tmp_path / "a.parquet"), read_table(tmp_path / "b.parquet")
    )


@pytest.mark.parametrize("content", [b"", b"PAR1", None])
def test_a_broken_file_is_named(tmp_path, content):
    path = tmp_path / "a.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BrokenFile, match=r"a\.parquet"):
        read_origin(path)


def test_files_are_counted_by_what_made_them(tmp_path):
    made = {"simulate": [OLD] * 3, "mle": [OLD, NEW, OLD], "bayes": [NEW, NEW, None]}
    found = origins(written(tmp_path, made), ["mle", "bayes"], BATCHES)
    counts = {(each["stage"], each["source"]): each["files"] for each in found}
    assert counts == {
        ("simulate", "fit:1"): 3,
        ("mle", "fit:1"): 2, ("mle", NEW["source"]): 1,
        ("bayes", NEW["source"]): 2, ("bayes", None): 1,
    }  # fmt: skip
    assert found[0]["versions"] == {"numpy": "2.5.1"}


def test_only_what_is_mixed_is_told(tmp_path):
    made = {"simulate": [NEW] * 3, "mle": [OLD, NEW, OLD], "bayes": [OLD, OLD, OTHER]}
    found = origins(written(tmp_path, made), ["mle", "bayes"], BATCHES)
    code, versions = mixtures(found)
    assert code == f"Estimates of mle: 2 by fit:1 and 1 by {NEW['source']}"
    assert versions == (
        "Estimates of bayes: 2 by fit:1 with numpy 2.5.1 and 1 by fit:1 with numpy 2.5.2"
    )
    assert list(mixtures(origins(written(tmp_path, {"simulate": [None] * 3}), [], BATCHES))) == []


def test_a_stage_that_is_all_of_old_code_is_told(tmp_path):
    found = origins(written(tmp_path, {"simulate": [OLD] * 3}), [], BATCHES)
    assert list(mixtures(found)) == [
        "Data sets: made by fit:1, which is not the code that wrote this page"
    ]


def test_files_that_were_made_for_another_config_are_told(tmp_path):
    works = {"simulate": {"cell-1": "right", "cell-2": "right"}}
    made = [NEW | {"work": work} for work in ("right", "wrong", "right")]
    found = origins(written(tmp_path, {"simulate": made}), [], BATCHES, works)
    assert sorted((each["right"], each["files"]) for each in found) == [(False, 1), (True, 2)]
    assert list(mixtures(found)) == ["Data sets: 1 of 3 files were made for another config"]
