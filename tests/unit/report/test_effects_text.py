"""Whether a difference would be found, in words."""

import dataclasses
import re

import effect_tables
import numpy as np
import pandas as pd
import pytest
import yaml
from settings import MLE, QUADRATURE, ROOT, bayes, study

from rlrecovery.config.reader import parse
from rlrecovery.config.study import read_resolved
from rlrecovery.report.effect_results import results_of
from rlrecovery.report.effects_text import effects_section, head, verdict
from rlrecovery.report.effects_words import share, share_with_error
from rlrecovery.report.numbers import rounded
from rlrecovery.score.analyses import Analysis, StudiedEffect
from rlrecovery.score.results import load_summary
from unit.report.pages import build, words

GROUPS = {
    "control": {"share": 0.5},
    "patient": {"share": 0.5, "shift": {"alpha": [-0.4, -0.8]}},
}
METHODS = {"mle": MLE, "exact": QUADRATURE, "hierarchical": bayes("partial")}
PATIENT = StudiedEffect(*effect_tables.PATIENT)
BY_GROUP = Analysis("hierarchical", "t_test_by_group")


def config(**changes):
    keys = {
        "participants": [30, 60],
        "trials": [60, 120],
        "truth": {"alpha": [0.5], "beta": [3]},
        "groups": GROUPS,
    }
    given = {key: value for key, value in (keys | changes).items() if value is not None}
    return parse(study(methods=METHODS, **given))


EXPERIMENT = config()


def section(summary, experiment=EXPERIMENT, **keywords):
    return effects_section(effect_tables.with_effects(summary, **keywords), experiment)


def test_the_first_sentence_answers_what_a_lab_asks(tiny):
    (effect,) = section(tiny)["effects"]
    assert effect["title"] == "A difference in alpha between patient and control"
    power = effect_tables.measures("joint", -0.8, 60, 120, 200)
    value, mcse = next((m["value"], m["mcse"]) for m in power if m["measure"] == "power")
    assert effect["answer"].startswith(
        "With 60 participants (30 control, 30 patient) and 120 trials, a difference in alpha of "
        "−0.8 on the logit scale (0.5 to 0.31) between patient and control is found in "
        f"{100 * value:.1f} % of data sets (Monte Carlo SE {100 * mcse:.1f} points) by the joint "
        "model of hierarchical. 80 % power needs a difference of −0.71 (95 % interval: −0.64 to "
        "−0.8), 0.5 to 0.33."
    )
    assert effect["verdict"] == ("yes", "above 80 % power")
    assert effect["scales"] == ["−0.4: 0.5 to 0.4", "−0.8: 0.5 to 0.31"]


def test_an_analysis_that_finds_what_is_not_there_is_named_and_not_chosen(tiny):
    (effect,) = section(tiny)["effects"]
    (warning,) = (text for text in effect["warnings"] if "where there is none" in text)
    assert warning == (
        "The t test of hierarchical estimates fitted by group finds a difference where there is "
        "none in 14.2 ± 2.5 % of data sets (nominal 5 %), and is not considered."
    )
    rows = {row["label"]: row for row in effect["rows"]}
    wrong = rows["t test of hierarchical estimates fitted by group"]
    best = rows["joint model of hierarchical"]
    assert wrong["is_wrong"]
    assert not wrong["is_best"]
    assert best["is_best"]
    powers = {label: float(row["texts"][2].split(" ")[0]) for label, row in rows.items()}
    assert powers[wrong["label"]] > powers[best["label"]]
    assert (
        "The joint model of hierarchical was flagged in 1.00 ± 0.70 % of data sets."
        in (effect["warnings"])
    )


def with_value(summary, value, mcse, **where):
    table = summary.effects.copy()
    rows = pd.Series(True, table.index)
    for column, wanted in where.items():
        rows &= table[column] == wanted
    assert rows.any()
    table.loc[rows, ["value", "mcse"]] = [value, mcse]
    return dataclasses.replace(summary, effects=table)


