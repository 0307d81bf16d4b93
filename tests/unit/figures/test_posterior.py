"""One posterior."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from unit.figures.pages import WIDTHS, check_page, draw


def test_a_fit_without_draws_gives_a_page_that_says_so(runs):
    figure = draw("posterior", dataclasses.replace(runs["small"], posterior=pd.DataFrame()))
    assert "no draws" in figure.texts[0].get_text()


@pytest.mark.filterwarnings("error:constrained_layout not applied")
@pytest.mark.parametrize("width", WIDTHS)
def test_of_many_parameters_the_most_correlated_pairs_are_shown(runs, width):
    names = ["alpha", "beta", "alpha_choice", "beta_choice", "lapse", "start_value"]
    rng = np.random.default_rng(0)
    draws = pd.DataFrame(rng.normal(size=(400, 6)), columns=names)
    draws = draws.assign(chain=np.repeat(range(4), 100), draw=np.tile(range(100), 4))
    draws["beta"] -= 5 * draws["alpha"]
    figure = draw("posterior", dataclasses.replace(runs["small"], posterior=draws), width)
    check_page(figure, width)
    shown = len(figure.axes) - 2 * 6
    assert f"{shown} of 15 pairs" in figure.get_suptitle()
    assert ("α", "β") in [(axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes]
