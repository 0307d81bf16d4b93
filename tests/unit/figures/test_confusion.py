"""Figures of model recovery: numbers that equal the table's, and labels that stay apart."""

import functools
import itertools
import re
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgb

from rlrecovery.figures import confusion, style
from rlrecovery.figures.confusion import draw_confusion, matrices
from rlrecovery.figures.misfit import draw_misfit, over_cells, shared_bias
from rlrecovery.models.library import MODELS
from rlrecovery.score.model_selection import COUNTS, selection_table
from rlrecovery.storage.files import conform

LABELS = tuple(MODELS)
WIDTHS = [style.TWO_COLUMNS, style.ONE_COLUMN]
ONE = (("mle", "AIC"),)
FOUR = (("mle", "AIC"), ("mle", "BIC"), ("bayes", "LOO"), ("exact", "evidence"))


@functools.cache
def made(labels, contests, units, n, left_out):
    """As `selection`; the same table is asked for several times."""
    rng, rows = np.random.default_rng(0), []
    for (contest, criterion), unit, (i, simulated) in itertools.product(
        contests, units, enumerate(labels)
    ):
        weights = np.where(np.arange(len(labels)) == i, 6.0, 0.5)
        weights[-1] *= len(labels) < 5
        wins = rng.multinomial(n, weights / weights.sum())
        head = {"contest": contest, "criterion": criterion, "unit": unit, "design": "d"}
        head |= {
            "cell": f"cell-{i}",
            "simulated": simulated,
            "n": n,
            "left_out": left_out,
            "doubtful": 0,
            "stopped": 0,
        }
        rows += [head | {"fitted": f, "wins": w} for f, w in zip(labels, wins, strict=True)]
    return selection_table(conform(rows, COUNTS))


def selection(labels, contests=ONE, units=("participant",), n=200, left_out=3):
    """A table of matrices with random wins; the last model never wins where there are many."""
    return made(labels, contests, units, n, left_out).copy()


def crossed(labels, contests=("mle",), cells=5, levels=("participant", "group")):
    """Biases of all shared parameters; the right model's are around zero."""
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


def of_selection(table):
    return SimpleNamespace(selection=table)


def of_crossed(table):
    return SimpleNamespace(crossed=table)


def texts(figure):
    """Every text of a page that stands outside its squares or marks and is not empty."""
    found = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        found += [axes.xaxis.label, axes.yaxis.label, axes._left_title]
        found += [*axes.get_xticklabels(), *axes.get_yticklabels()]
        found += [text for text in axes.texts if text.get_gid() == "note"]
    return [text for text in found if text.get_text()]


def corners(text):
    """Outline of a text in points, less what its letters do not fill."""
    return text.get_window_extent().padded(-1)


def laid_out(figure):
    figure.get_layout_engine().execute(figure)
    for legend in figure.legends:
        legend.draw(RendererAgg(*figure.bbox.size, figure.dpi))
    return figure


def check_page(figure, width):
    """Nothing leaves the page or covers another label."""
    across, height = figure.get_size_inches()
    assert across == pytest.approx(width)
    assert height <= style.TALLEST + 1e-9
    assert plt.get_fignums() == []
    page = figure.bbox.padded(2)
    shown = [(text.get_text(), corners(text)) for text in texts(figure)]
    for name, box in shown:
        assert page.x0 <= box.x0 <= box.x1 <= page.x1, name
        assert page.y0 <= box.y0 <= box.y1 <= page.y1, name
    for (one, box), (other, at) in itertools.combinations(shown, 2):
        assert not box.overlaps(at), (one, other)


# --- confusion --------------------------------------------------------------------------------


