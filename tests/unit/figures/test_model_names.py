"""Short names of models."""

import pytest

from rlrecovery.figures.model_names import short_name, tick_names


def test_names_are_words_with_common_abbreviations():
    assert short_name("rescorla_wagner_two_rates") == "RW two rates"
    assert short_name("pearce_hall") == "Pearce-Hall"


@pytest.mark.parametrize(
    ("inches", "name", "vertical"),
    [
        (1.1, "RW choice kernel", False), (0.6, "RW choice\nkernel", False),
        (0.3, "RW choice\nkernel", True), (0.15, "RW choice kernel", True),
    ],
)  # fmt: skip
def test_long_names_are_broken_or_written_vertically(inches, name, vertical):
    assert tick_names(["rescorla_wagner_choice_kernel"], inches) == ([name], vertical)
