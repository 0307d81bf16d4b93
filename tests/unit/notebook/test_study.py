"""A finished study as an object."""

import shutil

import numpy as np
import pandas as pd
import pytest
import summaries
from settings import study as config

from rlrecovery import load_study, recover, simulate
from rlrecovery.storage.files import read_csv, read_table


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A mock run, whose folder has a summary but no estimates."""
    folder = tmp_path_factory.mktemp("results") / "mock"
    return summaries.write_run(folder, participants=(5,), replicates=4)


@pytest.fixture(scope="module")
def study(run):
    return load_study(run)


@pytest.fixture(scope="module")
def whole():
    """A study with estimates."""
    return recover(config(batch_size=3), progress=False)


def test_tables_are_those_on_disk(run, study):
    assert study.tables[:3] == ("recovery", "verdicts", "points")
    assert "crossed" not in study.tables  # it has no rows
    for name in study.tables:
        stored = read_table(run / f"summary/{name}.csv")
        pd.testing.assert_frame_equal(study.table(name), stored)
        pd.testing.assert_frame_equal(getattr(study, name), stored)
    assert study.table("crossed").empty


def test_a_table_may_be_changed(study):
    table = study.recovery
    table["value"] = 0.0
    assert (study.recovery["value"] != 0).any()


def test_a_folder_of_parquet_files_is_enough(run, study, tmp_path):
    """As the documentation keeps a study."""
    folder = tmp_path / "summary"
    shutil.copytree(run / "summary", folder)
    for path in folder.glob("*.csv"):
        if not path.name.startswith(("example", "predictive")):
            read_csv(path).to_parquet(path.with_suffix(".parquet"))
            path.unlink()
    for place in (tmp_path, folder):
        light = load_study(place)
        assert light.config is None
        assert light.tables == study.tables
        pd.testing.assert_frame_equal(light.recovery, study.recovery)
        assert light.answer == study.answer
    assert set(light.figures) <= {*study.figures, "samplesize"}
    light_png, png = (s.figure("bias")._repr_png_()[0] for s in (light, study))
    assert light_png == png


def test_measures(study):
    rows = study.measure("coverage", method="mle", interval=0.95, level="group", parameter="beta")
    assert set(rows["scope"]) == {"cell"}
    assert set(rows["rows"]) == {"all"}
    assert len(rows) == rows["cell"].nunique() == 12
    expected = study.recovery.merge(rows, how="inner")
    assert len(expected) == 12
    assert len(study.measure("rmse", scope="grid")) > 0


def test_the_answer_is_that_of_the_report(study):
    paragraphs = study.answer.split("\n\n")
    assert len(paragraphs) == 4  # two parameters, of participants and of groups
    assert paragraphs[0].startswith("alpha of individual participants: ")
    assert "rank correlation" in paragraphs[0]


def test_figures(study):
    assert study.figures[:3] == ("answer", "recovery", "bias")
    assert "samplesize" not in study.figures
    assert study.figure("bias", width=3.5).figure.get_size_inches()[0] == 3.5


def test_figures_in_a_style(run, study, tmp_path):
    shutil.copytree(run / "summary", tmp_path / "summary")
    for one in (study, load_study(tmp_path)):  # without a config, too
        large = one.figure("bias", size=12, colours={"mle": "#ff0000"})
        assert large.settings.size == 12
        assert large.figure.axes[0].xaxis.label.get_fontsize() == pytest.approx(12)
        composed = one.figure("two", compose={"two": {"panels": ["bias", "coverage"]}})
        assert composed._repr_png_()[1]["width"] == 7 * 96
        composed.savefig(tmp_path / "two.svg")
        assert "bias" in (tmp_path / "two.svg").read_text()
    with pytest.raises(ValueError, match="size is 50"):
        study.figure("bias", size=50)
    with pytest.raises(ValueError, match="unknown key 'sizes'"):
        study.figure("bias", sizes=8)


def test_a_style_is_a_path_too(study, tmp_path):
    style = tmp_path / "paper.mplstyle"
    style.write_text("axes.labelsize: 11\n")
    figure = study.figure("bias", style=style).figure
    assert figure.axes[0].xaxis.label.get_fontsize() == 11


def test_figures_need_no_observed_data(tmp_path, monkeypatch):
    """Data that were moved since the study was run."""
    data = simulate(truth={"alpha": 0.3, "beta": 5}, participants=2, trials=30, seed=1)
    data.trials.to_csv(tmp_path / "observed.csv", index=False)
    monkeypatch.chdir(tmp_path)
    found = recover(config(observed="observed.csv"), progress=False)
    (tmp_path / "observed.csv").unlink()
    assert found.figure("bias", size=9).settings.size == 9


def test_estimates_and_truth(whole):
    estimates = whole.estimates()
    assert estimates.columns[:5].tolist() == [
        *("method", "cell", "replicate", "participant", "level"),
    ]
    assert estimates["replicate"].nunique() == 4
    cells = whole.recovery.loc[whole.recovery["scope"] == "cell", "cell"].unique()
    assert set(estimates["cell"]) == set(cells)
    one = whole.estimates("guess", cells[1])
    assert set(one["cell"]) == {cells[1]}
    keys = ["cell", "replicate", "participant", "level", "parameter"]
    joined = one.merge(whole.truth(cells[1]), on=keys)
    assert len(joined) == len(one)
    rows = joined[(joined["parameter"] == "alpha") & (joined["level"] == "participant")]
    bias = (rows["estimate"] - rows["truth"]).mean()
    measured = whole.measure("bias", cell=cells[1], parameter="alpha", level="participant")
    assert bias == pytest.approx(measured["value"].item())


def test_repr(study, whole):
    assert repr(study) == (
        "<study mock: 12 cells, 4 data sets each, methods mle, bayes, hierarchical>"
    )
    assert repr(whole).startswith("<study small: 2 cells, 4 data sets each")


def test_names_are_completed(study):
    assert {"recovery", "predictive", "figure", "measure"} <= set(dir(study))


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda s: s.table("recovry"), r"the table is 'recovry'.*did you mean recovery"),
        (lambda s: s.figure("biases"), r"the figure is 'biases'.*did you mean bias"),
        (lambda s: s.figure("samplesize"), "the figure is 'samplesize', but must be answer"),
        (lambda s: s.measure("biases"), r"the measure is 'biases'.*did you mean bias"),
        (lambda s: s.measure("bias", parameters="alpha"), r"a column .*did you mean parameter"),
        (lambda s: s.measure("bias", parameter="alfa"), r"parameter of bias .*did you mean alpha"),
        (lambda s: s.measure("coverage", interval=0.99), "interval of coverage is 0.99, but must"),
        (lambda s: s.measure("bias", scope="cells"), "scope of bias .*did you mean cell"),
        (lambda s: s.measure("bias", rows="some"), "rows of bias is 'some', but must be all"),
        (lambda s: s.measure("bias", method=["mle"]), r"method of bias is \['mle'\], but must be"),
        (lambda s: s.measure(["bias"]), r"the measure is \['bias'\], but must be"),
        (lambda s: s.figure("bias", width="3"), "width is '3', but .* inches from 1.73 to 16"),
        (lambda s: s.figure("bias", width=0), "width is 0, but with text of 8 points it must be"),
        (lambda s: s.figure("bias", width=20), "inches from 1.73 to 16"),
        (lambda s: s.figure("bias", width=3, size=16), "inches from 3.46 to 16"),
        (lambda s: s.estimates(), "has no folder estimates, only the summary of the study"),
        (lambda s: s.truth(), "has no folder truth"),
    ],
)
def test_wrong_names_are_one_sentence(study, ask, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        ask(study)
    assert "\n" not in str(caught.value)


def test_a_wrong_attribute_is_an_attribute_error(study):
    with pytest.raises(AttributeError, match=r"'recovry' \(did you mean recovery\?\)"):
        _ = study.recovry
    assert not hasattr(study, "_repr_html_")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("gues",), r"the method is 'gues', but must be guess \(did you mean guess\?\)"),
        (("guess", "alpha"), "the cell is 'alpha', but must be alpha-0.3"),
    ],
)
def test_wrong_methods_and_cells(whole, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        whole.estimates(*arguments)


def test_folders_without_a_study(run, tmp_path):
    with pytest.raises(ValueError, match="has no finished study: there is no such folder"):
        load_study(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="it has no summary/recovery"):
        load_study(tmp_path)
    with pytest.raises(ValueError, match="did you mean one of its folders mock"):
        load_study(run.parent)
    shutil.copy(run / "config.yaml", tmp_path)
    with pytest.raises(ValueError, match="its summary is not written yet"):
        load_study(tmp_path)


def test_a_damaged_table_is_named(run, tmp_path):
    shutil.copytree(run / "summary", tmp_path / "summary")
    (tmp_path / "summary/points.parquet").write_bytes(b"no table")
    with pytest.raises(ValueError, match=r"points\.parquet cannot be read"):
        _ = load_study(tmp_path).points


def test_the_folder_of_a_recovered_study_lasts_as_long_as_it():
    found = recover(config(), progress=False)
    folder = found.folder
    assert np.isfinite(found.estimates()["estimate"]).all()
    del found
    assert not folder.exists()
