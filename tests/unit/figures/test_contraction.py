"""Posterior contraction and z-score."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from rlrecovery.figures import style
from rlrecovery.figures.contraction import contractions
from unit.figures.pages import GRIDS, LONG_NAMES, draw, notes
from unit.figures.points import points_of


def test_contraction_and_z_score_of_hand_worked_numbers(runs):
    points = pd.concat(
        [
            points_of([("a", 0, 0.5, 0.7, 0.1, 0, 1), ("a", 1, 0.5, 0.4, 0.4, 0, 1)], "bayes"),
            points_of([("a", 2, 0.5, 0.4, np.nan, 0, 1)], "bayes"),
            points_of([("a", 0, 0.5, 0.6, 0.1, 0, 1)], "hierarchical", level="group"),
            points_of([("a", 0, 0.5, 0.6, 0.1, 0, 1)], "hierarchical"),  # no prior of its own
            points_of([("a", 0, 0.5, 0.6, 0.1, 0, 1)], "mle"),  # no prior at all
        ]
    )
    priors = pd.DataFrame(
        [("bayes", "participant", "alpha", 0.2), ("hierarchical", "group", "alpha", np.inf)],
        columns=["method", "level", "parameter", "sd"],
    )
    summary = dataclasses.replace(runs["small"], points=points, priors=priors)
    fits = contractions(summary)
    assert fits["method"].tolist() == ["bayes"] * 3 + ["hierarchical"]
    assert fits["z"].tolist() == pytest.approx([2.0, -0.25, np.nan, 1.0], nan_ok=True)
    expected = [0.75, -3.0, np.nan, np.nan]
    assert fits["contraction"].tolist() == pytest.approx(expected, nan_ok=True)
    figure = draw("contraction", summary)
    assert figure.axes[0].get_xlim()[0] < -3, "negative contraction is not hidden"
    assert "1 of 3 left out" in notes(figure.axes[0])


def test_posteriors_beyond_the_axis_are_counted_and_drawn_at_its_edge(runs):
    rows = [("a", k, 0.5, 0.5 + 0.01 * k, 0.1 + 0.001 * k, 0, 1) for k in range(40)]
    points = points_of([*rows, ("a", 40, 0.5, 0.5, 2.0, 0, 1)], "bayes")
    priors = pd.DataFrame(
        {"method": ["bayes"], "level": "participant", "parameter": "alpha", "sd": 0.2}
    )
    summary = dataclasses.replace(runs["small"], points=points, priors=priors)
    axes = draw("contraction", summary).axes[0]
    # Its mean is far away too: the outlier's contraction is -99.
    assert notes(axes) == ["1 of 41 beyond axis, 1 mean too"]
    assert axes.get_xlim()[0] > -0.2, "one outlier does not stretch the axis"
    heads = [line for line in axes.lines if line.get_marker() == "<"]
    assert [line.get_markeredgecolor() for line in heads] == [style.TRUTH, style.FLAG]
    assert heads[1].get_ydata() == pytest.approx([0.0])


def test_priors_are_those_of_every_series(runs):
    methods = set(runs["ten series"].priors["method"])
    assert methods == {f"bayes_informed, {name}" for name in LONG_NAMES}
    assert set(runs["models"].priors["method"]) == {f"bayes_{model}" for model in GRIDS}
