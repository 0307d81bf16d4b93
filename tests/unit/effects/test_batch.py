"""Rows of a batch: against fits done by hand, from other batches, and of analyses that fail."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import logit

from rlrecovery.effects import batch as module
from rlrecovery.effects.batch import DataSetAnalyses, compare_batch, joint_row
from rlrecovery.effects.datasets import simulated
from rlrecovery.effects.fits import resized, sessions_setting
from rlrecovery.effects.settings import EffectSettings
from rlrecovery.fitting import checkpoint
from rlrecovery.fitting.effects import EffectPosterior
from rlrecovery.fitting.quadrature.hierarchical import Hierarchy
from rlrecovery.fitting.registry import make_fitter
from rlrecovery.storage.files import read_origin, read_table
from rlrecovery.storage.schemas import EFFECT_BATCH, RETEST_BATCH
from unit.effects.examples import ALL, EVERY, GROUP, cell, generator, method

NULL = cell(0.0, 0.0, 0.0)


def written(folder, name, replicates=(0, 3), own=NULL, settings=ALL, made=None, label="a"):
    """Tables of effects and of second sessions of a batch."""
    paths = [f"{folder}/{kind}-{name}-{label}.parquet" for kind in ("effects", "retest")]
    made = generator() if made is None else made
    compare_batch(method(name), made, own, settings, replicates, *paths, {"source": "x"})
    return [
        read_table(path, columns)
        for path, columns in zip(paths, (EFFECT_BATCH, RETEST_BATCH), strict=True)
    ]


@cache
def points_by_hand(name, replicate=1):
    """Estimates of alpha (logit), all sessions together and the second one; shape (sessions,)."""
    made, own = generator(), method(name)
    setting = sessions_setting(own, made, NULL, 0.95)
    (data_set,) = simulated(made, NULL, [replicate], retest=True)
    seed = np.random.SeedSequence(0)

    def alpha(data):
        """Fit sessions as one data set."""
        rows = make_fitter(own.settings, resized(setting, len(data.choices))).fit(data, seed)
        return logit(
            [
                row["estimate"]
                for row in rows
                if (row["level"], row["parameter"]) == ("participant", "alpha")
            ]
        )

    data = data_set.data
    parts = np.concatenate([alpha(data.rows(slice(i, i + 3))) for i in (0, 3, 6, 9)])
    return data_set, alpha(data), parts, alpha(data_set.retest)


@pytest.mark.parametrize("name", ["mle", "none", "partial"])
def test_rows_are_those_of_fits_by_hand(tmp_path, name):
    effects, retest = written(tmp_path, name, (1, 2))
    data_set, together, parts, again = points_by_hand(name)
    rows = effects[effects["effect"] == "patient"].set_index("analysis")
    for analysis, points in (("t_test", together), ("t_test_by_group", parts)):
        if analysis not in rows.index:
            assert name != "partial"
            continue
        means = points.reshape(2, 6).mean(axis=0)
        expected = stats.ttest_ind(means[3:], means[:3], equal_var=False)
        assert rows.loc[analysis, "p"] == pytest.approx(expected.pvalue)
        assert rows.loc[analysis, "estimate"] == pytest.approx(means[3:].mean() - means[:3].mean())
    own = retest[retest["parameter"] == "alpha"].iloc[0]
    first, truth = together[:6], logit(data_set.truth["alpha"][0])
    assert own["retest_correlation"] == pytest.approx(np.corrcoef(first, again)[0, 1])
    assert own["truth_correlation"] == pytest.approx(np.corrcoef(first, truth)[0, 1])


@pytest.mark.parametrize("name", ["mle", "mock", "partial"])
def test_rows_do_not_depend_on_the_batch(tmp_path, name):
    whole = written(tmp_path, name, (0, 2), label="whole")
    parts = [written(tmp_path, name, ends, label=str(ends)) for ends in ((0, 1), (1, 2))]
    for table, *halves in zip(whole, *parts, strict=True):
        joined = pd.concat(halves, ignore_index=True)
        drop = [name for name in ("seconds",) if name in table]
        pd.testing.assert_frame_equal(table.drop(columns=drop), joined.drop(columns=drop))


def test_every_analysis_has_one_row_per_effect_and_data_set(tmp_path):
    effects, retest = written(tmp_path, "mock", (2, 4), cell(-0.4, 0.3, 0.2))
    keys = effects[["replicate", "analysis", "kind", "effect", "parameter", "truth"]]
    assert [*keys.itertuples(index=False, name=None)] == [
        (replicate, analysis, effect.kind, effect.name, effect.parameter, size)
        for replicate in (2, 3)
        for analysis in ("t_test", "rank_test")
        for effect, size in zip(EVERY, (-0.4, 0.3, 0.2), strict=True)
    ]
    assert effects["p"].between(0, 1).all()
    assert retest.empty
    origin = read_origin(tmp_path / "effects-mock-a.parquet")
    assert (origin["source"], origin["replicates"]) == ("x", [2, 4])


def test_without_an_analysis_there_are_second_sessions_only(tmp_path):
    effects, retest = written(tmp_path, "mle", settings=EffectSettings(analyses=("joint",)))
    assert effects.empty
    assert retest["replicate"].tolist() == [0, 0, 1, 1, 2, 2]


class Halving:
    """A joint analysis whose posteriors are normal around half of the data set's mean reward."""

    def fit(self, data, covariate, seed):
        values = np.linspace(-3, 3, 2001)
        mean = float(data.rewards.mean()) / 2
        below = stats.norm.cdf(values, mean, 0.2)
        return [EffectPosterior(mean, 0.2, values, below, 1.5) for _ in EVERY]


