"""The rule `fit`: every target once, failures as rows, and batches that change no number."""

import dataclasses
import itertools
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fits import LEVELS, MLE, bayes_method, compiled
from settings import MOCK
from threadpoolctl import threadpool_info

from rlrecovery.design.cells import Cell
from rlrecovery.fitting import batch as fit
from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.bayes import fitter as bayes_fitter
from rlrecovery.fitting.mock.fitter import Mock
from rlrecovery.fitting.registry import Method
from rlrecovery.likelihood.data import observations_from_table
from rlrecovery.simulation.batch import simulate_batch
from rlrecovery.simulation.generator import Generator
from rlrecovery.storage.files import BrokenFile, read_origin
from rlrecovery.storage.schemas import estimates_columns

PLAIN_GENERATOR = {
    "seed": 7,
    "model": "rescorla_wagner",
    "task": {"arms": [0.4, 0.6], "blocks": 1, "start_value": 0.5},
    "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}},
}
GENERATOR = Generator.of(PLAIN_GENERATOR)
CELL = Cell((("alpha", 0.5), ("beta", 4.0)), participants=2, trials=30)


def simulated(folder, first=0, stop=3):
    path = Path(folder) / f"trials-{first}-{stop}.parquet"
    truth = Path(folder) / f"truth-{first}-{stop}.parquet"
    simulate_batch(CELL, GENERATOR, (first, stop), str(path), str(truth))
    return str(path)


def fitted(folder, trials, method=MOCK):
    path = Path(folder) / "estimates.parquet"
    fit.fit_batch(Method.of(method), GENERATOR, CELL, LEVELS, trials, str(path))
    return pd.read_parquet(path)


class Capricious(Mock):
    """Gives up on one data set of the batch."""

    calls = 0

    def fit(self, data, seed):
        type(self).calls += 1
        if type(self).calls == 2:
            raise ArithmeticError("no luck\nwith this one")
        return super().fit(data, seed)


@pytest.fixture
def capricious(monkeypatch):
    Capricious.calls = 0
    monkeypatch.setattr(fit, "make_fitter", lambda settings, setting: Capricious(setting))


@pytest.mark.parametrize("method", [MOCK, MLE], ids=["mock", "mle"])
def test_every_replicate_and_target_once(tmp_path, method):
    table = fitted(tmp_path, simulated(tmp_path), method)
    assert list(table.columns) == list(estimates_columns(LEVELS))
    for name, kind in estimates_columns(LEVELS).items():
        assert table[name].dtype == kind
    targets = Setting.of(GENERATOR.model, GENERATOR.faced_task(), CELL, LEVELS)
    expected = itertools.product(range(3), [*targets.each_participant(), *targets.whole("group")])
    rows = zip(
        table["replicate"],
        table[["level", "participant", "parameter"]].itertuples(index=False, name=None),
        strict=True,
    )
    assert list(rows) == list(expected)


def test_a_data_set_whose_fit_raises_becomes_failed_rows(tmp_path, capricious):
    trials = simulated(tmp_path)
    table = fitted(tmp_path, trials)
    assert len(table) == 3 * 6
    assert not table.duplicated(["replicate", "level", "participant", "parameter"]).any()
    lost = table["replicate"] == 1
    assert set(table[lost]["status"]) == {"failed"}
    assert set(table[lost]["reason"]) == {"ArithmeticError: no luck with this one"}
    assert table[lost][["estimate", "se", "lower_95", "upper_95"]].isna().all(axis=None)
    assert (table[lost]["seconds"] >= 0).all()
    assert not table[lost]["converged"].any()
    assert set(table[~lost]["status"]) == {"ok"}


@pytest.mark.parametrize("error", [MemoryError(), OSError(28, "No space left on device")])
def test_a_failure_of_the_machine_is_no_row(tmp_path, monkeypatch, error):
    """A full disk says nothing about the fit: the job ends, and is done again."""

    class Unlucky(Capricious):
        """No memory, or no disk."""

        def fit(self, data, seed):
            raise error

    monkeypatch.setattr(fit, "make_fitter", lambda settings, setting: Unlucky(setting))
    with pytest.raises(type(error)):
        fitted(tmp_path, simulated(tmp_path))
    assert not [path for path in tmp_path.rglob("*") if "estimates" in path.name]


def test_the_other_data_sets_are_as_if_nothing_had_happened(tmp_path, capricious, monkeypatch):
    trials = simulated(tmp_path)
    with_failure = fitted(tmp_path, trials)
    monkeypatch.undo()
    without = fitted(tmp_path, trials)
    keep = without["replicate"] != 1
    pd.testing.assert_frame_equal(
        with_failure[keep].drop(columns="seconds"), without[keep].drop(columns="seconds")
    )


