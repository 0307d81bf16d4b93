"""Machine code of a loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytensor.tensor as pt
import pytest

from rlrecovery.likelihood import compiled
from rlrecovery.likelihood.compiled import compiled_values
from rlrecovery.likelihood.compiled_file import link
from rlrecovery.likelihood.compiled_native import native_loop
from rlrecovery.models.base import Learner
from rlrecovery.models.library import RESCORLA_WAGNER

#: Two trials of one participant, and three points.
DATA = np.array([[0, 1]]), np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]])
THETA = np.array([[0.3, 2.0], [0.5, 0.1], [0.9, 5.0]])


def learner(logit):
    return Learner(replace(RESCORLA_WAGNER, logit=logit), 2)


def expected(logit_of):
    """Log-likelihood of the data, from the log-odds that a value has."""
    alpha, beta = THETA.T
    after = 0.5 + 0.5 * alpha
    odds = logit_of(beta, after) - logit_of(beta, np.full(3, 0.5))
    return -np.log(2.0) - np.log1p(np.exp(odds))


def test_the_code_has_one_function_and_needs_nothing_of_numba():
    native = native_loop("gradient", Learner(RESCORLA_WAGNER, 2))
    assert link(native.code) is not None
    assert b"NRT" not in native.code
    assert b"numba" not in native.code.lower()


@pytest.mark.parametrize(
    ("logit", "logit_of"),
    [
        (
            lambda state, p: p.beta * (state["q"] + 0.1) ** 0.3,
            lambda beta, q: beta * (q + 0.1) ** 0.3,
        ),
        (
            lambda state, p: p.beta * (state["q"] + 0.5) ** 3,
            lambda beta, q: beta * (q + 0.5) ** 3,
        ),
        (
            lambda state, p: p.beta * (1.0 * (state["q"] > 0.6) / 3),
            lambda beta, q: beta * np.float32(1.0 * (q > 0.6)) / np.float32(3),
        ),
        (
            lambda state, p: p.beta * pt.erf(state["q"]),
            lambda beta, q: beta * pt.erf(q).eval(),
        ),
        (
            lambda state, p: p.beta / (state["q"] - 0.5),
            lambda beta, q: beta * np.nan,
        ),
    ],
    ids=["power", "whole power", "single precision", "error function", "division by zero"],
)
def test_operations_that_no_model_of_the_library_has(logit, logit_of):
    values = compiled_values(learner(logit))(*DATA, THETA)
    np.testing.assert_allclose(values, expected(logit_of), rtol=1e-6)


def test_a_function_that_only_numba_has(monkeypatch):
    """Its address is not known to other processes, so the code is not kept."""
    kept = []
    monkeypatch.setattr(compiled, "write_code", lambda key, code: kept.append(key))
    bessel = learner(lambda state, p: p.beta * pt.j0(state["q"]))
    values = compiled_values(bessel)(*DATA, THETA)
    np.testing.assert_allclose(values, expected(lambda beta, q: beta * pt.j0(q).eval()), rtol=1e-10)
    assert kept == []