@pytest.mark.filterwarnings("error:constrained_layout not applied")
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("models", "contests"),
    [(2, FOUR), (5, ONE), (6, ONE), (6, FOUR), (8, ONE), (8, FOUR)],
    ids=lambda value: value if isinstance(value, int) else f"{len(value)} contests",
)
def test_matrices_are_drawn_with_labels_apart_and_numbers_inside_their_squares(
    models, contests, width
):
    table = selection(LABELS[:models], contests)
    figure = laid_out(draw_confusion(of_selection(table), width))
    check_page(figure, width)
    kinds = 1 if style.narrow(width) else 2
    assert len(figure.axes) % kinds == 0
    rows = len(figure.axes) // kinds
    assert rows == len(contests) or "not shown" in figure.get_suptitle()
    for axes in figure.axes:
        assert axes.get_xlabel() == "best fit"
        assert axes.get_ylabel() == ("simulated" if axes.get_subplotspec().is_first_col() else "")
        squares = [text for text in axes.texts if text.get_gid() in ("probability", "interval")]
        for text in squares:
            box = corners(text)
            (x0, y0), (x1, y1) = axes.transData.inverted().transform(box.get_points())
            assert int(x0) == int(x1), text.get_text()
            assert int(y0) == int(y1), text.get_text()
            assert 0 <= x0 < x1 <= models
            assert 0 <= y1 < y0 <= models
        for one, other in itertools.combinations(squares, 2):
            assert not corners(one).overlaps(corners(other))


def test_four_criteria_of_eight_models_have_room_on_one_page():
    for width, kinds in zip(WIDTHS, (2, 1), strict=True):
        figure = draw_confusion(of_selection(selection(LABELS[:8], FOUR)), width)
        assert len(figure.axes) == 4 * kinds
        assert figure.get_suptitle() == ""


def inside(axes, gid):
    """Texts by row and column of their square."""
    found = {}
    for text in axes.texts:
        if text.get_gid() == gid:
            x, y = text.get_position()
            found[int(y), int(x)] = text.get_text()
    return found


def test_the_numbers_in_the_picture_are_those_of_the_table():
    labels = LABELS[:5]
    table = selection(labels)
    figure = draw_confusion(of_selection(table), style.TWO_COLUMNS)
    mine = table[(table["scope"] == "all") & (table["unit"] == "participant")]
    mine = mine.set_index(["simulated", "fitted"])
    for axes, kind in zip(figure.axes, ("confusion", "inversion"), strict=True):
        drawn, ends = inside(axes, "probability"), inside(axes, "interval")
        colours = axes.collections[0].get_array().reshape(5, 5)
        assert len(drawn) == 25
        for (i, simulated), (j, fitted) in itertools.product(enumerate(labels), enumerate(labels)):
            value, low, high = mine.loc[
                (simulated, fitted), [kind, f"{kind}_lower", f"{kind}_upper"]
            ]
            if np.isnan(value):
                assert drawn[i, j] == "–"
                assert (i, j) not in ends
                assert colours.mask[i, j]
                continue
            assert re.fullmatch(r"\.\d\d|1\.00", drawn[i, j])
            assert float(drawn[i, j]) == pytest.approx(value, abs=0.005001)
            assert [float(end) for end in ends[i, j].split("–")] == pytest.approx(
                [low, high], abs=0.005001
            )
            assert colours[i, j] == pytest.approx(value)
    assert set(inside(figure.axes[1], "probability").values()) >= {"–"}, "a model never won"


def test_intervals_are_left_out_where_squares_are_small():
    for models, width, there in (
        (6, style.TWO_COLUMNS, True), (8, style.TWO_COLUMNS, False),
        (5, style.ONE_COLUMN, True), (8, style.ONE_COLUMN, False),
    ):  # fmt: skip
        figure = draw_confusion(of_selection(selection(LABELS[:models])), width)
        assert bool(inside(figure.axes[0], "interval")) == there


def test_participants_are_shown_where_they_are_units_and_data_sets_otherwise():
    both = selection(LABELS[:2], units=("participant", "data set"))
    (matrix,) = matrices(both)
    assert matrix.unit == "participant"
    only = both[both["unit"] == "data set"]
    figure = draw_confusion(of_selection(only))
    assert figure.axes[0].get_title(loc="left") == "AIC, data sets: p(best fit | simulated)"
    notes = [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "note"]
    assert notes == ["6 of 406 data sets left out"]
    none = draw_confusion(of_selection(selection(LABELS[:2], left_out=0)))
    assert not [text for text in none.axes[0].texts if text.get_gid() == "note"]


