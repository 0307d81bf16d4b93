"""A study in memory against the same study through Snakemake."""

import pandas as pd
import pytest
from settings import study, write
from workflow.inprocess import run_here

from rlrecovery import fit, load_study, recover, simulate
from rlrecovery.models.library import MODELS
from rlrecovery.notebook.study import TABLES
from rlrecovery.storage.files import read_tables
from unit.notebook.models import DECREASING

EXACT = {"estimator": "quadrature", "pooling": "partial", "model": "rescorla_wagner"}
CONFIG = study(
    replicates=6,
    batch_size=4,
    trials=[30],
    methods={
        "mle": {"estimator": "mle", "model": "rescorla_wagner"},
        "exact": EXACT | {"replicates": 3},
    },
)
CELL = "alpha-0.3_beta-3.0_n-2_t-30"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of the study, run by Snakemake."""
    folder = tmp_path_factory.mktemp("workflow")
    run_here(folder, CONFIG, figures=False)
    return folder / "results/small"


@pytest.fixture(scope="module")
def recovered():
    return recover(CONFIG, progress=False)


def without_times(table):
    """A table without run times, which differ from run to run."""
    table = table.drop(columns="seconds", errors="ignore")
    return (
        table[table["measure"] != "seconds"].reset_index(drop=True) if "measure" in table else table
    )


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_those_of_the_workflow(run, recovered, name):
    expected, computed = load_study(run).table(name), recovered.table(name)
    pd.testing.assert_frame_equal(without_times(computed), without_times(expected))


def test_the_study_has_more_than_empty_tables(recovered):
    assert {"recovery", "verdicts", "points", "comparison", "predictive"} <= set(recovered.tables)


@pytest.mark.parametrize("method", ["mle", "exact"])
def test_estimates_and_truth_are_those_of_the_workflow(run, recovered, method):
    by_workflow, here = load_study(run), recovered
    for expected, computed in (
        (by_workflow.estimates(method, CELL), here.estimates(method, CELL)),
        (by_workflow.truth(CELL), here.truth(CELL)),
    ):
        assert len(expected)
        pd.testing.assert_frame_equal(without_times(computed), without_times(expected))


def test_simulate_and_fit_give_the_numbers_of_the_workflow(run):
    data = simulate(
        truth={"alpha": 0.3, "beta": 3},
        population=CONFIG["population"],
        task=CONFIG["task"],
        participants=2,
        trials=30,
        replicates=6,
        seed=CONFIG["seed"],
    )
    paths = sorted((run / "trials" / CELL).glob("*.parquet"))
    pd.testing.assert_frame_equal(data.trials, read_tables(map(str, paths), ()))
    for name, method in CONFIG["methods"].items():
        settings = {key: value for key, value in method.items() if key != "replicates"}
        fitted = fit(data, settings, levels=CONFIG["interval_levels"]).estimates
        expected = load_study(run).estimates(name, CELL).drop(columns=["method", "cell"])
        fitted = fitted[fitted["replicate"].isin(expected["replicate"])].reset_index(drop=True)
        pd.testing.assert_frame_equal(without_times(fitted), without_times(expected))


def test_the_path_of_a_config(tmp_path):
    methods = {"guess": {"estimator": "mock", "model": "rescorla_wagner"}}
    path = write(tmp_path, study(methods=methods))
    found = recover(path, progress=False)
    assert repr(found) == "<study small: 2 cells, 4 data sets each, methods guess>"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def short(**changes):
    return {
        "seed": 1,
        "task": {"arms": [0.3, 0.7]},
        "model": "rescorla_wagner",
        "truth": {"alpha": 0.3, "beta": 3},
        "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.2}},
        "participants": 2,
        "trials": 10,
        "replicates": 2,
        "methods": ["mock"],
    } | changes


def test_a_file_with_mistakes_is_named_with_its_lines(tmp_path):
    path = write(tmp_path, study(replicates=1))
    with pytest.raises(ValueError, match=r"study\.yaml:\d+: replicates is 1, but must be at least"):
        recover(path, progress=False)


def test_short_configs(capsys):
    found = recover(short())
    assert found.config.interval_levels == (0.5, 0.8, 0.9, 0.95)
    assert found.config.task.blocks == 1
    assert found.config.participants == (2,)
    assert list(found.config.methods) == ["mock"]
    said = capsys.readouterr()
    assert said.out == ""
    assert "simulating alpha-0.3_beta-3.0_n-2_t-10" in said.err
    assert "100%  done in" in said.err
    recover(short(), progress=False)
    assert capsys.readouterr().err == ""


def test_a_model_of_ones_own_competes_with_one_of_the_library():
    before = dict(MODELS)
    spread = {name: {"spread": 0.3} for name in DECREASING.names}
    config = {key: value for key, value in short().items() if key not in ("truth", "population")}
    config |= {
        "trials": 40,
        "methods": {"mle": "mle"},
        "models": {
            "simulate": {
                DECREASING: {
                    "truth": {"alpha": 0.5, "decay": 0.1, "beta": 5},
                    "population": spread,
                },
                "rescorla_wagner": {
                    "truth": {"alpha": 0.5, "beta": 5},
                    "population": {name: spread[name] for name in ("alpha", "beta")},
                },
            },
            "fit": [DECREASING, "rescorla_wagner"],
        },
    }
    del config["model"]
    found = recover(config, progress=False)
    assert before == MODELS
    assert "confusion" in found.figures
    assert set(found.selection["fitted"]) == {DECREASING.name, "rescorla_wagner"}
    decay = found.measure("bias", parameter="decay", level="participant")
    assert decay["method"].tolist() == [f"mle_{DECREASING.name}"]
    assert found.figure("recovery").figure.axes
    assert f"data generated by {DECREASING.name}" in found.answer


def test_models_by_keyword():
    changes = {"model": DECREASING.name, "truth": {"alpha": 0.5, "decay": 0.1, "beta": 5}}
    changes["population"] = {name: {"spread": 0.1} for name in DECREASING.names}
    found = recover(short(**changes), models=[DECREASING], progress=False)
    assert set(found.recovery["parameter"]) == set(DECREASING.names)
    with pytest.raises(ValueError, match='model is "decreasing_rate", but must be rescorla_wagner'):
        recover(short(**changes), progress=False)


@pytest.mark.parametrize("models", [None, DECREASING])
def test_own_models_are_a_list(models):
    with pytest.raises(ValueError, match="models must be a list of Model objects"):
        recover(short(), models=models, progress=False)


def test_paths_and_series_in_a_config(tmp_path):
    data = simulate(truth={"alpha": 0.3, "beta": 3}, participants=2, trials=10, seed=1)
    data.trials.to_csv(tmp_path / "observed.csv", index=False)
    alphas = pd.Series([0.2, 0.4])
    found = recover(
        short(truth={"alpha": alphas, "beta": 3}, observed=tmp_path / "observed.csv"),
        progress=False,
    )
    assert found.recovery["alpha"].dropna().unique().tolist() == [0.2, 0.4]


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (short(methods=["mlee"]), r"methods.mlee.estimator is \"mlee\".*did you mean mle"),
        (short(replicate=3), "unknown key 'replicate'"),
        (short(participants=[0, 2]), r"participants\[0\] is 0, but must be at least 1"),
        (short(participants=0), "participants is 0, but must be at least 1"),
        (short(truth={"alpha": [3], "beta": 5}), r"truth.alpha\[0\] is 3"),
        (short(participants=[2, 0]), r"participants\[1\] is 0, but must be at least 1"),
        (short(truth={"alpha": 0.3}), "truth.beta is required"),
        ("nowhere.yaml", "nowhere.yaml: no such file"),
        (3, "config must be a mapping or the path of a file, not 3"),
        ({}, "missing required key"),
    ],
)
def test_mistakes_are_sentences(config, sentence):
    with pytest.raises(ValueError, match=sentence):
        recover(config, progress=False)


def test_requirements_are_answered_and_calibration_is_refused():
    small = {
        "seed": 1,
        "task": {"arms": [0.3, 0.7]},
        "model": "rescorla_wagner",
        "truth": {"alpha": [0.4], "beta": 4},
        "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}},
        "participants": 3,
        "trials": [20, 40],
        "replicates": 2,
        "methods": ["mle"],
    }
    targets = {"precise": {"measure": "rmse", "parameter": "alpha", "at_most": 0.2}}
    done = recover(small | {"targets": targets}, progress=False)
    assert set(done.advised["requirement"]) == {"precise"}
    exact = {"methods": {"exact": {"estimator": "quadrature"}}}
    section = {"calibration": {"participants": 3, "trials": 20}}
    with pytest.raises(ValueError, match="calibration is not done in a notebook"):
        recover(small | exact | section, progress=False)


def test_all_mistakes_are_reported_at_once():
    with pytest.raises(ValueError, match="beta is required") as caught:
        recover(short(truth={"alpha": 0.3}, participants=0), progress=False)
    assert len(str(caught.value).splitlines()) == 2
