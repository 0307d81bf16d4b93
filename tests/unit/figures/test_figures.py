"""Every figure for every shape of design, and files that are the same bytes twice."""

import dataclasses
import itertools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import summaries
from matplotlib.backends.backend_agg import RendererAgg

from rlrecovery.figures import __main__ as command_line
from rlrecovery.figures import catalogue as figures
from rlrecovery.figures import (
    comparison,
    contraction,
    coverage,
    nested,
    precision,
    style,
    tradeoff,
    zipplot,
)
from rlrecovery.figures.layout import truth_axis
from rlrecovery.models.library import MODELS
from rlrecovery.score import results as data
from rlrecovery.storage.files import BrokenFile

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
        "truth": {"alpha_positive": [0.3], "alpha_negative": [0.2, 0.6], "beta": [2, 5]},
        "model": "rescorla_wagner_two_rates",
        "methods": ("bayes",),
        "trials": (30, 60, 240),
        "replicates": 4,
        "participants": (3,),
    },
    "five methods": {
        "truth": {"alpha": [0.5], "beta": [5]},
        "methods": ("mle", "mle_from_many_starts", "bayes", "bayes_informed", "hierarchical"),
        "trials": (30, 240),
        "replicates": 4,
        "participants": (3,),
    },
}


def experiment(**keywords):
    """A mock experiment whose Bayesian methods have a prior for every parameter of its model."""
    exp = summaries.experiment(**keywords)
    for settings in exp["methods"].values():
        if known := settings.get("priors"):
            names = MODELS[exp["model"]].names
            settings["priors"] = {name: known[name.split("_")[0]] for name in names}
    return exp


def write(folder, **keywords):
    """Write a mock run and return the folder of its summary."""
    return summaries.write_run(folder, experiment(**keywords)) / "summary"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return {
        name: figures.load_summary(write(folder / name.replace(" ", "_"), **keywords))
        for name, keywords in DESIGNS.items()
    }


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return write(tmp_path_factory.mktemp("tiny"), **TINY)


def draw(name, summary, width=style.TWO_COLUMNS):
    return figures.FIGURES[name].draw(summary, width)


def panels(figure):
    return [axes for axes in figure.axes if axes.axison]


def texts(figure):
    """Every label, title and remark of a page that stands outside its panel."""
    for axes in panels(figure):
        yield from (axes.xaxis.label, axes.yaxis.label, axes._left_title)
        yield from (text for text in axes.texts if text.get_gid() == "note")
    yield from (text for legend in figure.legends for text in legend.get_texts())


#: Figures that do not change with the grid or the methods are drawn for two designs only, and a
#: large or a missing grid of truths only for those that show it.
OF_TRUTHS = ("recovery", "bias", "rmse", "nested", "comparison", "samplesize")
CASES = [
    (design, name)
    for design, keywords in DESIGNS.items()
    for name in figures.available_figures(experiment(**keywords))
    if design in ("small", "three parameters") or name not in ("participant", "posterior")
    if design not in ("large", "no truth") or name in OF_TRUTHS
]


def check_page(figure, name, width):
    """Every panel has its labels, they stay apart, and nothing leaves a page of a journal."""
    # Drawing the panels as well would take half as long again; a legend finds its place when drawn.
    figure.get_layout_engine().execute(figure)
    for legend in figure.legends:
        legend.draw(RendererAgg(*figure.bbox.size, figure.dpi))
    across, height = figure.get_size_inches()
    assert across == pytest.approx(width)
    assert height <= style.TALLEST + 1e-9
    assert plt.get_fignums() == []
    assert panels(figure)
    for axes in panels(figure):
        spec = axes.get_subplotspec()
        alone = spec.get_gridspec().ncols == 1
        stacked = (alone and name in ("participant", "nested")) or name == "posterior"
        assert axes.get_xlabel() or stacked
        beside = axes.get_ylabel() or name in ("convergence", "bias", "coverage", "nested")
        assert beside or not spec.is_first_col()
        box, page = axes.get_tightbbox(), figure.bbox
        assert box.x0 >= page.x0 - 2
        assert box.x1 <= page.x1 + 2
        assert box.y0 >= page.y0 - 2
        assert box.y1 <= page.y1 + 2
    # One pixel of a hundredth of an inch: what touches may stay.
    shown = [(t.get_text(), t.get_window_extent().padded(-1)) for t in texts(figure)]
    for (one, box), (other, at) in itertools.combinations([t for t in shown if t[0]], 2):
        assert not box.overlaps(at), (one, other)


@pytest.mark.filterwarnings("error:constrained_layout not applied")
@pytest.mark.parametrize("width", [style.TWO_COLUMNS, style.ONE_COLUMN])
@pytest.mark.parametrize(("design", "name"), CASES)
def test_every_figure_has_labels_that_stay_apart_and_on_the_page(runs, design, name, width):
    check_page(draw(name, runs[design], width), name, width)


@pytest.mark.parametrize("name", ["bias", "posterior"])
def test_saved_files_are_byte_stable_and_text_is_text(runs, tmp_path, name):
    for turn in ("a", "b"):
        style.save(draw(name, runs["small"]), [tmp_path / f"{turn}.{k}" for k in ("svg", "pdf")])
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
    figure = draw("tradeoff", runs["one cell"])
    style.save(figure, [tmp_path / "a.svg", tmp_path / "a.pdf"])
    style.save(figure, [tmp_path / "b.svg", tmp_path / "b.pdf"])
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def lacking(**keywords):
    return set(figures.FIGURES) - set(figures.available_figures(experiment(**keywords)))


