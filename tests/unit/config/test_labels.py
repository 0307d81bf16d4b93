"""Labels of methods and parameters in a config."""

import pytest

from rlrecovery.config.reader import parse
from unit.config.experiments import sentences, several, valid


def test_methods_and_parameters_have_labels():
    labels = {"mle": "Maximum likelihood", "alpha": "learning rate α"}
    experiment = parse(valid() | {"labels": labels})
    assert experiment.labels == labels
    assert experiment.resolved()["labels"] == labels


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"mel": "x"}, ["labels.mel", "mle"]),
        ({"mle": ""}, ["labels.mle", "must not be empty"]),
        ({"mle": "x" * 61}, ["labels.mle", "at most 60 characters"]),
        ({"mle": 3}, ["labels.mle", "text"]),
        ({"mle": "two\nlines"}, ["one line"]),
        ({"mle": " x"}, ["without spaces"]),
        ({"mle": "beta"}, ["must differ from the label of 'beta'"]),
        ({"alpha": "rate", "beta": "rate"}, ["must differ from the label of 'alpha'"]),
    ],
)
def test_a_wrong_label_is_one_sentence(labels, words):
    found = sentences(valid() | {"labels": labels})
    assert len(found) == 1
    assert all(word in found[0] for word in words), found


def test_a_method_that_fits_several_models_has_no_label():
    """Its fits are methods of their own, and only they are shown."""
    raw = several()
    (found,) = sentences(raw | {"labels": {"mle": "Maximum likelihood"}})
    assert "labels.mle" in found
    assert "mle_rescorla_wagner" in found
    assert parse(raw | {"labels": {"mle_rescorla_wagner": "ML"}}).labels
