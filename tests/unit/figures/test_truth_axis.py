"""Positions of truths along an axis."""

import numpy as np

from rlrecovery.figures.truth_axis import truth_axis


def test_every_truth_has_a_position_of_its_own(runs):
    summary = runs["large"]
    axis = truth_axis(summary, "beta")
    assert axis.columns[0] == "beta"
    assert axis.labels == ["1", "3", "5", "10"]
    assert len(set(axis.positions.values())) == 20
    bias = summary.measure("bias", parameter="beta", level="participant", method="mle")
    assert len(np.unique(axis.locate(bias))) == 20
    assert truth_axis(runs["no truth"], "alpha").columns == ()


def test_models_that_draw_or_lack_a_parameter_have_positions_too(runs):
    summary = runs["models"]
    axis = truth_axis(summary, "alpha")
    assert axis.columns[0] == "alpha"
    assert axis.labels == ["0.2", "0.6", "\ndrawn"], "the forgetting model draws it"
    assert truth_axis(summary, "epsilon").columns == ()
    assert truth_axis(summary, "stickiness").labels == ["0.5"]
    bias = summary.measure("bias", parameter="alpha", level="participant")
    cells = bias.drop_duplicates("cell")
    assert len(np.unique(axis.locate(cells))) == len(cells) == 5
