"""The short form of `make test-kills`."""

import random

from kills.__main__ import survive

from workflow.runs import MLE, study


def test_a_study_that_is_killed_ends_with_the_same_numbers(tmp_path):
    experiment = study(
        methods={"mle": MLE}, replicates=6, batch_size=1, truth={"alpha": [0.3], "beta": [3]}
    )
    said = survive(tmp_path, experiment, 3, random.Random(1))
    assert "1 x group, 1 x head, 1 x job" in said
