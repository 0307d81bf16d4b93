"""Sampled and exact posteriors: hand-worked comparisons, and a real sampler."""

import numpy as np
import pandas as pd
import pytest

from rlrecovery.design.cells import Cell
from rlrecovery.fit.batch import fit_batch
from rlrecovery.score.sampler_check import compare_posteriors, pool_over_cells
from rlrecovery.simulate.batch import simulate_batch
from rlrecovery.simulate.generator import Generator
from rlrecovery.storage.files import read_table
from rlrecovery.storage.schemas import SAMPLER_CHECK
from unit.score.examples import EXACT, bayes_method


def estimates(means, ess=100.0, se=0.5):
    return pd.DataFrame(
        {
            "replicate": 0, "participant": range(len(means)), "level": "participant",
            "parameter": "alpha",
            "estimate": means, "se": se, "ess_bulk": ess,
        }
    )  # fmt: skip


def test_by_hand():
    sampled = estimates([1.0, 2.0, np.nan], ess=[100.0, 400.0, 100.0], se=0.6)
    exact = estimates([1.1, 2.05, 3.0], ess=np.nan)
    (row,) = compare_posteriors(sampled, exact).to_dict("records")
    # 0.1 / (0.5 / 10) = 2 and 0.05 / (0.5 / 20) = 2
    assert row["posteriors"] == 2
    assert row["rms_z"] == pytest.approx(2)
    assert row["largest_difference"] == pytest.approx(0.2)
    assert row["sd_ratio"] == pytest.approx(1.2)


def test_rows_are_matched_by_key():
    sampled, exact = estimates([1.0, 2.0]), estimates([2.0, 1.0])
    exact["participant"] = [1, 0]
    assert compare_posteriors(sampled, exact)["rms_z"].tolist() == [0.0]


def test_over_cells_the_squares_are_averaged_over_posteriors():
    front = {"sampled": "s", "exact": "e", "parameter": "alpha", "sd_ratio": 1.0}
    cells = pd.DataFrame(
        [
            {**front, "cell": "a", "posteriors": 1, "rms_z": 2.0, "largest_difference": 0.3},
            {**front, "cell": "b", "posteriors": 3, "rms_z": 1.0, "largest_difference": 0.2},
        ]
    )
    (row,) = pool_over_cells(cells).to_dict("records")
    assert row["posteriors"] == 4
    assert row["rms_z"] == pytest.approx(np.sqrt(7 / 4))
    assert row["largest_difference"] == 0.3


def test_nothing_to_compare_is_an_empty_table():
    assert compare_posteriors(estimates([]), estimates([])).empty
    assert pool_over_cells(pd.DataFrame(columns=list(SAMPLER_CHECK))).empty


@pytest.mark.slow
def test_a_real_sampler_agrees_with_the_exact_posterior(tmp_path):
    cell = Cell((("alpha", 0.4), ("beta", 3.0)), participants=1, trials=60)
    generator = Generator.of(
        {
            "seed": 5,
            "model": "rescorla_wagner",
            "task": {"arms": [0.4, 0.6], "blocks": 1, "start_value": 0.5},
            "population": {"alpha": {"spread": 0.0}, "beta": {"spread": 0.0}},
        }
    )
    trials, truth = str(tmp_path / "trials.parquet"), str(tmp_path / "truth.parquet")
    simulate_batch(cell, generator, (0, 12), trials, truth)
    tables = []
    for name, method in (("sampled", bayes_method()), ("exact", EXACT)):
        path = str(tmp_path / f"{name}.parquet")
        fit_batch(method, generator, cell, (0.95,), trials, path)
        tables.append(read_table(path))
    compared = compare_posteriors(*tables)
    assert compared["posteriors"].tolist() == [12, 12]
    assert compared["rms_z"].between(0.4, 1.8).all()  # far in the tails of chi-square with 12
    assert (compared["largest_difference"] < 0.2).all()
    assert compared["sd_ratio"].between(0.95, 1.05).all()
