"""Every change of a file after it was written is found when it is read."""

import random
import shutil
import subprocess

import pandas as pd
import pyarrow.parquet as pq
import pytest

from rlrecovery.storage import files
from rlrecovery.storage.digest import file_beside, place_of

TABLE = pd.DataFrame({"replicate": [0, 1], "name": ["a", ""], "value": [0.25, None]})
ORIGIN = {"settings": "0123", "versions": {"numpy": "2"}}
PLACES = ("truth/cell/b.parquet", "summary/t.parquet", "t.parquet", "summary/t.csv", "t.json")


@pytest.fixture(params=PLACES)
def written(request, tmp_path):
    path = tmp_path / request.param
    if path.suffix == ".json":
        files.write_json({"a": [1.5, 2.5]}, path)
    else:
        files.write_table(TABLE, path, ORIGIN)
    return path


def read(path):
    """What the file says, as text."""
    if path.suffix == ".json":
        return str(files.read_json(path))
    origin = files.read_origin(path) if path.suffix == ".parquet" else ""
    return files.read_table(path).to_csv() + str(origin)


def problem_of(path):
    try:
        read(path)
    except files.BrokenFile as error:
        return str(error)
    return None


def test_what_was_written_is_read(written):
    assert read(written) == read(written)


def test_no_flip_of_a_bit_changes_anything_in_silence(written):
    content, expected, rng = written.read_bytes(), read(written), random.Random(1)
    found = 0
    for _ in range(300):
        damaged = bytearray(content)
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        written.write_bytes(damaged)
        problem = problem_of(written)
        if problem is None:
            assert read(written) == expected
        else:
            assert str(written) in problem
            assert "delete it and rerun" in problem
            found += 1
    # Elsewhere than in the folders of a run, a table without a digest may be of another program.
    assert found == 300 or (written.name == "t.parquet" and found > 250)


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_a_file_that_was_cut_is_named(written, share):
    content = written.read_bytes()
    written.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(files.BrokenFile, match=written.name):
        read(written)


def test_a_file_at_another_place_of_a_run_is_refused_but_a_run_may_be_moved(tmp_path):
    path = tmp_path / "run/truth/cell/b.parquet"
    files.write_table(TABLE, path)
    moved = tmp_path / "moved/truth/cell/b.parquet"
    other = tmp_path / "run/truth/other/b.parquet"
    for copy in (moved, other, tmp_path / "alone.parquet"):
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    for copy in (moved, tmp_path / "alone.parquet"):
        pd.testing.assert_frame_equal(files.read_table(copy), files.read_table(path))
    with pytest.raises(files.BrokenFile, match=r"written as truth/cell/b\.parquet"):
        files.read_table(other)


def test_a_file_that_another_program_wrote_again_is_refused(tmp_path):
    """Such a program may keep the metadata of the table, or drop them."""
    path = tmp_path / "estimates/m/cell/b.parquet"
    files.write_table(TABLE, path, ORIGIN)
    pq.write_table(pq.read_table(path).slice(0, 1), path)
    with pytest.raises(files.BrokenFile, match="no digest"):
        files.read_table(path)
    TABLE.to_parquet(path)
    with pytest.raises(files.BrokenFile, match="no digest"):
        files.read_table(path)


def test_tables_without_a_digest_are_read_where_they_may_be_of_an_earlier_version(tmp_path):
    (tmp_path / "summary").mkdir()
    TABLE.to_parquet(tmp_path / "summary/t.parquet")
    TABLE.to_csv(tmp_path / "summary/t.csv", index=False)
    for kind in ("parquet", "csv"):
        assert len(files.read_table(tmp_path / f"summary/t.{kind}")) == 2
    files.write_json({}, tmp_path / "summary/of_this_version.json")
    for kind in ("parquet", "csv"):
        with pytest.raises(files.BrokenFile, match="no digest"):
            files.read_table(tmp_path / f"summary/t.{kind}")


def test_a_table_that_is_written_again_has_a_digest_of_its_own(tmp_path):
    path, copy = tmp_path / "summary/t.parquet", tmp_path / "copy/summary/other.parquet"
    files.write_table(TABLE, path, ORIGIN)
    files.write_parquet(pq.read_table(path), copy)
    pd.testing.assert_frame_equal(files.read_table(copy), files.read_table(path))
    assert files.read_origin(copy) == ORIGIN


def test_sha256sum_checks_the_file_beside_a_text_file(tmp_path):
    files.write_table(TABLE, tmp_path / "t.csv")
    command = ["sha256sum", "--check", "--strict", file_beside("t.csv")]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
    file_beside(tmp_path / "t.csv").write_text("")
    with pytest.raises(files.BrokenFile, match=r"t\.csv cannot be read"):
        files.read_table(tmp_path / "t.csv")


def test_a_place_starts_at_the_last_folder_of_a_run():
    assert place_of("results/truth/estimates/m/c/b.parquet") == "estimates/m/c/b.parquet"
    assert place_of("elsewhere/t.parquet") == ""
