"""Figures of power, errors of sign and size, bias and coverage, against the size of effects."""

import dataclasses

import effect_tables
import numpy as np
import pandas as pd
import pytest

from rlrecovery.figures import style
from rlrecovery.figures.effects import LOOKS, shown_designs, significance
from rlrecovery.score.analyses import NAMES
from unit.figures.pages import WIDTHS, check_page, draw, legend_labels, notes, panels

NAMES_OF_FIGURES = ("power", "sign_and_size", "effect_estimates")
CASES = {
    "few": {},
    "many": {
        "analyses": effect_tables.MANY,
        "studied": (effect_tables.PATIENT, effect_tables.DRUG),
    },
    "covariate": {"analyses": effect_tables.MANY, "studied": (effect_tables.SCORE,)},
    "single": {"analyses": {"mle": ("t_test",)}, "participants": (40,), "trials": (100,)},
    "three effects": {
        "analyses": effect_tables.MANY,
        "studied": (effect_tables.PATIENT, effect_tables.DRUG, effect_tables.SCORE),
    },
    "truths": {
        "truths": (0.3, 0.5),
        "participants": (30,),
        "sizes": {effect_tables.PATIENT: (0, -0.05, -0.1, -0.2, -0.4, -0.8, -1.6)},
    },
}


@pytest.fixture(scope="module")
def studies(runs):
    class Studies(dict):
        def __missing__(self, case):
            self[case] = effect_tables.with_effects(runs["small"], **CASES[case])
            return self[case]

    return Studies()


def is_daily(case, name, width):
    if case == "many":
        return (name, width) == ("effect_estimates", style.ONE_COLUMN)
    return (case, name) == ("few", "power")


@pytest.mark.filterwarnings("error:constrained_layout not applied")
@pytest.mark.parametrize(
    ("case", "name", "width"),
    [
        pytest.param(
            case, name, width, marks=() if is_daily(case, name, width) else pytest.mark.slow
        )
        for case in CASES
        for name in NAMES_OF_FIGURES
        for width in WIDTHS
    ],
)
def test_a_page_fits_and_its_texts_do_not_overlap(studies, case, name, width):
    figure = draw(name, studies[case], width)
    check_page(figure, width, ticks=True)
    assert panels(figure)[0].get_ylabel()
    assert panels(figure)[-1].get_xlabel()


def marks(axes, label=None):
    """Lines of analyses: x and y by marker and colour."""
    lines = [line for line in axes.lines if line.get_marker() not in ("None", "|", "_")]
    return {(line.get_marker(), line.get_color()): line for line in lines}


def test_lines_are_power_and_at_zero_the_type_1_error(studies):
    summary = studies["single"]
    (axes,) = panels(draw("power", summary))
    (line,) = marks(axes).values()
    table = summary.effects
    found = table[table["measure"].isin(["power", "type_1"])].sort_values("size")
    assert line.get_xdata() == pytest.approx([-0.8, -0.4, 0])
    assert line.get_ydata() == pytest.approx(100 * found["value"].to_numpy())
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    half = 1.96 * 100 * found["mcse"].to_numpy()
    assert band.max() == pytest.approx((line.get_ydata() + half).max(), abs=0.01)
    assert band.min() == pytest.approx((line.get_ydata() - half).min(), abs=0.01)
    assert [text.get_text() for text in axes.get_xticklabels()] == [
        "−0.8\n(−0.19)", "−0.4\n(−0.10)", "0\n(0)",
    ]  # fmt: skip
    assert axes.get_xlabel() == "patient: difference in α, logit (natural) scale"
    assert 0 in [round(tick, 6) for tick in axes.get_yticks()]
    levels = sorted(line.get_ydata()[0] for line in axes.lines if line.get_linestyle() != "None")
    assert {5.0, 80.0} <= set(np.round(levels, 6))


def test_the_nominal_type_1_error_is_that_of_the_table(studies):
    table = studies["single"].effects
    assert significance(table) == 0.05
    assert np.isnan(significance(table.iloc[:0]))
    assert significance(table.assign(significance=0.01)) == 0.01


def test_colours_are_methods_and_markers_are_analyses(studies):
    summary = studies["few"]
    figure = draw("power", summary)
    keys = set(marks(panels(figure)[0]))
    names = list(summary.methods)
    hierarchical = style.colour(names, "hierarchical")
    assert {mark for mark, ink in keys if ink == hierarchical} == {"s", "D", "o"}
    assert ("s", style.colour(names, "mle")) in keys
    labels = legend_labels(figure)
    assert labels[:5] == [
        "t test of mle estimates",
        "t test of exact estimates",
        "t test of hierarchical estimates",
        "t test of hierarchical estimates fitted by group",
        "joint model of hierarchical",
    ]
    assert "80 % power" in labels
    assert "nominal type I error (5 %)" in labels
    assert set(LOOKS) == set(NAMES)
    assert len({look["marker"] for look in LOOKS.values()}) == len(LOOKS)


