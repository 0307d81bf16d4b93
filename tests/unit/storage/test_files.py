"""Files are written completely or not at all, and a message names a broken file."""

from __future__ import annotations

import os
import stat

import numpy as np
import pandas as pd
import pytest
import yaml

from rlrecovery.storage import files as tables
from rlrecovery.storage.files import BrokenFile

COLUMNS = {"name": "str", "n": "int64", "value": "float64", "flag": "bool"}
TABLE = pd.DataFrame(
    {"name": ["a", "b"], "n": [1, 2], "value": [0.1, np.nan], "flag": [True, False]}
)
kinds = pytest.mark.parametrize("kind", ["parquet", "csv"])


def names(folder) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


class TestWriting:
    @kinds
    def test_there_and_back(self, tmp_path, kind):
        path = tmp_path / "deep" / "er" / f"table.{kind}"
        tables.write_table(TABLE, path)
        pd.testing.assert_frame_equal(tables.read_table(path, COLUMNS), TABLE, check_exact=True)
        beside = [f"{path.name}.sha256"] if kind == "csv" else []
        assert names(path.parent) == [path.name, *beside]

    @kinds
    def test_a_folder_of_its_name_is_a_sentence(self, tmp_path, kind):
        (tmp_path / f"t.{kind}").mkdir()
        with pytest.raises(BrokenFile, match=rf"t\.{kind} is a folder, but a file of this name"):
            tables.write_table(TABLE, tmp_path / f"t.{kind}")
        assert names(tmp_path) == [f"t.{kind}"]

    def test_csv_keeps_every_digit(self, tmp_path):
        rng = np.random.default_rng(0)
        wild = rng.standard_normal(20_000) * 10.0 ** rng.integers(-300, 300, 20_000)
        special = [0.1 + 0.2, 1 / 3, 5e-324, np.finfo(float).max, np.finfo(float).tiny, -0.0]
        value = np.concatenate([special, wild, rng.random(20_000)])
        tables.write_table(pd.DataFrame({"value": value}), tmp_path / "t.csv")
        back = tables.read_table(tmp_path / "t.csv")["value"].to_numpy()
        np.testing.assert_array_equal(back.view(np.int64), value.view(np.int64))

    @kinds
    def test_same_table_same_bytes(self, tmp_path, kind):
        for name in ("one", "two"):
            tables.write_table(TABLE, tmp_path / f"{name}.{kind}")
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()

    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
    def test_a_writer_that_fails_leaves_the_old_file(self, tmp_path, error):
        path = tmp_path / "old.csv"
        path.write_text("precious")

        def write(temporary):
            temporary.write_text("half of the n")
            raise error("the power went off")

        with pytest.raises(error, match="power"):
            tables.write_atomically(path, write)
        assert path.read_text() == "precious"
        assert names(tmp_path) == ["old.csv"]

    def test_a_writer_that_fails_leaves_nothing_where_nothing_was(self, tmp_path):
        with pytest.raises(ZeroDivisionError):
            tables.write_atomically(tmp_path / "new.csv", lambda temporary: 1 / 0)
        assert names(tmp_path) == []

    def test_the_new_file_appears_in_one_step(self, tmp_path):
        """While it is being written, the path still holds the old content."""
        path, seen = tmp_path / "t.txt", []
        tables.write_text("old", path)

        def write(temporary):
            temporary.write_text("new")
            seen.append((path.read_text(), temporary.parent == tmp_path, temporary.suffix))

        tables.write_atomically(path, write)
        assert seen == [("old", True, ".txt")]
        assert path.read_text() == "new"
        assert names(tmp_path) == ["t.txt"]

    def test_others_may_read_it(self, tmp_path):
        umask = os.umask(0o027)
        try:
            tables.write_text("x", tmp_path / "t.txt")
            assert stat.S_IMODE((tmp_path / "t.txt").stat().st_mode) == 0o640
            assert os.umask(0o027) == 0o027
        finally:
            os.umask(umask)

    def test_json(self, tmp_path):
        content = {"b": [1, 0.1, None], "a": "ä"}
        tables.write_json(content, tmp_path / "t.json")
        assert tables.read_json(tmp_path / "t.json") == content
        text = (tmp_path / "t.json").read_text(encoding="utf-8")
        assert text.index('"a"') < text.index('"b"')
        assert text.endswith("}\n")

    def test_yaml_keeps_the_order(self, tmp_path):
        tables.write_yaml({"run": "ü", "arms": [0.4, 0.6]}, tmp_path / "t.yaml")
        text = (tmp_path / "t.yaml").read_text(encoding="utf-8")
        assert text.startswith("run: ü")
        assert yaml.safe_load(text) == {"run": "ü", "arms": [0.4, 0.6]}


