"""What only several keys together get wrong is one sentence per mistake."""

import dataclasses

import pytest

from rlrecovery.config import parse
from rlrecovery.design.cells import cells_of
from rlrecovery.models.library import MODELS, RESCORLA_WAGNER
from unit.config.experiments import (
    FLAT,
    FORM,
    GONE,
    HALF,
    HAS,
    MODEL_NAMES,
    NEEDS,
    REAL,
    changed,
    problems,
    several,
    two_rates,
)

EXACT = {
    "estimator": "quadrature",
    "model": "rescorla_wagner",
    "engine": "compiled",
    "point": "mean",
}
TWO_RATES = EXACT | {"model": "rescorla_wagner_two_rates"}
NOT_HAS = "rescorla_wagner has no such parameter; it has alpha, beta"


TOGETHER = [
    (
        {"model": "rescorla_wagnr"},
        f"model is 'rescorla_wagnr', but must be {MODEL_NAMES} (did you mean rescorla_wagner?)",
    ),
    ({"methods.mle.model": "q"}, f"methods.mle.model is 'q', but must be {MODEL_NAMES}"),
    ({"methods.bayes.model": 3}, f"methods.bayes.model is 3, but must be {MODEL_NAMES}"),
    ({"methods.mock.model": "q"}, f"methods.mock.model is 'q', but must be {MODEL_NAMES}"),
    # truth and population
    ({"truth.gamma": [1]}, f"truth.gamma is [1], but {NOT_HAS}"),
    (
        {"truth.alpha": GONE, "truth.alhpa": [0.5]},
        f"truth.alhpa is [0.5], but {NOT_HAS} (did you mean alpha?)",
    ),
    (
        {"truth.alpha": GONE},
        "truth.alpha is missing, but must be a list of values, or population.alpha a distribution",
    ),
    (
        {"truth.alpha": [0.2, 1.2]},
        "truth.alpha contains 1.2, but alpha must be a number from 0 to 1",
    ),
    (
        {"truth.alpha": [-1, 0.2, 1.2]},
        "truth.alpha contains -1, 1.2, but alpha must be a number from 0 to 1",
    ),
    (
        {
            "truth.alpha": GONE,
            "population.alpha": {"distribution": "Beta", "alpha": 0.1, "beta": 0.1},
        },
        "population.alpha is Beta(alpha=0.1, beta=0.1), but must have a mean and an SD on the "
        "logit scale that can be computed: it puts too many people at an end of the support",
    ),
    ({"truth.beta": [-1, 2]}, "truth.beta contains -1, but beta must be a number of at least 0"),
    (
        {"truth.beta": [2, 60]},
        "truth.beta contains 60, but must be a number from 0 to 50 because of "
        "methods.mle.bounds.beta",
    ),
    (
        {"truth.alpha": [0.5, 0.2, 0.50]},
        "truth.alpha contains 0.5 more than once, but its values must differ",
    ),
    (
        {"truth.beta": [2, 2.0, 2]},
        "truth.beta contains 2.0 more than once, but its values must differ",
    ),
    (
        {"completed": [[1], [0.5, 1], [1, 1]]},
        "completed contains [1] more than once, but its values must differ",
    ),
    (
        {"participants": [10, 5, 10]},
        "participants contains 10 more than once, but its values must differ",
    ),
    ({"trials": [50, 50]}, "trials contains 50 more than once, but its values must differ"),
    (
        {"missing": [0, 0.1, 0.10]},
        "missing contains 0.1 more than once, but its values must differ",
    ),
    (
        {"completed": [[1], [0.6, 1], [1, 0.6], [0.60, 1.0]]},
        "completed contains [0.6, 1.0] more than once, but its values must differ",
    ),
    (
        {"interval_levels": [0.5, 0.50]},
        "interval_levels contains 0.5 more than once, but its values must differ",
    ),
    ({"population.alpha": GONE}, f"population.alpha is missing, but must be {FORM}: {HAS}"),
    ({"population.gamma": {"spread": 1}}, f"population.gamma is {{spread: 1}}, but {NOT_HAS}"),
    (
        {"population.alpha": FLAT},
        "truth.alpha is [0.2, 0.5, 0.8], but population.alpha names a distribution; only one "
        "may be given",
    ),
    # task and size
    (
        {"task.blocks": 4},
        "trials contains 50, 150, but must be a multiple of task.blocks, which is 4",
    ),
    ({"task.blocks": 3}, "trials contains 50, but must be a multiple of task.blocks, which is 3"),
    (
        {"truth.alpha": [i / 1000 for i in range(1001)], "participants": list(range(1, 1000))},
        "truth is crossed with participants and trials into 3999996 cells, but there may be "
        "1000000 at most",
    ),
    (
        {"interval_levels": [0.5, 0.95, 0.95 + 1e-14]},
        "interval_levels is a list with values that differ by less than 1e-11, but they must be "
        "distinct",
    ),
    # maximum likelihood
    (
        {"methods.mle.grid": 1001},
        "methods.mle.grid is 1001, but must have at most 1000000 points over all parameters",
    ),
    (
        {
            "truth.beta": GONE,
            "population.beta": {"distribution": "Uniform", "lower": 60, "upper": 200},
        },
        "population.beta is Uniform(lower=60, upper=200), but must be a number from 0 to 50 in at "
        "least 99% of people because of methods.mle.bounds.beta",
    ),
    (
        {"methods.mle.starts": 101},
        "methods.mle.starts is 101, but must be at most 100, the number of points of the grid",
    ),
    (
        {"methods.two": two_rates(starts=1001)},
        "methods.two.starts is 1001, but must be at most 1000, the number of points of the grid",
    ),
    (
        {"methods.mle.bounds.alpha": GONE},
        f"methods.mle.bounds.alpha is missing, but must be [lower, upper]: {HAS}",
    ),
    ({"methods.mle.bounds.gamma": [0, 1]}, f"methods.mle.bounds.gamma is [0, 1], but {NOT_HAS}"),
    (
        {"methods.mle.bounds.alpha": [1, 0]},
        "methods.mle.bounds.alpha is [1, 0], but its lower end must be less than its upper end",
    ),
    (
        {"methods.mle.bounds.alpha": [0.5, 0.5]},
        "methods.mle.bounds.alpha is [0.5, 0.5], but its lower end must be less than its upper end",
    ),
    (
        {"methods.mle.bounds.alpha": [-1, 1]},
        "methods.mle.bounds.alpha is [-1, 1], but alpha must be a number from 0 to 1",
    ),
    (
        {"methods.mle.bounds.alpha": [0.6, 1]},
        "truth.alpha contains 0.2, 0.5, but must be a number from 0.6 to 1 because of "
        "methods.mle.bounds.alpha",
    ),
    # Bayes
    (
        {"methods.exact": {**TWO_RATES, "priors": {"alpha": FLAT}}},
        "methods.exact.priors.alpha is {distribution: Beta, alpha: 1, beta: 1}, but "
        "rescorla_wagner_two_rates has no such parameter; it has alpha_positive, alpha_negative, "
        "beta",
    ),
    (
        {"methods.exact": {**EXACT, "priors": {"alpha": REAL}}},
        "methods.exact.priors.alpha is Normal(mu=0, sigma=1.5), which can be any number, but "
        "alpha must be a number from 0 to 1",
    ),
    (
        {"methods.exact": {**EXACT, "point": "mode"}},
        "methods.exact.point is 'mode', but must be mean or median",
    ),
    (
        {"methods.bayes.priors.aplha": FLAT},
        f"methods.bayes.priors.aplha is {{distribution: Beta, alpha: 1, beta: 1}}, but {NOT_HAS} "
        "(did you mean alpha?)",
    ),
    (
        {"methods.bayes.priors.alpha": REAL},
        "methods.bayes.priors.alpha is Normal(mu=0, sigma=1.5), which can be any number, but "
        "alpha must be a number from 0 to 1",
    ),
    (
        {"methods.bayes.priors.alpha": {"distribution": "Uniform", "lower": 0.3, "upper": 1}},
        "truth.alpha contains 0.2, but must be a number from 0.3 to 1 because of "
        "methods.bayes.priors.alpha",
    ),
    (
        {"methods.bayes.priors.alpha": {"location": REAL, "scale": HALF}},
        "methods.bayes.priors.alpha is {location: {distribution: Normal, mu: 0, sigma: "
        "1.5}, scale: {distr..., "
        f"but with pooling none must be {NEEDS['natural']}",
    ),
    (
        {"methods.hierarchical.priors.alpha": FLAT},
        "methods.hierarchical.priors.alpha is {distribution: Beta, alpha: 1, beta: 1}, but "
        "with pooling "
        f"partial must be {NEEDS['population']}",
    ),
    (
        {"methods.hierarchical.priors.alpha.scale": REAL},
        "methods.hierarchical.priors.alpha.scale is Normal(mu=0, sigma=1.5), which can be "
        "any number, but "
        "an SD must be a number of at least 0",
    ),
]


