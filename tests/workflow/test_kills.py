"""The short forms of `make test-kills`."""

import random

import pytest
from kills.__main__ import TARGETS, survive
from settings import MLE, study

from workflow.inprocess import run_here

ONE_CELL = {"truth": {"alpha": [0.3], "beta": [3]}}


def test_a_study_whose_head_is_killed_ends_with_the_same_numbers(tmp_path):
    """Its jobs live on without it, and its lock stays."""
    summary = survive(
        tmp_path,
        study(**ONE_CELL),
        1,
        random.Random(1),
        victims=("head",),
        within=1.0,
        undisturbed=lambda folder, experiment: run_here(folder, experiment, *TARGETS),
    )
    assert "1 x head" in summary


@pytest.mark.slow
def test_a_study_that_is_killed_in_all_ways_ends_with_the_same_numbers(tmp_path):
    experiment = study(**ONE_CELL, methods={"mle": MLE}, replicates=6, batch_size=1)
    summary = survive(tmp_path, experiment, 3, random.Random(1))
    assert "1 x group, 1 x head, 1 x job" in summary
