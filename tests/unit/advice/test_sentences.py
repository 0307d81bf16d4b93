"""Answers in sentences."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from rlrecovery.advice.answer import answers
from rlrecovery.advice.sentences import introduction, sections
from rlrecovery.config.reader import parse
from rlrecovery.score.results import load_summary
from unit.advice.synthetic import RMSE, both, experiment, rmse, summary

STORED = Path(__file__).parents[3] / "docs/studies/models"
COST = {"participant": 30, "trial": 0.5}


def texts(functions=None, targets=None, participants=(10, 20, 40), trials=(60, 120, 240), **keys):
    exp = experiment(targets, participants=participants, trials=trials, **keys)
    found = answers(summary(functions, participants=participants, trials=trials), exp)
    return {
        section.heading: dict(section.paragraphs) for section in sections(found, exp)
    }, introduction(found, exp)


def test_a_frontier_with_its_interval_and_the_cheapest_design():
    by_heading, about = texts(cost=COST)
    assert list(by_heading) == ["precise: RMSE of alpha of participants at most 0.1"]
    text = by_heading["precise: RMSE of alpha of participants at most 0.1"]["mle"]
    assert text.startswith("Needs 100 (98 to 103) trials with 10 participants, 100 (99 to 102)")
    assert "Cheapest: 7 participants with 100 trials (97 to 104), beyond the measured" in text
    assert "with the fewest participants that were searched, at a cost of 560 (" in text
    assert "met by 10 × 120 (0.0912 ± 0.001)" in text
    assert "not met by 10 × 60 (0.129 ± 0.002), 20 × 60" in text
    assert "means over the true values" in about


def test_what_is_not_reachable_is_an_answer():
    by_heading, _ = texts(targets={"precise": RMSE | {"at_most": 0.01}})
    (text,) = by_heading["precise: RMSE of alpha of participants at most 0.01"].values()
    expected = "Not reachable within the bounds, 10 to 60 participants with 60 to 360 trials."
    assert text.startswith(expected)


def test_sizes_at_the_bounds():
    by_heading, _ = texts(targets={"precise": RMSE | {"at_most": 1}})
    (text,) = by_heading["precise: RMSE of alpha of participants at most 1"].values()
    assert text.startswith("Needs 40 or fewer trials with 10 participants")
    by_heading, _ = texts(targets={"precise": RMSE | {"at_most": 0.053}})
    (text,) = by_heading["precise: RMSE of alpha of participants at most 0.053"].values()
    assert "356 (338 to more than 360)" in text


def test_one_axis():
    by_heading, _ = texts(participants=(20,))
    (text,) = by_heading["precise: RMSE of alpha of participants at most 0.1"].values()
    assert "trials with 20 participants, the only measured number of participants." in text
    by_heading, _ = texts({"rmse": lambda n, t, truth: both(n, t)}, trials=(60,))
    (text,) = by_heading["precise: RMSE of alpha of participants at most 0.1"].values()
    assert text.startswith("Needs 34 (33 to 35) participants with 60 trials, the only measured")
    by_heading, _ = texts(participants=(20,), trials=(60, 120))
    (text,) = by_heading["precise: RMSE of alpha of participants at most 0.1"].values()
    assert text.endswith("The designs are too few to test whether a plane fits.")
    by_heading, _ = texts(participants=(20,), trials=(60,))
    (text,) = by_heading["precise: RMSE of alpha of participants at most 0.1"].values()
    assert text.startswith("The measured designs do not determine")


def test_a_measure_that_no_method_has():
    targets = {"spread": {"measure": "rmse", "level": "spread", "at_most": 0.1}}
    by_heading, _ = texts(targets=targets)
    ((method, text),) = by_heading["spread: rmse spread at most 0.1"].items()
    assert method == ""
    assert text.startswith("no method of this study has this measure")


def test_all_requirements_together():
    other = {"measure": "bias", "parameter": "alpha", "at_most": 0.02}
    by_heading, _ = texts(targets={"precise": RMSE, "close": other})
    assert list(by_heading)[-1] == "All requirements together"


def test_a_curve_is_said_to_be_one():
    curve = {"rmse": lambda n, t, truth: 0.05 + 0.05 * (t / 100) ** -3}
    by_heading, _ = texts(curve, trials=(60, 90, 130, 190, 280))
    (text,) = by_heading["precise: RMSE of alpha of participants at most 0.1"].values()
    assert "does not fit the RMSE of alpha of participants; a Gaussian process is used" in text


def test_without_true_values_it_says_what_is_averaged():
    drawn = {"alpha": {"distribution": "Beta", "alpha": 2, "beta": 3},
             "beta": {"distribution": "HalfNormal", "sigma": 5}}  # fmt: skip
    exp = experiment(population=drawn, truth={})
    assert "over the populations from which participants are drawn" in introduction([], exp)
    assert "true values of the grid" in introduction([], experiment())


def test_all_requirements_name_the_criterion_of_model_selection():
    raw = yaml.safe_load((STORED / "config.yaml").read_text())
    right = {"measure": "p_best", "model": "rescorla_wagner_two_rates", "at_least": 0.6}
    precise = {"measure": "rmse", "parameter": "beta", "at_most": 1}
    exp = parse(raw | {"targets": {"right": right, "precise": precise}})
    found = answers(load_summary(STORED / "summary"), exp)
    *_, joint = sections(found, exp)
    texts = dict(joint.paragraphs)
    assert set(texts) == {"mle_rescorla_wagner", "mle_rescorla_wagner_two_rates"}
    for text in texts.values():
        assert "For the share of best fits, mle by AIC counts." in text


def test_a_requirement_that_more_trials_miss_again():
    shares = {40: 0.96, 80: 0.94, 160: 0.9, 320: 0.84}
    honest = {"measure": "coverage", "parameter": "alpha", "at_least": 0.93}
    by_heading, _ = texts(
        {"coverage": lambda n, t, truth: shares[t]}, {"honest": honest}, trials=shares, cost=COST
    )
    ((text,),) = (section.values() for section in by_heading.values())
    assert "or fewer" not in text
    end = int(text.removeprefix("Met up to ").split()[0])
    assert 80 < end < 160
    assert "trials with 10 participants" in text
    assert "only the measured range was searched" in text
    assert "participants with 40 trials" in text.partition("Cheapest: ")[2]


def test_the_size_of_a_bias_near_0_has_no_frontier():
    close = {"measure": "bias", "parameter": "alpha", "at_most": 0.02}
    functions = {"bias": lambda n, t, truth: 0.01 * rmse(n, t), "rmse": lambda n, t, _: rmse(n, t)}
    exp = experiment({"close": close, "precise": RMSE}, cost=COST)
    found = answers(summary(functions, relative=0.6), exp)
    assert {a.requirement: bool(a.surrogates) for a in found} == {
        "close": False, "precise": True, "all": False
    }  # fmt: skip
    assert set(found[0].designs.values()) == {"met"}
    for section in (next(sections(found, exp)), [*sections(found, exp)][-1]):
        ((_, text),) = section.paragraphs
        assert text.startswith("More replicates are needed for a required size: the size of the b")
        assert "Cheapest" not in text
    near = answers(summary(functions, relative=0.4), exp)
    assert all(answer.surrogates for answer in near)


def test_estimates_without_an_interval_are_mentioned():
    honest = {"measure": "coverage", "parameter": "alpha", "at_least": 0.9}
    functions = {"coverage": lambda n, t, truth: 0.95, "share_failed": lambda n, t, truth: 0.0}
    study, exp = summary(functions), experiment({"honest": honest})
    table = study.recovery
    for used, expected in ((20, None), (0.96 * 20, None), (0.85 * 20, "up to 15 % in a cell")):
        some = (table["measure"] == "coverage") & (table["trials"] == 60)
        rows = table["n_rows"].astype(float).mask(some, used * table["participants"])
        found = answers(dataclasses.replace(study, recovery=table.assign(n_rows=rows)), exp)
        ((_, text),) = next(sections(found, exp)).paragraphs
        assert ("without an interval" in text) is bool(expected)
        assert (expected or "") in text


def test_the_rank_correlation_is_over_all_true_values():
    target = {"ranks": {"measure": "spearman", "parameter": "alpha", "at_least": 0.8}}
    rows = summary({"spearman": lambda n, t, truth: 0.9}).recovery
    rows = rows[(rows["measure"] == "spearman") & (rows["alpha"] == 0.5)]
    study = dataclasses.replace(summary(), recovery=rows.assign(scope="grid", alpha=np.nan))
    study = dataclasses.replace(study, recovery=pd.concat([summary().recovery, study.recovery]))
    for targets, said in ((target, True), (None, False)):
        exp = experiment(targets, over="worst")
        text = introduction(answers(study, exp), exp)
        assert ("the rank correlation (spearman) is one over all of them" in text) is said


def test_power_of_an_analysis_whose_type_1_error_is_above_nominal_does_not_count():
    exp = experiment(participants=(10, 20, 40), trials=(60, 120, 240))
    (answer,) = answers(summary(participants=(10, 20, 40), trials=(60, 120, 240)), exp)
    ((_, text),) = next(sections([answer], exp)).paragraphs
    assert "does not count" not in text
    entries = [
        dataclasses.replace(m, type_1=0.141, nominal_type_1=0.05, method="t test of x estimates")
        for m in answer.entries
    ]
    answer = dataclasses.replace(answer, entries=tuple(entries))
    ((_, text),) = next(sections([answer], exp)).paragraphs
    assert (
        "Where there is no effect, t test of x estimates finds one in 14 % of data sets (nominal "
        "5 %), so that this power does not count." in text
    )