def test_the_failure_is_in_the_log_with_its_traceback(tmp_path, capricious, caplog):
    with caplog.at_level(logging.INFO, "rlrecovery.fitting.batch"):
        fitted(tmp_path, simulated(tmp_path))
    assert "Traceback" in caplog.text
    assert "no luck" in caplog.text
    assert "6 of 6 rows flagged" in caplog.text


def test_progress_says_which_cell_how_many_and_how_fast(tmp_path, caplog):
    with caplog.at_level(logging.INFO, "rlrecovery.fitting.batch"):
        fitted(tmp_path, simulated(tmp_path))
    own = [record for record in caplog.records if record.name == "rlrecovery.fitting.batch"]
    lines = [record.getMessage() for record in own]
    assert "ready to fit" in lines[0]
    assert len(lines) == 4
    for number, line in enumerate(lines[1:]):
        assert line.startswith("alpha-0.5_beta-4.0_n-2_t-30: ")
        assert f"replicate {number} done ({number + 1} of 3)" in line
        assert "data sets per second" in line
        assert "0 of 6 rows flagged" in line
    assert "about 0 s left" in lines[-1]


def test_maximum_likelihood_fits_the_data_sets_of_a_batch_together(tmp_path, caplog):
    with caplog.at_level(logging.INFO, "rlrecovery.fitting.batch"):
        table = fitted(tmp_path, simulated(tmp_path), MLE)
    assert "replicates 0 to 2 done (3 of 3)" in caplog.text
    assert list(table["replicate"].unique()) == [0, 1, 2]


class InPairs(Capricious):
    """Fits two data sets together."""

    data_sets_together, parts = 2, ()

    def fit_together(self, data_sets, seeds):
        self.parts = (*self.parts, len(data_sets))
        return [Mock.fit(self, *pair) for pair in zip(data_sets, seeds, strict=True)]


def test_data_sets_fitted_together_have_their_own_seeds_and_rows(tmp_path, monkeypatch, caplog):
    trials = simulated(tmp_path, 0, 5)
    one_by_one, made = fitted(tmp_path, trials), []

    def make(settings, setting):
        made.append(InPairs(setting))
        return made[-1]

    monkeypatch.setattr(fit, "make_fitter", make)
    with caplog.at_level(logging.INFO, "rlrecovery.fitting.batch"):
        in_pairs = fitted(tmp_path, trials)
    assert made[0].parts == (2, 2)  # and the last one alone
    assert "replicates 2 to 3 done (4 of 5)" in caplog.text
    assert "replicate 4 done (5 of 5)" in caplog.text
    pd.testing.assert_frame_equal(
        in_pairs.drop(columns="seconds"), one_by_one.drop(columns="seconds"), check_exact=True
    )


def test_data_sets_that_cannot_be_fitted_together_are_fitted_one_by_one(tmp_path, monkeypatch):
    class Broken(InPairs):
        """Cannot fit two data sets together, nor the second one alone."""

        def fit_together(self, data_sets, seeds):
            raise ArithmeticError("not together")

    Capricious.calls = Broken.calls = 0
    monkeypatch.setattr(fit, "make_fitter", lambda settings, setting: Broken(setting))
    table = fitted(tmp_path, simulated(tmp_path))
    lost = table["replicate"] == 1
    assert set(table[lost]["status"]) == {"failed"}
    assert set(table[~lost]["status"]) == {"ok"}


def test_each_data_set_of_a_table_has_its_own_observations(tmp_path):
    trials = pd.read_parquet(simulated(tmp_path))
    short = (trials["replicate"] == 1) & (trials["trial"] >= 20)
    trials = trials[~short].sample(frac=1, random_state=0)
    every = fit.observations_of_each(trials, reset=True)
    assert len(every) == 3
    for replicate, data in enumerate(every):
        own = observations_from_table(trials[trials["replicate"] == replicate])
        length = own.choices.shape[1]
        assert length == (20 if replicate == 1 else 30)
        np.testing.assert_array_equal(data.choices[:, :length], own.choices)
        np.testing.assert_array_equal(data.rewards[:, :length], own.rewards)
        np.testing.assert_array_equal(data.starts[:, :length], own.starts)
        assert (data.choices[:, length:] == -1).all()


@pytest.mark.parametrize("method", [MOCK, MLE], ids=["mock", "mle"])
def test_batches_change_no_number(tmp_path, method):
    whole = fitted(tmp_path, simulated(tmp_path, 0, 4), method)
    parts = [fitted(tmp_path, simulated(tmp_path, *ends), method) for ends in ((0, 1), (1, 4))]
    pd.testing.assert_frame_equal(
        whole.drop(columns="seconds"),
        pd.concat(parts, ignore_index=True).drop(columns="seconds"),
        check_exact=True,
    )


