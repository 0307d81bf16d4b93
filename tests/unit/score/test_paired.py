"""Methods compared on the same data, against hand-worked numbers and a simulation."""

import numpy as np
import pandas as pd
import pytest

from rlrecovery.score.paired import compare, paired_measures, relative_precision, rmse_ratio
from rlrecovery.score.rows import join
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import PAIRED, TRUTH

ONE_EACH = np.arange(4)


def test_a_hand_worked_case():
    errors, reference = np.array([1.0, -1.0, 1.0, -1.0]), np.array([2.0, -2.0, 4.0, -4.0])
    scores = dict(paired_measures(errors, reference, ONE_EACH))
    assert scores["bias_difference"].value == 0
    # Differences -1, 1, -3, 3: their SD is sqrt(20/3).
    assert scores["bias_difference"].mcse == pytest.approx(np.sqrt(20 / 3) / 2)
    # Squares 1 less 4, 4, 16, 16.
    assert scores["mse_difference"].value == pytest.approx(-9)
    assert scores["rmse_ratio"].value == pytest.approx(np.sqrt(1 / 10))
    # Variances 4/3 and 40/3.
    assert scores["relative_precision"].value == pytest.approx(9)
    rho = np.corrcoef(errors, reference)[0, 1]
    expected = 2 * 10 * np.sqrt((1 - rho**2) / 3)
    assert scores["relative_precision"].mcse == pytest.approx(expected)
    assert all((score.n, score.n_rows) == (4, 4) for score in scores.values())


def test_a_method_against_itself_gains_nothing_for_certain():
    errors = np.array([0.3, -0.2, 0.5, 0.1])
    scores = dict(paired_measures(errors, errors, ONE_EACH))
    assert scores["rmse_ratio"][:2] == pytest.approx((1, 0))
    assert scores["relative_precision"][:2] == pytest.approx((0, 0), abs=1e-12)


def test_shared_noise_does_not_count_as_uncertainty():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=400)
    errors, reference = shared + 0.05 * rng.normal(size=400), 1.1 * shared
    apart = rng.permutation(reference)
    close = rmse_ratio(errors, reference, np.arange(400))
    loose = rmse_ratio(errors, apart, np.arange(400))
    assert close.mcse < 0.2 * loose.mcse


@pytest.mark.parametrize("participants", [1, 5])
@pytest.mark.parametrize("measure", [rmse_ratio, relative_precision])
def test_the_monte_carlo_error_is_that_of_repeated_studies(participants, measure):
    """Correlated errors, data sets of several participants who share a part of their error."""
    rng, values, claimed = np.random.default_rng(1), [], []
    replicates = np.repeat(np.arange(60), participants)
    for _ in range(400):
        common = np.repeat(rng.normal(size=60), participants)
        one = common + rng.normal(size=60 * participants)
        two = 0.6 * common + 1.5 * rng.normal(size=60 * participants)
        score = measure(one, two, replicates)
        values.append(score.value)
        claimed.append(score.mcse)
    assert np.mean(claimed) == pytest.approx(np.std(values), rel=0.12)


def table(errors, participants=1, truth=0.5):
    replicate, participant = np.divmod(np.arange(len(errors)), participants)
    estimates = pd.DataFrame({"replicate": replicate, "participant": participant}).assign(
        level="participant", parameter="alpha", estimate=truth + np.array(errors), status="ok"
    )
    truths = estimates[["replicate", "participant", "level", "parameter"]].assign(truth=truth)
    return estimates, conform(truths, TRUTH)


def test_every_pair_of_methods_is_compared_on_rows_that_both_have():
    first, truth = table([0.1, -0.1, 0.2, 0.3])
    second, _ = table([0.2, -0.2, 0.4, 0.6])
    third, _ = table([0.0, np.nan, 0.1, 0.1])
    third.loc[3, "status"] = "failed"
    tables = {"first": first, "second": second, "third": third}
    compared = compare({name: join(table, truth) for name, table in tables.items()})
    assert list(compared.columns) == list(PAIRED)
    pairs = compared[["method", "reference"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [["second", "first"], ["third", "first"], ["third", "second"]]
    ratio = compared[(compared["measure"] == "rmse_ratio") & (compared["reference"] == "first")]
    ratio = ratio.set_index("method")
    assert ratio.loc["second", "value"] == pytest.approx(2)
    assert ratio.loc["second", "n_rows"] == 4
    assert ratio.loc["third", "n_rows"] == 2
    assert ratio.loc["third", "value"] == pytest.approx(np.sqrt(0.01 / 0.05))


def test_nothing_in_common_is_an_empty_table():
    first, truth = table([0.1, 0.2])
    first = join(first, truth)
    assert compare({"first": first}).empty
    failed = first.assign(estimate=np.nan, status="failed")
    compared = compare({"first": first, "second": failed})
    assert compared.empty
    assert list(compared.columns) == list(PAIRED)


def test_two_replicates_claim_no_error_of_the_gain_in_precision():
    scores = dict(paired_measures(np.array([1.0, 2.0]), np.array([2.0, -1.0]), np.array([0, 1])))
    assert np.isfinite(scores["relative_precision"].value)
    assert np.isnan(scores["relative_precision"].mcse)
    assert scores["bias_difference"].mcse > 0


def test_one_replicate_has_a_value_and_no_error():
    scores = dict(paired_measures(np.array([1.0]), np.array([2.0]), np.array([0])))
    assert scores["rmse_ratio"].value == pytest.approx(0.5)
    assert np.isnan(scores["rmse_ratio"].mcse)
