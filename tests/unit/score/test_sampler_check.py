import numpy as np
import pandas as pd
import pytest
from fits import FLAT, QUADRATURE, bayes, bayes_method, setting, simulated, table

from rlrecovery.fit.quadrature import Quadrature
from rlrecovery.score.sampler_check import differences, overall, pairs
from rlrecovery.storage.schemas import SAMPLER_CHECK

SAMPLED = bayes_method()


def estimates(means, ess=100.0, se=0.5):
    people = range(len(means))
    return pd.DataFrame(
        {
            "replicate": 0, "participant": people, "level": "participant", "parameter": "alpha",
            "estimate": means, "se": se, "ess_bulk": ess,
        }
    )  # fmt: skip


def test_by_hand():
    sampled = estimates([1.0, 2.0, np.nan], ess=[100.0, 400.0, 100.0], se=0.6)
    exact = estimates([1.1, 2.05, 3.0], ess=np.nan)
    (row,) = differences(sampled, exact).to_dict("records")
    # 0.1 / (0.5 / 10) = 2 and 0.05 / (0.5 / 20) = 2
    assert row["posteriors"] == 2
    assert row["rms_z"] == pytest.approx(2)
    assert row["largest_difference"] == pytest.approx(0.2)
    assert row["sd_ratio"] == pytest.approx(1.2)


def test_rows_are_matched_by_key_and_not_by_place():
    sampled, exact = estimates([1.0, 2.0]), estimates([2.0, 1.0])
    exact["participant"] = [1, 0]
    assert differences(sampled, exact)["rms_z"].tolist() == [0.0]


def test_over_cells_the_squares_are_averaged_over_posteriors():
    front = {"sampled": "s", "exact": "e", "parameter": "alpha", "sd_ratio": 1.0}
    cells = pd.DataFrame(
        [
            {**front, "cell": "a", "posteriors": 1, "rms_z": 2.0, "largest_difference": 0.3},
            {**front, "cell": "b", "posteriors": 3, "rms_z": 1.0, "largest_difference": 0.2},
        ]
    )
    (row,) = overall(cells).to_dict("records")
    assert row["posteriors"] == 4
    assert row["rms_z"] == pytest.approx(np.sqrt(7 / 4))
    assert row["largest_difference"] == 0.3


def test_only_methods_with_the_same_posterior_mean_are_pairs():
    methods = {
        "mle": {"estimator": "mle", "model": "rescorla_wagner"},
        "sampled": SAMPLED,
        "pooled": bayes_method("complete"),
        "median": SAMPLED | {"point": "median"},
        "other prior": SAMPLED | {"priors": {"alpha": FLAT["alpha"]}},
        "exact": QUADRATURE,
    }
    assert pairs(methods) == [("sampled", "exact")]
    del methods["exact"]
    assert pairs(methods) == []


def test_nothing_to_compare_is_an_empty_table():
    assert differences(estimates([]), estimates([])).empty
    assert overall(pd.DataFrame(columns=list(SAMPLER_CHECK))).empty


def test_a_real_sampler_agrees_with_the_exact_posterior():
    seeds = np.random.SeedSequence(5)
    exact = Quadrature.of(QUADRATURE, setting(1, 60))
    sampler = bayes(trials=60, draws=1000)
    sides = {"sampled": [], "exact": []}
    for replicate in range(12):
        data = simulated(0.4, 3, 60, replicate)
        for side, fitter in (("sampled", sampler), ("exact", exact)):
            rows = table(fitter.fit(data, seeds.spawn(1)[0]))
            sides[side].append(rows.assign(replicate=replicate))
    found = differences(*(pd.concat(rows) for rows in sides.values()))
    assert found["posteriors"].tolist() == [12, 12]
    assert found["rms_z"].between(0.4, 1.8).all()  # far in the tails of chi-square with 12
    assert (found["largest_difference"] < 0.2).all()
    assert found["sd_ratio"].between(0.95, 1.05).all()