#: Figures of studies in which models compete.
CONTESTS = {"confusion", "misfit"}


def test_available_figures_depend_on_the_experiment():
    assert lacking(participants=(5, 10)) == CONTESTS
    assert lacking() == CONTESTS | {"samplesize"}
    assert lacking(participants=(5, 10), methods=("mle",)) == CONTESTS | {
        "posterior", "contraction", "comparison", "predictive",
    }  # fmt: skip
    one = {"alpha": [0.5], "beta": [5]}
    small = lacking(participants=(5,), trials=(50,), truth=one)
    assert small == CONTESTS | {"samplesize", "nested"}
    exact = experiment(participants=(5, 10), methods=("mle", "bayes"))
    exact["methods"]["bayes"]["estimator"] = "quadrature"
    there = set(figures.available_figures(exact))
    assert set(figures.FIGURES) - there == CONTESTS | {"posterior"}


def test_every_figure_has_a_title_and_a_caption_that_says_what_is_good():
    folder = Path(__file__).parents[2] / "workflow/report"
    for name, drawing in figures.FIGURES.items():
        assert drawing.title
        assert re.search(r"\bGood\b.*:", (folder / f"{name}.rst").read_text()), name


@pytest.mark.parametrize("name", [name for name in figures.FIGURES if name not in CONTESTS])
def test_a_figure_needs_no_table_that_it_does_not_name(tiny, tmp_path, name):
    needed = figures.FIGURES[name].tables
    for table in needed:
        shutil.copy(tiny / data.FILES[table][0], tmp_path)
    figure = draw(name, figures.load_summary(tmp_path, needed), style.ONE_COLUMN)
    # A table that is read and not named has no rows, and the page then only says so.
    assert len(panels(figure)) > 0