def test_contests_are_named_where_there_are_several():
    def titles(contests):
        figure = draw_confusion(of_selection(selection(LABELS[:2], contests)))
        return [axes.get_title(loc="left").split(":")[0] for axes in figure.axes[::2]]

    assert titles(FOUR) == ["mle, AIC", "mle, BIC", "bayes, LOO", "exact, evidence"]
    assert titles(FOUR[:2]) == ["AIC", "BIC"]


def test_frames_mark_the_right_model_wherever_it_stands():
    table = selection(LABELS[:3])
    table = table[table["simulated"] != LABELS[1]].replace({"simulated": {LABELS[2]: "other"}})
    figure = draw_confusion(of_selection(table))
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["RW", "other"]
    assert [patch.get_xy() for patch in figure.axes[0].patches] == [(0, 0)]
    turned = selection(LABELS[:3])
    turned = turned[turned["simulated"] != LABELS[0]]
    frames = draw_confusion(of_selection(turned)).axes[0].patches
    assert [patch.get_xy() for patch in frames] == [(1, 0), (2, 1)]


def test_what_has_no_room_or_no_unit_is_named():
    many = tuple((f"method_{k}", "AIC") for k in range(9))
    figure = draw_confusion(of_selection(selection(LABELS[:8], many)))
    shown = [axes.get_title(loc="left").split(":")[0] for axes in figure.axes[::2]]
    hidden = figure.get_suptitle().replace("\n", " ").removeprefix("not shown: ")
    assert len(shown) < 9
    assert set(re.findall(r"method_\d, AIC", hidden)) | set(shown) == {f"{m}, AIC" for m, _ in many}
    table = selection(LABELS[:2], FOUR[:2])
    table.loc[table["criterion"] == "AIC", ["n", "wins"]] = 0
    figure = draw_confusion(of_selection(table))
    assert figure.get_suptitle() == "not shown: AIC"


@pytest.mark.parametrize("width", WIDTHS)
def test_without_two_models_the_page_says_so(width):
    nothing = selection_table(conform((), COUNTS))
    for table in (pd.DataFrame(), nothing, selection(LABELS[:1]), selection(LABELS[:2], n=0)):
        figure = draw_confusion(of_selection(table), width)
        assert figure.axes == []
        assert "No two models" in figure.texts[0].get_text()


def test_names_are_text_also_where_a_file_gives_categories_and_missing_designs(tmp_path):
    table = selection(LABELS[:3], FOUR[:2])
    table.to_csv(tmp_path / "selection.csv", index=False)
    read = pd.read_csv(tmp_path / "selection.csv")
    names = ["scope", "contest", "criterion", "unit", "simulated", "fitted"]
    for given in (read, read.astype(dict.fromkeys(names, "category"))):
        found = matrices(given)
        assert [matrix.name for matrix in found] == ["AIC", "BIC"]
        assert found[0].values("confusion") == pytest.approx(matrices(table)[0].values("confusion"))


def test_text_can_be_read_on_every_square():
    shades = [confusion.PROBABILITY(p) for p in np.linspace(0, 1, 101)]
    light = np.array([confusion.luminance(shade) for shade in shades])
    assert (np.diff(light) <= 0).all(), "a larger probability is darker"
    assert light[0] == pytest.approx(1)
    for shade, here in zip(shades, light, strict=True):
        ink = confusion.luminance(to_rgb(confusion.contrasting(shade)))
        # The contrast that WCAG 2.1 asks of small text.
        assert (max(ink, here) + 0.05) / (min(ink, here) + 0.05) > 4.5


def test_names_are_words_and_long_ones_are_broken():
    assert confusion.short_name("rescorla_wagner_two_rates") == "RW two rates"
    assert confusion.short_name("pearce_hall") == "Pearce-Hall"
    for inches, expected in (
        (1.1, ("RW choice kernel", False)), (0.6, ("RW choice\nkernel", False)),
        (0.3, ("RW choice\nkernel", True)), (0.15, ("RW choice kernel", True)),
    ):  # fmt: skip
        (name,), turned = confusion.model_names(["rescorla_wagner_choice_kernel"], inches)
        assert (name, turned) == expected


