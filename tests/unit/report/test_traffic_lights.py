"""Traffic lights show the verdicts of the summary with their reasons."""

import numpy as np
import pytest
import summaries

from rlrecovery.report.lines import LineKey
from rlrecovery.report.numbers import pm
from rlrecovery.report.traffic_lights import light_line, light_table
from rlrecovery.score.results import load_summary
from unit.report.pages import changed, over_grid, rejudged

KEY = LineKey("participant", "mle", 5, 150)
ALPHA = {"parameter": "alpha", "level": "participant"}

#: Values of a green line.
FINE = {
    "spearman_within": (0.95, 0.01),
    "relative_rmse": (0.3, 0.01),
    "coverage": (0.95, 0.001),
    "share_at_bound": (0.01, 1e-3),
    "share_not_converged": (0.0, 0.0),
    "share_failed": (0.01, 1e-3),
}


def alpha_line(summary, unflagged=2970, **values):
    """The line of individual participants' alpha with these values over 3000 rows."""
    summary = changed(summary, ALPHA | {"scope": "grid"}, n_rows=3000)
    where = ALPHA | {"scope": "grid", "measure": "mse", "rows": "ok"}
    summary = changed(summary, where, n_rows=unflagged)
    return light_line(over_grid(summary, ALPHA, **(FINE | values)), "alpha", KEY)


@pytest.mark.parametrize(
    ("changes", "light", "reason"),
    [
        ({}, "green", ""),
        ({"spearman_within": (0.95, 0.2)}, "amber", "rank correlation is 0.95 ± 0.20"),
        ({"spearman_within": (0.3, 0.01)}, "red", "rank correlation is 0.300 ± 0.010"),
        ({"relative_rmse": (0.8, 0.01)}, "amber", "RMSE is 80.0 ± 1.0 % of the baseline’s"),
        ({"relative_rmse": (1.6, 0.01)}, "red", "RMSE is 160.0 ± 1.0 % of the baseline’s"),
        ({"coverage": (0.7, 0.001)}, "red", "95 % intervals cover 70.00 ± 0.10 %"),
        ({"coverage": (0.88, 0.001)}, "amber", "95 % intervals cover 88.00 ± 0.10 %"),
        ({"coverage": (0.999, 0.001)}, "green", ""),
        ({"unflagged": 2700}, "amber", ""),
        ({"unflagged": 1500}, "red", ""),
    ],
)
def test_the_light_of_a_line_and_its_reason(summary, changes, light, reason):
    line = alpha_line(summary, **changes)
    assert line.light == light
    assert line.reasons.startswith(reason)
    assert (line.reasons == "") == (light == "green")
    assert line.reasons.endswith("flagged") == ("unflagged" in changes)


@pytest.mark.parametrize(("rank", "name"), [(0.74, "not enough data"), (0.6, "partly recovered")])
def test_an_amber_light_says_whether_more_replicates_could_help(summary, rank, name):
    assert alpha_line(summary, spearman_within=(rank, 0.02)).name == name


def test_numbers_of_a_line_are_those_over_all_true_values(summary):
    line = light_line(summary, "alpha", KEY)
    grid = summary.measure("rmse", scope="grid", parameter="alpha", **KEY._asdict()).iloc[0]
    assert line.rmse == pm(grid["value"], grid["mcse"])
    rank = summary.measure("spearman_within", scope="grid", parameter="alpha", **KEY._asdict())
    assert line.rank == pm(rank["value"].iloc[0], rank["mcse"].iloc[0])
    bias = summary.measure("bias", parameter="alpha", **KEY._asdict())
    worst = bias.loc[bias["value"].abs().idxmax()]
    assert line.bias_at == f"alpha {worst['alpha']:g}, beta {worst['beta']:g}"


def test_groups_are_judged_over_the_true_values(summary):
    line = light_line(summary, "alpha", KEY._replace(level="group"))
    key = KEY._replace(level="group")._asdict()
    rank = summary.measure("spearman", scope="grid", parameter="alpha", **key).iloc[0]
    assert line.rank == pm(rank["value"], rank["mcse"])


def test_lines_are_of_the_largest_design(summary):
    lines = light_table(summary)
    assert {line.key.design for line in lines} == {(5, 150)}
    assert {(line.parameter, line.key.level, line.key.method) for line in lines} == {
        (parameter, level, method)
        for parameter in ("alpha", "beta")
        for level, method in (
            ("participant", "mle"),
            ("participant", "bayes"),
            ("participant", "hierarchical"),
            ("group", "mle"),
            ("group", "hierarchical"),
            ("spread", "hierarchical"),
        )
    }


def test_without_an_estimate_at_a_true_value_the_light_is_red(summary):
    where = {"measure": "rmse", "method": "mle"}
    missing = changed(summary, where | {"alpha": 0.2}, value=np.nan)
    missing = changed(missing, where | {"scope": "grid"}, value=np.nan)
    incomplete = [line for line in light_table(rejudged(missing)) if line.key.method == "mle"]
    assert len(incomplete) == 4
    for line in incomplete:
        assert line.light == "red"
        assert line.reasons == "no estimate at 2 of 6 true parameter combinations"
        assert line.rmse == "–"


def test_one_true_value_gives_a_verdict_on_participants_only(tiny):
    lights = {(line.parameter, line.key.level): line.light for line in light_table(tiny)}
    assert lights["beta", "group"] == "none"
    assert lights["alpha", "group"] != "none"
    assert lights["beta", "participant"] != "none"


def test_identical_participants_give_no_verdict(tmp_path):
    folder = summaries.write_run(
        tmp_path,
        truth={"alpha": [0.5], "beta": [5]},
        population={"alpha": {"spread": 0}, "beta": {"spread": 0}},
        methods=("mle",),
        participants=(1,),
        trials=(50,),
        replicates=3,
    )
    lines = light_table(load_summary(folder / "summary", ("recovery", "points", "verdicts")))
    assert {line.light for line in lines} == {"none"}