def spoil(path, how: str) -> None:
    """Make a whole file into a broken one."""
    whole = path.read_bytes()
    foreign = b"\x89PNG\r\n\x1a\n\x00\xff\xfe" + bytes(range(256))
    path.write_bytes({"empty": b"", "truncated": whole[: len(whole) // 2], "foreign": foreign}[how])


class TestBrokenFiles:
    @pytest.mark.parametrize("how", ["empty", "truncated", "foreign"])
    @pytest.mark.parametrize("kind", ["parquet", "json"])
    def test_parquet_and_json(self, tmp_path, kind, how):
        path = tmp_path / f"table.{kind}"
        read = tables.read_json if kind == "json" else tables.read_table
        if kind == "json":
            tables.write_json({"a": list(range(50))}, path)
        else:
            tables.write_table(TABLE, path)
        read(path)
        spoil(path, how)
        self.assert_names_file_and_remedy(path, lambda: read(path))

    @pytest.mark.parametrize("how", ["empty", "foreign"])
    def test_csv(self, tmp_path, how):
        path = tmp_path / "table.csv"
        tables.write_table(TABLE, path)
        spoil(path, how)
        self.assert_names_file_and_remedy(path, lambda: tables.read_table(path, COLUMNS))

    def test_csv_cut_inside_its_header(self, tmp_path):
        path = tmp_path / "table.csv"
        path.write_text("name,n,va")
        with pytest.raises(BrokenFile, match="lacks the columns value, flag"):
            tables.read_table(path, COLUMNS)

    def test_csv_with_ragged_lines(self, tmp_path):
        path = tmp_path / "table.csv"
        path.write_text("a,b\n1,2\n1,2,3,4\n")
        self.assert_names_file_and_remedy(path, lambda: tables.read_table(path))

    @kinds
    def test_another_table(self, tmp_path, kind):
        path = tmp_path / f"table.{kind}"
        tables.write_table(TABLE.drop(columns=["n", "flag"]), path)
        with pytest.raises(BrokenFile, match="lacks the columns n, flag"):
            tables.read_table(path, COLUMNS)

    @kinds
    def test_more_columns_are_allowed(self, tmp_path, kind):
        path = tmp_path / f"table.{kind}"
        tables.write_table(TABLE.assign(more=1), path)
        assert "more" in tables.read_table(path, COLUMNS)

    @pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t.json"])
    def test_missing(self, tmp_path, name):
        read = tables.read_json if name.endswith("json") else tables.read_table
        with pytest.raises(BrokenFile, match="does not exist; rerun the workflow") as caught:
            read(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)

    @pytest.mark.parametrize("name", ["t.csv", "t.json"])
    def test_a_folder_in_its_place(self, tmp_path, name):
        read = tables.read_json if name.endswith("json") else tables.read_table
        (tmp_path / name).mkdir()
        self.assert_names_file_and_remedy(tmp_path / name, lambda: read(tmp_path / name))

    def assert_names_file_and_remedy(self, path, read):
        with pytest.raises(BrokenFile) as caught:
            read()
        message = str(caught.value)
        assert message.startswith(str(path))
        assert "delete it and rerun the workflow" in message
        assert "\n" not in message
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


class TestConform:
    def test_order_and_types(self):
        rows = [{"flag": 1, "n": 3.0, "name": "x", "value": 2}]
        table = tables.conform(rows, COLUMNS)
        assert table.dtypes.astype(str).to_dict() == COLUMNS
        assert list(table.columns) == list(COLUMNS)
        assert table.to_dict("records") == [{"name": "x", "n": 3, "value": 2.0, "flag": True}]

    @pytest.mark.parametrize("empty", [[], {}, pd.DataFrame()])
    def test_no_rows(self, empty):
        table = tables.conform(empty, COLUMNS)
        assert len(table) == 0
        assert table.dtypes.astype(str).to_dict() == COLUMNS

    @kinds
    def test_no_rows_on_disk(self, tmp_path, kind):
        path = tmp_path / f"t.{kind}"
        tables.write_table(tables.conform([], COLUMNS), path)
        assert list(tables.read_table(path, COLUMNS).columns) == list(COLUMNS)

    @pytest.mark.parametrize(
        "rows",
        [
            TABLE.drop(columns="n"),
            TABLE.assign(more=1),
            TABLE.rename(columns={"n": "m"}),
            [{"name": "x"}],
        ],
    )
    def test_wrong_columns(self, rows):
        with pytest.raises(
            ValueError, match=r"columns .* are not \['flag', 'n', 'name', 'value'\]"
        ):
            tables.conform(rows, COLUMNS)

    def test_text_in_a_column_of_numbers_is_refused(self):
        with pytest.raises(ValueError, match="many"):
            tables.conform(TABLE.assign(value=["many", "few"]), COLUMNS)


ORIGIN = {"source": "fit:1", "versions": {"numpy": "2.5.1"}}


class TestOrigin:
    def test_it_is_stored_beside_the_same_table(self, tmp_path):
        tables.write_table(TABLE, tmp_path / "a.parquet", ORIGIN)
        tables.write_table(TABLE, tmp_path / "b.parquet")
        assert tables.read_origin(tmp_path / "a.parquet") == ORIGIN
        assert tables.read_origin(tmp_path / "b.parquet") == {}
        pd.testing.assert_frame_equal(
            tables.read_table(tmp_path / "a.parquet"), tables.read_table(tmp_path / "b.parquet")
        )

    @pytest.mark.parametrize("content", [b"", b"PAR1", None])
    def test_a_broken_file_is_named(self, tmp_path, content):
        path = tmp_path / "a.parquet"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(BrokenFile, match=r"a\.parquet"):
            tables.read_origin(path)


def test_stale_temporary_files_are_removed(tmp_path):
    stale, fresh, other = (tmp_path / f".{name}.csv" for name in ("t.csv.1", "t.csv.2", "u.csv.1"))
    for path in (stale, fresh, other):
        path.write_text("half a table")
    for path in (stale, other):
        os.utime(path, (0, 0))
    tables.write_table(TABLE, tmp_path / "t.csv")
    assert names(tmp_path) == sorted([fresh.name, other.name, "t.csv", "t.csv.sha256"])


class TestUnwritableFolders:
    @pytest.fixture
    def run(self, tmp_path):
        for name in ("trials", "estimates"):
            (tmp_path / "small" / name).mkdir(parents=True)
        return tmp_path / "small"

    def close(self, monkeypatch, *closed):
        """Make folders unwritable, also for a user who may write everywhere."""
        access = os.access
        monkeypatch.setattr(
            tables.os, "access", lambda path, mode: path not in closed and access(path, mode)
        )

    def test_none(self, run):
        assert tables.unwritable_folders(run) == []

    def test_a_folder_inside(self, run, monkeypatch):
        self.close(monkeypatch, run / "estimates")
        assert tables.unwritable_folders(run) == [str(run / "estimates")]

    def test_the_nearest_folder_of_a_new_run(self, run, monkeypatch):
        self.close(monkeypatch, run)
        assert tables.unwritable_folders(run / "new/one") == [str(run)]


def test_a_file_and_a_dead_link_in_place_of_a_folder(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "real").mkdir()
    (tmp_path / "results/linked").symlink_to(tmp_path / "real")
    for run in ("new", "linked", "linked/partial"):
        assert tables.blocked_folders(tmp_path / "results" / run) == []
    (tmp_path / "results/dead").symlink_to(tmp_path / "nowhere")
    (tmp_path / "results/file").touch()
    for run in ("dead", "file"):
        place = tmp_path / "results" / run
        assert tables.blocked_folders(place) == tables.blocked_folders(place / "partial")
        assert tables.blocked_folders(place) == [str(place)]


def test_values_that_json_cannot_hold_leave_no_file(tmp_path):
    with pytest.raises(TypeError, match="not JSON serializable"):
        tables.write_json({"path": tmp_path}, tmp_path / "t.json")
    assert names(tmp_path) == []
