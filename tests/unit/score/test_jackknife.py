"""The jackknife over replicates, against leaving them out one by one."""

import numpy as np
import pytest

from rlrecovery.score.jackknife import (
    EMPTY,
    centred_powers,
    jackknife,
    mean_of_sums,
    ratio,
    renumber,
    root_mean_of_sums,
    score_sums,
    sd_of_sums,
    sums_without_each,
)


def test_sums_sums_without_each_replicate():
    terms, replicates = np.array([[1.0, 2.0, 4.0, 8.0]]), [7, 7, 3, 9]
    codes, n = renumber(replicates)
    assert n == 3
    np.testing.assert_array_equal(sums_without_each(terms, codes), [[11, 12, 7]])


@pytest.mark.parametrize(
    ("statistic", "terms", "plain"),
    [
        (mean_of_sums, lambda x: [x], np.mean),
        (root_mean_of_sums, lambda x: [x**2], lambda x: np.sqrt((x**2).mean())),
        (sd_of_sums, centred_powers, lambda x: np.std(x, ddof=1)),
    ],
)
def test_a_score_is_the_statistic_and_its_jackknife(statistic, terms, plain):
    rng = np.random.default_rng(0)
    replicates = np.repeat(np.arange(8), 3)
    x = rng.normal(size=24) + np.repeat(rng.normal(size=8), 3)
    score = score_sums(statistic, terms(x), replicates)
    left = np.array([plain(x[replicates != r]) for r in range(8)])
    assert score.value == pytest.approx(plain(x))
    assert score.mcse == pytest.approx(np.sqrt(7 / 8 * ((left - left.mean()) ** 2).sum()))
    assert (score.n, score.n_rows) == (8, 24)


def test_a_closed_form_is_used_where_each_replicate_has_one_row():
    x = np.arange(4.0)
    score = score_sums(mean_of_sums, [x], np.arange(4), lambda value, n: 10 * n)
    assert score.mcse == 40
    both = score_sums(mean_of_sums, [x], [0, 0, 1, 1], lambda value, n: 10 * n)
    assert both.mcse != 20


def test_what_cannot_be_estimated_is_missing():
    assert score_sums(mean_of_sums, [np.empty(0)], []) == EMPTY
    assert np.isnan(score_sums(mean_of_sums, [np.ones(2)], [1, 1]).mcse)
    assert np.isnan(jackknife(np.array([1.0])))
    assert np.isnan(ratio(1.0, 0.0))
    assert ratio(1.0, 4.0) == 0.25