@pytest.mark.parametrize(("changes", "sentence"), TOGETHER)
def test_one_mistake_is_one_sentence(changes, sentence):
    assert problems(changed(changes)) == [sentence]


def test_everything_that_is_crossed_counts_as_cells():
    many = {"participants": list(range(1, 501)), "missing": [i / 100 for i in range(99)]}
    (sentence,) = problems(changed(many, several))
    cells = (4 + 1) * 4 * 500 * 2 * 99 * 2
    assert sentence == (
        f"models.simulate is crossed with participants and trials into {cells} cells, but there "
        "may be 1000000 at most"
    )


def test_everything_that_is_fitted_counts_as_jobs():
    (sentence,) = problems(changed({"replicates": 1000, "batch_size": 1}, several))
    jobs = 160 * 1000 * (3 * 3 + 2)
    assert sentence == (
        f"batch_size is 1, which makes {jobs} fit jobs, but there may be 1000000 at most"
    )


def test_more_jobs_than_can_be_planned_are_refused():
    (sentence,) = problems(changed({"replicates": 10**8, "batch_size": 1}))
    assert sentence.startswith("batch_size is 1, which makes ")
    assert sentence.endswith(" fit jobs, but there may be 1000000 at most")


def test_a_parameter_in_neither_section_is_missing_in_both():
    assert problems(changed({"truth.alpha": GONE, "population.alpha": GONE})) == [
        "truth.alpha is missing, but must be a list of values, or population.alpha a distribution",
        f"population.alpha is missing, but must be {FORM}: {HAS}",
    ]


