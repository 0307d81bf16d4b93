"""z-score against contraction, for truths from the prior."""

import dataclasses

import numpy as np
import pytest

from unit.calibration.examples import places
from unit.figures.pages import draw, notes


def test_dots_are_the_rows_and_the_mark_their_mean(runs):
    table = places(("exact",), 50)
    table.loc[(table["parameter"] == "alpha") & (table["replicate"] < 2), "z"] = np.nan
    axes = draw(
        "calibrated_contraction", dataclasses.replace(runs["small"], calibration=table)
    ).axes
    alpha = table[(table["parameter"] == "alpha") & table["z"].notna()]
    dots = next(line for line in axes[0].lines if line.get_marker() == "o")
    assert dots.get_xdata() == pytest.approx(alpha["contraction"])
    assert dots.get_ydata() == pytest.approx(alpha["z"])
    assert "2 left out" in notes(axes[0])[0]
    assert len(axes) == 2, "the log-likelihood has no prior"
