"""Tables per parameter have the numbers of the summary."""

import numpy as np
import pandas as pd
import pytest
import summaries

from rlrecovery.report.numbers import pm
from rlrecovery.report.parameter_tables import parameter_table
from rlrecovery.report.significance import bias_verdict
from rlrecovery.score.pooling import mean_over_cells
from rlrecovery.score.results import load_summary
from unit.report.pages import changed, with_fewer_replicates


def line_of(table, method="mle", level="participant", trials=50):
    lines = [*table["shown"], *table["folded"]]
    return next(
        line
        for line in lines
        if (line["key"].method, line["key"].level, line["key"].trials) == (method, level, trials)
    )


def test_a_line_has_ranges_correlation_and_the_worst_cell(summary):
    line = line_of(parameter_table(summary, "beta"))
    where = {"parameter": "beta", "method": "mle", "level": "participant", "trials": 50}
    bias = summary.measure("bias", **where).sort_values("value")
    low, high = bias.iloc[0], bias.iloc[-1]
    assert line["bias"]["low"] == pm(low["value"], low["mcse"])
    assert line["bias"]["high"] == pm(high["value"], high["mcse"])
    worst = bias.loc[bias["value"].abs().idxmax()]
    assert line["bias"]["worst"] == f"alpha {worst['alpha']:g}, beta {worst['beta']:g}"
    assert line["bias"]["worst_cells"] == worst["cell"]
    rank = summary.measure("spearman", scope="grid", **where).iloc[0]
    assert line["rank"] == pm(rank["value"], rank["mcse"])
    assert line["bias_verdict"] == bias_verdict(bias)
    unflagged = summary.measure("bias", rows="ok", **where).sort_values("value").iloc[0]
    assert line["unflagged"]["low"] == pm(unflagged["value"], unflagged["mcse"])


def test_flagged_shares_are_pooled_over_the_true_values(summary):
    where = {"parameter": "beta", "method": "mle", "level": "participant", "trials": 50}
    shares = summary.measure("share_at_bound", **where)
    mcse = np.sqrt((shares["mcse"] ** 2).sum()) / len(shares)
    text = f"{pm(shares['value'].mean(), mcse, 100)} % of rows at a bound"
    line = line_of(parameter_table(summary, "beta"))
    assert text in line["flagged"]
    assert line["has_bound"]


def test_shares_without_error_are_counts_and_ties_are_several(tiny):
    coverage = {"measure": "coverage", "parameter": "beta"}
    summary = changed(tiny, coverage | {"level": "group"}, value=1.0, mcse=0.0, n=5, n_rows=5)
    summary = changed(
        summary, coverage | {"level": "participant"}, value=1.0, mcse=0.0, n=5, n_rows=15
    )
    table = parameter_table(summary, "beta")
    group, participant = (line_of(table, level=level) for level in ("group", "participant"))
    assert (group["coverage"]["low"], group["coverage"]["worst"]) == (
        "5 of 5",
        "several combinations",
    )
    assert participant["coverage"]["low"] == participant["coverage"]["high"] == "15 of 15 rows"
    assert group["coverage_verdict"] == "not distinguishable from nominal"


def test_a_correlation_without_error_has_no_plus_minus(tiny):
    summary = changed(tiny, {"measure": "spearman"}, value=0.98765, mcse=0.0)
    assert line_of(parameter_table(summary, "alpha"))["rank"] == "0.988"


def test_with_few_replicates_there_are_means_and_no_tests(summary):
    few = with_fewer_replicates(summary, "bayes", 2)
    line = line_of(parameter_table(few, "beta"), method="bayes")
    where = {"parameter": "beta", "method": "bayes", "level": "participant", "trials": 50}
    bias, coverage = (
        summary.measure("bias", **where), summary.measure("coverage", interval=0.95, **where)
    )  # fmt: skip
    assert line["bias"] == {
        "low": pm(*mean_over_cells(bias)), "is_single": True, "note": "mean"
    }  # fmt: skip
    assert line["coverage"]["low"] == pm(*mean_over_cells(coverage), 100)
    squares = summary.measure("mse", **where)["value"]
    assert line["rmse"]["low"].startswith(f"{squares.mean() ** 0.5:.1f}")
    assert line["bias_verdict"] == line["coverage_verdict"] == ""
    no_value = changed(few, {"method": "bayes", "alpha": 0.2}, value=np.nan)
    assert line_of(parameter_table(no_value, "beta"), method="bayes")["bias"] is None


def test_a_missing_interval_is_a_flag(tiny):
    shares = tiny.measure("share_failed")
    rows = shares.assign(measure="share_no_interval", value=0.25, mcse=0.05)
    summary = changed(tiny, {"measure": "share_failed"}, value=0.0, mcse=0.0)
    recovery = pd.concat([summary.recovery, rows], ignore_index=True)
    flagged = line_of(parameter_table(type(tiny)(**vars(summary) | {"recovery": recovery}), "beta"))
    assert "25.0 ± 3.5 % of rows without an interval or not identified" in flagged["flagged"]


def test_nothing_flagged_is_stated(tiny):
    summary = tiny
    for share in ("share_at_bound", "share_not_converged", "share_failed"):
        summary = changed(summary, {"measure": share}, value=0.0, mcse=0.0)
    line = line_of(parameter_table(summary, "alpha"))
    assert line["flagged"] == []
    assert not line["has_bound"]


def test_without_estimates_no_verdict_is_given(tiny):
    summary = changed(tiny, {"measure": "bias"}, value=np.nan, mcse=np.nan)
    line = line_of(parameter_table(summary, "alpha"))
    assert line["bias"] is None
    assert line["bias_verdict"] == ""


@pytest.mark.parametrize(("trials", "n_folded"), [((30, 60), 0), ((30, 60, 90), 4)])
def test_of_many_designs_the_smallest_and_the_largest_are_shown(tmp_path, trials, n_folded):
    folder = summaries.write_run(
        tmp_path,
        truth={"alpha": [0.3], "beta": [5]},
        participants=(2, 4) if n_folded else (2,),
        trials=trials,
        methods=("bayes",),
        replicates=3,
    )
    table = parameter_table(load_summary(folder / "summary"), "alpha")
    assert len(table["folded"]) == n_folded
    shown = {line["key"].design for line in table["shown"]}
    assert shown == ({(2, 30), (4, 90)} if n_folded else {(2, 30), (2, 60)})