def test_many_lines_are_side_by_side_with_bars(studies):
    axes = panels(draw("effect_estimates", studies["many"]))[0]
    lines = marks(axes)
    assert len(lines) == 9
    first = sorted(line.get_xdata()[0] for line in lines.values())
    assert len(set(np.round(first, 6))) == 9
    assert np.abs(np.array(first) + 0.8).max() < 0.4 / 2
    assert len(axes.collections) == 9


def test_wrong_signs_are_drawn_where_an_effect_exists(studies):
    figure = draw("sign_and_size", studies["single"])
    wrong, exaggerated = panels(figure)
    (line,) = marks(exaggerated).values()
    table = studies["single"].effects.query("measure == 'type_m'").sort_values("size")
    assert line.get_xdata() == pytest.approx([-0.8, -0.4])
    assert line.get_ydata() == pytest.approx(table["value"].to_numpy())
    assert wrong.get_xlim() == exaggerated.get_xlim()
    assert wrong.get_ylim()[0] < 0


def test_natural_differences_are_left_out_where_they_differ(studies):
    axes = panels(draw("power", studies["truths"]))[0]
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert not any("(" in label for label in labels)
    assert {"0", "−1.6"} <= set(labels)
    assert "−0.05" not in labels
    assert axes.get_xlabel() == "patient: difference in α, logit scale"
    correlation = panels(draw("power", studies["covariate"]))[0]
    assert correlation.get_xlabel() == "correlation with α"


def test_designs_at_the_corners_have_panels(studies):
    every = [(n, t) for n in (20, 40, 60) for t in (50, 100, 200)]
    assert shown_designs(every, 6, 7.0) == [(20, 50), (20, 200), (60, 50), (60, 200)]
    assert shown_designs(every, 4, 3.5) == [(20, 50), (60, 200)]
    assert shown_designs(every[:3], 2, 7.0) == every[:3]
    assert shown_designs([(20, t) for t in range(6)], 1, 7.0)[-1] == (20, 5)
    assert shown_designs(every, 7, 7.0) == shown_designs(every, 6, 3.5) == [(60, 200)]
    figure = draw("power", studies["few"], style.ONE_COLUMN)
    assert len(panels(figure)) == 2
    assert figure.get_suptitle() == "2 further designs: summary/effects.csv"


def test_values_beyond_the_axis_are_counted(runs):
    keywords = {"analyses": effect_tables.MANY, "participants": (30,), "trials": (60,)}
    summary = effect_tables.with_effects(runs["small"], **keywords)
    table = summary.effects
    table.loc[
        table.query("measure == 'bias' and size == 0 and method == 'mle'").index[:1], "value"
    ] = 80
    figure = draw("effect_estimates", summary)
    assert notes(panels(figure)[0]) == ["1 of 27 beyond axis"]
    assert panels(figure)[0].get_ylim()[1] < 2


def test_what_is_missing_is_said(runs, studies):
    for name in NAMES_OF_FIGURES:
        text = draw(name, runs["small"]).texts[0].get_text()
        assert text == "There are no groups, conditions or covariate."
    summary = effect_tables.with_effects(runs["small"], participants=(30,), trials=(60,))
    table = summary.effects
    table.loc[table["measure"].isin(["type_s", "type_m", "coverage"]), ["value", "mcse"]] = np.nan
    texts = [text.get_text() for axes in draw("sign_and_size", summary).axes for text in axes.texts]
    assert texts == ["no effect was found"] * 2
    coverage = draw("effect_estimates", summary).axes[1]
    assert [text.get_text() for text in coverage.texts] == ["no intervals"]


@pytest.mark.parametrize("name", NAMES_OF_FIGURES)
def test_effects_of_size_0_only_have_no_panels(studies, name):
    summary = studies["few"]
    nothing = summary.effects.assign(parameter="beta", size=0.0)
    alone = draw(name, dataclasses.replace(summary, effects=nothing), 7.0)
    assert "All effects have the size 0." in [text.get_text() for text in alone.texts]
    both = dataclasses.replace(summary, effects=pd.concat([summary.effects, nothing]))
    assert len(draw(name, both, 7.0).axes) == len(draw(name, summary, 7.0).axes)
