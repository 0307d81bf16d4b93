"""Pooled RMSEs, and comparisons of RMSEs."""

import dataclasses

import numpy as np
import pytest

from rlrecovery.report.lines import LineKey
from rlrecovery.report.rmse_comparison import (
    clearly_differ,
    difference_of,
    pooled_rmse,
    pooled_rmses,
)
from unit.report.pages import changed, with_rmse

KEY = LineKey("participant", "mle", 5, 150)


def test_the_pooled_rmse_is_the_root_of_the_mean_mse(summary):
    rows = summary.measure("mse", parameter="alpha", **KEY._asdict())
    root = rows["value"].mean() ** 0.5
    mcse = (rows["mcse"] ** 2).sum() ** 0.5 / len(rows) / (2 * root)
    rmse = pooled_rmse(summary, "alpha", KEY)
    assert (rmse.value, rmse.mcse) == pytest.approx((root, mcse))


def test_without_an_estimate_at_a_true_value_there_is_no_pooled_rmse(summary):
    where = {"measure": "rmse", "alpha": 0.2, "method": "mle"}
    incomplete = changed(summary, where, value=np.nan)
    assert pooled_rmse(incomplete, "alpha", KEY) is None
    methods = {rmse.key.method for rmse in pooled_rmses(incomplete, "alpha", "participant")}
    assert methods == {"bayes", "hierarchical"}


@pytest.mark.parametrize(("mcse", "differ"), [(1e-6, True), (1e6, False)])
def test_methods_are_compared_on_the_same_data(summary, mcse, differ):
    table = summary.comparison.copy()
    rows = table["measure"] == "mse_difference"
    table.loc[rows, ["value", "mcse"]] = -0.01, mcse
    paired = dataclasses.replace(summary, comparison=table)
    keys = (KEY, KEY._replace(method="bayes"))
    rmses = [pooled_rmse(paired, "alpha", key) for key in keys]
    assert clearly_differ(paired, "alpha", *rmses) == differ


def test_a_paired_difference_has_the_sign_of_its_first_method(summary):
    table = summary.comparison.copy()
    rows = (table["measure"] == "mse_difference") & (table["method"] == "bayes")
    table.loc[rows, ["value", "mcse"]] = -0.01, 0.001  # bayes minus mle
    paired = dataclasses.replace(summary, comparison=table)
    mle, bayes = (pooled_rmse(paired, "alpha", KEY._replace(method=m)) for m in ("mle", "bayes"))
    assert difference_of(paired, "alpha", bayes, mle).value == pytest.approx(-0.01)
    assert difference_of(paired, "alpha", mle, bayes).value == pytest.approx(0.01)


@pytest.mark.parametrize(("mcse", "differ"), [(0.001, True), (0.05, False)])
def test_designs_are_compared_as_independent(summary, mcse, differ):
    errors = {("mle", 50): 0.2, ("mle", 150): 0.1}
    where = {"parameter": "alpha", "level": "participant"}
    other = with_rmse(summary, errors, mcse=mcse * np.sqrt(6), **where)
    rmses = [pooled_rmse(other, "alpha", KEY._replace(trials=trials)) for trials in (50, 150)]
    assert [rmse.mcse for rmse in rmses] == pytest.approx([mcse, mcse])
    assert clearly_differ(other, "alpha", *rmses) == differ
