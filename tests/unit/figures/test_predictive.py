"""Predictive check: what is drawn are the numbers of the table."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from rlrecovery.figures import style
from rlrecovery.figures.predictive import NOTHING, draw_predictive
from rlrecovery.predictive.check import OF, WAYS
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import PREDICTIVE
from unit.figures.pages import WIDTHS, check_page, legend_labels


def table(arms=2, bins=15, curve="learning", without=()):
    """A check of made-up numbers; statistics `without` numbers are missing."""
    rng, rows = np.random.default_rng(0), []
    centres = [(curve, 1.5 + 3 * k) for k in range(bins)]
    single = ["win_stay", "lose_shift", *(f"side_{k}" for k in range(arms))]
    for of, way, (name, trial) in itertools.product(
        OF, WAYS, [*centres, *((name, np.nan) for name in single)]
    ):
        ends = np.sort(rng.random(5))
        numbers = dict(
            zip(("lower_95", "lower_50", "mean", "upper_50", "upper_95"), ends, strict=True)
        )
        row = {"of": of, "way": way, "statistic": name, "trial": trial, **numbers}
        row |= {"observed": (hash_of(name, trial) % 97) / 97, "p": rng.integers(1001) / 1000}
        if name in without or trial in without:
            row |= dict.fromkeys([*numbers, "observed", "p"], np.nan)
        rows.append(row)
    return conform(rows, PREDICTIVE)


def hash_of(name, trial):
    """What was observed is the same for all draws of it."""
    return sum(map(ord, f"{name}{trial}"))


def drawn(width, *arguments, **keywords):
    made = table(*arguments, **keywords)
    return made, draw_predictive(SimpleNamespace(predictive=made), width)


def panels(figure, width):
    """Curve, strategies and arms by way."""
    ways = WAYS[:1] if style.narrow(width) else WAYS
    assert len(figure.axes) == 3 * len(ways)
    return {way: figure.axes[3 * k : 3 * k + 3] for k, way in enumerate(ways)}


def lines(axes, gid):
    return [line for line in axes.lines if line.get_gid() == gid]


@pytest.mark.filterwarnings("error:constrained_layout not applied")
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("arms", "p"),
    [
        (4, 0.0),
        *(
            pytest.param(arms, p, marks=pytest.mark.slow)
            for arms, p in itertools.product((2, 3, 6, 10), (0.3, 0.0))
        ),
    ],
)
def test_labels_do_not_overlap(arms, width, p):
    summary = SimpleNamespace(predictive=table(arms).assign(p=p))
    check_page(draw_predictive(summary, width), width, ticks=True)


@pytest.mark.parametrize(
    ("width", "curve", "word"), [(WIDTHS[0], "learning", "best"), (WIDTHS[1], "first_arm", "first")]
)
def test_the_curve_has_the_numbers_of_the_table(width, curve, word):
    made, figure = drawn(width, curve=curve)
    for way, (axes, _, _) in panels(figure, width).items():
        rows = made[(made["way"] == way) & (made["statistic"] == curve)]
        assert word in axes.get_ylabel()
        for of in OF:
            draws = rows[rows["of"] == of]
            (line,) = lines(axes, of)
            np.testing.assert_array_equal(line.get_xydata(), draws[["trial", "mean"]])
            for percent in (50, 95):
                (band,) = [c for c in axes.collections if c.get_gid() == f"{of} {percent}"]
                corners = {tuple(corner) for corner in band.get_paths()[0].vertices}
                for end in (f"lower_{percent}", f"upper_{percent}"):
                    assert set(draws[["trial", end]].itertuples(index=False, name=None)) <= corners
        (observed,) = lines(axes, "observed")
        np.testing.assert_array_equal(observed.get_xydata(), draws[["trial", "observed"]])


@pytest.mark.parametrize(("width", "arms"), [(WIDTHS[0], 2), (WIDTHS[1], 4)])
def test_marks_have_the_numbers_of_the_table(width, arms):
    made, figure = drawn(width, arms)
    sides = [f"side_{k}" for k in range(arms)]
    for way, (_, *both) in panels(figure, width).items():
        for axes, names in zip(both, (["win_stay", "lose_shift"], sides), strict=True):
            rows = made[made["way"] == way].set_index(["of", "statistic"])
            for tick, name in enumerate(names):
                for of in OF:
                    row = rows.loc[(of, name)]
                    mark = lines(axes, of)[tick]
                    assert mark.get_ydata()[0] == row["mean"]
                    for percent in (50, 95):
                        x, y = lines(axes, f"{of} {percent}")[tick].get_data()
                        assert list(y) == [row[f"lower_{percent}"], row[f"upper_{percent}"]]
                        assert set(x) == {mark.get_xdata()[0]}
                observed = lines(axes, "observed")[tick]
                assert set(observed.get_ydata()) == {row["observed"]}
                low, high = observed.get_xdata()
                assert low < tick < high
                assert low < mark.get_xdata()[0] < high
    labels = [text.get_text() for text in figure.axes[2].get_xticklabels()]
    assert labels == [str(1 + k) for k in range(arms)]


@pytest.mark.parametrize("width", WIDTHS)
def test_everything_that_is_drawn_lies_inside_its_axes(width):
    _, figure = drawn(width)
    for axes in figure.axes:
        low, high = axes.get_ylim()
        for line in axes.lines:
            values = line.get_ydata()
            if line.get_gid():
                assert low <= np.nanmin(values) <= np.nanmax(values) <= high
    for k in range(3):  # both ways on the same scale
        assert len({axes.get_ylim() for axes in figure.axes[k::3]}) == 1


def test_p_values_are_those_of_the_posterior_and_never_exactly_0_or_1():
    made = table()
    values = {"win_stay": 0.0, "lose_shift": 1.0, "side_0": 0.0049, "side_1": 0.25}
    for name, p in values.items():
        made.loc[(made["of"] == "posterior") & (made["statistic"] == name), "p"] = p
    figure = draw_predictive(SimpleNamespace(predictive=made))
    for axes, labels in ((figure.axes[1], ["p < 0.01", "p > 0.99"]),
                       (figure.axes[2], ["<0.01", "0.25"])):  # fmt: skip
        assert [text.get_text() for text in axes.texts if text.get_gid() == "p"] == labels


def test_p_values_are_left_out_where_arms_have_no_room():
    for width, arms, shown in (
        (style.TWO_COLUMNS, 6, True), (style.TWO_COLUMNS, 7, False),
        (style.ONE_COLUMN, 4, True), (style.ONE_COLUMN, 5, False),
    ):  # fmt: skip
        _, figure = drawn(width, arms)
        assert all(bool(text.get_text()) == shown for text in figure.axes[2].texts)


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_missing_leaves_a_gap_and_a_dash(width):
    _, figure = drawn(width, without=("lose_shift", 43.5))
    assert figure.axes[1].texts[1].get_text() == "–"
    assert np.isnan(lines(figure.axes[0], "observed")[0].get_ydata()[-1])
    check_page(figure, width, ticks=True)
    _, single = drawn(width, bins=1)
    check_page(single, width, ticks=True)


@pytest.mark.parametrize("width", WIDTHS)
def test_without_rows_the_figure_says_why(width):
    for empty in (conform([], PREDICTIVE), table().assign(observed=np.nan)):
        figure = draw_predictive(SimpleNamespace(predictive=empty), width)
        assert [text.get_text() for text in figure.texts] == [NOTHING]


def test_ways_are_named_and_one_column_shows_the_forward_simulation():
    titles = {
        width: [axes.get_title(loc="left") for axes in drawn(width)[1].axes[::3]]
        for width in WIDTHS
    }
    assert titles == {
        style.TWO_COLUMNS: ["simulated forward", "one step ahead"],
        style.ONE_COLUMN: ["simulated forward"],
    }


def test_the_legend_names_data_prior_and_posterior():
    _, figure = drawn(style.TWO_COLUMNS)
    words = [label.split(":")[0] for label in legend_labels(figure)]
    assert words == ["observed", "prior", "posterior"]