@pytest.mark.parametrize("method", [MOCK, MLE], ids=["mock", "mle"])
def test_a_part_of_a_batch_has_the_numbers_of_the_whole(tmp_path, method):
    trials, path = simulated(tmp_path, 0, 4), tmp_path / "estimates.parquet"
    whole = fitted(tmp_path, trials, method)
    whole_origin = read_origin(path)
    arguments = Method.of(method), GENERATOR, CELL, LEVELS, trials, str(path)
    fit.fit_batch(*arguments, replicates=[0, 2])
    pd.testing.assert_frame_equal(
        pd.read_parquet(path).drop(columns="seconds"),
        whole[whole["replicate"] < 2].drop(columns="seconds"),
        check_exact=True,
    )
    assert read_origin(path) == whole_origin | {"replicates": [0, 2]}


def test_replicates_have_their_own_random_numbers(tmp_path):
    table = fitted(tmp_path, simulated(tmp_path))
    assert table["estimate"].nunique() == len(table)


def test_the_sampling_seed_depends_on_values_alone():
    def words(plain=PLAIN_GENERATOR, cell=CELL, replicate=0):
        return tuple(fit.sampling_seed(Generator.of(plain), cell, replicate).generate_state(4))

    reordered = Cell((("beta", 4.0), ("alpha", 0.5)), participants=2, trials=30)
    assert words() == words(cell=reordered)
    no_spread = {"alpha": {"spread": 0}, "beta": {"spread": 0}}
    different = [
        words(),
        words(replicate=1),
        words(cell=dataclasses.replace(CELL, trials=31)),
        words(PLAIN_GENERATOR | {"seed": 8}),
        words(PLAIN_GENERATOR | {"population": no_spread}),
    ]
    assert len(set(different)) == len(different)


def test_the_order_of_trials_on_disk_does_not_matter(tmp_path):
    path = simulated(tmp_path)
    table = fitted(tmp_path, path, MLE)
    pd.read_parquet(path).sample(frac=1, random_state=1).to_parquet(path)
    pd.testing.assert_frame_equal(
        fitted(tmp_path, path, MLE).drop(columns="seconds"), table.drop(columns="seconds")
    )


@pytest.mark.parametrize("break_it", ["truncate", "empty", "remove", "lack"])
def test_broken_trials_name_the_file_and_what_to_do(tmp_path, break_it):
    path = Path(simulated(tmp_path))
    content = path.read_bytes()
    match break_it:
        case "truncate":
            path.write_bytes(content[: len(content) // 2])
        case "empty":
            path.write_bytes(b"")
        case "remove":
            path.unlink()
        case "lack":
            pd.read_parquet(path).drop(columns="choice").to_parquet(path)
    with pytest.raises(BrokenFile, match="rerun the workflow") as caught:
        fitted(tmp_path, str(path))
    assert path.name in str(caught.value)
    assert not (tmp_path / "estimates.parquet").exists()


def test_blas_stays_on_one_thread(tmp_path, monkeypatch):
    seen = []

    class Looking(Mock):
        def fit(self, data, seed):
            seen.extend(p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas")
            return super().fit(data, seed)

    monkeypatch.setattr(fit, "make_fitter", lambda settings, setting: Looking(setting))
    fitted(tmp_path, simulated(tmp_path))
    assert set(seen) <= {1}


def test_a_batch_compiles_its_model_once(tmp_path, monkeypatch):
    ready, calls = compiled("none"), []
    monkeypatch.setattr(bayes_fitter, "compile_model", lambda model: calls.append(1) or ready)
    method = bayes_method(tune=50, draws=50)
    table = fitted(tmp_path, simulated(tmp_path), method)
    assert len(calls) == 1
    assert len(table) == 3 * 2 * 2
    assert set(table["status"]) == {"not_converged"}  # 200 draws are not enough
    assert np.isfinite(table["estimate"]).all()
    assert table["estimate"].nunique() == len(table)


LIGHT = (
    "simulation.batch",
    "score.cell",
    "score.summary",
    "fitting.batch",
    "fitting.mle.fitter",
    "fitting.quadrature.fitter",
    "fitting.mock.fitter",
    "fitting.bayes.settings",
)
IMPORTS = f"""
import importlib, sys
for module in {LIGHT}:
    importlib.import_module("rlrecovery." + module)
    heavy = {{"pymc", "nutpie", "arviz", "arviz_stats", "scipy.stats"}} & set(sys.modules)
    assert not heavy, (module, heavy)
"""


def test_jobs_without_a_sampler_do_not_import_pymc():
    scripts = Path(fit.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", IMPORTS], cwd=scripts, check=False)
    assert done.returncode == 0