def test_quadrature_refuses_models_with_many_parameters(monkeypatch):
    rate = RESCORLA_WAGNER.parameter("alpha")
    parameters = tuple(dataclasses.replace(rate, name=f"rate_{i}") for i in range(4))
    wide = dataclasses.replace(RESCORLA_WAGNER, name="wide", parameters=parameters)
    monkeypatch.setitem(MODELS, "wide", wide)
    assert problems(changed({"methods.exact": {**EXACT, "model": "wide"}})) == [
        "methods.exact.model is wide, which has 4 free parameters, but quadrature takes 3 at most; "
        "estimator bayes takes any number"
    ]


def test_quadrature_gets_the_models_default_priors():
    method = parse(changed({"methods.exact": EXACT})).methods["exact"]
    assert method.model_dump()["priors"]["alpha"] == {
        "distribution": "Beta", "alpha": 1.0, "beta": 1.0
    }  # fmt: skip
    assert method.model_dump()["priors"]["beta"]["distribution"] == "HalfNormal"


# ------------------------------------------------------------------------------- names of cells


LONG = "a" * 40
TOO_LONG = "but there may be 200 at most, because files are named by it"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"truth.beta": [2, 1e-200]},
            f"truth.beta contains 1e-200, which makes a cell's name of 228 letters, {TOO_LONG}",
        ),
        (
            {"participants": [10**250, 5]},
            f"participants contains {str(10**250)[:67]}..., which makes a cell's name of 278 "
            f"letters, {TOO_LONG}",
        ),
        (
            {"missing": [1e-300]},
            f"missing contains 1e-300, which makes a cell's name of 340 letters, {TOO_LONG}",
        ),
    ],
)
def test_a_level_that_makes_names_of_files_too_long_is_one_sentence(changes, sentence):
    assert problems(changed(changes)) == [sentence]


def test_names_that_make_names_of_files_too_long_are_one_sentence():
    raw = several()
    source = {"truth": {"alpha": [1 / 3], "beta": [10 / 3], "lapse": [1 / 7]}}
    source["population"] = {name: {"spread": 1} for name in source["truth"]}
    raw["variants"][LONG] = {"model": "rescorla_wagner", "lapse": True}
    raw["models"]["simulate"][LONG] = source
    raw["tasks"][LONG] = raw["tasks"].pop("plain")
    raw["completed"] = [[0.25, 0.5, 0.75, 1]]
    text = f"the name of a model, which makes a cell's name of 217 letters, {TOO_LONG}"
    assert problems(raw) == [f"models.simulate.{LONG} is {text}"]
    raw["completed"] = [[1]]
    assert max(map(len, cells_of(parse(raw).resolved()))) == 189


def test_as_many_shares_as_people_make_no_long_name():
    shares = [round(0.5 + i / 1000, 3) for i in range(80)]
    cells = cells_of(parse(changed({"completed": [shares]})).resolved())
    assert max(map(len, cells)) < 100