# --- misfit -----------------------------------------------------------------------------------

FEW = ("rescorla_wagner", "rescorla_wagner_sticky", "choice_kernel")


@pytest.mark.filterwarnings("error:constrained_layout not applied")
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("labels", "contests"),
    [(FEW, ("mle",)), (LABELS[:2], ("mle", "bayes_hierarchical")), (LABELS, ("mle", "exact"))],
    ids=["few", "two contests", "all models"],
)
def test_misfit_is_drawn_with_labels_apart_and_on_the_page(labels, contests, width):
    figure = laid_out(draw_misfit(of_crossed(crossed(labels, contests)), width))
    check_page(figure, width)
    for axes in figure.axes:
        assert axes.get_xlabel() == "fitted model"
        assert axes.get_ylabel().startswith("bias of ")
        assert axes.get_title(loc="left").startswith("simulated: ")


def test_a_panel_is_a_shared_parameter_and_the_right_model_is_first():
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
    found = []
    for container in axes.containers:
        line, _, (bars,) = container
        (segment,) = bars.get_segments()
        found.append((line.get_xdata()[0], line.get_ydata()[0], *segment[:, 1]))
    return sorted(found)


def test_marks_are_means_over_cells_with_their_combined_error():
    table = crossed(FEW[:2], cells=4)
    figure = draw_misfit(of_crossed(table))
    mine = table[(table["parameter"] == "alpha") & (table["level"] == "participant")]
    marks = drawn(figure.axes[0])
    assert len(marks) == 2
    for (x, mean, low, high), (k, fitted) in zip(marks, enumerate(FEW[:2]), strict=True):
        rows = mine[(mine["simulated"] == FEW[0]) & (mine["fitted"] == fitted)]
        mcse = np.sqrt((rows["mcse"] ** 2).sum()) / 4
        assert x == pytest.approx(k)
        assert mean == pytest.approx(rows["value"].mean())
        assert (low, high) == pytest.approx((mean - mcse, mean + mcse))
        dots = [line for line in figure.axes[0].lines if line.get_markersize() == 1.8]
        assert np.sort(dots[k].get_ydata()) == pytest.approx(np.sort(rows["value"]))
        assert np.abs(dots[k].get_xdata() - k).max() < 0.5


def test_the_mean_over_cells_of_hand_worked_numbers():
    rows = pd.DataFrame({"value": [1.0, 3.0], "mcse": [3.0, 4.0]})
    assert over_cells(rows) == pytest.approx((2, 2.5))
    mean, mcse = over_cells(rows.assign(mcse=[3.0, np.nan]))
    assert mean == 2
    assert np.isnan(mcse)


def test_a_cell_without_an_error_is_drawn_without_a_bar_and_one_cell_without_dots():
    table = crossed(FEW[:2], cells=1).assign(mcse=np.nan)
    axes = draw_misfit(of_crossed(table)).axes[0]
    assert [high - low for _, _, low, high in drawn(axes)] == [0, 0]
    assert not [line for line in axes.lines if line.get_markersize() == 1.8]


def test_every_contest_has_its_place_and_its_finest_level():
    table = pd.concat([crossed(FEW[:2]), crossed(FEW[:2], ("pooled",), levels=("group",))])
    found = shared_bias(table)
    assert found.groupby("contest")["level"].unique().map(list).to_dict() == {
        "mle": ["participant"], "pooled": ["group"],
    }  # fmt: skip
    figure = draw_misfit(of_crossed(table))
    marks = drawn(figure.axes[0])
    assert [x for x, *_ in marks] == pytest.approx([-0.175, 0.175, 0.825, 1.175])
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["mle", "pooled, group", "one cell", "the model that simulated"]


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
    found = shared_bias(pd.concat([*others, table]))
    assert len(found) == len(expected) - len(expected[expected["parameter"] == "stickiness"])
    assert found["value"].sum() == pytest.approx(
        expected.loc[expected["parameter"] != "stickiness", "value"].sum()
    )


