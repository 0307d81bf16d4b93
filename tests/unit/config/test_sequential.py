"""The section ``replicates.until``, and the numbers that a run keeps."""

import pytest
from settings import study

from rlrecovery.config.reader import ConfigError, parse
from rlrecovery.config.replicates import batches_by_cell, record_replicates, replicates_by_cell

UNTIL = {"bias": 0.1}
ONE, OTHER = "alpha-0.3_beta-3.0_n-2_t-20", "alpha-0.6_beta-3.0_n-2_t-20"


def growing(batch_size=4, **changes):
    return parse(study(replicates={"until": UNTIL, "at_most": 50} | changes, batch_size=batch_size))


def test_a_number_stays_a_number():
    experiment = parse(study())
    assert experiment.resolved()["replicates"] == 4
    assert experiment.sequential is None
    assert experiment.most_replicates == 4


def test_the_section_is_resolved_as_it_was_typed():
    assert growing().resolved()["replicates"] == {"until": UNTIL, "at_most": 50}
    assert growing().most_replicates == 50


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"until": {"biass": 0.1}}, "unknown key 'replicates.until.biass' (did you mean 'bias'?)"),
        ({"until": {"bias": -1}}, "replicates.until.bias is -1, but must be greater than 0"),
        ({"until": {}}, "replicates.until is {}, but must name the largest MCSE of at least one"),
        ({"at_most": 3}, "replicates.at_most is 3, but must be at least 4, the batch_size"),
        ({"at_most": 1}, "replicates.at_most is 1, but must be at least 2"),
        ({"at_least": 60}, "must have at_least (60) no larger than at_most (50)"),
        ({"most": 5}, "unknown key 'replicates.most'"),
    ],
)
def test_a_mistake_is_one_sentence(changes, sentence):
    with pytest.raises(ConfigError) as caught:
        growing(**changes)
    assert sentence in str(caught.value)
    assert str(caught.value).count("error:") == 1


@pytest.mark.parametrize("value", [None, "ten", [3], 2.5, True])
def test_anything_else_is_no_number(value):
    with pytest.raises(ConfigError, match=r"replicates is .*must be a whole number"):
        parse(study(replicates=value))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, 20), ({"at_least": 9}, 12), ({"at_most": 10}, 10), ({"batch_size": 15}, 30)],
)
def test_cells_start_with_whole_batches(tmp_path, changes, expected):
    assert replicates_by_cell(growing(**changes), tmp_path) == {ONE: expected, OTHER: expected}


def test_numbers_are_kept_for_each_cell_and_never_fall(tmp_path):
    record_replicates({ONE: 32, "gone": 8}, tmp_path)
    record_replicates({ONE: 24}, tmp_path)
    numbers = replicates_by_cell(growing(), tmp_path)
    assert numbers == {ONE: 32, OTHER: 20}
    assert {cell: len(names) for cell, names in batches_by_cell(growing(), numbers).items()} == {
        ONE: 8,
        OTHER: 5,
    }
    # Other batches, and a smaller limit.
    assert replicates_by_cell(growing(batch_size=10), tmp_path)[ONE] == 40
    assert replicates_by_cell(growing(at_most=25), tmp_path)[ONE] == 25
    assert replicates_by_cell(parse(study()), tmp_path) == {ONE: 4, OTHER: 4}
