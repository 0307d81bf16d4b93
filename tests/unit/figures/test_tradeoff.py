"""Errors of two parameters of the same fit."""

import dataclasses

import numpy as np

from rlrecovery.figures import tradeoff
from unit.figures.pages import WIDTHS, draw, panel_keys


def test_errors_of_a_fit_are_paired_and_their_correlation_has_an_error(runs):
    errors = tradeoff.wide_errors(runs["small"], "mle")
    assert {"alpha", "beta", "flagged"} <= set(errors.columns)
    rho, se = tradeoff.rank_correlation(errors, ("alpha", "beta"))
    assert -1 < rho < 0
    assert 0 < se < 0.3
    assert np.isnan(tradeoff.rank_correlation(errors.head(2), ("alpha", "beta"))[0])


def test_pairs_are_those_of_parameters_that_are_estimated_together(runs, drawn):
    keys = list(panel_keys(drawn["models", "tradeoff", WIDTHS[0]]))
    # One pair of Rescorla-Wagner, three of each of the two others, for two methods.
    assert len(keys) == 2 * (1 + 3 + 3)
    assert not [key for key in keys if "no estimates" in key[0] or "shift" in key[0]]


def test_without_a_pair_of_parameters_the_page_is_empty(runs):
    recovery = runs["models"].recovery
    alone = recovery[recovery["parameter"] == "epsilon"]
    figure = draw("tradeoff", dataclasses.replace(runs["models"], recovery=alone))
    assert figure.axes == []
