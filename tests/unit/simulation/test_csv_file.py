import math
import os

import pytest

from rlrecovery.simulation.csv_file import finite_number, read_csv_file
from rlrecovery.storage.files import BrokenFile


def read(folder, content):
    path = folder / "own.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_csv_file(path, "it must be a table")


def test_rows_have_their_line_in_the_file(tmp_path):
    file = read(tmp_path, b'\xef\xbb\xbfa, b\r\n"1\n2",3\r\n , \r\n\r\n4,5\r\n')
    lines = [f"{tmp_path / 'own.csv'}, line {number}" for number in (3, 6)]
    assert file.header == ["a", "b"]
    assert list(file.rows()) == [(lines[0], ["1\n2", "3"]), (lines[1], ["4", "5"])]


@pytest.mark.parametrize("line", ["1", "1,2,3"])
def test_a_row_of_another_length_is_reported_with_its_line(tmp_path, line):
    rows = read(tmp_path, f"a,b\n1,2\n\n{line}\n").rows()
    next(rows)
    with pytest.raises(BrokenFile, match=r"own\.csv, line 4 has \d values.* 2"):
        next(rows)


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        ("", "is empty"),
        ("\n , \n", "is empty"),
        ("a,b\n", "has a header but no rows"),
        ("Zoë".encode("latin-1"), "is not UTF-8 text"),
        ("a\n" + "1" * 200_000, r"is not valid CSV \(field larger"),
    ],
)
def test_a_file_that_is_no_table_is_reported_with_what_it_must_be(tmp_path, content, mistake):
    with pytest.raises(BrokenFile, match=rf"own\.csv {mistake}.*; it must be a table$"):
        read(tmp_path, content)


def test_a_path_that_cannot_be_read_is_reported(tmp_path):
    with pytest.raises(BrokenFile, match=r"nowhere\.csv does not exist"):
        read_csv_file(tmp_path / "nowhere.csv", "it must be a table")
    with pytest.raises(BrokenFile, match="cannot be read"):
        read_csv_file(tmp_path, "it must be a table")


def test_a_pipe_or_a_device_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for path, kind in ((tmp_path / "pipe.csv", "a pipe"), ("/dev/zero", "a device")):
        with pytest.raises(BrokenFile, match=f"{path} is {kind}, not a file; it must be a table$"):
            read_csv_file(path, "it must be a table")


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), ("-2.5e1", -25.0), (" 3 ", 3.0)])
def test_numbers(text, value):
    assert finite_number(text) == value


@pytest.mark.parametrize("text", ["", "one", "1_0", "nan", "inf", "-inf", "0,5"])
def test_texts_that_are_not_finite_numbers(text):
    assert math.isnan(finite_number(text))