def test_a_share_of_the_data_sets_that_could_be_analysed_is_called_so(tiny):
    (effect,) = section(tiny)["effects"]
    assert "could be analysed" not in effect["answer"]
    failed = with_value(
        effect_tables.with_effects(tiny), 0.2, 0.03, measure="share_failed", analysis="joint"
    )
    (effect,) = effects_section(failed, EXPERIMENT)["effects"]
    assert " % of the data sets that could be analysed (Monte Carlo SE " in effect["answer"]
    assert "The joint model of hierarchical failed in 20.0 ± 3.0 % of data sets" in str(
        effect["warnings"]
    )


@pytest.mark.parametrize(("value", "is_above"), [(0.09, False), (0.0901, True), (0.03, False)])
def test_a_type_1_error_is_above_nominal_if_it_is_by_two_mcses(tiny, value, is_above):
    summary = effect_tables.with_effects(tiny)
    summary = with_value(
        summary, value, 0.02, measure="type_1", analysis="t_test_by_group", participants=60
    )
    results = results_of(summary, EXPERIMENT, PATIENT, (60, 120))
    assert results.is_known_above(BY_GROUP) == is_above
    assert (results.eligible()[0] == BY_GROUP) == (not is_above)


def test_if_every_analysis_is_wrong_none_is_recommended(tiny):
    summary = with_value(effect_tables.with_effects(tiny), 0.2, 0.02, measure="type_1")
    (effect,) = effects_section(summary, EXPERIMENT)["effects"]
    assert effect["verdict"] == ("no", "no valid test")
    assert "no analysis of a difference in alpha" in effect["answer"]
    assert "found in" not in effect["answer"]
    assert not any(row["is_best"] for row in effect["rows"])
    failed = with_value(effect_tables.with_effects(tiny), np.nan, np.nan, measure="power")
    (effect,) = effects_section(failed, EXPERIMENT)["effects"]
    assert effect["verdict"] == ("no", "no valid test")


@pytest.mark.parametrize(
    ("power", "expected"),
    [(0.9, "above 80 % power"), (0.83, "about 80 % power"), (0.7, "below 80 % power")],
)
def test_the_verdict_is_about_the_largest_size(tiny, power, expected):
    summary = effect_tables.with_effects(tiny, analyses={"mle": ("t_test",)})
    summary = with_value(summary, power, 0.02, measure="power", size=-0.8)
    assert verdict(results_of(summary, EXPERIMENT, PATIENT, (60, 120)))[1] == expected


def test_analyses_that_are_not_clearly_worse_are_named(tiny):
    (effect,) = section(tiny, analyses={"mle": ("t_test", "rank_test")})["effects"]
    assert "Not clearly more or less often: by the rank test of mle estimates." in effect["answer"]
    assert (
        "The same analysis finds a difference of −0.4 (0.5 to 0.4) in 32.7 ± 3.3 %"
        in (effect["answer"])
    )


def test_a_bias_of_the_best_analysis_is_stated_and_breaks_ties(tiny):
    summary = effect_tables.with_effects(tiny, analyses={"mle": ("t_test", "rank_test")})
    summary = with_value(summary, 1.0, 0.0, measure="power", size=-0.8)
    summary = with_value(summary, 0.3, 0.02, measure="bias", analysis="t_test")
    (effect,) = effects_section(summary, EXPERIMENT)["effects"]
    assert "is found in all of the data sets by the rank test of mle estimates." in effect["answer"]
    assert effect["rows"][0]["texts"][2] == "200 of 200"
    summary = with_value(summary, -0.4, 0.02, measure="bias", analysis="rank_test")
    (effect,) = effects_section(summary, EXPERIMENT)["effects"]
    assert (
        "by the t test of mle estimates. 80 % power needs a difference of −0.76 (95 % interval: "
        "−0.68 to −0.85), 0.5 to 0.32. Its estimate of this difference has a bias of 0.300 ± "
        "0.020, and its interval contains the difference in 93.7 ± 1.7 % of data sets."
    ) in effect["answer"]


