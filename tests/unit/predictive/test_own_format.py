"""Files of labs, with their own columns, codes, separators and numbers."""

import numpy as np
import pytest

from rlrecovery.predictive.observed_csv import observed_file, participant_names, read_observed
from rlrecovery.predictive.settings import PilotSettings
from rlrecovery.simulation.task import Task
from rlrecovery.storage.files import BrokenFile

TASK = Task(arms=(0.3, 0.7), blocks=2, start_value=0.5)
GAUSSIAN = Task(arms=(0.3, 0.7), sd=0.5, start_value=0.5)
LAB = {
    "columns": {
        **{"participant": "subj_id", "choice": "resp", "reward": "outcome"},
        **{"trial": "t", "block": "run"},
    },
    "choices": ["A", "B"],
}
HEADER = ["subj_id", "run", "t", "resp", "outcome"]
#: Two participants of different length; run and t start anew, and one response is missing.
ROWS = [
    *(("s1", 1, 1, "A", 1), ("s1", 1, 2, "NA", "NA"), ("s1", 2, 1, "B", 0), ("s1", 2, 2, "B", 1)),
    *(("s two", 1, 1, "B", 1), ("s two", 1, 2, "A", 0), ("s two", 2, 1, "A", 0)),
]
CHOICES = [[0, -1, 1, 1], [1, 0, 0, -1]]
REWARDS = [[1, np.nan, 0, 1], [1, 0, 0, np.nan]]


def text(rows=ROWS, header=HEADER, separator=",", end="\n"):
    return end.join(separator.join(map(str, row)) for row in [header, *rows]) + end


def read(folder, content, settings=LAB, task=TASK, encoding="utf-8"):
    path = folder / "lab.csv"
    path.write_bytes(content.encode(encoding))
    return read_observed(path, task, PilotSettings.of(settings))


def mistake(folder, content, settings=LAB, task=TASK):
    with pytest.raises(BrokenFile) as caught:
        read(folder, content, settings, task)
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(f"{folder}/")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separator_encoding_and_ends_of_lines_do_not_matter(tmp_path, separator, encoding, end):
    data = read(tmp_path, text(separator=separator, end=end), encoding=encoding)
    np.testing.assert_array_equal(data.choices, CHOICES)
    np.testing.assert_array_equal(data.rewards, REWARDS)
    np.testing.assert_array_equal(data.blocks, [[0, 0, 1, 1]] * 2)


@pytest.mark.parametrize(
    ("codes", "written"),
    [
        (["A", "B"], {"A": "A", "B": "B"}),
        ([1, 2], {"A": "1", "B": "2"}),
        ([1, 2], {"A": "1.0", "B": "2.0"}),
        ([2, 1], {"A": "2", "B": "1"}),
        (["-1", "1"], {"A": "-1", "B": "1"}),
        (None, {"A": "0", "B": "1"}),
    ],
)
@pytest.mark.parametrize("missing", ["", "NA", "nan"])
def test_codes_of_arms_and_of_missing_responses(tmp_path, codes, written, missing):
    rows = [(*row[:3], written.get(row[3], missing), row[4]) for row in ROWS]
    settings = {k: v for k, v in LAB.items() if k != "choices"}
    data = read(tmp_path, text(rows), settings if codes is None else settings | {"choices": codes})
    np.testing.assert_array_equal(data.choices, CHOICES)


def test_names_of_participants_are_kept_in_the_order_of_the_rows(tmp_path):
    (tmp_path / "lab.csv").write_text(text(ROWS[4:] + ROWS[:4]))
    file = observed_file(tmp_path / "lab.csv", TASK, PilotSettings.of(LAB))
    assert participant_names(file) == ["s two", "s1"]


def test_trials_that_count_through_all_blocks_stay_as_they_are(tmp_path):
    through = [(who, run, t + 2 * (run - 1), *rest) for who, run, t, *rest in ROWS]
    expected, data = read(tmp_path, text()), read(tmp_path, text(through))
    np.testing.assert_array_equal(data.choices, expected.choices)
    np.testing.assert_array_equal(data.blocks, expected.blocks)


