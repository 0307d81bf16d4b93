"""A batch that was killed continues where it stopped, with the numbers of one that was not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fits import LEVELS, MLE
from settings import MOCK

from rlrecovery.fitting import batch as fit
from rlrecovery.fitting import checkpoint as checkpoints
from rlrecovery.fitting.registry import Method, make_fitter
from rlrecovery.storage.files import BrokenFile
from unit.fitting.test_batch import CELL, GENERATOR, simulated

LEFT = ".estimates.parquet.done-so-far"


def fitted(folder, trials, method=MLE, **options):
    path = Path(folder) / "estimates.parquet"
    fit.fit_batch(Method.of(method), GENERATOR, CELL, LEVELS, trials, str(path), **options)
    return pd.read_parquet(path).drop(columns="seconds")


class Killed:
    """A fitter that is interrupted in its third data set, and counts what it is asked."""

    calls = 0

    def __init__(self, inner):
        self.inner, self.targets = inner, inner.targets

    def fit(self, data, seed):
        type(self).calls += 1
        if type(self).calls == 3:
            raise KeyboardInterrupt
        return self.inner.fit(data, seed)


@pytest.fixture
def interrupted(tmp_path, monkeypatch):
    """Trials of five data sets, of which two were fitted before the job was stopped."""
    monkeypatch.setattr(checkpoints, "INTERVAL", 0.0)
    monkeypatch.setattr(fit, "make_fitter", lambda *given: Killed(make_fitter(*given)))
    Killed.calls = 0
    trials = simulated(tmp_path, 0, 5)
    with pytest.raises(KeyboardInterrupt):
        fitted(tmp_path, trials)
    assert (tmp_path / LEFT).is_file()
    assert not (tmp_path / "estimates.parquet").exists()
    return trials


@pytest.fixture
def undisturbed(tmp_path):
    (tmp_path / "other").mkdir()
    return fitted(tmp_path / "other", simulated(tmp_path / "other", 0, 5))


def test_done_data_sets_are_not_fitted_again(undisturbed, interrupted, tmp_path):
    again = fitted(tmp_path, interrupted)
    assert Killed.calls == 3 + 3  # two, the interrupted one, and the three that were left
    pd.testing.assert_frame_equal(again, undisturbed, check_exact=True)
    assert not (tmp_path / LEFT).exists()


def test_another_number_of_replicates_goes_on_with_those_that_it_needs(
    undisturbed, interrupted, tmp_path
):
    again = fitted(tmp_path, interrupted, replicates=[1, 3])
    assert Killed.calls == 3 + 1
    expected = undisturbed[undisturbed["replicate"].isin([1, 2])].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, expected, check_exact=True)


def test_other_settings_begin_anew(interrupted, tmp_path):
    other = fitted(tmp_path, interrupted, MLE | {"grid": MLE["grid"] + 1})
    assert Killed.calls == 3 + 5
    assert other["replicate"].nunique() == 5


def test_other_data_begin_anew(interrupted, tmp_path):
    table = pd.read_parquet(interrupted)
    table.assign(choice=1 - table["choice"]).to_parquet(interrupted, index=False)
    fitted(tmp_path, interrupted)
    assert Killed.calls == 3 + 5


@pytest.mark.parametrize("content", [b"", b"PAR1 and nothing else", None])
def test_a_broken_checkpoint_is_not_used(undisturbed, interrupted, tmp_path, content):
    path = tmp_path / LEFT
    path.write_bytes(path.read_bytes()[:200] if content is None else content)
    again = fitted(tmp_path, interrupted)
    assert Killed.calls == 3 + 5
    pd.testing.assert_frame_equal(again, undisturbed, check_exact=True)


def test_a_damaged_checkpoint_is_ignored_or_whole_wherever_the_damage_is(tmp_path):
    columns = {"replicate": "int64", "estimate": "float64"}
    checkpoint = checkpoints.Checkpoint(
        str(tmp_path / "batch.parquet"), "key", columns, interval=-1
    )
    checkpoint.save([{"replicate": i, "estimate": i / 7} for i in range(20)])
    rows, content = checkpoint.load(), checkpoint.path.read_bytes()
    assert len(rows) == 20
    rng, ignored = np.random.default_rng(1), 0
    for _ in range(300):
        damaged = bytearray(content)
        first, last = np.sort(rng.integers(len(damaged), size=2))
        if rng.random() < 0.5:
            damaged[first] ^= 1 << int(rng.integers(8))
        else:
            del damaged[first:last]
        checkpoint.path.write_bytes(damaged)
        loaded = checkpoint.load()
        assert loaded in ({}, rows)
        ignored += loaded == {}
    assert ignored > 290


def test_a_folder_of_its_name_is_a_sentence_before_anything_is_fitted(interrupted, tmp_path):
    (tmp_path / LEFT).unlink()
    (tmp_path / LEFT).mkdir()
    with pytest.raises(BrokenFile, match=f"{LEFT} is a folder, but a file of this name"):
        fitted(tmp_path, interrupted)
    assert Killed.calls == 3
    assert (tmp_path / LEFT).is_dir()


def test_a_short_batch_writes_none(tmp_path):
    fitted(tmp_path, simulated(tmp_path), MOCK)
    assert not list(tmp_path.glob(".*"))


SLOW = """
import sys, time
from rlrecovery.fitting import checkpoint as checkpoints
from rlrecovery.fitting import batch as fit
from rlrecovery.fitting.registry import Method, make_fitter
from unit.fitting.test_batch import CELL, GENERATOR
from fits import LEVELS, MLE
checkpoints.INTERVAL = 0.0
class Slow:
    def __init__(self, inner):
        self.inner, self.targets = inner, inner.targets
    def fit(self, data, seed):
        time.sleep(0.5)
        return self.inner.fit(data, seed)
fit.make_fitter = lambda *given: Slow(make_fitter(*given))
fit.fit_batch(Method.of(MLE), GENERATOR, CELL, LEVELS, *sys.argv[1:])
"""


def test_a_job_that_is_killed_leaves_a_checkpoint_that_is_whole(undisturbed, tmp_path):
    """SIGKILL, as a cluster sends it; nothing can be tidied up after that."""
    trials, output = simulated(tmp_path, 0, 5), tmp_path / "estimates.parquet"
    job = subprocess.Popen(
        [sys.executable, "-c", SLOW, trials, str(output)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    while not (tmp_path / LEFT).is_file() and job.poll() is None:
        time.sleep(0.02)
    job.send_signal(signal.SIGKILL)
    assert job.wait() == -signal.SIGKILL
    again = fitted(tmp_path, trials)
    pd.testing.assert_frame_equal(again, undisturbed, check_exact=True)