@pytest.mark.parametrize(
    ("power", "best"), [(0.89, "rank test"), (0.84, "rank test"), (0.83, "t test")]
)
def test_the_best_analysis_has_the_smallest_bias_of_those_with_a_high_power(tiny, power, best):
    """A difference of powers of 0.06 is 1.96 of its MCSEs."""
    summary = effect_tables.with_effects(tiny, analyses={"mle": ("t_test", "rank_test")})
    mcse = 0.06 / 1.9599 / np.sqrt(2)
    at = {"measure": "power", "size": -0.8}
    summary = with_value(summary, 0.9, mcse, analysis="t_test", **at)
    summary = with_value(summary, power, mcse, analysis="rank_test", **at)
    summary = with_value(summary, 0.4, 0.02, measure="bias", analysis="t_test")
    summary = with_value(summary, 0.1, 0.02, measure="bias", analysis="rank_test")
    (effect,) = effects_section(summary, EXPERIMENT)["effects"]
    assert f"by the {best} of mle estimates. 80 % power" in effect["answer"]
    assert [row["is_best"] for row in effect["rows"]] == [best == "t test", best == "rank test"]


@pytest.mark.parametrize(("n", "best"), [(2, "mle"), (179, "mle"), (180, "exact"), (200, "exact")])
def test_the_best_analysis_does_not_rest_on_clearly_fewer_data_sets(tiny, n, best):
    few = {"mle": ("t_test",), "exact": ("t_test",)}
    summary = effect_tables.with_effects(tiny, analyses=few)
    summary = with_value(summary, 1.0, 0.0, measure="power", size=-0.8, method="exact")
    table = summary.effects.copy()
    table.loc[table["method"] == "exact", "n"] = n
    summary = dataclasses.replace(summary, effects=table)
    results = results_of(summary, EXPERIMENT, PATIENT, (60, 120))
    assert next(a.method for a in results.eligible()) == best
    assert len(results.eligible()) == 2
    table.loc[table["method"] == "mle", "n"] = n
    results = results_of(summary, EXPERIMENT, PATIENT, (60, 120))
    assert results.eligible()[0].method == "exact"


def test_methods_with_fewer_data_sets_are_named(tiny):
    assert section(tiny)["fewer"] == ""
    summary = effect_tables.with_effects(tiny)
    table = summary.effects.copy()
    table.loc[table["method"] == "hierarchical", "n"] = 20
    own = effects_section(dataclasses.replace(summary, effects=table), EXPERIMENT)
    assert own["data_sets"] == effect_tables.DATA_SETS
    assert own["fewer"] == "hierarchical analyses the first 20"


def test_several_tasks_are_not_several_true_values(tiny):
    (effect,) = section(tiny, variants=("", "reversals"))["effects"]
    assert "true values" not in effect["answer"]


def test_several_true_values_are_averaged_and_their_scales_listed(tiny):
    experiment = config(truth={"alpha": [0.3, 0.5], "beta": [3]})
    (effect,) = section(tiny, experiment, truths=(0.3, 0.5))["effects"]
    assert "(−0.14 to −0.19 on the natural scale, by true value)" in effect["answer"]
    assert "is found, on average over the true values, in" in effect["answer"]
    assert effect["scales"][-1] == "−0.8: 0.3 to 0.16, 0.5 to 0.31"
    summary = effect_tables.with_effects(tiny, truths=(0.3, 0.5))
    drawn = dataclasses.replace(summary, effects=summary.effects.drop(columns="alpha"))
    (effect,) = effects_section(drawn, experiment)["effects"]
    assert effect["scales"] == []


