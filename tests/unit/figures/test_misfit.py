"""Bias when another model is fitted than the one that simulated."""

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from rlrecovery.figures.misfit import draw_misfit, shared_bias
from rlrecovery.figures.uncertainty import BARS
from rlrecovery.models.library import MODELS
from unit.figures.pages import WIDTHS, check_page, legend_labels, notes

LABELS = tuple(MODELS)
FEW = ("rescorla_wagner", "rescorla_wagner_sticky", "choice_kernel")


def crossed(labels, contests=("mle",), cells=5, levels=("participant", "group")):
    """Biases of all shared parameters; those of the correct model are around zero."""
    rng, rows = np.random.default_rng(0), []
    for contest, simulated, fitted in itertools.product(contests, labels, labels):
        shared = [p for p in MODELS[simulated].names if p in MODELS[fitted].names]
        for parameter, cell, level in itertools.product(shared, range(cells), levels):
            shift = 0 if simulated == fitted else (-1) ** len(fitted) * 0.2
            head = {"scope": "cell", "method": f"{contest}_{fitted}", "cell": f"cell-{cell}"}
            head |= {"alpha": 0.3, "participants": 10, "trials": 100, "level": level}
            head |= {"parameter": parameter, "rows": "ok", "measure": "bias", "interval": np.nan}
            head |= {"value": shift + 0.03 * rng.normal(), "mcse": 0.01 + 0.01 * rng.random()}
            head |= {"n": 50, "n_rows": 500, "contest": contest, "design": "d"}
            rows.append(head | {"simulated": simulated, "fitted": fitted})
    return pd.DataFrame(rows)


def of_crossed(table):
    return SimpleNamespace(crossed=table)


@pytest.mark.filterwarnings("error:constrained_layout not applied")
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("labels", "contests"),
    [
        (FEW, ("mle",)),
        (LABELS[:2], ("mle", "bayes_hierarchical")),
        pytest.param(LABELS, ("mle", "exact"), marks=pytest.mark.slow),
    ],
    ids=["few", "two contests", "all models"],
)
def test_misfit_is_drawn_with_labels_apart_and_on_the_page(labels, contests, width):
    figure = draw_misfit(of_crossed(crossed(labels, contests)), width)
    check_page(figure, width, ticks=True)
    for axes in figure.axes:
        assert axes.get_xlabel() == "fitted model"
        assert axes.get_ylabel().startswith("bias of ")
        assert axes.get_title(loc="left").startswith("simulated: ")


def test_a_panel_is_a_shared_parameter_and_the_correct_model_is_first():
    figure = draw_misfit(of_crossed(crossed(FEW)))
    panels = [(a.get_title(loc="left"), a.get_ylabel()) for a in figure.axes]
    # The choice kernel shares no parameter with the others, and kappa is of one model alone.
    assert panels == [
        ("simulated: RW", "bias of α (unflagged)"), ("simulated: RW", "bias of β (unflagged)"),
        ("simulated: RW sticky", "bias of α (unflagged)"),
        ("simulated: RW sticky", "bias of β (unflagged)"),
    ]  # fmt: skip
    ticks = [" ".join(t.get_text().split()) for t in figure.axes[2].get_xticklabels()]
    assert ticks == ["RW sticky", "RW"]
    (ground,) = figure.axes[2].patches
    assert (ground.get_x(), ground.get_width()) == (-0.5, 1)


def drawn(axes):
    """Mean, lower and upper end of every large mark, from left to right."""
    marks = []
    for container in axes.containers:
        line, _, (bars,) = container
        (segment,) = bars.get_segments()
        marks.append((line.get_xdata()[0], line.get_ydata()[0], *segment[:, 1]))
    return sorted(marks)


def test_marks_are_means_over_cells_with_their_combined_error():
    table = crossed(FEW[:2], cells=4)
    figure = draw_misfit(of_crossed(table))
    alpha = table[(table["parameter"] == "alpha") & (table["level"] == "participant")]
    marks = drawn(figure.axes[0])
    assert len(marks) == 2
    for (x, mean, low, high), (k, fitted) in zip(marks, enumerate(FEW[:2]), strict=True):
        rows = alpha[(alpha["simulated"] == FEW[0]) & (alpha["fitted"] == fitted)]
        half = 1.96 * np.sqrt((rows["mcse"] ** 2).sum()) / 4
        assert x == pytest.approx(k)
        assert mean == pytest.approx(rows["value"].mean())
        assert (low, high) == pytest.approx((mean - half, mean + half), abs=1e-5)
        dots = [line for line in figure.axes[0].lines if line.get_markersize() == 1.8]
        assert np.sort(dots[k].get_ydata()) == pytest.approx(np.sort(rows["value"]))
        assert np.abs(dots[k].get_xdata() - k).max() < 0.5