def joint(monkeypatch, fitter):
    """Make `fitter` the joint analysis of methods with partial pooling."""
    own = type(method("partial").settings)
    monkeypatch.setattr(own, "estimates_effects", lambda self, kinds: self.pooling == "partial")
    monkeypatch.setattr(module, "make_effect_fitter", lambda settings, setting, model: fitter)


JOINT = EffectSettings(analyses=("joint",), significance=0.1, retest=False)


def test_rows_of_a_joint_analysis(tmp_path, monkeypatch):
    joint(monkeypatch, Halving())
    effects, _ = written(tmp_path, "partial", settings=JOINT)
    (data_set,) = simulated(generator(), NULL, [2], retest=False)
    mean = data_set.data.rewards.mean() / 2
    rows = effects[effects["replicate"] == 2]
    assert rows["parameter"].tolist() == ["alpha", "beta", "alpha"]
    row = rows.iloc[1]
    assert row["estimate"] == pytest.approx(mean)
    ends = stats.norm.ppf([0.05, 0.95], mean, 0.2)
    assert (row["lower"], row["upper"]) == pytest.approx(tuple(ends), abs=1e-4)
    assert row["p"] == pytest.approx(2 * stats.norm.cdf(0, mean, 0.2), abs=1e-4)
    assert row["log_bayes_factor"] == 1.5


def test_the_joint_analysis_goes_on_from_the_fit_of_participants(tmp_path, monkeypatch):
    """Both locate the same mass, once; the rows are those of the joint analysis alone."""
    located, locate = [], Hierarchy.locate

    def counted(self, data):
        located.append(len(data.choices))
        return locate(self, data)

    monkeypatch.setattr(Hierarchy, "locate", counted)
    made, own = generator((GROUP,)), cell(-0.5)
    tests = ("t_test", "joint", "t_test_by_group")
    settings = EffectSettings(analyses=tests, retest=False)
    both, _ = written(tmp_path, "partial", (0, 1), own, settings, made)
    assert located == [6, 3, 3]
    alone, _ = written(tmp_path, "partial", (0, 1), own, EffectSettings(analyses=("joint",)), made)
    assert located == [6, 3, 3, 6]
    joint = both[both["analysis"] == "joint"].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        joint.drop(columns="seconds"), alone.drop(columns="seconds"), check_exact=True
    )


def test_a_joint_analysis_that_fails_is_kept_as_rows(tmp_path, monkeypatch):
    class Failing:
        def fit(self, data, covariate, seed):
            raise FloatingPointError("no finite density")

    joint(monkeypatch, Failing())
    effects, _ = written(tmp_path, "partial", settings=JOINT)
    assert effects["status"].tolist() == ["failed"] * 9
    assert set(effects["reason"]) == {"FloatingPointError: no finite density"}
    assert effects[["estimate", "p", "log_bayes_factor"]].isna().all(axis=None)


def test_a_joint_analysis_without_memory_stops_the_job(tmp_path, monkeypatch):
    class Full:
        def fit(self, data, covariate, seed):
            raise MemoryError

    joint(monkeypatch, Full())
    with pytest.raises(MemoryError):
        written(tmp_path, "partial", settings=JOINT)
    assert not (tmp_path / "effects-partial-a.parquet").exists()