def test_conditions_and_covariates_have_their_own_words(tiny):
    experiment = config(
        groups=None,
        conditions={"placebo": {}, "drug": {"shift": {"beta": [0.3]}}},
        covariate={"correlation": {"alpha": [0.3]}},
    )
    studied = (effect_tables.DRUG, effect_tables.SCORE)
    drug, score = section(tiny, experiment, studied=studied)["effects"]
    assert drug["answer"].startswith(
        "With 60 participants and 120 trials in each condition (placebo, drug), a difference in "
        "beta of 0.3 on the log scale (1.05 on the natural scale) between drug and placebo is"
    )
    assert "The difference for 80 % power is not known: the power is lower" in drug["answer"]
    assert score["title"] == "A correlation of alpha with the covariate"
    assert "by Pearson’s correlation of mle estimates" in score["answer"]
    assert score["head"][-1] == "correlation for 80 % power"
    assert score["scales"] == []
    both = section(tiny, experiment, studied=studied)["ceilings"]
    assert "means of the estimates over the conditions" in both[-1]
    assert both[:-1] == section(tiny)["ceilings"]


def test_the_table_has_every_measure_with_its_mcse(tiny):
    summary = effect_tables.with_effects(tiny)
    results = results_of(summary, EXPERIMENT, PATIENT, (60, 120))
    columns = head(results)
    assert columns[:4] == ["analysis", "type I error (%)", "power at −0.4 (%)", "power at −0.8 (%)"]
    (effect,) = effects_section(summary, EXPERIMENT)["effects"]
    row = effect["rows"][0]
    assert row["label"] == "t test of mle estimates"
    assert len(row["texts"]) == len(columns) - 1
    assert row["texts"][3] == "0.080 ± 0.017"
    assert row["texts"][-1] == "−0.76 (−0.68 to −0.85)"


def test_the_detectable_size_is_that_over_the_true_values_or_the_only_one(tiny):
    summary = effect_tables.with_effects(tiny)
    table = summary.detectable.assign(cell="only", note="beyond the simulated sizes")
    (effect,) = effects_section(dataclasses.replace(summary, detectable=table), EXPERIMENT)[
        "effects"
    ]
    assert "0.5 to 0.33 (beyond the simulated sizes)." in effect["answer"]
    two = pd.concat([table.assign(cell=cell, size=9.0) for cell in ("a", "b")])
    pooled = pd.concat([two, summary.detectable])
    (effect,) = effects_section(dataclasses.replace(summary, detectable=pooled), EXPERIMENT)[
        "effects"
    ]
    assert "needs a difference of −0.71" in effect["answer"]
    both = pd.concat([summary.detectable.assign(size=0.6), summary.detectable])
    (effect,) = effects_section(dataclasses.replace(summary, detectable=both), EXPERIMENT)[
        "effects"
    ]
    assert "needs a difference of −0.71" in effect["answer"]
    endless = summary.detectable.assign(upper=-np.inf)
    (effect,) = effects_section(dataclasses.replace(summary, detectable=endless), EXPERIMENT)[
        "effects"
    ]
    assert "(95 % interval: from −0.64 on)" in effect["answer"]
    unknown = endless.assign(size=np.nan, note="the effect is found too rarely")
    (effect,) = effects_section(dataclasses.replace(summary, detectable=unknown), EXPERIMENT)[
        "effects"
    ]
    assert (
        "is not known (95 % interval: from −0.64 on): the effect is found too rarely."
        in (effect["answer"])
    )


@pytest.mark.parametrize("order", [1, -1])
def test_a_detectable_size_that_is_not_known_has_the_sign_of_its_interval(tiny, order):
    summary = effect_tables.with_effects(tiny)
    unknown = summary.detectable.assign(size=np.nan, lower=-0.7, upper=-np.inf, note="negative")
    positive = unknown.assign(lower=0.9, upper=np.inf, note="positive")
    for size, expected in ((-0.8, "negative"), (0.8, "positive")):
        both = pd.concat([positive, unknown][::order])
        table = summary.effects.replace({"size": {-0.8: size}})
        of_sign = dataclasses.replace(summary, detectable=both, effects=table)
        results = results_of(of_sign, EXPERIMENT, PATIENT, (60, 120))
        assert {row["note"] for row in results.detectable.values()} == {expected}
    lost = unknown.assign(lower=np.nan, upper=np.nan, note="no data set could be analysed")
    for others, expected in (([unknown], "negative"), ([positive], lost["note"].iloc[0])):
        both = pd.concat([lost, *others][::order])
        of_sign = dataclasses.replace(summary, detectable=both)
        results = results_of(of_sign, EXPERIMENT, PATIENT, (60, 120))
        assert {row["note"] for row in results.detectable.values()} == {expected}