def test_blocks_of_other_lengths_are_as_long_as_the_longest_at_their_place(tmp_path):
    rows = [("a", "x", 0, "A", 1), ("a", "y", 0, "B", 1), ("a", "y", 1, "B", 1)]
    rows += [("b", "y", 0, "A", 1), ("b", "y", 1, "A", 1), ("b", "x", 0, "B", 1)]
    data = read(tmp_path, text(rows))
    np.testing.assert_array_equal(data.choices, [[0, -1, 1, 1], [0, 0, 1, -1]])


def test_a_column_with_a_name_of_ours_that_another_one_replaces_is_ignored(tmp_path):
    header = [*HEADER, "choice"]
    data = read(tmp_path, text([(*row, 7) for row in ROWS], header))
    np.testing.assert_array_equal(data.choices, CHOICES)


def test_outcomes_of_all_arms_may_have_other_names(tmp_path):
    task = Task(arms=(0.3, 0.7), start_value=0.5, full_feedback=True)
    rows = [("a", 1, 1, "A", 1, 1, 0), ("a", 1, 2, "B", 1, 0, 1)]
    settings = LAB | {"columns": LAB["columns"] | {"outcomes": ["left", "right"]}}
    data = read(tmp_path, text(rows, [*HEADER, "left", "right"]), settings, task)
    np.testing.assert_array_equal(data.outcomes, [[[1, 0], [0, 1]]])


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_commas(tmp_path, separator):
    rows = [("a", 1, 1, "A", "0,25"), ("a", 1, 2, "B", "-1,5"), ("a", 1, 3, "B", 2)]
    data = read(tmp_path, text(rows, separator=separator), task=GAUSSIAN)
    np.testing.assert_array_equal(data.rewards, [[0.25, -1.5, 2]])


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (("0,25", "1.5"), "a decimal comma, such as 0,25, and others with a decimal point"),
        (("1,250", "2"), "may be a decimal comma or separate thousands"),
    ],
)
def test_ambiguous_commas_are_one_sentence(tmp_path, numbers, words):
    rows = [("a", 1, t, "A", number) for t, number in enumerate(numbers)]
    assert words in mistake(tmp_path, text(rows, separator=";"), task=GAUSSIAN)


@pytest.mark.parametrize("column", HEADER)
def test_a_missing_column_is_one_sentence_that_names_it(tmp_path, column):
    header = [name if name != column else "other" for name in HEADER]
    message = mistake(tmp_path, text(header=header))
    assert message.startswith(f"lab.csv has no column {column}, which the config names")
    assert "its columns are" in message


@pytest.mark.parametrize("name", ["participant", "trial", "choice", "reward"])
def test_a_missing_column_of_our_own_names_is_one_sentence(tmp_path, name):
    header = ["participant", "block", "trial", "choice", "reward"]
    header = [column if column != name else "other" for column in header]
    assert f"has no column {name}; it must be" in mistake(tmp_path, text(header=header), {})


def test_a_column_that_is_named_twice_is_one_sentence(tmp_path):
    settings = LAB | {"columns": LAB["columns"] | {"reward": "resp"}}
    assert "names column resp for two quantities" in mistake(tmp_path, text(), settings)


def test_an_unknown_code_is_one_sentence_that_names_the_line(tmp_path):
    rows = [*ROWS[:2], ("s1", 2, 1, "C", 0)]
    assert mistake(tmp_path, text(rows)) == (
        "lab.csv, line 4: choice is 'C', but must be one of A, B (pilot.choices of the config), "
        "or empty or NA if there was no response"
    )


def test_other_codes_without_the_key_are_one_sentence_that_names_it(tmp_path):
    settings = {"columns": LAB["columns"]}
    assert "pilot.choices of a config names other codes" in mistake(tmp_path, text(), settings)


def test_a_repeated_trial_of_a_block_is_one_sentence(tmp_path):
    assert "already has a trial 1" in mistake(tmp_path, text([*ROWS, ("s1", 1, 1, "A", 1)]))


def test_codes_are_those_of_the_arms(tmp_path):
    three = LAB | {"choices": ["A", "B", "C"]}
    assert "pilot.choices has 3 codes, but the task has 2 arms" in mistake(tmp_path, text(), three)
    with pytest.raises(ValueError, match="must have a code of its own for each arm"):
        PilotSettings.of({"choices": ["A", "A"]})


def test_an_empty_file_is_told_the_columns_of_the_lab(tmp_path):
    said = mistake(tmp_path, "")
    assert "commas, semicolons or tabs" in said
    assert "subj_id, t, resp, outcome" in said
