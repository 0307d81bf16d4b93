"""Confusion and inversion matrices."""

import functools
import itertools
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from rlrecovery.figures import confusion, style
from rlrecovery.figures.confusion import draw_confusion, matrices
from rlrecovery.figures.uncertainty import decimals
from rlrecovery.models.library import MODELS
from rlrecovery.score.confusion import selection_table
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import COUNTS
from unit.figures.pages import WIDTHS, check_page, notes

LABELS = tuple(MODELS)
ONE = (("mle", "AIC"),)
FOUR = (("mle", "AIC"), ("mle", "BIC"), ("bayes", "LOO"), ("exact", "evidence"))


@functools.cache
def cached_selection(labels, contests, units, n, left_out):
    """As `selection`, which several tests ask for the same table."""
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
    return cached_selection(labels, contests, units, n, left_out).copy()


def of_selection(table):
    return SimpleNamespace(selection=table)


def corners(text):
    """Outline of a text in pixels, less what its letters do not fill."""
    return text.get_window_extent().padded(-1)


@pytest.mark.filterwarnings("error:constrained_layout not applied")
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("models", "contests"),
    [
        (2, FOUR),
        pytest.param(5, ONE, marks=pytest.mark.slow),
        (6, ONE),
        *(pytest.param(models, FOUR, marks=pytest.mark.slow) for models in (6, 8)),
        (8, ONE),
    ],
    ids=lambda value: value if isinstance(value, int) else f"{len(value)} contests",
)
def test_matrices_are_drawn_with_labels_apart_and_numbers_inside_their_squares(
    models, contests, width
):
    table = selection(LABELS[:models], contests)
    figure = draw_confusion(of_selection(table), width)
    check_page(figure, width, ticks=True)
    kinds = 1 if style.narrow(width) else 2
    assert len(figure.axes) % kinds == 0
    rows = len(figure.axes) // kinds
    # Squares of six models are wide enough for intervals, and then four matrices are too high.
    fits = (models, len(contests), kinds) != (6, 4, 2)
    assert rows == (len(contests) if fits else 3)
    assert ("not shown" in figure.get_suptitle()) == (not fits)
    for axes in figure.axes:
        assert axes.get_xlabel() == "best fit"
        assert axes.get_ylabel() == (
            "generating model" if axes.get_subplotspec().is_first_col() else ""
        )
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


def inside(axes, gid):
    """Texts by row and column of their square."""
    texts = {}
    for text in axes.texts:
        if text.get_gid() == gid:
            x, y = text.get_position()
            texts[int(y), int(x)] = text.get_text()
    return texts


def test_the_numbers_in_the_picture_are_those_of_the_table():
    labels = LABELS[:5]
    table = selection(labels)
    figure = draw_confusion(of_selection(table), style.TWO_COLUMNS)
    rows = table[(table["scope"] == "all") & (table["unit"] == "participant")]
    rows = rows.set_index(["simulated", "fitted"])
    for axes, kind in zip(figure.axes, ("confusion", "inversion"), strict=True):
        drawn, ends = inside(axes, "probability"), inside(axes, "interval")
        colours = axes.collections[0].get_array().reshape(5, 5)
        assert len(drawn) == 25
        for (i, simulated), (j, fitted) in itertools.product(enumerate(labels), enumerate(labels)):
            value, low, high = rows.loc[
                (simulated, fitted), [kind, f"{kind}_lower", f"{kind}_upper"]
            ]
            if np.isnan(value):
                assert drawn[i, j] == "–"
                assert (i, j) not in ends
                assert colours.mask[i, j]
                continue
            places = min(3, decimals((high - low) / 2 / 1.96))
            assert re.fullmatch(rf"(\.|1\.)\d{{{places}}}", drawn[i, j])
            assert float(drawn[i, j]) == pytest.approx(value, abs=0.5001 * 10**-places)
            assert [float(end) for end in ends[i, j].split("–")] == pytest.approx(
                [low, high], abs=0.5001 * 10**-places
            )
            assert colours[i, j] == pytest.approx(value)
    assert set(inside(figure.axes[1], "probability").values()) >= {"–"}, "a model never won"


def test_intervals_are_left_out_where_squares_are_small():
    for models, width, shown in (
        (6, style.TWO_COLUMNS, True), (8, style.TWO_COLUMNS, False),
        (5, style.ONE_COLUMN, True), (8, style.ONE_COLUMN, False),
    ):  # fmt: skip
        figure = draw_confusion(of_selection(selection(LABELS[:models])), width)
        assert bool(inside(figure.axes[0], "interval")) == shown


def test_participants_are_shown_where_they_are_units_and_data_sets_otherwise():
    both = selection(LABELS[:2], units=("participant", "data set"))
    (matrix,) = matrices(both)
    assert matrix.unit == "participant"
    only = both[both["unit"] == "data set"]
    figure = draw_confusion(of_selection(only))
    assert figure.axes[0].get_title(loc="left") == "AIC, data sets: p(best fit | generating model)"
    assert notes(figure.axes[0]) == ["6 of 406 data sets left out"]
    complete = draw_confusion(of_selection(selection(LABELS[:2], left_out=0)))
    assert notes(complete.axes[0]) == []


def test_contests_are_named_where_there_are_several():
    def titles(contests):
        figure = draw_confusion(of_selection(selection(LABELS[:2], contests)))
        return [axes.get_title(loc="left").split(":")[0] for axes in figure.axes[::2]]

    assert titles(FOUR) == ["mle, AIC", "mle, BIC", "bayes, LOO", "exact, evidence"]
    assert titles(FOUR[:2]) == ["AIC", "BIC"]


def test_frames_mark_the_correct_model_in_any_column():
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
        assert len(figure.texts) == 1


def test_names_are_text_also_where_a_file_gives_categories_and_missing_designs(tmp_path):
    table = selection(LABELS[:3], FOUR[:2])
    table.to_csv(tmp_path / "selection.csv", index=False)
    read = pd.read_csv(tmp_path / "selection.csv")
    names = ["scope", "contest", "criterion", "unit", "simulated", "fitted"]
    for given in (read, read.astype(dict.fromkeys(names, "category"))):
        read_matrices = matrices(given)
        assert [matrix.name for matrix in read_matrices] == ["AIC", "BIC"]
        expected = matrices(table)[0].values("confusion")
        assert read_matrices[0].values("confusion") == pytest.approx(expected)


def test_text_can_be_read_on_every_square():
    shades = [confusion.PROBABILITY(p) for p in np.linspace(0, 1, 101)]
    light = np.array([confusion.luminance(shade) for shade in shades])
    assert (np.diff(light) <= 0).all(), "a larger probability is darker"
    assert light[0] == pytest.approx(1)
    for shade, here in zip(shades, light, strict=True):
        ink = confusion.luminance(to_rgb(confusion.contrasting(shade)))
        # The contrast that WCAG 2.1 asks of small text.
        assert (max(ink, here) + 0.05) / (min(ink, here) + 0.05) > 4.5
