"""Which figures there are, that each is drawn with all its labels, and the files written."""

import dataclasses
import itertools
import shutil
import subprocess
import sys

import numpy as np
import pytest

from rlrecovery.figures import style
from rlrecovery.figures.catalogue import FIGURES, KINDS, available_figures, files, write_figure
from rlrecovery.score.results import FILES, load_summary
from rlrecovery.storage.files import BrokenFile
from unit.figures.pages import (
    DESIGNS,
    WIDTHS,
    check_page,
    draw,
    experiment,
    notes,
    panels,
    typed,
)

#: Figures of studies in which models compete, or that have requirements, a calibration or effects.
SOME = {"confusion", "misfit", "designs"}
SOME |= {"calibration", "calibrated_coverage", "calibrated_contraction"}
EFFECTS = {"power", "sign_and_size", "effect_estimates", "reliability"}
SOME |= EFFECTS


def missing_figures(exp):
    return set(FIGURES) - set(available_figures(typed(exp)))


def test_available_figures_depend_on_the_experiment():
    assert missing_figures(experiment(participants=(5, 10))) == SOME
    assert missing_figures(experiment()) == SOME | {"samplesize"}
    bayesian = {"posterior", "contraction", "predictive"}
    mle = experiment(participants=(5, 10), methods=("mle",))
    assert missing_figures(mle) == SOME | bayesian | {"comparison"}
    one = experiment(participants=(5,), trials=(50,), truth={"alpha": [0.5], "beta": [5]})
    assert missing_figures(one) == SOME | {"samplesize", "nested"}


def test_an_exact_posterior_has_no_draws_to_show():
    exp = experiment(participants=(5, 10), methods=("mle", "bayes"))
    settings = exp["methods"]["bayes"]
    kept = {key: settings[key] for key in ("model", "engine", "priors", "point")}
    exp["methods"]["bayes"] = kept | {"estimator": "quadrature"}
    assert missing_figures(exp) == SOME | {"posterior"}


def test_a_study_of_groups_has_figures_of_effects_unless_its_report_is_partial():
    groups = {"control": {"share": 0.5}, "patient": {"share": 0.5, "shift": {"alpha": [0.5]}}}
    exp = typed(experiment() | {"groups": groups})
    assert set(available_figures(exp)) >= EFFECTS
    assert not EFFECTS & set(available_figures(exp, partial=True))
    without_retest = typed(experiment() | {"groups": groups, "effects": {"retest": False}})
    assert EFFECTS - set(available_figures(without_retest)) == {"reliability"}


def test_a_second_session_alone_has_the_figure_of_reliability_unless_its_report_is_partial():
    exp = typed(experiment() | {"effects": {}})
    assert EFFECTS & set(available_figures(exp)) == {"reliability"}
    assert not EFFECTS & set(available_figures(exp, partial=True))


