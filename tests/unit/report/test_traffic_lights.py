"""Traffic lights follow the rule that the page states, and say why."""

import dataclasses

import numpy as np
import pytest
import summaries

from rlrecovery.report import traffic_lights as lights
from rlrecovery.report.numbers import pm
from rlrecovery.report.traffic_lights import (
    Criterion,
    advice,
    combined,
    flagged_share,
    judged,
    small_table,
)
from rlrecovery.report.verdicts import Place, headline_cells
from rlrecovery.score.results import load_summary

NEEDED = ("recovery", "points")
PLACE = Place("participant", "mle", 5, 150)


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    folder = summaries.write_run(
        tmp_path_factory.mktemp("run"), replicates=6, participants=(5,), methods=("mle", "bayes")
    )
    return load_summary(folder / "summary", NEEDED)


def changed(summary, flags=2970, **values):
    """The summary of many rows with other values and MCSEs of single participants' alpha."""
    table = summary.recovery.assign(n_rows=3000)
    mine = (table["parameter"] == "alpha") & (table["level"] == "participant")
    for measure, (value, mcse) in values.items():
        scope = "grid" if measure == "spearman" else "cell"
        here = mine & (table["measure"] == measure) & (table["scope"] == scope)
        here &= table["rows"] == "all"
        table.loc[here, ["value", "mcse"]] = value, mcse
    unflagged = mine & (table["measure"] == "bias") & (table["rows"] == "ok")
    table.loc[unflagged, "n_rows"] = flags
    return dataclasses.replace(summary, recovery=table)


#: Of truths with an SD of about 0.25; flags as in `changed`.
FINE = {
    "spearman": (0.95, 0.01), "mse": (0.05**2, 1e-5), "rmse": (0.05, 1e-4),
    "coverage": (0.95, 0.001),
}  # fmt: skip


@pytest.mark.parametrize(
    ("criterion", "light"),
    [
        (Criterion("", 0.80, 0.01, 0.75, 0.5), "green"),
        (Criterion("", 0.75, 0.0, 0.75, 0.5), "green"),
        (Criterion("", 0.80, 0.03, 0.75, 0.5), "amber"),
        (Criterion("", 0.60, 0.01, 0.75, 0.5), "amber"),
        (Criterion("", 0.45, 0.03, 0.75, 0.5), "amber"),
        (Criterion("", 0.45, 0.01, 0.75, 0.5), "red"),
        (Criterion("", 0.99, np.nan, 0.75, 0.5), "amber"),
        (Criterion("", -0.99, np.nan, 0.75, 0.5), "amber"),
    ],
)
def test_a_criterion_is_on_a_side_only_if_that_is_certain(criterion, light):
    assert criterion.light == light


def test_a_light_is_the_worst_of_its_criteria():
    green, amber, red = (Criterion("", v, 0.0, 0.75, 0.5) for v in (0.9, 0.6, 0.1))
    assert combined([green, green, green]) == "green"
    assert combined([green, amber, green]) == "amber"
    assert combined([green, amber, red]) == "red"
    assert combined([green, green]) == "none"


@pytest.mark.parametrize(
    ("changes", "light", "reason"),
    [
        ({}, "green", ""),
        ({"spearman": (0.95, 0.2)}, "amber", "rank correlation 0.95 ± 0.20"),
        ({"spearman": (0.3, 0.01)}, "red", "rank correlation 0.300 ± 0.010"),
        ({"spearman": (0.95, 0.0)}, "amber", "rank correlation 0.95"),
        ({"mse": (0.04, 1e-5), "rmse": (0.2, 1e-4)}, "amber", "RMSE 0.8"),
        ({"mse": (0.16, 1e-5), "rmse": (0.4, 1e-4)}, "red", "RMSE 1.6"),
        ({"coverage": (0.7, 0.001)}, "red", "95 % intervals hold 70.000 ± 0.041 %"),
        ({"coverage": (0.88, 0.001)}, "amber", "95 % intervals hold 88.000 ± 0.041 %"),
        ({"coverage": (0.999, 0.001)}, "green", ""),
        ({"flags": 2700}, "amber", "10.0 ± "),
        ({"flags": 1500}, "red", "50.0 ± "),
    ],
)
def test_the_light_of_a_line(summary, changes, light, reason):
    line = judged(changed(summary, **(FINE | changes)), "alpha", PLACE)
    assert line["light"] == light
    assert line["reasons"].startswith(reason)
    assert (line["reasons"] == "") == (light == "green")
    assert line["name"] == lights.NAMES[light]


def test_numbers_of_a_line_are_over_all_truths(summary):
    line = judged(changed(summary, **FINE), "alpha", PLACE)
    assert line["rmse"] == pm(0.05, np.sqrt(6) * 1e-5 / 6 / (2 * 0.05))
    assert line["correlation"] == "0.950 ± 0.010"
    mine = summary.measure("bias", parameter="alpha", **PLACE._asdict())
    worst = mine.loc[mine["value"].abs().idxmax()]
    assert line["at"] == f"alpha {worst['alpha']:g}, beta {worst['beta']:g}"


