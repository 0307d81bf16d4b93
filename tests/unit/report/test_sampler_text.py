"""Comparisons of samplers with exact posteriors in words."""

import dataclasses

import pandas as pd
import pytest

from rlrecovery.report.sampler_text import comparisons
from rlrecovery.storage.schemas import SAMPLER_CHECK


def checked(summary, *rows):
    """The summary with these rows of the table of comparisons."""
    front = {"sampled": "nuts", "exact": "grid", "cell": "a", "parameter": "alpha"}
    front |= {"level": "participant", "data_sets": 8, "posteriors": 32, "rms_z": 1.1}
    front |= {"rms_error": 0.1, "largest_difference": 0.05, "sd_ratio": 1.01}
    table = pd.DataFrame([front | row for row in rows], columns=list(SAMPLER_CHECK))
    return dataclasses.replace(summary, sampler_check=table)


HIERARCHICAL = [{"level": level} for level in ("participant", "group", "spread")]


def test_nothing_is_said_without_a_pair(tiny):
    assert comparisons(checked(tiny)) == []


def test_participants_without_pooling_are_independent(tiny):
    (comparison,) = comparisons(checked(tiny, {}))
    assert comparison.pooling == "none"
    (text,) = comparison.sentences
    assert text == (
        "nuts versus grid, alpha: over 32 posteriors, the means differ by 1.10 Monte Carlo "
        "standard errors (root mean square; 1 ± 0.12 is expected) and by at most 0.05 posterior "
        "SDs; the sampled SD is on average 1.010 times the exact one."
    )


def test_participants_of_a_hierarchical_model_count_as_one_per_data_set(tiny):
    (comparison,) = comparisons(checked(tiny, *HIERARCHICAL))
    assert comparison.pooling == "partial"
    participants, group, spread = comparison.sentences
    assert "alpha of individual participants: over 32 posteriors in 8 data sets" in participants
    assert "1 ± 0.25 is expected" in participants
    assert "alpha of the group: over" in group
    assert "alpha (spread between participants): over" in spread


@pytest.mark.parametrize(("error", "limit"), [(0.1, None), (0.3, None), (0.75, "1.25")])
def test_a_noticeable_numerical_error_is_mentioned(tiny, error, limit):
    (text,) = comparisons(checked(tiny, {"rms_error": error}))[0].sentences
    assert ("and up to" in text) == (limit is not None)
    assert limit is None or f"up to {limit} with the numerical error" in text


def test_every_pooling_has_its_part_in_order(tiny):
    rows = [row | {"sampled": "partial"} for row in HIERARCHICAL]
    rows += [{"sampled": "complete", "level": "group"}, {"sampled": "none"}]
    parts = comparisons(checked(tiny, *rows))
    assert [part.pooling for part in parts] == ["none", "complete", "partial"]
    assert all(text.startswith(part.pooling) for part in parts for text in part.sentences)


def test_cells_are_pooled(tiny):
    rows = [{"cell": "a", "rms_z": 1.0}, {"cell": "b", "rms_z": 2.0, "largest_difference": 0.2}]
    (text,) = comparisons(checked(tiny, *rows))[0].sentences
    assert "over 64 posteriors" in text
    assert "differ by 1.58 Monte Carlo standard errors" in text
    assert "at most 0.2 posterior SDs" in text