def test_without_effects_there_is_no_section(tiny):
    assert effects_section(tiny, EXPERIMENT) is None
    assert effects_section(effect_tables.with_effects(tiny), config(groups=None)) is None


def test_a_second_session_alone_has_a_section_on_reliability(tiny, tiny_folder):
    only = dataclasses.replace(tiny, reliability=effect_tables.reliability())
    own = effects_section(only, config(groups=None, effects={}))
    assert own["effects"] == []
    assert own["people"] == "60 participants and 120 trials"
    assert own["data_sets"] == effect_tables.DATA_SETS
    assert len(own["ceilings"]) == 2
    config_file = tiny_folder / "config.yaml"
    raw = yaml.safe_load(config_file.read_text())
    config_file.write_text(yaml.safe_dump(raw | {"effects": {}}))
    only.reliability.to_csv(tiny_folder / "summary" / "reliability.csv", index=False)
    page = build(tiny_folder)
    text = words(page)
    assert "How reliable are the estimates?" in text
    for absent in ("Would the difference be found?", "What the columns mean", "partial report"):
        assert absent not in text


def test_numbers_and_shares():
    assert [rounded(v) for v in (-0.8, 0.3102, 0.0512, 4.054, np.inf, -np.inf, 0.0)] == [
        "−0.8", "0.31", "0.051", "4.05", "∞", "−∞", "0",
    ]  # fmt: skip
    assert share({"value": 1.0, "mcse": 0.0}) == "all of the data sets"
    assert share({"value": 0.0, "mcse": 0.0}) == "none of the data sets"
    assert share_with_error({"value": 1.0, "mcse": 0.0}) == "all of the data sets"
    assert share_with_error({"value": 0.5, "mcse": np.nan}) == "50 % of data sets"


def test_the_page_has_the_section(tiny_folder):
    config_file = tiny_folder / "config.yaml"
    config = yaml.safe_load(config_file.read_text())
    config_file.write_text(yaml.safe_dump(config | {"groups": GROUPS}))
    table = effect_tables.effects()
    tables = {
        "effects": table,
        "detectable": effect_tables.detectable(table),
        "reliability": effect_tables.reliability(),
    }
    for name, each in tables.items():
        each.to_csv(tiny_folder / "summary" / f"{name}.csv", index=False)
    page = build(tiny_folder)
    text = words(page)
    assert "Would the difference be found?" in text
    assert "a difference in alpha of −0.8 on the logit scale (0.5 to 0.31)" in text
    assert "What two sessions, or a covariate, can show at most" in text
    assert '<a href="#effects">' in page
    table_rows = re.findall(r"<tr><th scope=\"row\">t test of mle estimates.*?</tr>", page)
    assert len(table_rows) == 1
    assert table_rows[0].count("<td") == 8


def test_the_answer_is_about_the_smallest_size_that_is_found_often_enough():
    stored = ROOT / "docs/studies/groups"
    summary = load_summary(stored / "summary")
    (effect,) = effects_section(summary, read_resolved(stored / "config.yaml"))["effects"]
    assert effect["answer"].startswith(
        "With 60 participants (30 control, 30 patient) and 120 trials, a difference in alpha of "
        "−0.6 on the logit scale (0.5 to 0.35) between patient and control is found in "
    )
    assert "by the joint model of hierarchical." in effect["answer"].split("80 % power needs")[0]
    assert "The same analysis finds a difference of −1.2 (0.5 to 0.23) in all" in effect["answer"]
    assert "bias at −0.6" in effect["head"]