def test_the_share_of_flagged_rows_counts_every_flag_once_and_is_never_certain(summary):
    cells = headline_cells(changed(summary, **FINE), "alpha", PLACE)
    share, mcse = flagged_share(cells)
    assert share == pytest.approx(0.01)
    assert mcse >= np.sqrt(0.01 * 0.99 / 18000)
    none = headline_cells(changed(summary, flags=3000, **FINE), "alpha", PLACE)
    assert flagged_share(none)[0] == 0
    assert flagged_share(none)[1] > 0


def test_the_small_table_is_of_the_largest_design(summary):
    lines = small_table(summary)
    assert {line["place"].trials for line in lines} == {150}
    there = {(line["parameter"], line["place"].level, line["place"].method) for line in lines}
    assert there == {
        (p, level, m)
        for p in ("alpha", "beta")
        for level, m in (("participant", "mle"), ("participant", "bayes"), ("group", "mle"))
    }


def test_one_truth_is_not_judged(tmp_path):
    folder = summaries.write_run(
        tmp_path, truth={"alpha": [0.5], "beta": [5]}, population={"alpha": {"spread": 0},
        "beta": {"spread": 0}}, methods=("mle",), participants=(1,), trials=(50,), replicates=3,
    )  # fmt: skip
    summary = load_summary(folder / "summary", NEEDED)
    points = summary.points.assign(truth=0.5)
    grid = summary.recovery["scope"] == "grid"
    summary = dataclasses.replace(summary, points=points, recovery=summary.recovery[~grid])
    assert {line["light"] for line in small_table(summary)} == {"none"}
    assert advice(summary) == []


def test_advice_names_the_levers_and_only_clear_changes(summary):
    def errors(few, many, other, mcse):
        table = summary.recovery.astype({"measure": "object"})
        mine = (table["parameter"] == "alpha") & (table["level"] == "participant")
        for method, trials, value in (
            ("bayes", 50, few), ("bayes", 150, many), ("mle", 150, other), ("mle", 50, other),
        ):  # fmt: skip
            here = mine & (table["method"] == method) & (table["trials"] == trials)
            here &= table["rows"] == "all"
            table.loc[here & (table["measure"] == "rmse"), ["value", "mcse"]] = value, mcse
            squares = value**2, 2 * value * mcse
            table.loc[here & (table["measure"] == "mse"), ["value", "mcse"]] = squares
        found = advice(dataclasses.replace(summary, recovery=table))
        return next(each["text"] for each in found if each["about"].startswith("alpha of single"))

    text = errors(0.2, 0.1, 0.3, 0.001)
    assert "150 instead of 50 trials lowered RMSE by 50 % (0.2000" in text
    assert "bayes instead of mle lowered RMSE by 67 %" in text
    text = errors(0.2, 0.19, 0.3, 0.05)
    assert "150 instead of 50 trials made no clear difference" in text


def test_a_method_without_an_estimate_at_a_truth_is_red_and_says_why(summary):
    table = summary.recovery.copy()
    gone = (table["measure"] == "rmse") & (table["alpha"] == 0.2) & (table["method"] == "mle")
    table.loc[gone, "value"] = np.nan
    lines = small_table(dataclasses.replace(summary, recovery=table))
    mine = [line for line in lines if line["place"].method == "mle"]
    assert len(mine) == 4
    for line in mine:
        assert (line["light"], line["reasons"]) == ("red", "no estimate at 2 of 6 truths")
        assert line["rmse"] == "–"


def test_flags_of_a_group_are_never_red_by_themselves(summary):
    table = summary.recovery.copy()
    group = (table["level"] == "group") & (table["parameter"] == "alpha")
    table.loc[group & (table["rows"] == "ok"), "n_rows"] = 0
    table.loc[group & (table["measure"] == "spearman"), ["value", "mcse"]] = 0.95, 0.01
    line = judged(
        dataclasses.replace(summary, recovery=table), "alpha", PLACE._replace(level="group")
    )
    assert line["light"] == "amber"
    assert "% of rows flagged" in line["reasons"]


def test_methods_are_compared_on_the_same_data(tmp_path):
    folder = summaries.write_run(
        tmp_path, replicates=6, participants=(3,), trials=(50,), methods=("mle", "bayes")
    )
    summary = load_summary(folder / "summary")
    mine = summary.comparison["measure"] == "mse_difference"
    for mcse, says in ((1e-6, "lowered RMSE by"), (1e6, "made no clear difference")):
        table = summary.comparison.copy()
        table.loc[mine, ["value", "mcse"]] = -0.01, mcse
        text = advice(dataclasses.replace(summary, comparison=table))[0]["text"]
        assert "instead of" in text
        assert says in text


def test_people_who_scatter_around_one_truth_are_not_judged(tmp_path):
    folder = summaries.write_run(
        tmp_path, truth={"alpha": [0.5], "beta": [2, 5]}, methods=("mle",), participants=(5,),
        trials=(50,), replicates=3,
    )  # fmt: skip
    lines = small_table(load_summary(folder / "summary", NEEDED))
    assert {line["light"] for line in lines if line["parameter"] == "alpha"} == {"none"}
    assert "none" not in {line["light"] for line in lines if line["parameter"] == "beta"}
