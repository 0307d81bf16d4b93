"""The methods of a calibration, their designs and their batches."""

from settings import MLE, MOCK, QUADRATURE, bayes, study

from rlrecovery.config.calibrations import calibrated_batches, generators
from rlrecovery.config.reader import parse

SECTION = {"participants": 5, "trials": 20, "data_sets": 50, "batch_size": 20}
METHODS = {"mle": MLE, "exact": QUADRATURE, "nuts": bayes("partial"), "guess": MOCK}


def made(**changes):
    return parse(study(methods=METHODS, calibration=SECTION | changes))


def test_without_the_section_there_is_none():
    experiment = parse(study(methods=METHODS))
    assert generators(experiment) == {}
    assert calibrated_batches(experiment) == {}


def test_by_default_all_methods_with_a_posterior_are_calibrated():
    found = generators(made())
    assert {name: g.participants for name, g in found.items()} == {"exact": 1, "nuts": 5}
    assert found["exact"].seed == made().seed
    assert found["exact"].trials == 20


def test_methods_and_their_data_sets_can_be_chosen():
    assert list(generators(made(methods=["nuts"]))) == ["nuts"]
    ranges = calibrated_batches(made(fewer={"nuts": 30}))
    assert list(ranges["exact"].values()) == [(0, 20), (20, 40), (40, 50)]
    assert list(ranges["nuts"].values()) == [(0, 20), (20, 30)]


def test_the_batch_size_is_by_default_that_of_the_study():
    section = {key: value for key, value in SECTION.items() if key != "batch_size"}
    experiment = parse(study(methods=METHODS, calibration=section, batch_size=25))
    assert list(calibrated_batches(experiment)["exact"].values()) == [(0, 25), (25, 50)]


def test_every_fit_of_a_contest_is_calibrated():
    raw = study(calibration=SECTION | {"methods": ["exact"], "fewer": {"exact": 30}})
    population = {key: raw.pop(key) for key in ("truth", "population")}
    del raw["model"]
    raw["methods"] = {"exact": {"estimator": "quadrature"}}
    raw["models"] = {
        "simulate": {"rescorla_wagner": population},
        "fit": ["rescorla_wagner", "random_responding"],
    }
    experiment = parse(raw)
    found = generators(experiment)
    assert list(found) == ["exact_rescorla_wagner", "exact_random_responding"]
    models = [generator.setting().model.name for generator in found.values()]
    assert models == ["rescorla_wagner", "random_responding"]
    assert [len(ranges) for ranges in calibrated_batches(experiment).values()] == [2, 2]
