"""Limits, ticks and titles."""

import numpy as np
import pytest

from rlrecovery.figures import axes as axes_module
from rlrecovery.figures import style
from rlrecovery.figures.layout import facets


def test_a_few_outliers_do_not_stretch_the_limits():
    low, high = axes_module.fence(np.r_[np.linspace(0, 1, 100), 1e6, np.nan, np.inf])
    assert low < 0.1
    assert 1 <= high < 5
    # Too few values to say which of them are outliers.
    assert axes_module.fence([0, 1, 1e6])[1] > 1e6


def test_limits_include_the_values_to_keep_and_have_a_margin():
    assert axes_module.fence([0.0, 1.0], keep=[2.0]) == pytest.approx((-0.1, 2.1))
    assert axes_module.fence([]) == pytest.approx((-0.05, 1.05))
    assert axes_module.log_fence([0.1, 1, -3, 0], keep=[10]) == pytest.approx((10**-1.1, 10**1.1))


@pytest.mark.parametrize(("low", "high"), [(0.02, 0.05), (0.1, 2), (1, 1e6)])
def test_logarithmic_axes_have_two_to_five_ticks_inside(low, high):
    axes = style.page(2, 2).subplots()
    axes.set(yscale="log", ylim=(low, high))
    axes_module.log_ticks(axes.yaxis, low, high)
    ticks = [tick for tick in axes.get_yticks() if low <= tick <= high]
    assert 2 <= len(ticks) <= 5


def test_names_are_broken_only_where_a_line_is_full():
    name = "mle, none missing, 50/75/100 % completed"
    assert axes_module.wrap(name, 60) == [name]
    assert axes_module.wrap(name, 25) == ["mle, none missing,", "50/75/100 % completed"]
    assert axes_module.wrap(name, 12) == ["mle,", "none", "missing,", "50/75/100 %", "completed"]


@pytest.mark.parametrize(
    ("columns", "parts", "title"),
    [
        (4, ("bayes, stable", "100 trials"), "bayes, stable,\n100 trials"),
        (2, ("mle, none missing, all", "60 trials"), "mle, none missing, all, 60 trials"),
        (3, ("mle, none missing, 50/75/100 % completed", "60 trials"),
         "mle, none missing,\n50/75/100 % completed, 60 trials"),
    ],
)  # fmt: skip
def test_titles_are_as_wide_as_their_panel(columns, parts, title):
    axes = facets(style.TWO_COLUMNS, 1, columns)[0, 0]
    axes_module.title(axes, *parts)
    assert axes.get_title(loc="left") == title


def test_a_long_name_is_broken_after_underscores_in_a_narrow_panel():
    for width, broken in ((style.TWO_COLUMNS, False), (style.ONE_COLUMN, True)):
        axes = facets(width, 1, 2)[0, 0]
        axes_module.title(axes, "mle_from_very_many_starts_0123456789")
        lines = axes.get_title(loc="left").split("\n")
        assert "".join(lines) == "mle_from_very_many_starts_0123456789"
        assert all(line.endswith("_") for line in lines[:-1])
        assert (len(lines) > 1) == broken