def test_importing_the_catalogue_imports_no_plotting_library():
    code = (
        "import sys; import rlrecovery.figures.catalogue;"
        "print({'matplotlib', 'seaborn', 'scipy.stats', 'pymc'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# --- pages ------------------------------------------------------------------------------------

#: Figures of the example are the same in all designs; large and missing grids of truths matter
#: only to the first figures.
OF_TRUTHS = ("recovery", "bias", "rmse", "nested", "comparison", "samplesize")
OF_SERIES = (
    "recovery", "bias", "rmse", "nested", "comparison", "coverage", "zip", "precision", "tradeoff",
    "contraction", "convergence",
)  # fmt: skip
CASES = [
    *(
        (design, name)
        for design, keywords in DESIGNS.items()
        for name in available_figures(typed(experiment(**keywords)))
        if design in ("small", "three parameters") or name not in ("participant", "posterior")
        if design not in ("large", "no truth") or name in OF_TRUTHS
    ),
    *itertools.product(("ten series", "models"), OF_SERIES),
    *itertools.product(("tasks",), ("recovery", "bias", "nested", "precision")),
    *itertools.product(("many models",), ("recovery", "bias", "nested", "tradeoff", "convergence")),
]


def is_daily(design, name, width):
    """All figures of one design, and the most crowded pages of others."""
    narrow = style.narrow(width)
    if design in ("small", "one of everything"):
        return narrow or design == "small"
    crowded = {"large": ("bias", "nested"), "models": ("recovery", "comparison", "convergence")}
    return not narrow and name in crowded.get(design, ())


@pytest.mark.filterwarnings("error:constrained_layout not applied")
@pytest.mark.parametrize(
    ("design", "name", "width"),
    [
        pytest.param(*case, width, marks=() if is_daily(*case, width) else pytest.mark.slow)
        for case, width in itertools.product(CASES, WIDTHS)
    ],
)
def test_every_panel_has_labels_that_do_not_overlap(drawn, design, name, width):
    figure = drawn[design, name, width]
    assert panels(figure)
    check_page(figure, width)
    for axes in panels(figure):
        spec = axes.get_subplotspec()
        stacked = spec.get_gridspec().ncols == 1 and name in ("participant", "nested")
        assert axes.get_xlabel() or stacked or name == "posterior"
        shares_label = name in ("convergence", "bias", "coverage", "nested")
        assert axes.get_ylabel() or shares_label or not spec.is_first_col()


def all_failed(summary):
    """The same summary without any estimate."""
    points, recovery = summary.points.copy(), summary.recovery.copy()
    points[["estimate", "se", "lower_95", "upper_95"]] = np.nan
    points["status"] = "failed"
    measured = ~recovery["measure"].astype("object").str.startswith("share")
    recovery.loc[measured, ["value", "mcse"]] = np.nan
    nothing = summary.comparison.iloc[:0]
    return dataclasses.replace(summary, points=points, recovery=recovery, comparison=nothing)


#: What a figure shows of a study without estimates, besides empty axes.
NO_ESTIMATES = {
    "nested": "no estimates",
    "comparison": "No two methods estimate the same\nparameter on the same data.",
    "zip": "no intervals",
    "precision": "no estimates",
    "tradeoff": "no estimates",
    "contraction": "no posterior with an SD\nto compare with the prior's",
}


@pytest.mark.parametrize("name", ["recovery", "bias", "coverage", "convergence", *NO_ESTIMATES])
def test_a_study_in_which_all_fits_failed_has_figures_that_say_so(tiny, name):
    summary = all_failed(load_summary(tiny))
    figure = draw(name, summary, style.ONE_COLUMN)
    check_page(figure, style.ONE_COLUMN)
    texts = [text.get_text() for text in figure.texts]
    texts += [text.get_text() for axes in figure.axes for text in axes.texts]
    texts += [axes.get_title(loc="left").replace("\N{NO-BREAK SPACE}", " ") for axes in figure.axes]
    if name in NO_ESTIMATES:
        assert any(NO_ESTIMATES[name] in text for text in texts)
    marks = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "o"]
    assert not any(np.isfinite(np.asarray(line.get_ydata(), float)).any() for line in marks) or (
        name == "convergence"
    )


def test_infinite_widths_are_counted_and_missing_errors_have_no_bars(tiny):
    summary = load_summary(tiny)
    recovery = summary.recovery.copy()
    rows = recovery[(recovery["measure"] == "width") & (recovery["interval"] == 0.95)]
    rows = rows[(rows["scope"] == "cell") & (rows["rows"] == "all")]
    rows = rows[(rows["parameter"] == "alpha") & (rows["level"] == "participant")]
    recovery.loc[rows.index[:2], "value"] = np.inf
    recovery["mcse"] = np.nan
    figure = draw("precision", dataclasses.replace(summary, recovery=recovery))
    counts = {note for axes in figure.axes for note in notes(axes)}
    assert f"2 of {len(rows)} values beyond axis" in {n.replace("\n", " ") for n in counts}
    for axes in draw("bias", dataclasses.replace(summary, recovery=recovery)).axes:
        segments = [s for bars in axes.collections for s in bars.get_segments()]
        assert all(np.ptp(segment[:, 1]) == 0 for segment in segments)


# --- files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in FIGURES if name not in SOME])
def test_a_figure_reads_the_tables_that_its_entry_names_and_no_other(tiny, drawn, tmp_path, name):
    tables = FIGURES[name].tables
    for table in tables:
        shutil.copy(tiny / FILES[table][0], tmp_path)
    figure = draw(name, load_summary(tmp_path, tables), style.ONE_COLUMN)
    # A table that is not named is empty, and the page would say that there is nothing to draw.
    assert panels(figure)


def test_files_are_written_in_two_widths(tiny, tmp_path):
    write_figure("bias", tiny / "recovery.csv", tmp_path)
    paths = [
        tmp_path / folder / f"bias.{kind}"
        for folder in (".", "one_column")
        for kind in ("svg", "pdf", "png")
    ]
    assert files(tmp_path, "bias") == [path.as_posix() for path in paths]
    # No temporary file is left behind.
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(paths)
    for width, path in zip(WIDTHS, paths[::3], strict=True):
        assert f'width="{72 * width:g}pt"' in path.read_text()


def test_a_figure_drawn_twice_is_the_same_bytes(tiny, tmp_path):
    summary = load_summary(tiny)
    for turn in ("a", "b"):
        style.save(draw("bias", summary), [tmp_path / f"{turn}.{kind}" for kind in KINDS])
    for kind in KINDS:
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_a_table_that_is_missing_is_named(tmp_path):
    with pytest.raises(BrokenFile, match=r"recovery\.csv"):
        write_figure("bias", tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
