"""Answers to requirements of studies whose measures are known."""

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

from rlrecovery.advice.answer import answers
from rlrecovery.config.targets import ALL, CostSettings
from unit.advice.synthetic import RMSE, both, experiment, summary
from unit.config.experiments import valid

GROUP = {"measure": "empirical_se", "parameter": "alpha", "level": "group", "at_most": 0.1}
COST = {"participant": 30, "trial": 0.5}


def test_a_measure_that_does_not_depend_on_participants():
    (answer,) = answers(summary(), experiment())
    assert (answer.requirement, answer.method) == ("precise", "mle")
    assert answer.reachable
    for n in (10, 20, 40):
        size = answer.required(n)
        assert size.value == pytest.approx(100, rel=2e-3)
        assert size.lower < 100 < size.upper
    assert answer.cheapest is None


def test_the_cheapest_design_is_the_best_of_all():
    functions = {"empirical_se/group": lambda n, t, truth: both(n, t)}
    exp = experiment({"group": GROUP}, cost=COST)
    (answer,) = answers(summary(functions), exp)
    cost = CostSettings.of(COST)
    designs = [
        (cost.total(n, t), n, t)
        for n in range(7, 61)
        for t in range(40, 361)
        if both(n, t) <= 0.1 * (1 + 1e-9)
    ]
    best = answer.cheapest
    assert (best.cost.value, best.participants, best.trials) == pytest.approx(min(designs))
    assert best.cost.lower < best.cost.value < best.cost.upper
    assert best.size == answer.required(best.participants)


def test_the_interval_of_the_smallest_cost_has_its_coverage():
    functions = {"empirical_se/group": lambda n, t, truth: both(n, t)}
    exp = experiment({"group": GROUP}, cost=COST)
    exact = answers(summary(functions), exp)[0].cheapest.cost.value
    rng, held = np.random.default_rng(1), 0
    for _ in range(60):
        (answer,) = answers(summary(functions, noise=1, rng=rng), exp)
        held += answer.cheapest.cost.lower <= exact <= answer.cheapest.cost.upper
    assert held >= 48  # 54 are expected; fewer than 48 have a probability of 1 %


def test_trials_are_whole_blocks():
    task = {"arms": [0.4, 0.6], "blocks": 8, "start_value": 0.5}
    sizes = (64, 120, 240)
    exp = experiment(trials=sizes, task=task, cost=COST)
    (answer,) = answers(summary(trials=sizes), exp)
    assert (answer.cheapest.participants, answer.cheapest.trials) == (7, 104)
    assert answer.bounds.trials == (48, 360)


def test_all_requirements_together_need_the_larger_size():
    functions = {
        "rmse": lambda n, t, truth: 0.1 * (t / 100) ** -0.5,
        "empirical_se/group": lambda n, t, truth: both(n, t),
    }
    found = answers(summary(functions), experiment({"precise": RMSE, "group": GROUP}))
    assert [answer.requirement for answer in found] == ["precise", "group", ALL]
    together = found[-1]
    for n in (10, 20, 40):
        larger = max(answer.required(n).value for answer in found[:2])
        assert together.required(n).value == pytest.approx(larger, rel=0.01)


def test_the_worst_true_value_needs_most():
    functions = {"rmse": lambda n, t, truth: 0.1 * (t / (100 if truth < 0.3 else 150)) ** -0.5}
    (answer,) = answers(summary(functions), experiment(over="worst"))
    assert answer.required(20).value == pytest.approx(150, rel=2e-3)
    assert len(answer.entries) == 2


def test_what_is_not_reachable():
    (answer,) = answers(summary(), experiment({"precise": RMSE | {"at_most": 0.01}}, cost=COST))
    assert not answer.reachable
    assert answer.cheapest is None
    assert answer.required(20).value == np.inf
    assert set(answer.designs.values()) == {"missed"}


def test_what_is_met_everywhere():
    (answer,) = answers(summary(), experiment({"precise": RMSE | {"at_most": 1}}, cost=COST))
    assert answer.required(20) == pytest.approx((40, 40, 40))
    assert set(answer.designs.values()) == {"met"}


def test_one_number_of_participants_or_of_trials_is_enough():
    (answer,) = answers(summary(participants=(20,)), experiment(participants=(20,), cost=COST))
    assert answer.along_trials
    assert answer.cheapest[:2] == (20, 100)
    functions = {"rmse": lambda n, t, truth: both(n, t)}
    (answer,) = answers(summary(functions, trials=(60,)), experiment(trials=(60,), cost=COST))
    assert not answer.along_trials
    assert answer.required(60).value == pytest.approx(2000 / 60, rel=1e-3)
    assert answer.cheapest[:2] == (34, 60)


