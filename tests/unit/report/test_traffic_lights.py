"""Traffic lights follow the rule on the page, and give their reasons."""

import dataclasses

import numpy as np
import pytest
import summaries

from rlrecovery.report.limits import Limits
from rlrecovery.report.lines import LineKey, headline_cells
from rlrecovery.report.numbers import pm
from rlrecovery.report.traffic_lights import (
    Criterion,
    combined_light,
    flagged_share,
    judgement,
    light_line,
    light_table,
)
from rlrecovery.score.results import load_summary
from unit.report.pages import changed

KEY = LineKey("participant", "mle", 5, 150)
LIMITS = Limits("", green=0.75, red=0.5, higher_is_better=True)

#: Values of a green line, for true values with an SD of about 0.25.
FINE = {
    "spearman": (0.95, 0.01),
    "mse": (0.05**2, 1e-5),
    "rmse": (0.05, 1e-4),
    "coverage": (0.95, 0.001),
}


def alpha_with(summary, unflagged=2970, **values):
    """Set values and MCSEs of individual participants' alpha, with 3000 rows each."""
    recovery = summary.recovery.assign(n_rows=3000)
    summary = dataclasses.replace(summary, recovery=recovery)
    alpha = {"parameter": "alpha", "level": "participant"}
    for measure, (value, mcse) in values.items():
        scope = "grid" if measure == "spearman" else "cell"
        where = alpha | {"measure": measure, "scope": scope}
        summary = changed(summary, where, value=value, mcse=mcse)
    return changed(summary, alpha | {"measure": "bias", "rows": "ok"}, n_rows=unflagged)


@pytest.mark.parametrize(
    ("value", "mcse", "light"),
    [
        (0.80, 0.01, "green"),
        (0.75, 0.0, "green"),
        (0.80, 0.03, "amber"),
        (0.60, 0.01, "amber"),
        (0.45, 0.03, "amber"),
        (0.45, 0.01, "red"),
        (0.99, np.nan, "amber"),
        (-0.99, np.nan, "amber"),
    ],
)
def test_a_criterion_is_green_or_red_only_with_certainty(value, mcse, light):
    assert Criterion("", value, mcse, LIMITS).light == light
    mirrored = dataclasses.replace(LIMITS, green=-0.75, red=-0.5, higher_is_better=False)
    assert Criterion("", -value, mcse, mirrored).light == light


def test_a_light_is_the_worst_of_its_criteria():
    green, amber, red = (Criterion("", value, 0.0, LIMITS) for value in (0.9, 0.6, 0.1))
    assert combined_light([green, green, green]) == "green"
    assert combined_light([green, amber, green]) == "amber"
    assert combined_light([green, amber, red]) == "red"
    assert combined_light([green, green]) == "none"


def test_an_amber_light_is_partial_only_with_certainty():
    green, between = (Criterion("", value, 0.0, LIMITS) for value in (0.9, 0.6))
    may_be_green, may_be_red = (Criterion("", value, 0.05, LIMITS) for value in (0.7, 0.55))
    assert judgement([green, green, between]) == "partly recovered"
    assert judgement([green, between, may_be_green]) == "partly recovered"
    assert judgement([green, green, may_be_green]) == "not enough data"
    assert judgement([green, between, may_be_red]) == "not enough data"


@pytest.mark.parametrize(
    ("changes", "light", "reason"),
    [
        ({}, "green", ""),
        ({"spearman": (0.95, 0.2)}, "amber", "rank correlation is 0.95 ± 0.20"),
        ({"spearman": (0.3, 0.01)}, "red", "rank correlation is 0.300 ± 0.010"),
        ({"spearman": (0.95, 0.0)}, "amber", "rank correlation is 0.95"),
        ({"mse": (0.04, 1e-5), "rmse": (0.2, 1e-4)}, "amber", "RMSE is 8"),
        ({"mse": (0.16, 1e-5), "rmse": (0.4, 1e-4)}, "red", "RMSE is 16"),
        ({"coverage": (0.7, 0.001)}, "red", "95 % intervals cover 70.000 ± 0.041 %"),
        ({"coverage": (0.88, 0.001)}, "amber", "95 % intervals cover 88.000 ± 0.041 %"),
        ({"coverage": (0.999, 0.001)}, "green", ""),
        ({"unflagged": 2700}, "amber", "10.00 ± "),
        ({"unflagged": 1500}, "red", "50.00 ± "),
    ],
)
def test_the_light_of_a_line_and_its_reason(summary, changes, light, reason):
    values = {"share_at_bound": (0.01, 1e-3), "share_failed": (0.01, 1e-3)}
    line = light_line(alpha_with(summary, **(FINE | values | changes)), "alpha", KEY)
    assert line.light == light
    assert line.reasons.startswith(reason)
    assert (line.reasons == "") == (light == "green")


def test_numbers_of_a_line_are_over_all_true_values(summary):
    line = light_line(alpha_with(summary, **FINE), "alpha", KEY)
    assert line.rmse == pm(0.05, np.sqrt(6) * 1e-5 / 6 / (2 * 0.05))
    assert line.rank == "0.950 ± 0.010"
    bias = summary.measure("bias", parameter="alpha", **KEY._asdict())
    worst = bias.loc[bias["value"].abs().idxmax()]
    assert line.bias_at == f"alpha {worst['alpha']:g}, beta {worst['beta']:g}"


def test_every_row_counts_once_as_flagged_and_no_share_is_certain(summary):
    share, mcse = flagged_share(headline_cells(alpha_with(summary, **FINE), "alpha", KEY))
    assert share == pytest.approx(0.01)
    assert mcse >= np.sqrt(0.01 * 0.99 / 18000)
    none = headline_cells(alpha_with(summary, unflagged=3000, **FINE), "alpha", KEY)
    assert flagged_share(none).value == 0
    assert flagged_share(none).mcse > 0


def test_one_kind_of_flag_is_printed_as_in_the_other_tables(summary):
    """A proportion has the same value everywhere on the page."""
    no_flags = dict.fromkeys(("share_not_converged", "share_failed"), (0.0, 0.0))
    values = FINE | no_flags | {"share_at_bound": (0.1, 0.02)}
    line = light_line(alpha_with(summary, unflagged=2700, **values), "alpha", KEY)
    assert line.reasons == f"{pm(0.1, 0.02 / np.sqrt(6), 100)} % of rows flagged"


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
    where = {"measure": "rmse", "alpha": 0.2, "method": "mle"}
    lines = light_table(changed(summary, where, value=np.nan))
    incomplete = [line for line in lines if line.key.method == "mle"]
    assert len(incomplete) == 4
    for line in incomplete:
        assert line.light == "red"
        assert line.reasons == "no estimate at 2 of 6 true parameter combinations"
        assert line.rmse == "–"


def test_flags_of_a_group_are_never_red(summary):
    group = {"level": "group", "parameter": "alpha"}
    flagged = changed(summary, group | {"rows": "ok"}, n_rows=0)
    flagged = changed(flagged, group | {"measure": "spearman"}, value=0.95, mcse=0.01)
    line = light_line(flagged, "alpha", KEY._replace(level="group"))
    assert line.light == "amber"
    assert "flagged" in line.reasons


def test_one_true_value_gives_no_verdict(tiny):
    lights = {line.parameter: line.light for line in light_table(tiny)}
    assert lights["beta"] == "none"
    assert lights["alpha"] != "none"


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
    lines = light_table(load_summary(folder / "summary", ("recovery", "points")))
    assert {line.light for line in lines} == {"none"}
