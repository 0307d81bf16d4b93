"""Columns of intervals and estimates, and how tables fit together."""

import math

import pytest

from rlrecovery.storage import schemas
from rlrecovery.storage.files import conform


@pytest.mark.parametrize(
    ("level", "ends"),
    [
        (0.95, ("lower_95", "upper_95")),
        (0.5, ("lower_50", "upper_50")),
        (0.9, ("lower_90", "upper_90")),
        (0.975, ("lower_97.5", "upper_97.5")),
        (0.29, ("lower_29", "upper_29")),  # 100 * 0.29 is 28.999999999999996
        (0.999, ("lower_99.9", "upper_99.9")),
    ],
)
def test_interval_columns(level, ends):
    assert schemas.interval_columns(level) == ends


def test_estimates_columns():
    columns = schemas.estimates_columns([0.5, 0.95])
    n_fixed = len(schemas.ESTIMATES)
    assert list(columns)[:n_fixed] == list(schemas.ESTIMATES)
    assert list(columns)[n_fixed:] == ["lower_50", "upper_50", "lower_95", "upper_95"]
    assert {columns[name] for name in list(columns)[n_fixed:]} == {"float64"}


def test_defaults_complete_a_row_of_estimates():
    target = {"replicate": 0, "participant": 1, "level": "participant", "parameter": "alpha"}
    row = target | {"estimate": 0.5, "se": 0.1} | schemas.ESTIMATE_DEFAULTS
    (values,) = conform([row], schemas.ESTIMATES).to_dict("records")
    assert (values["status"], values["reason"]) == ("ok", "")
    assert (values["at_bound"], values["converged"]) == (False, True)
    assert math.isnan(values["rhat"])
    assert math.isnan(values["seconds"])


def test_truth_and_estimates_join():
    for name in schemas.ESTIMATE_KEYS:
        assert schemas.TRUTH[name] == schemas.ESTIMATES[name]


def test_trials_never_hold_the_truth():
    """Estimators read trials."""
    assert not set(schemas.TRIALS) & {"truth", "parameter", "alpha", "beta"}