def test_a_cell_without_an_error_is_drawn_without_a_bar_and_one_cell_without_dots():
    table = crossed(FEW[:2], cells=1).assign(mcse=np.nan)
    axes = draw_misfit(of_crossed(table)).axes[0]
    assert [high - low for _, _, low, high in drawn(axes)] == [0, 0]
    assert not [line for line in axes.lines if line.get_markersize() == 1.8]


def test_every_contest_has_its_position_and_its_finest_level():
    table = pd.concat([crossed(FEW[:2]), crossed(FEW[:2], ("pooled",), levels=("group",))])
    shared = shared_bias(table)
    assert shared.groupby("contest")["level"].unique().map(list).to_dict() == {
        "mle": ["participant"], "pooled": ["group"],
    }  # fmt: skip
    figure = draw_misfit(of_crossed(table))
    marks = drawn(figure.axes[0])
    assert [x for x, *_ in marks] == pytest.approx([-0.175, 0.175, 0.825, 1.175])
    labels = legend_labels(figure)
    assert labels == ["mle", "pooled, group", "one cell", BARS, "the generating model"]


def test_only_bias_of_cells_with_unflagged_rows_is_shown():
    table = crossed(FEW[:2])
    others = [
        table.assign(measure="rmse"),
        table.assign(rows="all"),
        table.assign(scope="grid"),
        table.assign(level="spread"),
        table.assign(value=np.nan),
    ]
    expected = table[table["level"] == "participant"]
    shared = shared_bias(pd.concat([*others, table]))
    assert len(shared) == len(expected) - len(expected[expected["parameter"] == "stickiness"])
    assert shared["value"].sum() == pytest.approx(
        expected.loc[expected["parameter"] != "stickiness", "value"].sum()
    )


def test_panels_without_room_are_named():
    for width, most in zip(WIDTHS, (12, 6), strict=True):
        figure = draw_misfit(of_crossed(crossed(LABELS)), width)
        assert len(figure.axes) == most
        groups = shared_bias(crossed(LABELS)).groupby(["simulated", "parameter"]).ngroups
        note = figure.get_suptitle().replace("\n", " ").removeprefix("not shown: ")
        hidden, _, remark = note.partition("; ")
        assert "summary/crossed.csv" in remark
        assert len(hidden.split(", ")) == groups - most
        assert "β of Kalman filter" in hidden.split(", ")
    assert draw_misfit(of_crossed(crossed(FEW))).get_suptitle() == ""


def test_runaway_cells_are_counted_and_their_mean_stays_inside():
    table = crossed(FEW[:2], cells=30)
    away = (table["cell"] == "cell-7") & (table["fitted"] == FEW[1])
    table.loc[away, "value"] = 1e3
    axes = draw_misfit(of_crossed(table)).axes[0]
    assert notes(axes) == ["1 of 60 cells beyond axis"]
    low, high = axes.get_ylim()
    assert high < 500
    assert all(low < mean < high for _, mean, *_ in drawn(axes))


@pytest.mark.parametrize("cells", [1, 4])
def test_every_bar_is_inside_the_axis_with_room(cells):
    table = crossed(FEW, cells=cells).assign(mcse=0.5)
    for axes in draw_misfit(of_crossed(table)).axes:
        low, high = axes.get_ylim()
        ends = [end for _, _, *both in drawn(axes) for end in both]
        room = 0.03 * (high - low)
        assert low + room < min(ends) < max(ends) < high - room


def test_dots_of_cells_are_in_the_legend_where_they_are_drawn():
    def labels(cells):
        return legend_labels(draw_misfit(of_crossed(crossed(FEW[:2], cells=cells))))

    assert labels(3) == ["mle", "one cell", BARS, "the generating model"]
    assert labels(1) == ["mle", BARS, "the generating model"]


@pytest.mark.parametrize("width", WIDTHS)
def test_without_shared_parameters_the_page_only_says_so(width):
    apart = crossed(("rescorla_wagner", "choice_kernel"))
    for table in (pd.DataFrame(), apart, crossed(FEW).iloc[:0], crossed(FEW).assign(value=np.nan)):
        figure = draw_misfit(of_crossed(table), width)
        assert figure.axes == []
        assert len(figure.texts) == 1


def test_names_may_be_categories():
    table = crossed(FEW, ("mle", "exact"))
    names = ["scope", "contest", "simulated", "fitted", "level", "parameter", "rows", "measure"]
    figure = draw_misfit(of_crossed(table.astype(dict.fromkeys([*names, "cell"], "category"))))
    assert len(figure.axes) == len(draw_misfit(of_crossed(table)).axes)
