"""Every figure for every shape of design, and files that are the same bytes twice."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import summaries

from rlrecovery import figures
from rlrecovery.figures import coverage, data, precision, style, tradeoff
from rlrecovery.figures.layout import truth_axis
from rlrecovery.tables import BrokenFile

TINY = {
    "truth": {"alpha": [0.3, 0.7], "beta": [5]},
    "participants": (3,),
    "methods": ("mle", "hierarchical"),
    "replicates": 3,
}
DESIGNS = {
    "small": {"replicates": 5, "participants": (5,)},
    "large": {
        "truth": {"alpha": [0.1, 0.3, 0.5, 0.7, 0.9], "beta": [1, 3, 5, 10]},
        "participants": (4, 8),
        "trials": (50,),
        "replicates": 4,
        "methods": ("mle", "bayes"),
    },
    "one cell": {
        "truth": {"alpha": [0.5], "beta": [5]},
        "trials": (50,),
        "methods": ("mle",),
        "participants": (1,),
        "replicates": 3,
    },
    "no truth": {
        "truth": {},
        "population": {
            "alpha": {"distribution": "Beta", "alpha": 2, "beta": 2},
            "beta": {"distribution": "Gamma", "alpha": 2, "beta": 0.5},
        },
        "methods": ("mle", "bayes"),
        "replicates": 4,
    },
    "three parameters": {
        "truth": {"alpha_positive": [0.3], "alpha_negative": [0.6], "beta": [2, 5]},
        "model": "rescorla_wagner_two_rates",
        "methods": ("bayes",),
        "trials": (30, 60, 240),
        "replicates": 4,
        "participants": (3,),
    },
    "five methods": {
        "truth": {"alpha": [0.5], "beta": [5]},
        "methods": ("mle", "mle_from_many_starts", "bayes", "bayes_informed", "hierarchical"),
        "trials": (30, 60, 120, 240),
        "replicates": 4,
        "participants": (3,),
    },
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return {
        name: figures.load_summary(
            summaries.write_run(folder / name.replace(" ", "_"), **keywords) / "summary"
        )
        for name, keywords in DESIGNS.items()
    }


def panels(figure):
    return [axes for axes in figure.axes if axes.axison]


#: Figures that do not change with the grid or the methods are drawn for two designs only.
CASES = [
    (design, name)
    for design in DESIGNS
    for name in figures.FIGURES
    if design in ("small", "three parameters") or name not in ("participant", "posterior")
]


@pytest.mark.parametrize(("design", "name"), CASES)
def test_every_figure_has_labels_that_stay_apart_and_on_the_page(runs, design, name):
    summary = runs[design]
    figure = figures.FIGURES[name](summary)
    figure.draw_without_rendering()
    assert figure.get_size_inches()[0] == pytest.approx(7.0)
    assert figure.get_size_inches()[1] < 13
    assert plt.get_fignums() == []
    assert panels(figure)
    for axes in panels(figure):
        spec = axes.get_subplotspec()
        alone = spec.get_gridspec().ncols == 1
        assert axes.get_xlabel() or (alone and name in ("participant", "posterior"))
        beside = axes.get_ylabel() or name in ("convergence", "bias", "coverage")
        assert beside or not spec.is_first_col()
        box = axes.get_tightbbox()
        assert box.x0 >= figure.bbox.x0 - 2
        assert box.x1 <= figure.bbox.x1 + 2
        assert box.y1 <= figure.bbox.y1 + 2
    titles = [axes.get_title(loc="left") for axes in panels(figure)]
    boxes = [axes._left_title.get_window_extent() for axes in panels(figure)]
    boxes = [box for box, title in zip(boxes, titles, strict=True) if title]
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[k + 1 :]), titles


@pytest.mark.parametrize("name", ["bias", "posterior"])
def test_saved_files_are_byte_stable_and_text_is_text(runs, tmp_path, name):
    for turn in ("a", "b"):
        figure = figures.FIGURES[name](runs["small"])
        figures.save(figure, tmp_path / f"{turn}.svg", tmp_path / f"{turn}.pdf")
    for kind in ("svg", "pdf"):
        first, second = ((tmp_path / f"{turn}.{kind}").read_bytes() for turn in ("a", "b"))
        assert first == second, kind
    svg = (tmp_path / "a.svg").read_text()
    assert "<text" in svg
    assert "<dc:date>" not in svg
    assert {"bias": "true β; inside: α rising", "posterior": "density"}[name] in svg
    assert b"/Type3" not in (tmp_path / "a.pdf").read_bytes()
    assert not list(tmp_path.glob(".*")), "a temporary file was left behind"


def test_saving_an_already_saved_figure_gives_the_same_bytes(runs, tmp_path):
    figure = figures.FIGURES["tradeoff"](runs["one cell"])
    figures.save(figure, tmp_path / "a.svg", tmp_path / "a.pdf")
    figures.save(figure, tmp_path / "b.svg", tmp_path / "b.pdf")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_available_figures_depend_on_the_methods():
    everything = summaries.experiment()
    assert figures.available_figures(everything) == list(figures.FIGURES)
    without = summaries.experiment(methods=("mle",))
    assert "posterior" not in figures.available_figures(without)


def test_a_failed_example_fit_is_said_and_not_a_crash(runs):
    summary = runs["small"]
    empty = data.Summary(**{**vars(summary), "posterior": pd.DataFrame()})
    figure = figures.FIGURES["posterior"](empty)
    assert "no draws" in figure.texts[0].get_text()


def test_a_broken_file_is_named(tmp_path):
    folder = summaries.write_run(tmp_path, **DESIGNS["one cell"]) / "summary"
    (folder / "points.csv").write_text("method,cell\n")
    with pytest.raises(BrokenFile, match=r"points\.csv"):
        figures.load_summary(folder)
    (folder / "points.csv").unlink()
    with pytest.raises(BrokenFile, match=r"points\.csv is not there"):
        figures.load_summary(folder)


@pytest.mark.parametrize("kind", ["all failed", "infinite widths, no MCSE"])
def test_numbers_that_are_missing_or_infinite_still_draw(tmp_path, kind):
    folder = summaries.write_run(tmp_path, **TINY) / "summary"
    points = pd.read_csv(folder / "points.csv")
    recovery = pd.read_csv(folder / "recovery.csv")
    if kind == "all failed":
        points[["estimate", "lower_95", "upper_95"]] = np.nan
        points["status"] = "failed"
        recovery.loc[~recovery["measure"].str.startswith("share"), ["value", "mcse"]] = np.nan
    else:
        recovery.loc[recovery.index[recovery["measure"] == "width"][:20], "value"] = np.inf
        recovery["mcse"] = np.nan
    points.to_csv(folder / "points.csv", index=False)
    recovery.to_csv(folder / "recovery.csv", index=False)
    summary = figures.load_summary(folder)
    for name in ("recovery", "bias", "coverage", "precision", "tradeoff", "convergence"):
        figures.FIGURES[name](summary)


def test_runaways_do_not_stretch_an_axis_and_are_counted(runs):
    values = np.r_[np.linspace(0, 1, 100), 1e6]
    low, high = style.fence(values)
    assert low < 0.1
    assert 1 <= high < 5
    figure = style.page(2)
    axes = figure.subplots()
    assert style.beyond(axes, np.zeros(101), values, (low, high), "black") == 1
    style.note_beyond(axes, 1, 101)
    assert axes.texts[0].get_text() == "1 of 101 beyond axis"


def vague(summary):
    """The same summary with estimates that the data do not identify."""
    status = summary.points["status"].astype("object")
    status = status.where(summary.points.index % 7 > 0, "not_identified")
    share = summary.recovery[summary.recovery["measure"] == "share_failed"].astype(
        {"measure": "object"}
    )
    share = share.assign(measure="share_no_interval", value=0.14)
    recovery = pd.concat([summary.recovery.astype({"measure": "object"}), share])
    points = summary.points.assign(status=status)
    return data.Summary(**{**vars(summary), "points": points, "recovery": recovery})


def test_estimates_that_are_not_identified_have_a_mark_and_a_column_of_their_own(runs):
    for summary, there in ((runs["small"], False), (vague(runs["small"]), True)):
        figure = figures.FIGURES["recovery"](summary)
        labels = [text.get_text() for text in figure.legends[0].get_texts()]
        assert ("no interval or not identified" in labels) == there
        marks = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "D"]
        assert any(len(line.get_xdata()) for line in marks) == there
        figure = figures.FIGURES["convergence"](summary)
        figure.draw_without_rendering()
        assert ("α no interval (%)" in [axes.get_xlabel() for axes in figure.axes]) == there


def test_recovery_says_how_many_estimates_lie_beyond_the_axis(runs):
    figure = figures.FIGURES["recovery"](runs["small"])
    notes = [text.get_text() for axes in figure.axes for text in axes.texts]
    counts = [re.fullmatch(r"(\d+) of (\d+) beyond axis", note) for note in notes]
    assert counts
    assert all(counts)
    points = runs["small"].points
    mine = points[
        (points["method"] == "mle") & (points["parameter"] == "beta") & (points["trials"] == 50)
    ]
    mine = mine[(mine["level"] == "participant") & mine["estimate"].notna()]
    axes = next(
        axes
        for axes in figure.axes
        if axes.get_xlabel() == "true β" and axes.get_title(loc="left") == "mle, 50 trials"
    )
    low, high = axes.get_ylim()
    outside = ((mine["estimate"] < low) | (mine["estimate"] > high)).sum()
    assert outside > 0
    assert f"{outside} of {len(mine)} beyond axis" in [text.get_text() for text in axes.texts]


def test_pooled_rmse_is_the_root_of_the_mean_squared_error(runs):
    summary = runs["small"]
    where = {"parameter": "alpha", "level": "participant"}
    cells = summary.measure("rmse", method="mle", **where)
    pooled = precision.pool(summary, "rmse", cells, where).set_index("trials")
    squares = summary.measure("mse", method="mle", trials=50, **where)
    root = np.sqrt(squares["value"].mean())
    assert pooled.loc[50, "value"] == pytest.approx(root)
    mcse = np.sqrt((squares["mcse"] ** 2).sum()) / len(squares) / (2 * root)
    assert pooled.loc[50, "mcse"] == pytest.approx(mcse)


def test_errors_of_a_fit_are_paired_and_their_correlation_has_an_error(runs):
    errors = tradeoff.wide_errors(runs["small"], "mle")
    assert {"alpha", "beta", "flagged"} <= set(errors.columns)
    rho, se = tradeoff.rank_correlation(errors, ("alpha", "beta"))
    assert -1 < rho < 0
    assert 0 < se < 0.3
    assert np.isnan(tradeoff.rank_correlation(errors.head(2), ("alpha", "beta"))[0])


def test_coverage_band_is_binomial_but_never_below_the_reported_error():
    rows = pd.DataFrame({"n_rows": [100, 100], "mcse": [0.0, 0.0]})
    assert coverage.band(0.95, rows) == pytest.approx(np.sqrt(0.95 * 0.05 / 100))
    assert coverage.band(0.95, rows.assign(mcse=0.1)) == pytest.approx(0.1)


def test_truth_axis_places_every_truth_once(runs):
    summary = runs["large"]
    axis = truth_axis(summary, "beta")
    assert axis.columns[0] == "beta"
    assert axis.labels == ["1", "3", "5", "10"]
    assert len(set(axis.positions.values())) == 20
    bias = summary.measure("bias", parameter="beta", level="participant", method="mle")
    assert len(np.unique(axis.place(bias))) == 20
    assert truth_axis(runs["no truth"], "alpha").columns == ()


def test_combinations_span_the_design(runs):
    assert data.combinations(runs["large"], 3) == [(4, 50), (8, 50)]
    assert data.combinations(runs["three parameters"], 3) == [(3, 30), (3, 60), (3, 240)]
    assert data.combinations(runs["one cell"], 3) == [(1, 50)]
