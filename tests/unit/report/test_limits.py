"""The conditions are formatted from the limits."""

from rlrecovery.report.limits import FLAGGED, RANK_CORRELATION, UNDERCOVERAGE, Limits


def test_the_side_of_a_limit_depends_on_what_is_better():
    assert RANK_CORRELATION.green_text == "at least 0.75"
    assert RANK_CORRELATION.red_text == "below 0.5"
    assert UNDERCOVERAGE.green_text == "at most 5 percentage points"
    assert UNDERCOVERAGE.red_text == "more than 15 percentage points"
    assert FLAGGED.red_text.startswith("more than 25 %; ")


def test_conditions_follow_the_limits():
    limits = Limits("share", green=0.125, red=0.5)
    assert (limits.green_text, limits.red_text) == ("at most 12.5 %", "more than 50 %")
