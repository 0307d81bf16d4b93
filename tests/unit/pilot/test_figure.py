"""The figure of the participants' estimates."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from rlrecovery.figures import style
from rlrecovery.pilot.figure import BEYOND, draw_shrinkage
from unit.pilot.examples import fit


@pytest.mark.parametrize("width", [style.ONE_COLUMN, style.TWO_COLUMNS])
def test_every_estimate_is_drawn_in_the_order_of_the_hierarchical_ones(width):
    figure = draw_shrinkage(fit(), width)
    for axes, name in zip(figure.axes, ("alpha", "beta"), strict=True):
        rows = fit().participants
        own = rows[rows["parameter"] == name].sort_values("estimate")
        points = [line for line in axes.lines if line.get_marker() == "o"]
        np.testing.assert_array_equal(points[0].get_ydata(), own["unpooled_estimate"])
        np.testing.assert_array_equal(points[1].get_ydata(), own["estimate"])
        assert [t.get_text() for t in axes.get_xticklabels()] == own["participant"].tolist()
        largest = own[["estimate", "unpooled_estimate"]].to_numpy().max()
        assert largest <= axes.get_ylim()[1] <= BEYOND * largest + 1e-12
    figure.draw_without_rendering()


def test_many_participants_have_no_names():
    rows = fit().participants
    many = pd.concat([rows.assign(participant=f"p{k}") for k in range(15)], ignore_index=True)
    figure = draw_shrinkage(dataclasses.replace(fit(), participants=many))
    assert [len(axes.get_xticks()) for axes in figure.axes] == [0, 0]
