"""What `make validate` says of numbers that are met and of numbers that are not."""

import numpy as np
import pandas as pd
import pytest

from rlrecovery.calibration.truths import draw_truths
from rlrecovery.storage.schemas import SELECTION
from validation import mid_session
from validation import wilson_collins as figure
from validation.calibration import SMALLEST_P, calibration
from validation.notebook import cut, notebook
from validation.tradeoff import errors


def test_the_notebooks_numbers_are_met(capsys):
    assert notebook()
    said = capsys.readouterr().out
    assert "DIFFERS" not in said
    assert said.count("the same") == 7


def test_numbers_are_cut_and_not_rounded():
    assert cut(5.7073854) == "5.70738"


def written(folder, shares, n=100):
    """A summary with the BIC matrix of a study."""
    rows = [
        dict.fromkeys(SELECTION, np.nan)
        | {"scope": "all", "criterion": "BIC", "unit": "participant", "n": n,
           "simulated": simulated, "fitted": fitted, "confusion": share}
        for simulated, mine in zip(figure.MODELS, shares, strict=True)
        for fitted, share in zip(figure.MODELS, mine, strict=True)
    ]  # fmt: skip
    pd.DataFrame(rows).sample(frac=1, random_state=1).to_csv(folder / "selection.csv", index=False)
    return folder


def test_the_published_matrix_is_as_itself(tmp_path, capsys):
    assert figure.wilson_collins(written(tmp_path, figure.PUBLISHED))
    assert "DIFFERS" not in capsys.readouterr().out


def test_a_row_that_differs_is_called_so(tmp_path, capsys):
    shares = figure.PUBLISHED.copy()
    shares[2] = [0.4, 0, 0.6, 0, 0]
    assert not figure.wilson_collins(written(tmp_path, shares))
    said = capsys.readouterr().out
    assert said.count("DIFFERS") == 1
    assert "0.60" in said


@pytest.mark.parametrize(("n", "different"), [(100, False), (1000, True)])
def test_more_simulations_tell_more(n, different):
    ours = np.array([0.14, 0, 0.86, 0, 0])
    p = figure.same(figure.PUBLISHED[2], ours, n)
    assert (p < 0.05) == different


def test_errors_are_of_single_participants():
    rows = [
        ("participant", 0, "alpha", 0.3, 0.4), ("participant", 0, "beta", 3, 2.5),
        ("group", -1, "alpha", 0.3, 0.9), ("participant", 1, "alpha", 0.3, 0.2),
        ("participant", 1, "beta", 3, 4.0),
    ]  # fmt: skip
    points = pd.DataFrame(rows, columns=["level", "participant", "parameter", "truth", "estimate"])
    found = errors(points.assign(cell="c", replicate=0))
    assert found["alpha"].tolist() == pytest.approx([0.1, -0.1])
    assert found["beta"].tolist() == pytest.approx([-0.5, 1.0])


@pytest.mark.slow
def test_the_hierarchical_posterior_is_calibrated():
    table = calibration(data_sets=200)
    assert (table["p"] > SMALLEST_P).all()
    assert table["inside"].sum() >= 5


@pytest.mark.slow
def test_truths_of_another_prior_are_not_calibrated(monkeypatch):
    """Participants that hardly differ: the SD is always in the lower tail of its posterior."""

    def alike(settings, model, participants, rng):
        drawn = draw_truths(settings, model, participants, rng)
        for name in model.names:
            location = drawn.whole["group", name]
            drawn.whole["spread", name] = 0.02
            drawn.real[name] = location + 0.02 * rng.standard_normal(participants)
            drawn.natural[name] = model.parameter(name).to_natural(drawn.real[name])
        return drawn

    monkeypatch.setattr("rlrecovery.calibration.datasets.draw_truths", alike)
    assert calibration(data_sets=25)["p"].min() < SMALLEST_P


def test_likelihoods_of_sessions_are_products_over_trials():
    """A grid of likelihoods against a loop over trials, with Q kept over the swap."""
    rng = np.random.default_rng(2)
    choices, rewards = mid_session.simulate(12, rng)
    shifts, log_betas = np.array([0.0, 1.3]), np.array([0.5, 1.2])
    tabulated = mid_session.table(choices, rewards, shifts, log_betas)
    for participant, value, shift, log_beta in [(0, 20, 1, 0), (7, 40, 0, 1), (39, 33, 1, 1)]:
        q, expected = [0.0, 0.0], 0.0
        for t in range(12):
            c, x = choices[participant, t], mid_session.VALUES[value] + shifts[shift] * (t >= 6)
            expected -= np.log1p(np.exp(np.exp(log_betas[log_beta]) * (q[1 - c] - q[c])))
            q[c] += (rewards[participant, t] - q[c]) / (1 + np.exp(-x))
        assert tabulated[participant, value, shift, log_beta] == pytest.approx(expected)


def test_a_population_is_integrated_exactly_between_nodes():
    values = mid_session.VALUES
    weights = mid_session.population_weights(np.array([-0.4]), np.array([0.03, 0.5]))[0]
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(weights @ values, -0.4, atol=1e-12)
    drawn = np.random.default_rng(0).normal(-0.4, 0.5, 400_000)
    kinked = np.abs(values - values[30])
    expected = np.interp(drawn, values, kinked).mean()
    assert weights[1] @ kinked == pytest.approx(expected, abs=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("trials", [20, 100])
def test_a_shift_within_a_session_has_the_published_accuracy(trials):
    """Biases of the three fixed effects as published, and coverage of all four near 95 %.

    Theirs are 100 maximum likelihood estimates, with biases within their Monte Carlo error; ours
    are 100 posterior means under weak priors. At most 11 of 100 intervals miss with probability
    0.996 if each misses with probability 0.05. Their estimates of the SD collapse to 0 in short
    sessions, so the log SD only has to be less biased than theirs.
    """
    bias, standard_error, coverage = mid_session.bias_and_coverage(trials, 100, seed=trials)
    published = np.array(mid_session.PUBLISHED[trials]["bias"])
    limits = 4 * np.sqrt(2) * standard_error
    assert (np.abs(bias - published) < limits)[:3].all(), (bias, published, standard_error)
    assert (np.abs(bias) < 4 * standard_error)[:3].all(), (bias, standard_error)
    assert coverage.min() >= 0.89, coverage
    assert bias[3] - published[3] > 2 * standard_error[3], (bias, standard_error)