def test_a_joint_estimate_that_is_not_a_number_failed():
    values = np.array([-1.0, 1.0])
    row = joint_row(EffectPosterior(np.nan, 1.0, values, np.array([0.0, 1.0]), 0.0), 0.05)
    assert (row["status"], row["reason"]) == ("failed", "the estimate is nan")
    assert np.isnan(row["log_bayes_factor"])


def test_fits_that_fail_give_failed_rows(tmp_path, monkeypatch):
    def refuse(self, data):
        raise FloatingPointError("nothing to sum")

    fitter = "rlrecovery.fitting.quadrature.fitter.Quadrature._fit_population"
    monkeypatch.setattr(fitter, refuse)
    effects, retest = written(tmp_path, "partial", (0, 3))
    assert set(effects["status"]) == set(retest["status"]) == {"failed"}
    assert effects["reason"].str.contains("participants without a finite estimate: 6").all()
    assert len(effects) == 3 * 4 * 3


def test_a_job_that_was_killed_goes_on_with_the_next_data_set(tmp_path, monkeypatch):
    whole = written(tmp_path, "none", (0, 4), label="whole")
    monkeypatch.setattr(checkpoint, "INTERVAL", 0.0)
    rows, done = DataSetAnalyses.rows, []

    def counted(self, replicates):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(replicates)
        return rows(self, replicates)

    monkeypatch.setattr(DataSetAnalyses, "rows", counted)
    with pytest.raises(KeyboardInterrupt):
        written(tmp_path, "none", (0, 4))
    later = []
    monkeypatch.setattr(
        DataSetAnalyses, "rows", lambda self, numbers: later.append(numbers) or rows(self, numbers)
    )
    resumed = written(tmp_path, "none", (0, 4))
    assert (done, later) == ([[0], [1]], [[2], [3]])
    for one, other in zip(whole, resumed, strict=True):
        drop = [name for name in ("seconds",) if name in one]
        pd.testing.assert_frame_equal(one.drop(columns=drop), other.drop(columns=drop))
    assert not [*tmp_path.glob(".*")]


def test_groups_of_different_sizes_and_an_effect_of_one_group(tmp_path):
    """By-group fits have fitters of their own sizes, and groups without participants have none."""
    made = generator((GROUP, replace(GROUP, name="other", index=2)), (0.5, 0.4, 0.1))
    effects, _ = written(tmp_path, "partial", (0, 1), cell(0.0, 0.0, participants=5), made=made)
    other = effects[(effects["effect"] == "other") & (effects["analysis"] == "t_test_by_group")]
    assert other["reason"].tolist() == ["a group has estimates of fewer than 2 participants"]
    own = effects[(effects["effect"] == "patient") & (effects["analysis"] == "t_test_by_group")]
    assert own["p"].between(0, 1).all()


def test_second_sessions_alone_need_one_fit_and_can_be_resumed(tmp_path, monkeypatch, caplog):
    """Without effects there is no joint analysis that could fail, and a checkpoint is complete."""
    made, own = generator((), (1.0,)), cell()
    whole = written(tmp_path, "partial", own=own, made=made, settings=EffectSettings())
    assert whole[0].empty
    assert list(whole[1]["replicate"].unique()) == [0, 1, 2]
    assert "failed" not in caplog.text
    monkeypatch.setattr(checkpoint, "INTERVAL", 0)
    fitted, rows = [], DataSetAnalyses.rows

    def stopped(self, replicates):
        """As `DataSetAnalyses.rows`, until the job is killed in the third data set."""
        if len(fitted) == 2:
            raise KeyboardInterrupt
        fitted.extend(replicates)
        return rows(self, replicates)

    monkeypatch.setattr(DataSetAnalyses, "rows", stopped)
    with pytest.raises(KeyboardInterrupt):
        written(tmp_path, "partial", own=own, made=made, settings=EffectSettings(), label="b")
    monkeypatch.setattr(
        DataSetAnalyses, "rows", lambda self, own: fitted.extend(own) or rows(self, own)
    )
    resumed = written(tmp_path, "partial", own=own, made=made, settings=EffectSettings(), label="b")
    assert fitted == [0, 1, 2]
    pd.testing.assert_frame_equal(resumed[1], whole[1])
