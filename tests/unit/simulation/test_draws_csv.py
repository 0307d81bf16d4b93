"""Draws of a population from a file."""

import pytest

from rlrecovery.simulation.draws_csv import read_draws
from rlrecovery.storage.files import BrokenFile

HEADER = "draw,alpha_location,alpha_spread,beta_location,beta_spread\n"


def read(folder, content):
    (folder / "draws.csv").write_text(content)
    return read_draws(folder / "draws.csv")


def test_columns_are_read_by_parameter(tmp_path):
    draws = read(tmp_path, HEADER + "0,-0.5,0.8,1.2,0\n1,-0.4,0.7,1.1,0.3\n")
    assert draws == {
        "alpha": {"locations": [-0.5, -0.4], "spreads": [0.8, 0.7]},
        "beta": {"locations": [1.2, 1.1], "spreads": [0.0, 0.3]},
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("alpha_location\n0\n", "a column alpha_location but no column alpha_spread"),
        ("alpha_spread\n0\n", "a column alpha_spread but no column alpha_location"),
        (HEADER.replace("draw", "row") + "0,0,1,0,1\n", "column row is not expected"),
        ("_location,_spread\n0,1\n", "column _location is not expected"),
        (HEADER + "0,0,-0.1,0,1\n", "line 2: alpha_spread is -0.1, but an SD must be at least 0"),
        (HEADER + "0,0,1,,1\n", "line 2: beta_location is '', not a finite number"),
        (HEADER + "0,0,1,inf,1\n", "line 2: beta_location is 'inf', not a finite number"),
        (HEADER + "0,0,1\n", "line 2 has 3 values"),
        (HEADER, "has a header but no rows"),
        ("a_location,a_location,a_spread\n1,1,1\n", "more than one column a_location"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, content, words):
    with pytest.raises(BrokenFile) as caught:
        read(tmp_path, content)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