def test_a_single_design_has_no_frontier():
    one = {"participants": (20,), "trials": (60,)}
    (answer,) = answers(summary(**one), experiment(**one, cost=COST))
    assert answer.surrogates == ()
    assert not answer.reachable
    assert answer.designs == {(20, 60): "missed"}


def test_measured_designs_are_met_missed_or_unclear():
    functions = {"rmse": lambda n, t, truth: {60: 0.11, 120: 0.1005, 240: 0.08}[t]}
    (answer,) = answers(summary(functions), experiment())
    verdicts = {t: answer.designs[20, t] for t in (60, 120, 240)}
    assert verdicts == {60: "missed", 120: "unclear", 240: "met"}


def test_a_design_without_its_measure_is_left_out():
    study = summary()
    table = study.recovery
    missing = (table["trials"] == 120) & (table["participants"] == 20)
    study = dataclasses.replace(study, recovery=table[~(missing & (table["alpha"] == 0.5))])
    (answer,) = answers(study, experiment())
    assert (20, 120) not in answer.designs
    assert len(answer.designs) == 8
    assert answer.required(20).value == pytest.approx(100, rel=2e-3)


def test_a_shared_requirement_is_that_of_the_same_task():
    """The method `bayes` is required to have 100 trials, or 150 with the task ``hard``."""
    parts = []
    for method, task, needed in itertools.product(("mle", "bayes"), ("easy", "hard"), (100,)):
        size = needed * 1.5 if task == "hard" else needed
        table = summary({"rmse": lambda n, t, truth, s=size: 0.1 * (t / s) ** -0.5}).recovery
        labels = {"variant": task, "method": f"{method}, {task}"}
        parts.append(table.assign(**labels, cell=table["cell"] + task))
    of = {f"{m}, {task}": m for m in ("mle", "bayes") for task in ("easy", "hard")}
    study = dataclasses.replace(summary(), recovery=pd.concat(parts), method_of=of)
    loose = {"measure": "empirical_se", "parameter": "alpha", "at_most": 1}
    study = dataclasses.replace(study, recovery=with_measure(study.recovery, "empirical_se"))
    targets = {"precise": RMSE | {"method": "bayes"}, "loose": loose}
    exp = experiment(targets, methods=valid()["methods"])
    joint = {a.method: a for a in answers(study, exp) if a.requirement == ALL}
    for method in ("mle", "bayes"):
        assert joint[f"{method}, easy"].required(20).value == pytest.approx(100, rel=2e-3)
        assert joint[f"{method}, hard"].required(20).value == pytest.approx(150, rel=2e-3)


def with_measure(table, name):
    """A table with the rows of the RMSE as those of another measure too."""
    return pd.concat([table, table[table["measure"] == "rmse"].assign(measure=name)])


def test_a_reliability_that_is_far_from_its_limit_has_no_cheapest_design():
    sizes = {"participants": (6, 20), "trials": (20, 40, 80)}
    values = {(6, 20): 0.004, (6, 40): -0.03, (6, 80): 0.1,
              (20, 20): 0.02, (20, 40): 0.06, (20, 80): 0.22}  # fmt: skip
    table = summary({"reliability": lambda n, t, truth: values[n, t]}, **sizes).recovery
    study = dataclasses.replace(summary(), recovery=table.assign(mcse=0.04))
    target = {"measure": "reliability", "parameter": "alpha", "at_least": 0.5}
    (answer,) = answers(study, experiment({"reliable": target}, cost=COST, **sizes))
    assert set(answer.designs.values()) == {"missed"}
    assert answer.cheapest is None
    assert answer.required(6).value > 80
    assert answer.required(20).value > 80
    assert answer.bounds.participants[0] == 6


def test_verdicts_are_of_measured_values_and_their_errors():
    """A share of 0.9 +/- 0.04 is 2 standard errors from 0.82, but 1.7 on the logit scale."""
    table = summary({"coverage": lambda n, t, truth: 0.9}).recovery
    honest = {"measure": "coverage", "parameter": "alpha", "at_least": 0.82}
    study = dataclasses.replace(summary(), recovery=table.assign(mcse=0.04 * np.sqrt(2), n=1000))
    (answer,) = answers(study, experiment({"honest": honest}))
    assert set(answer.designs.values()) == {"met"}
    honest["at_least"] = 0.84
    (answer,) = answers(study, experiment({"honest": honest}))
    assert set(answer.designs.values()) == {"unclear"}
