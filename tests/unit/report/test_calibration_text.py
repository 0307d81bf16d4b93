"""Calibration over the prior in words."""

import dataclasses

import numpy as np
import pytest
from settings import QUADRATURE, bayes, study

from rlrecovery.calibration.summary import uniformity
from rlrecovery.config.reader import parse
from rlrecovery.report.calibration_text import (
    calibration_methods,
    calibration_section,
    verdict,
)
from unit.calibration.examples import places

EXPERIMENT = parse(
    study(
        methods={"exact": QUADRATURE, "nuts": bayes("partial")},
        calibration={"participants": 5, "trials": 20, "data_sets": 40},
    )
)


def tests_of(**changes):
    return uniformity(places(("exact",), **changes))


tests_of.__test__ = False


def test_a_method_without_an_error_is_given_with_p_and_n():
    table = tests_of(data_sets=60)
    said = verdict(table)
    assert not said.differs
    p = table["p_holm"].min()
    assert said.text == (
        f"exact: no error of the intervals was found on average over the prior (p = {p:.2g}, the "
        "smallest of 3 quantities after Holm’s adjustment; n = 60 data sets)."
    )


def test_a_method_with_an_error_is_named_with_its_quantities():
    said = verdict(tests_of(data_sets=200, power=2.0))
    assert said.differs
    assert said.text == (
        "exact: the intervals are not right on average over the prior: the PIT values of alpha of "
        "a participant, beta of the group and the log-likelihood of a data set are not uniform "
        "(p < 0.001, the smallest of 3 quantities after Holm’s adjustment; n = 200 data sets)."
    )


def test_an_error_of_the_likelihood_alone_is_not_one_of_the_intervals():
    table = tests_of(data_sets=60)
    whole = table["level"] == "data set"
    wrong = verdict(table.assign(p_holm=table["p_holm"].where(~whole, 1e-5)))
    assert wrong.differs
    assert "no error of the intervals of single parameters was found" in wrong.text


def test_failed_and_flagged_fits_are_counted():
    table = places(("exact",), 50)
    table.loc[table["replicate"] == 0, ["status", "pit"]] = ["failed", np.nan]
    table.loc[table["replicate"] == 1, "status"] = "not_converged"
    tests = uniformity(table)
    text = verdict(tests).text
    assert "1 of 50 fits failed and have no posterior." in text
    assert (
        f"1 of 50 fits are flagged; without these, p = {tests['p_holm_unflagged'].min():.2g}."
        in text
    )
    all_flagged = verdict(uniformity(table.assign(status="not_converged"))).text
    assert all_flagged.endswith("49 of 50 fits are flagged.")
    nothing = uniformity(table.assign(pit=np.nan, status="failed"))
    assert verdict(nothing).text == "exact: no fit succeeded."


def test_the_section_has_a_verdict_per_method_and_a_row_per_quantity(tiny):
    summary = dataclasses.replace(tiny, uniformity=uniformity(places(data_sets=40)))
    section = calibration_section(summary, EXPERIMENT)
    assert [v.text.split(":")[0] for v in section["verdicts"]] == ["exact", "nuts"]
    assert len(section["rows"]) == 6
    assert "5 participants for nuts" in section["design"]
    assert "one participant for exact" in section["design"]


@pytest.mark.parametrize("experiment", [EXPERIMENT, parse(study())])
def test_without_a_calibration_there_is_no_section(tiny, experiment):
    assert calibration_section(tiny, experiment) is None
    assert list(calibration_methods(experiment, tiny)) == []


def test_the_methods_text_keeps_coverage_and_calibration_apart(tiny):
    summary = dataclasses.replace(tiny, uniformity=uniformity(places(data_sets=40)))
    text = " ".join(calibration_methods(EXPERIMENT, summary))
    assert "`exact` (40 data sets) and `nuts` (40 data sets)" in text
    assert "[@modrak2023]" in text
    assert "Coverage is reported separately" in text
