"""Sampled and exact posteriors: hand-worked comparisons, and a real sampler."""

import numpy as np
import pandas as pd
import pytest

from rlrecovery.design.cells import Cell
from rlrecovery.fitting.batch import fit_batch
from rlrecovery.score.sampler_check import compare_posteriors, pool_over_cells
from rlrecovery.simulation.batch import simulate_batch
from rlrecovery.simulation.generator import Generator
from rlrecovery.storage.files import read_table
from rlrecovery.storage.schemas import SAMPLER_CHECK
from unit.score.examples import EXACT, bayes_method, exact_method


def estimates(means, ess=100.0, se=0.5, level="participant", error=np.nan):
    whole = level != "participant"
    return pd.DataFrame(
        {
            "replicate": range(len(means)) if whole else 0,
            "participant": -1 if whole else range(len(means)),
            "level": level, "parameter": "alpha",
            "estimate": means, "se": se, "ess_bulk": ess, "grid_error": error,
        }
    )  # fmt: skip


def test_by_hand():
    sampled = estimates([1.0, 2.0, np.nan], ess=[100.0, 400.0, 100.0], se=0.6)
    exact = estimates([1.1, 2.05, 3.0], ess=np.nan, error=[0.03, 0.02, 9.0])
    (row,) = compare_posteriors(sampled, exact).to_dict("records")
    # 0.1 / (0.5 / 10) = 2 and 0.05 / (0.5 / 20) = 2
    assert (row["level"], row["data_sets"], row["posteriors"]) == ("participant", 1, 2)
    assert row["rms_z"] == pytest.approx(2)
    # 0.03 x 10 and 0.02 x 20
    assert row["rms_error"] == pytest.approx(np.sqrt((0.09 + 0.16) / 2))
    assert row["largest_difference"] == pytest.approx(0.2)
    assert row["sd_ratio"] == pytest.approx(1.2)


def test_rows_are_matched_by_key():
    sampled, exact = estimates([1.0, 2.0]), estimates([2.0, 1.0])
    exact["participant"] = [1, 0]
    assert compare_posteriors(sampled, exact)["rms_z"].tolist() == [0.0]


def test_levels_are_compared_separately():
    shifts = {"participant": 0.0, "group": 0.1, "spread": 0.2}
    sampled = pd.concat([estimates([s, s, s], level=level) for level, s in shifts.items()])
    exact = pd.concat([estimates([0.0, 0, 0], level=level, error=0.0) for level in shifts])
    compared = compare_posteriors(sampled, exact).set_index("level")
    assert list(compared.index) == list(shifts)
    assert compared["largest_difference"].tolist() == pytest.approx([0.0, 0.2, 0.4])
    assert compared["data_sets"].to_dict() == {"participant": 1, "group": 3, "spread": 3}


def test_over_cells_the_squares_are_averaged_over_posteriors():
    front = {"sampled": "s", "exact": "e", "level": "group", "parameter": "alpha"}
    front |= {"sd_ratio": 1.0, "rms_error": 0.5, "data_sets": 2}
    cells = pd.DataFrame(
        [
            {**front, "cell": "a", "posteriors": 1, "rms_z": 2.0, "largest_difference": 0.3},
            {**front, "cell": "b", "posteriors": 3, "rms_z": 1.0, "largest_difference": 0.2},
        ]
    )
    (row,) = pool_over_cells(cells).to_dict("records")
    assert (row["data_sets"], row["posteriors"]) == (4, 4)
    assert row["rms_error"] == pytest.approx(0.5)
    assert row["rms_z"] == pytest.approx(np.sqrt(7 / 4))
    assert row["largest_difference"] == 0.3


def test_nothing_to_compare_is_an_empty_table():
    assert compare_posteriors(estimates([]), estimates([])).empty
    assert pool_over_cells(pd.DataFrame(columns=list(SAMPLER_CHECK))).empty


def test_the_root_mean_square_varies_as_the_module_says():
    """Differences with as many degrees of freedom as there are independent ones."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((4000, 50))
    assert np.sqrt((z**2).mean(axis=1)).std() == pytest.approx(1 / np.sqrt(2 * 50), rel=0.05)
    same_in_data_set = np.repeat(z[:, :10], 5, axis=1)  # five participants of ten data sets
    spread = np.sqrt((same_in_data_set**2).mean(axis=1)).std()
    assert spread == pytest.approx(1 / np.sqrt(2 * 10), rel=0.05)


def compared_fits(folder, cell, replicates, methods):
    """Comparison of a sampled and an exact method on data sets of a cell."""
    generator = Generator.of(
        {
            "seed": 5,
            "model": "rescorla_wagner",
            "task": {"arms": [0.4, 0.6], "blocks": 1, "start_value": 0.5},
            "population": {"alpha": {"spread": 0.3}, "beta": {"spread": 0.3}},
        }
    )
    trials, truth = str(folder / "trials.parquet"), str(folder / "truth.parquet")
    simulate_batch(cell, generator, (0, replicates), trials, truth)
    tables = []
    for name, method in zip(("sampled", "exact"), methods, strict=True):
        path = str(folder / f"{name}.parquet")
        fit_batch(method, generator, cell, (0.95,), trials, path)
        tables.append(read_table(path))
    return compare_posteriors(*tables)


@pytest.mark.slow
def test_a_real_sampler_agrees_with_the_exact_posterior(tmp_path):
    cell = Cell((("alpha", 0.4), ("beta", 3.0)), participants=1, trials=60)
    compared = compared_fits(tmp_path, cell, 12, (bayes_method(), EXACT))
    assert compared["posteriors"].tolist() == [12, 12]
    assert compared["rms_z"].between(0.4, 1.8).all()  # far in the tails of chi-square with 12
    assert (compared["largest_difference"] < 0.2).all()
    assert compared["sd_ratio"].between(0.95, 1.05).all()


@pytest.mark.slow
def test_a_real_sampler_agrees_with_the_exact_hierarchical_posterior(tmp_path):
    cell = Cell((("alpha", 0.4), ("beta", 3.0)), participants=5, trials=60)
    methods = bayes_method("partial"), exact_method("partial")
    compared = compared_fits(tmp_path, cell, 10, methods).set_index(["level", "parameter"])
    assert compared.loc["participant", "posteriors"].tolist() == [50, 50]
    for level in ("group", "spread"):
        assert compared.loc[level, "posteriors"].tolist() == [10, 10]
    limit = np.sqrt(1 + compared["rms_error"] ** 2) + 4 / np.sqrt(2 * 10)
    assert (compared["rms_z"] < limit).all()
    assert (compared["largest_difference"] < 0.3).all()
    assert compared["sd_ratio"].between(0.9, 1.1).all()
