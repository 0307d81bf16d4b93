"""Lists that are likely written with decimal commas are noticed, and other lists are not."""

from pathlib import Path

import pytest

from rlrecovery.config.decimal_commas import decimal_commas
from rlrecovery.config.yaml_file import read_yaml

ROOT = Path(__file__).parents[3]
SPACED = "trials: [50, 150]\n"


def notes(folder, text):
    path = folder / "config.yaml"
    path.write_text(text)
    return [(m.sentence, m.line) for m in decimal_commas(read_yaml(path).root)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "truth:\n  alpha: [0,1, 0,3]\n",
            "truth.alpha is a list of 4 whole numbers, [0,1, 0,3]; if 2 numbers are meant, write "
            "[0.1, 0.3]",
        ),
        (
            "task:\n  arms: [0,25, 1, 0,75]\n",
            "task.arms is a list of 5 whole numbers, [0,25, 1, 0,75]; if 3 numbers are meant, "
            "write [0.25, 1, 0.75]",
        ),
        (
            "a: 1\ninterval_levels: [0,5,   0,95]\n",
            "interval_levels is a list of 4 whole numbers, [0,5, 0,95]; if 2 numbers are meant, "
            "write [0.5, 0.95]",
        ),
        (
            SPACED + "truth: {beta: [1,5]}\n",
            "truth.beta is a list of 2 whole numbers, [1,5]; if 1 number is meant, write [1.5]",
        ),
    ],
)
def test_pairs_without_a_space_are_noticed(tmp_path, text, sentence):
    assert notes(tmp_path, text) == [(sentence, 2)]


@pytest.mark.parametrize(
    "text",
    [
        "truth: {beta: [1, 5]}\n",
        "truth: {beta: [1,5]}\n",  # nothing to compare with
        "truth: {beta: [1,5]}\ntrials: [50,150]\n",  # someone who writes no spaces
        SPACED + "truth: {beta: [1,3,5]}\n",
        SPACED + "truth: {alpha: [0.1,0.3], beta: [0.5,5]}\n",
        SPACED + "methods: {mle: {bounds: {alpha: [0,1]}}}\n",
        SPACED + "limits: {flagged: [0,1]}\n",
        SPACED + "participants: [10,20, 30,40]\n",
        SPACED + "task: {missing_trials: [[5,17, 20,31], []], reversals: {after: [10,20]}}\n",
        SPACED + "truth:\n  beta:\n  - 1\n  - 5\n",
        SPACED + "truth: {beta: ['1,5']}\n",
        "truth: {beta: [1,2, 3, 4, 5]}\n",  # one space too few
        "truth: {beta: []}\n",
        "a: &a\n  x: *a\n",
    ],
)
def test_other_lists_are_not(tmp_path, text):
    assert notes(tmp_path, text) == []


FILES = [ROOT / "config.yaml", *sorted((ROOT / "tests" / "config").glob("*.yaml"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_committed_config_has_such_a_list(path):
    assert list(decimal_commas(read_yaml(path).root)) == []
