"""A reward schedule is read from a CSV file, or the file is refused with the reason."""

import pytest

from rlrecovery.simulation.schedule_csv import read_schedule
from rlrecovery.storage.files import BrokenFile

NUMBERS = "".join(f"{t % 2},{(t + 1) % 2}\n" for t in range(150))


def test_rows_are_trials_and_columns_are_arms(tmp_path):
    path = tmp_path / "lab.csv"
    # As Excel saves it: with a mark of UTF-8, DOS line ends and an empty last line.
    path.write_bytes("\ufeffleft,right\r\n0.2,1\r\n-3,1e-2\r\n\r\n".encode())
    assert read_schedule(path) == [[0.2, 1.0], [-3.0, 0.01]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "does not exist"),
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a\n1\n", "fewer than two columns"),
        ("a;b\n1;2\n", "fewer than two columns"),
        ("a,b\n", "has a header but no rows"),
        (NUMBERS, "no header, only numbers"),
        ("trial,a,b\n1,0,1\n", "column 'trial' is not an arm"),
        (",a,b\n0,0,1\n", "column '' is not an arm"),
        ("a,b\n1_0,0\n", "line 2: '1_0' is not"),
        ("a,b\n1,0\n\n1\n", "line 4 has 1 values"),
        ("a,b\n1,0,1\n", "line 2 has 3 values"),
        ("a,b\n1,\n", "line 2: ''"),
        ("a,b\n1,0\nhalf,0\n", "line 3: 'half'"),
        ("a,b\n1,nan\n", "line 2: 'nan'"),
        ("a,b\n1,1e999\n", "line 2: '1e999'"),
        (b"a,b\n\xff\xfe,1\n", "is not UTF-8 text"),
        ("a,b\n" + "1" * 200_000 + ",1\n", "is not valid CSV"),
    ],
)
def test_a_file_that_holds_no_schedule_is_refused(tmp_path, content, reason):
    path = tmp_path / "lab.csv"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(BrokenFile) as caught:
        read_schedule(path)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "counts",
    [
        (1, 2, 3, 4, 5, 6),
        (0, 1, 2, 3, 4, 5),
        (101, 102, 103, 104, 105, 106),
        (1, 2, 3, 1, 2, 3),  # in every block anew
        (0, 1, 2, 3, 0, 1),  # in blocks of unequal length
    ],
)
@pytest.mark.parametrize("position", [0, 2])
@pytest.mark.parametrize("form", ["{}", "{}.0"])
def test_a_column_that_counts_trials_is_no_arm_whatever_its_name(tmp_path, counts, position, form):
    lines = [["a", "b"], *([str(t % 2), "0.5"] for t in range(6))]
    column = ["nr", *map(form.format, counts)]
    path = tmp_path / "lab.csv"
    path.write_text(
        "".join(
            ",".join([*line[:position], entry, *line[position:]]) + "\n"
            for line, entry in zip(lines, column, strict=True)
        )
    )
    with pytest.raises(BrokenFile, match=r"lab\.csv: column 'nr' counts up by one") as caught:
        read_schedule(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "rewards",
    [
        (0, 1, 0, 1, 0, 1),
        (0, 1),  # of a task with two trials
        (1, 2, 3, 4, 6, 5),
        (1, 2, 3, 3, 2, 1),
        (2, 3, 4, 1, 2, 3),
        (0.5, 1.5, 2.5, 3.5, 4.5, 5.5),
        (6, 5, 4, 3, 2, 1),
        (1, 1, 2, 2, 3, 3),
    ],
)
def test_rewards_that_do_not_count_are_an_arm(tmp_path, rewards):
    path = tmp_path / "lab.csv"
    path.write_text("a,b\n" + "".join(f"{reward},0.5\n" for reward in rewards))
    assert [row[0] for row in read_schedule(path)] == list(rewards)


@pytest.mark.parametrize("name", [".", "x" * 300])
def test_a_path_that_is_no_file_is_refused(tmp_path, name):
    with pytest.raises(BrokenFile, match="cannot be read"):
        read_schedule(tmp_path / name)