def test_panels_without_room_are_named():
    for width, most in zip(WIDTHS, (12, 6), strict=True):
        figure = draw_misfit(of_crossed(crossed(LABELS)), width)
        assert len(figure.axes) == most
        groups = shared_bias(crossed(LABELS)).groupby(["simulated", "parameter"]).ngroups
        told = figure.get_suptitle().replace("\n", " ").removeprefix("not shown: ")
        assert told.endswith("; all are in summary/crossed.csv")
        told = told.split(";")[0].split(", ")
        assert len(told) == groups - most
        assert "β of Kalman filter" in told
    assert draw_misfit(of_crossed(crossed(FEW))).get_suptitle() == ""


def test_runaway_cells_are_counted_and_their_mean_stays_inside():
    table = crossed(FEW[:2], cells=30)
    away = (table["cell"] == "cell-7") & (table["fitted"] == FEW[1])
    table.loc[away, "value"] = 1e3
    axes = draw_misfit(of_crossed(table)).axes[0]
    assert "1 of 60 cells beyond axis" in [text.get_text() for text in axes.texts]
    low, high = axes.get_ylim()
    assert high < 500
    assert all(low < mean < high for _, mean, *_ in drawn(axes))


@pytest.mark.parametrize("cells", [1, 4])
def test_every_bar_is_inside_the_axis_with_room(cells):
    """Limits once were those of the means, and cut the bars of a single cell off."""
    table = crossed(FEW, cells=cells).assign(mcse=0.5)
    for axes in draw_misfit(of_crossed(table)).axes:
        low, high = axes.get_ylim()
        ends = [end for _, _, *both in drawn(axes) for end in both]
        room = 0.03 * (high - low)
        assert low + room < min(ends) < max(ends) < high - room


def test_dots_of_cells_are_in_the_legend_where_they_are_drawn():
    def labels(cells):
        figure = draw_misfit(of_crossed(crossed(FEW[:2], cells=cells)))
        return [text.get_text() for text in figure.legends[0].get_texts()]

    assert labels(3) == ["mle", "one cell", "the model that simulated"]
    assert labels(1) == ["mle", "the model that simulated"]


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_in_common_is_said(width):
    apart = crossed(("rescorla_wagner", "choice_kernel"))
    for table in (pd.DataFrame(), apart, crossed(FEW).iloc[:0], crossed(FEW).assign(value=np.nan)):
        figure = draw_misfit(of_crossed(table), width)
        assert figure.axes == []
        assert "No other model" in figure.texts[0].get_text()


def test_names_may_be_categories():
    table = crossed(FEW, ("mle", "exact"))
    names = ["scope", "contest", "simulated", "fitted", "level", "parameter", "rows", "measure"]
    figure = draw_misfit(of_crossed(table.astype(dict.fromkeys([*names, "cell"], "category"))))
    assert len(figure.axes) == len(draw_misfit(of_crossed(table)).axes)


# --- files ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("draw", "summary"),
    [
        (draw_confusion, lambda: of_selection(selection(LABELS[:3]))),
        (draw_misfit, lambda: of_crossed(crossed(FEW))),
    ],
    ids=["confusion", "misfit"],
)
def test_files_are_the_same_bytes_twice_and_text_is_text(draw, summary, tmp_path):
    for turn in ("a", "b"):
        style.save(draw(summary()), [tmp_path / f"{turn}.{kind}" for kind in ("svg", "pdf")])
    for kind in ("svg", "pdf"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()
    svg = (tmp_path / "a.svg").read_text()
    assert "simulated" in svg
    assert "<image" not in svg


@pytest.mark.parametrize("name", ["confusion", "misfit"])
def test_captions_say_what_is_good_and_what_the_monte_carlo_error_is(name):
    text = (Path(__file__).parents[2] / f"workflow/report/{name}.rst").read_text()
    assert re.search(r"^Good:", text, re.MULTILINE)
    assert "Monte Carlo" in text
    assert "In one column" in text