def module(*arguments):
    command = [sys.executable, "-m", "rlrecovery.figures", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_one_figure_is_drawn_from_one_table_on_the_command_line(tiny, tmp_path):
    (tmp_path / "in").mkdir()
    shutil.copy(tiny / "recovery.csv", tmp_path / "in")
    done = module("bias", tmp_path / "in/recovery.csv", "--folder", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    told = done.stdout.split()
    assert told == figures.files(tmp_path / "out", "bias")
    assert all(Path(path).stat().st_size > 1000 for path in told)


@pytest.mark.parametrize("broken", [True, False])
def test_the_command_line_names_a_file_that_it_cannot_read(tmp_path, monkeypatch, broken):
    if broken:
        (tmp_path / "recovery.csv").write_text("method,cell\n")
    command = ["figures", "bias", str(tmp_path), "--folder", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as stopped:
        command_line.main()
    # A text as exit code is written to stderr, and the status is 1.
    assert stopped.value.code.startswith(f"error: {tmp_path / 'recovery.csv'}")
    assert ("lacks the columns" if broken else "is not there") in stopped.value.code
    assert not (tmp_path / "out").exists()


def test_the_command_line_says_that_a_folder_is_missing_without_a_traceback(tmp_path):
    done = module("bias", tmp_path / "nowhere", "--folder", tmp_path)
    assert done.returncode != 0
    assert (
        done.stderr == f"error: {tmp_path / 'nowhere'} is not there; give a run's summary/ folder\n"
    )
    assert not list(tmp_path.iterdir())


def test_a_failed_example_fit_is_said_and_not_a_crash(runs):
    summary = runs["small"]
    empty = dataclasses.replace(summary, posterior=pd.DataFrame())
    figure = draw("posterior", empty)
    assert "no draws" in figure.texts[0].get_text()


def test_a_broken_file_is_named(tmp_path):
    folder = write(tmp_path, **DESIGNS["one cell"])
    (folder / "points.csv").write_text("method,cell\n")
    with pytest.raises(BrokenFile, match=r"points\.csv"):
        figures.load_summary(folder)
    (folder / "points.csv").unlink()
    with pytest.raises(BrokenFile, match=r"points\.csv is not there"):
        figures.load_summary(folder)


def spoilt(summary, kind):
    """The same summary with numbers that are missing or infinite."""
    recovery, points = summary.recovery.copy(), summary.points.copy()
    others = summary.comparison.copy()
    ends = ["lower_95", "upper_95"]
    if kind == "all failed":
        points[["estimate", "se", *ends]] = np.nan
        points["status"] = "failed"
        measured = ~recovery["measure"].astype("object").str.startswith("share")
        recovery.loc[measured, ["value", "mcse"]] = np.nan
        others = others.iloc[:0]
    else:
        widths = recovery.index[recovery["measure"] == "width"]
        recovery.loc[widths[:20], "value"] = np.inf
        recovery["mcse"] = np.nan
        points.loc[points.index[::2], "upper_95"] = np.inf
        points.loc[points.index[::3], "se"] = np.nan
        others["mcse"] = np.nan
        others.loc[others.index[::5], "value"] = np.nan
    return dataclasses.replace(summary, recovery=recovery, points=points, comparison=others)


@pytest.mark.parametrize(
    ("kind", "width"),
    [("all failed", style.ONE_COLUMN), ("infinite widths, no MCSE", style.TWO_COLUMNS)],
)
def test_numbers_that_are_missing_or_infinite_still_draw(tiny, kind, width):
    summary = spoilt(figures.load_summary(tiny), kind)
    for name in figures.FIGURES:
        draw(name, summary, width)


@pytest.mark.parametrize("width", [style.TWO_COLUMNS, style.ONE_COLUMN])
def test_one_of_everything_still_draws(tmp_path, width):
    """One cell, one method, one participant, one replicate."""
    summary = figures.load_summary(write(tmp_path, **DESIGNS["one cell"] | {"replicates": 1}))
    for name in set(figures.FIGURES) - {"participant", "posterior"}:
        draw(name, summary, width)


def test_runaways_do_not_stretch_an_axis_and_are_counted(runs):
    values = np.r_[np.linspace(0, 1, 100), 1e6]
    low, high = style.fence(values)
    assert low < 0.1
    assert 1 <= high < 5
    figure = style.page(2, 2)
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
    return dataclasses.replace(summary, points=points, recovery=recovery)


def test_estimates_that_are_not_identified_have_a_mark_and_a_column_of_their_own(runs):
    for summary, there in ((runs["small"], False), (vague(runs["small"]), True)):
        figure = draw("recovery", summary)
        labels = [text.get_text() for text in figure.legends[0].get_texts()]
        assert ("no interval or not identified" in labels) == there
        marks = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "D"]
        assert any(len(line.get_xdata()) for line in marks) == there
        figure = draw("convergence", summary)
        assert ("α no interval (%)" in [axes.get_xlabel() for axes in figure.axes]) == there


def test_recovery_says_how_many_estimates_lie_beyond_the_axis(runs):
    figure = draw("recovery", runs["small"])
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


def points_of(rows, method="mle", **columns):
    """Points of one method and parameter from (cell, replicate, truth, estimate, se, low, high)."""
    names = ["cell", "replicate", "truth", "estimate", "se", "lower_95", "upper_95"]
    fixed = {"method": method, "parameter": "alpha", "level": "participant", "trials": 50}
    return pd.DataFrame(rows, columns=names).assign(**fixed | columns)


def test_zip_ranks_by_the_standardised_error_and_counts_what_it_cannot_rank(runs):
    points = points_of(
        [
            ("a", 0, 0.5, 0.8, 0.1, 0.6, 1.0),  # |z| = 3, misses
            ("a", 1, 0.5, 0.45, 0.1, 0.25, 0.65),  # |z| = 0.5
            ("b", 0, 0.2, 0.4, 0.2, 0.0, 0.8),  # |z| = 1
            ("b", 1, 0.2, 0.1, 0.2, -0.3, np.inf),  # |z| = 0.5, after the other by its place
            ("b", 2, 0.2, 0.1, np.nan, -0.3, 0.5),  # no SE
            ("b", 3, 0.2, 0.1, 0.2, np.nan, np.nan),  # no interval
            ("b", 4, 0.2, np.nan, np.nan, np.nan, np.nan),  # no estimate
        ]
    )
    summary = dataclasses.replace(runs["one cell"], points=points)
    table, total = zipplot.ranked(summary, "alpha", "mle", 0.95)
    assert total == 7
    assert table["z"].tolist() == pytest.approx([0.5, 0.5, 1.0, 3.0])
    assert table["centile"].tolist() == [12.5, 37.5, 62.5, 87.5]
    assert table["covers"].tolist() == [True, True, True, False]
    assert table["low"].tolist() == pytest.approx([-0.25, -0.5, -0.2, 0.1])
    assert table["high"].tolist() == pytest.approx([0.15, np.inf, 0.6, 0.5])
    figure = draw("zip", dataclasses.replace(summary, recovery=runs["one cell"].recovery))
    notes = [t.get_text() for t in texts(figure) if t.get_gid() == "note"]
    assert notes[0] == "1 cut, 3 of 7 left out"
    lines = [len(c.get_segments()) for c in figure.axes[0].collections[:2]]
    assert lines == [3, 1]


def test_zip_coverage_takes_data_sets_as_the_independent_unit():
    """Two cells of two data sets with two rows; 6 of 8 rows cover."""
    table = pd.DataFrame(
        {
            "cell": list("aaaabbbb"),
            "replicate": [0, 0, 1, 1] * 2,
            "covers": [True, True, False, False, True, True, True, True],
        }
    )
    # Sums of covers - 3/4 are 1/2, -3/2 in a and 1/2, 1/2 in b; within cells their squares are
    # 2 * 2 = 4 and 0, so that SE = sqrt(4) / 8 = 1/4 and n = (3/16) / (1/16) = 3.
    mean, se = data.mean_of_rows(table["covers"].astype(float), table)
    assert (mean, se) == pytest.approx((0.75, 0.25))
    seen = zipplot.coverage(table)
    z = 1.959963984540054
    half = z * np.sqrt(0.75 * 0.25 / 3 + z**2 / 36)
    ends = ((0.75 + z**2 / 6 + side * half) / (1 + z**2 / 3) for side in (-1, 1))
    assert tuple(seen) == pytest.approx((0.75, *ends))
    every = zipplot.coverage(table.assign(covers=True))
    # With n data sets that all cover, Wilson's lower end is n / (n + z^2).
    assert tuple(every) == pytest.approx((1, 4 / (4 + z**2), 1))
    alone = zipplot.coverage(table[:2])
    assert alone.value == 1
    assert np.isnan(alone.low)
    assert np.isnan(zipplot.coverage(table[:0]).value)


def test_the_error_of_a_mean_leaves_differences_between_cells_out():
    rows = pd.DataFrame({"cell": list("aabb"), "replicate": [0, 1, 0, 1]})
    values = pd.Series([1.0, 3.0, 11.0, 13.0])
    # Variances within cells are 2 and 2: sqrt(2 * 2 + 2 * 2) / 4.
    assert data.mean_of_rows(values, rows) == pytest.approx((7.0, np.sqrt(8) / 4))
    # A cell with one data set says nothing about scatter within it: all four sets together.
    lone = rows.assign(cell=list("aaab"), replicate=[0, 1, 2, 0])
    together = np.sqrt(4 * values.var(ddof=1)) / 4
    assert data.mean_of_rows(values, lone) == pytest.approx((7.0, together))


def test_contraction_and_z_score_against_hand_worked_numbers(runs):
    points = pd.concat(
        [
            points_of([("a", 0, 0.5, 0.7, 0.1, 0, 1), ("a", 1, 0.5, 0.4, 0.4, 0, 1)], "bayes"),
            points_of([("a", 2, 0.5, 0.4, np.nan, 0, 1)], "bayes"),
            points_of([("a", 0, 0.5, 0.6, 0.1, 0, 1)], "hierarchical", level="group"),
            points_of([("a", 0, 0.5, 0.6, 0.1, 0, 1)], "hierarchical"),  # no prior of its own
            points_of([("a", 0, 0.5, 0.6, 0.1, 0, 1)], "mle"),  # no prior at all
        ]
    )
    priors = pd.DataFrame(
        [("bayes", "participant", "alpha", 0.2), ("hierarchical", "group", "alpha", np.inf)],
        columns=["method", "level", "parameter", "sd"],
    )
    summary = dataclasses.replace(runs["small"], points=points, priors=priors)
    fits = contraction.contractions(summary)
    assert fits["method"].tolist() == ["bayes"] * 3 + ["hierarchical"]
    assert fits["z"].tolist() == pytest.approx([2.0, -0.25, np.nan, 1.0], nan_ok=True)
    expected = [0.75, -3.0, np.nan, np.nan]
    assert fits["contraction"].tolist() == pytest.approx(expected, nan_ok=True)
    figure = draw("contraction", summary)
    assert figure.axes[0].get_xlim()[0] < -3, "negative contraction is not hidden"
    assert "1 of 3 left out" in [t.get_text() for t in texts(figure)]


def test_contraction_beyond_the_axis_is_counted_and_drawn_at_the_edge(runs):
    rows = [("a", k, 0.5, 0.5 + 0.01 * k, 0.1 + 0.001 * k, 0, 1) for k in range(40)]
    points = points_of([*rows, ("a", 40, 0.5, 0.5, 2.0, 0, 1)], "bayes")
    priors = pd.DataFrame(
        {"method": ["bayes"], "level": "participant", "parameter": "alpha", "sd": 0.2}
    )
    figure = draw("contraction", dataclasses.replace(runs["small"], points=points, priors=priors))
    assert "1 of 41 beyond axis" in [t.get_text() for t in texts(figure)]
    axes = figure.axes[0]
    edge = [line for line in axes.lines if line.get_markeredgecolor() == style.FLAG]
    assert sum(len(line.get_xdata()) for line in edge) == 1
    assert max(line.get_xdata().min() for line in edge if len(line.get_xdata())) == pytest.approx(
        axes.get_xlim()[0]
    )


def test_nested_order_changes_the_last_truth_from_cell_to_cell(runs):
    cells = nested.nested_order(runs["large"])
    assert len(cells) == 40
    assert cells["participants"].tolist() == [4] * 20 + [8] * 20
    assert cells["alpha"].tolist()[:5] == [0.1, 0.1, 0.1, 0.1, 0.3]
    assert cells["beta"].tolist()[:5] == [1, 3, 5, 10, 1]
    bias = runs["large"].measure("bias", method="mle", parameter="beta", level="participant")
    value, mcse = nested.along(bias.sample(frac=1, random_state=1)[:-1], cells)
    known = bias.set_index("cell").loc[cells["cell"], ["value", "mcse"]]
    assert np.isnan(value).sum() == 1, "the row that was taken away"
    there = np.isfinite(value)
    assert value[there].tolist() == known["value"][there].tolist()
    assert mcse[there].tolist() == known["mcse"][there].tolist()


def test_nested_steps_stand_at_their_cells_and_factors_are_written(runs):
    figure = draw("nested", runs["large"])
    lanes = figure.axes[-1]
    assert [text.get_text() for text in lanes.texts] == [
        "participants: 4, 8", "true α: 0.1, 0.3, 0.5, 0.7, 0.9", "true β: 1, 3, 5, 10",
    ]  # fmt: skip
    assert lanes.get_xlabel() == "40 cells in nested order; 50 trials"
    step = figure.axes[0].lines[0]
    assert step.get_xdata()[[0, 1, 2, -1]].tolist() == [-0.5, 0.5, 0.5, 39.5]
    narrow = draw("nested", runs["large"], style.ONE_COLUMN)
    assert narrow.axes[-1].get_xlabel() == "20 cells in nested order; 8 participants; 50 trials"


def test_comparison_draws_one_mark_per_cell_as_ratios(runs):
    summary = runs["small"]
    table = comparison.marks(summary)
    assert set(table["method"]) == {"bayes", "hierarchical"}
    given = summary.comparison
    for measure, more in (("relative_precision", 1), ("rmse_ratio", 0)):
        mine = table[(table["measure"] == measure) & (table["method"] == "bayes")]
        raw = given.loc[mine.index, "value"]
        assert mine["value"].tolist() == pytest.approx((raw + more).tolist())
        assert (mine["mcse"] == given.loc[mine.index, "mcse"]).all()
    figure = draw("comparison", summary)
    axes = figure.axes[0]
    drawn = [line for line in axes.lines if line.get_marker() not in ("None", "<", ">", "")]
    assert sum(len(line.get_xdata()) for line in drawn) == 2 * 12, "two methods, twelve cells"
    alpha = table[(table["parameter"] == "alpha") & (table["level"] == "participant")]
    alpha = alpha[alpha["measure"] == "relative_precision"]
    across = np.sort(np.concatenate([line.get_xdata() for line in drawn]))
    assert across == pytest.approx(np.sort(alpha["value"]))
    bars = [segment for c in axes.collections for segment in c.get_segments()]
    assert len(bars) == 2 * 12
    row = alpha.iloc[0]
    ends = row["value"] - min(row["mcse"], 0.999 * row["value"]), row["value"] + row["mcse"]
    assert any(bar[:, 0] == pytest.approx(ends) for bar in bars)


def test_gains_are_written_in_per_cent():
    assert [comparison.gain_label(ratio) for ratio in (0.5, 1, 2, 10)] == [
        "−50", "0", "+100", "+900",
    ]  # fmt: skip


def test_sizes_pool_over_truths_at_each_number_of_participants(runs):
    summary, where = runs["large"], {"parameter": "alpha", "level": "participant"}
    cells = summary.measure("rmse", method="mle", **where)
    pooled = precision.pool(summary, "rmse", cells, where, over="participants")
    assert pooled["participants"].tolist() == [4, 8]
    squares = summary.measure("mse", method="mle", participants=8, **where)["value"]
    assert pooled["value"][1] == pytest.approx(np.sqrt(squares.mean()))


def test_rmse_is_on_a_logarithmic_axis_with_every_mark_inside(runs):
    figure = draw("rmse", runs["large"])
    for axes in panels(figure):
        assert axes.get_yscale() == "log"
        low, high = axes.get_ylim()
        marks = [line for line in axes.lines if line.get_marker() in style.MARKERS]
        values = np.concatenate([line.get_ydata() for line in marks])
        assert ((values > low) & (values < high)).all() or any(
            "beyond axis" in text.get_text() for text in axes.texts
        )
        assert len(axes.get_yticks()) >= 2


def test_panels_of_two_rows_become_two_columns_where_there_is_one_column_only():
    grid = style.facets(style.ONE_COLUMN, 2, 3)
    assert [grid.places[i, j] for i, j in ((0, 0), (1, 0), (0, 2))] == [(0, 0), (0, 1), (2, 0)]
    assert all(grid.headed(0, j) and grid.begins(1, j) for j in range(3))
    wide = style.facets(style.TWO_COLUMNS, 2, 3)
    assert [wide.headed(1, 2), wide.begins(1, 2), wide.begins(1, 0)] == [False, False, True]
    broken = style.facets(style.ONE_COLUMN, 3, 3)
    assert broken.places[1, 0] == (2, 0), "a row begins on a line of its own"


def test_long_remarks_and_titles_are_broken_where_a_panel_is_narrow():
    for width, breaks in ((style.TWO_COLUMNS, 0), (style.ONE_COLUMN, 1)):
        axes = style.facets(width, 1, 2)[0, 0]
        style.note(axes, "1000 of 20000 beyond axis, 20 left out")
        assert axes.texts[0].get_text().count("\n") == breaks
        style.title(axes, "mle_from_very_many_starts_0123456789")
        lines = axes.get_title(loc="left").split("\n")
        assert "".join(lines) == "mle_from_very_many_starts_0123456789"
        assert all(line.endswith("_") for line in lines[:-1])
        assert (len(lines) > 1) == bool(breaks)


# --- several tasks, shares of missing responses and generating models ---------------------------

#: What a study may call its variants; with two methods these are ten series.
LONG = [
    f"{missing}, {completed} % completed"
    for missing, completed in itertools.product(
        ("none missing", "10 % missing"), ("100", "50/75/100", "50 to 100")
    )
][:5]
ROUGH = {"participants": (2,), "replicates": 3}
#: Generating models with the truths on their grid: different ones, some, or none.
GRIDS = {
    "rescorla_wagner": {"alpha": [0.2, 0.6], "beta": [5]},
    "rescorla_wagner_sticky": {"alpha": [0.2], "beta": [3, 8], "stickiness": [0.5]},
    "rescorla_wagner_forgetting": {"beta": [5]},
    "win_stay_lose_shift": {},
}


def of_model(model, truth, methods=("mle", "bayes")):
    """An experiment of one generating model with methods named after it, as where models compete.

    What is drawn has the same mean for every parameter.
    """
    exp = summaries.experiment(model=model, truth=truth, methods=methods, trials=(40,), **ROUGH)
    for settings in exp["methods"].values():
        if known := settings.get("priors"):
            names = MODELS[model].names
            settings["priors"] = {n: known["beta" if "beta" in n else "alpha"] for n in names}
    exp["methods"] = {f"{name}_{model}": m for name, m in exp["methods"].items()}
    return exp


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    folder = tmp_path_factory.mktemp("varied")
    ten = experiment(
        truth={"alpha": [0.3, 0.7], "beta": [5]}, trials=(50, 150),
        methods=("mle", "bayes_informed"), **ROUGH,
    )  # fmt: skip
    tasks = experiment(
        truth={"alpha": [0.3, 0.7], "beta": [2, 5]}, trials=(40,), methods=("bayes",), **ROUGH
    )
    models = {model: of_model(model, truth) for model, truth in GRIDS.items()}
    many = {model: of_model(model, GRIDS.get(model, {}), ("mle",)) for model in MODELS}
    written = {
        "ten series": summaries.write_variants(folder / "ten", dict.fromkeys(LONG, ten)),
        "tasks": summaries.write_variants(folder / "tasks", {f"task_{k}": tasks for k in range(8)}),
        "models": summaries.write_variants(folder / "models", models, competing=True),
        "many models": summaries.write_variants(folder / "many", many, competing=True),
    }
    return {name: figures.load_summary(place / "summary") for name, place in written.items()}


OF_SERIES = (
    "recovery", "bias", "rmse", "nested", "comparison", "coverage", "zip", "precision", "tradeoff",
    "contraction", "convergence",
)  # fmt: skip
VARIED = [
    *itertools.product(("ten series", "models"), OF_SERIES),
    *itertools.product(("tasks",), ("recovery", "bias", "nested", "precision")),
    *itertools.product(("many models",), ("recovery", "bias", "nested", "tradeoff", "convergence")),
]


@pytest.mark.filterwarnings("error:constrained_layout not applied")
@pytest.mark.parametrize("width", [style.TWO_COLUMNS, style.ONE_COLUMN])
@pytest.mark.parametrize(("design", "name"), VARIED)
def test_every_figure_of_many_series_has_labels_apart_on_a_page_of_a_journal(
    varied, design, name, width
):
    check_page(draw(name, varied[design], width), name, width)


def panel_keys(figure):
    """Title, and labels of both axes, of every panel, without the breaks of lines."""
    for axes in panels(figure):
        keys = (axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel())
        yield tuple(text.replace("_\n", "_").replace("\n", " ") for text in keys)


def test_only_panels_of_what_a_method_estimates_are_drawn_each_with_all_labels(varied):
    summary = varied["models"]
    assert summary.mixed
    there = {(m, p) for m, p in summary.estimates}
    assert len(there) == 2 * (2 + 3 + 3 + 1)
    expected = {(f"{m}, 40 trials", f"true {data.symbol(p)}", f"estimate of {data.symbol(p)}")
                for m, p in there}  # fmt: skip
    assert sorted(panel_keys(draw("recovery", summary))) == sorted(expected)
    for name, per_pair in (("coverage", True), ("zip", True), ("contraction", False)):
        keys = list(panel_keys(draw(name, summary)))
        assert all(all(key) for key in keys), name
        titles = {title.split(" ")[0] for title, *_ in keys}
        methods = set(summary.methods) if per_pair else {m for m in summary.methods if "bayes" in m}
        assert titles == methods, name
    assert len(list(panel_keys(draw("contraction", summary)))) == len(there) / 2
    for width, across in ((style.TWO_COLUMNS, 4), (style.ONE_COLUMN, 2)):
        grid = panels(draw("recovery", summary, width))[0].get_gridspec()
        assert grid.ncols <= across


def test_only_pairs_that_are_estimated_together_have_a_tradeoff(varied):
    keys = list(panel_keys(draw("tradeoff", varied["models"])))
    # One pair of Rescorla-Wagner, three of each of the two others, for two methods.
    assert len(keys) == 2 * (1 + 3 + 3)
    assert not [key for key in keys if "not estimated" in key[0] or "shift" in key[0]]
    alone = dataclasses.replace(
        varied["models"],
        recovery=varied["models"].recovery[varied["models"].recovery["parameter"] == "epsilon"],
    )
    figure = draw("tradeoff", alone)
    assert "No two parameters" in figure.texts[0].get_text()


def test_every_cell_has_its_mark_where_truths_are_missing(varied):
    summary = varied["models"]
    assert summary.recovery["stickiness"].isna().any()
    for name in ("bias", "rmse"):
        figure, drawn = draw(name, summary), 0
        for axes in figure.axes:
            marks = [line for line in axes.lines if line.get_marker() in style.MARKERS]
            drawn += sum(len(line.get_xdata()) for line in marks)
            low, high = axes.get_xlim()
            assert all((low < line.get_xdata()).all() for line in marks)
            assert all((line.get_xdata() < high).all() for line in marks)
        there = summary.measure(name)
        assert drawn == len(there[there["level"].isin(["participant", "group"])])
    axis = truth_axis(summary, "alpha")
    assert axis.columns[0] == "alpha"
    assert axis.labels == ["0.2", "0.6", "\ndrawn"], "the forgetful learner's is drawn"
    assert truth_axis(summary, "epsilon").columns == ()
    assert truth_axis(summary, "stickiness").labels == ["0.5"]
    bias = summary.measure("bias", parameter="alpha", level="participant")
    cells = bias.drop_duplicates("cell")
    assert len(np.unique(axis.place(cells))) == len(cells) == 5


def test_many_rows_of_one_size_are_broken_into_lines(varied):
    """Nine parameters and levels once stood in a row of nine columns."""
    for width, most in ((style.TWO_COLUMNS, 4), (style.ONE_COLUMN, 2)):
        figure = draw("bias", varied["models"], width)
        grid = figure.axes[0].get_gridspec()
        assert grid.ncols <= most
        labels = [text.get_text() for text in figure.legends[0].get_texts()]
        assert labels[-1] == "2 participants, 40 trials", "said once and not over every panel"


def test_rows_of_more_methods_than_have_room_are_broken(varied):
    figure = draw("recovery", varied["tasks"])
    assert figure.axes[0].get_gridspec().ncols == 4
    assert len(figure.axes) == 16
    assert figure.get_suptitle() == ""
    narrow = draw("recovery", varied["tasks"], style.ONE_COLUMN)
    told = narrow.get_suptitle().replace("\n", " ")
    assert told.startswith(f"{len(narrow.axes)} of 16 panels, of every parameter those with the")
    assert told.endswith("all are in summary/points.csv")
    assert {key[1] for key in panel_keys(narrow)} == {"true α", "true β"}


def test_the_most_telling_panels_of_every_row_are_kept_and_the_others_counted():
    def telling(place):
        return np.nan if place == (1, 29) else place[1]

    there = [(i, j) for i, j in itertools.product(range(3), range(30)) if (i, j) != (0, 0)]
    wide = style.facets(style.TWO_COLUMNS, 3, 30, there=there, telling=telling)
    assert wide.flowing
    assert len(wide.panels) == 24
    assert wide.left_out == 89 - 24
    assert [j for i, j in wide.places if i == 0] == list(range(22, 30))
    assert [j for i, j in wide.places if i == 1] == list(range(21, 29)), "NaN tells least"
    assert max(across for _, across in wide.places.values()) == 3
    assert wide.figure.get_figheight() <= style.TALLEST
    assert all(wide.headed(*place) and wide.begins(*place) for place in wide.places)
    wide.say_left_out("that tell most", "summary/table.csv")
    assert wide.figure.get_suptitle().replace("\n", " ") == (
        "24 of 89 panels, of every parameter those that tell most; all are in summary/table.csv"
    )
    whole = style.facets(style.TWO_COLUMNS, 3, 4, there=list(itertools.product(range(3), range(4))))
    assert not whole.flowing
    assert whole.places[2, 3] == (2, 3)
    whole.say_left_out("that tell most", "summary/table.csv")
    assert whole.figure.get_suptitle() == ""


def test_names_of_series_break_only_where_a_line_is_full():
    name = "mle, none missing, 50/75/100 % completed"
    assert style.wrapped(name, 60) == [name]
    assert style.wrapped(name, 25) == ["mle, none missing,", "50/75/100 % completed"]
    assert style.wrapped(name, 12) == ["mle,", "none", "missing,", "50/75/100 %", "completed"]
    axes = style.facets(style.TWO_COLUMNS, 1, 4)[0, 0]
    style.title(axes, "bayes, stable", "100 trials")
    assert axes.get_title(loc="left") == "bayes, stable,\n100 trials"
    for columns, said in (
        (2, "mle, none missing, 50/75/100 % completed, 60 trials"),
        (3, "mle, none missing,\n50/75/100 % completed, 60 trials"),
    ):
        axes = style.facets(style.TWO_COLUMNS, 1, columns)[0, 0]
        style.title(axes, name, "60 trials")
        assert axes.get_title(loc="left") == said


def test_ten_series_are_told_apart_by_more_than_colour(varied):
    summary = varied["ten series"]
    names = summary.methods
    assert len(names) == 10
    looks = {(style.colour(names, name), style.marker(names, name)) for name in names}
    assert len(looks) == 10
    steps = {nested._look(summary, name) for name in names}
    assert len(steps) == 10, "nested steps have no markers, but their lines differ"
    for name in ("bias", "rmse", "nested", "precision"):
        for width in (style.TWO_COLUMNS, style.ONE_COLUMN):
            (legend,) = draw(name, summary, width).legends
            told = {text.get_text().replace("\n", " ") for text in legend.get_texts()}
            assert set(names) <= told, name


def test_a_series_is_one_line_of_the_nested_plot(varied):
    for design in ("ten series", "models"):
        summary = varied[design]
        cells = nested.nested_order(summary)
        assert cells["cell"].is_unique
        for method in summary.methods:
            mine = set(summary.recovery.loc[summary.recovery["method"] == method, "cell"])
            places = np.flatnonzero(cells["cell"].isin(mine))
            assert (np.diff(places) == 1).all(), method
    lanes = draw("nested", varied["models"]).axes[-1]
    assert [text.get_text() for text in lanes.texts] == ["true α: 0.2, 0.6", "true β: 3, 5, 8"]


def test_methods_are_compared_within_their_variant_of_the_design(varied):
    table = data.against_first(varied["ten series"])
    pairs = set(zip(table["method"], table["reference"], strict=True))
    assert pairs == {(f"bayes_informed, {word}", f"mle, {word}") for word in LONG}
    table = data.against_first(varied["models"])
    pairs = set(zip(table["method"], table["reference"], strict=True))
    assert pairs == {(f"bayes_{model}", f"mle_{model}") for model in GRIDS}
    title = draw("comparison", varied["models"]).axes[0].get_title(loc="left")
    assert title.replace("\n", " ") == "against mle_…"
    alone = draw("comparison", varied["tasks"])
    assert "No two methods" in alone.texts[0].get_text()


def test_a_fit_of_a_model_that_did_not_generate_the_data_is_not_compared(varied):
    summary, table = varied["models"], varied["models"].comparison
    wrong = table[table["method"] == "bayes_rescorla_wagner_forgetting"]
    wrong = wrong.astype({"method": "object"})
    wrong = wrong.assign(method="mle_rescorla_wagner, from rescorla_wagner_forgetting")
    more = dataclasses.replace(summary, comparison=pd.concat([table, wrong]))
    assert len(data.against_first(more)) == len(data.against_first(summary))


def test_priors_are_those_of_every_series(varied):
    methods = set(varied["ten series"].priors["method"])
    assert methods == {f"bayes_informed, {word}" for word in LONG}
    assert set(varied["models"].priors["method"]) == {f"bayes_{model}" for model in GRIDS}


def test_strips_are_those_of_methods_that_estimate_the_parameter(varied):
    figure = draw("convergence", varied["models"])
    shares = {axes.get_xlabel(): axes for axes in figure.axes}
    only = shares["β at a bound (%)"]
    names = [text.get_text().replace("\n", "") for text in only.get_yticklabels()]
    assert names == [
        f"{method}_rescorla_wagner{kind}"
        for kind in ("", "_sticky", "_forgetting")
        for method in ("mle", "bayes")
    ]
    time = figure.axes[-1]
    marks = [line for line in time.lines if line.get_marker() in style.MARKERS]
    assert sum(len(line.get_xdata()) for line in marks) == 2 * (2 + 2 + 1 + 1), "every cell, once"


def test_bars_of_few_comparisons_and_of_run_times_are_inside_the_axis(varied):
    figure = draw("comparison", varied["models"])
    assert len(figure.axes) > 2
    for axes in figure.axes:
        for bars in axes.collections:
            for segment in bars.get_segments():
                assert segment[:, 0].max() < axes.get_xlim()[1]
    time = draw("convergence", varied["models"]).axes[-1]
    ends = np.concatenate([s for bars in time.collections for s in bars.get_segments()])[:, 0]
    assert ends.max() < time.get_xlim()[1]


def test_small_gains_have_more_than_one_tick():
    axes = style.facets(style.TWO_COLUMNS, 1, 2)[0, 0]
    axes.set(xscale="log", xlim=(0.97, 1.07))
    comparison._gain_ticks(axes)
    assert len(axes.get_xticks()) >= 2
    assert [comparison.gain_label(ratio) for ratio in (1.005, 0.998, 1.05)] == [
        "+0.5",
        "−0.2",
        "+5",
    ]


# --- a participant of a changing task, and a posterior of many parameters ------------------------


def with_means(summary, means, rewards=None):
    """The same summary, with what the two arms of its example participant are worth."""
    trials = summary.participant.iloc[np.arange(len(means)) % len(summary.participant)]
    trials = trials.reset_index(drop=True).assign(trial=np.arange(len(means)))
    trials = trials.assign(block=0, mean_0=means, mean_1=1 - np.asarray(means))
    if rewards is not None:
        trials["reward"] = rewards
    return dataclasses.replace(summary, participant=trials)


def pale_lines(figure):
    return [line for line in figure.axes[1].lines if line.get_linewidth() > 2]


def test_what_the_arms_are_worth_is_drawn_where_it_changes(runs):
    jumps = np.repeat([0.2, 0.8, 0.2], 40)
    figure = draw("participant", with_means(runs["small"], jumps))
    assert [line.get_ydata().tolist() for line in pale_lines(figure)] == [
        jumps.tolist(), (1 - jumps).tolist(),
    ]  # fmt: skip
    assert {line.get_drawstyle() for line in pale_lines(figure)} == {"steps-mid"}
    walk = np.linspace(0.2, 0.8, 120)
    drifting = pale_lines(draw("participant", with_means(runs["small"], walk)))
    assert {line.get_drawstyle() for line in drifting} == {"default"}
    # A reversal after the trials that one column shows is known all the same.
    late = with_means(runs["small"], np.repeat([0.2, 0.8], [110, 10]))
    assert len(pale_lines(draw("participant", late, style.ONE_COLUMN))) == 2
    sequence = (np.arange(120) % 3 == 0).astype(float)
    for constant in (np.full(120, 0.3), sequence):
        figure = draw("participant", with_means(runs["small"], constant))
        assert pale_lines(figure) == []
        labels = [text.get_text() for text in figure.legends[0].get_texts()]
        assert "what the arm is worth" not in labels


def test_a_long_session_shows_its_first_trials_and_says_so(runs):
    long = with_means(runs["small"], np.full(1000, 0.3))
    for width, shown in ((style.TWO_COLUMNS, 200), (style.ONE_COLUMN, 80)):
        figure = draw("participant", long, width)
        assert figure.axes[2].get_xlabel() == f"trial (the first {shown} of 1000)"
        assert figure.axes[0].get_xlim() == (0, shown + 1)


def test_rewards_are_full_above_the_median_of_the_whole_session(runs):
    rewards = np.r_[np.linspace(0, 1, 80), np.full(120, 5.0)]
    summary = with_means(runs["small"], np.full(200, 0.3), rewards)
    for width in (style.TWO_COLUMNS, style.ONE_COLUMN):
        marks = draw("participant", summary, width).axes[0].lines
        full = [mark for mark in marks if mark.get_markerfacecolor() in style.ARMS]
        early = [x for mark in full for x in mark.get_xdata() if x <= 80]
        assert early == [], "none of the first 80 is above the median of all, 5"


@pytest.mark.filterwarnings("error:constrained_layout not applied")
@pytest.mark.parametrize("width", [style.TWO_COLUMNS, style.ONE_COLUMN])
def test_a_posterior_of_many_parameters_stays_on_the_page(runs, width):
    names = ["alpha", "beta", "alpha_choice", "beta_choice", "lapse", "start_value"]
    rng = np.random.default_rng(0)
    draws = pd.DataFrame(rng.normal(size=(400, 6)), columns=names)
    draws = draws.assign(chain=np.repeat(range(4), 100), draw=np.tile(range(100), 4))
    draws["beta"] -= 5 * draws["alpha"]
    figure = draw("posterior", dataclasses.replace(runs["small"], posterior=draws), width)
    figure.get_layout_engine().execute(figure)
    assert figure.get_figheight() <= style.TALLEST
    shown = len(figure.axes) - 2 * 6
    assert f"{shown} of 15 pairs" in figure.get_suptitle()
    assert ("α", "β") in [(axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes]
