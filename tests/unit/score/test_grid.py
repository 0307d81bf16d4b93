"""Correlations over cells, against explicit loops and against simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rlrecovery.score.correlation import correlations
from rlrecovery.score.grid import score_grid
from rlrecovery.storage.schemas import SCORES
from unit.score.examples import CORRELATIONS, pick, ratios, slow_jackknife

pytestmark = pytest.mark.filterwarnings("error")


def joined_cells(cells=2, replicates=4, participants=2) -> pd.DataFrame:
    rng = np.random.default_rng(10)
    rows = []
    for cell in range(cells):
        for replicate in range(replicates):
            for participant in range(participants):
                truth = 0.2 + 0.3 * cell
                rows.append(
                    {
                        "cell": f"alpha-{truth:.2f}",
                        "replicate": replicate,
                        "participant": participant,
                        "level": "participant",
                        "parameter": "alpha",
                        "truth": truth,
                        "estimate": truth + 0.2 * rng.standard_normal(),
                        "status": "ok",
                    }
                )
    return pd.DataFrame(rows)


def test_grid_pools_cells_and_leaves_out_a_replicate_everywhere():
    joined = joined_cells()
    table = score_grid(joined)
    assert list(table) == list(SCORES)
    assert set(table["measure"]) == CORRELATIONS
    expected = slow_jackknife(
        lambda x, y: stats.pearsonr(x, y).statistic,
        joined["replicate"].tolist(),
        joined["truth"],
        joined["estimate"],
    )
    value = stats.pearsonr(joined["truth"], joined["estimate"]).statistic
    score = pick(table, "pearson")
    assert score.value == pytest.approx(value)
    assert score.mcse == pytest.approx(expected, rel=1e-9)
    # Two cells of four data sets of two participants.
    assert (score.n, score.n_rows) == (8, 16)


def test_grid_omits_constant_truth_and_absent_truth():
    joined = joined_cells()
    group = joined.assign(level="group", truth=0.5)
    without_truth = joined.assign(parameter="alpha_negative", truth=np.nan)
    table = score_grid(pd.concat([joined, group, without_truth], ignore_index=True))
    assert set(zip(table["level"], table["parameter"], strict=True)) == {("participant", "alpha")}


def test_grid_leaves_out_failed_and_counts_ok():
    joined = joined_cells()
    joined.loc[0, ["status", "estimate"]] = ["failed", np.nan]
    joined.loc[[2, 3], "status"] = "at_bound"
    table = score_grid(joined)
    assert pick(table, "spearman")[2:] == (8, 15)
    assert pick(table, "spearman", rows="ok")[2:] == (7, 13)


def test_grid_refuses_two_methods_at_once():
    with pytest.raises(ValueError, match="estimates: 16 duplicate"):
        score_grid(pd.concat([joined_cells(), joined_cells()]))


def test_grid_of_one_replicate_has_no_mcse():
    table = score_grid(joined_cells(cells=4, replicates=1))
    assert table["value"].notna().all()
    assert table["mcse"].isna().all()


@pytest.mark.slow
def test_grid_mcse_is_calibrated_for_cells_that_differ():
    rng = np.random.default_rng(7)
    cells, replicates, participants = 5, 20, 3
    cell, replicate, _ = (a.ravel() for a in np.indices((cells, replicates, participants)))
    truth = cell.astype(float)
    studies, single = [], []
    for _ in range(400):
        shared = 0.5 * rng.standard_normal((cells, replicates))[cell, replicate]
        noise = (0.2 + 0.3 * cell) * rng.standard_normal(cell.size)
        estimate = truth + 0.4 * (cell % 2) + shared + noise
        studies.append(correlations(truth, estimate, replicate))
        single.append(correlations(truth, estimate, cell * replicates + replicate))
    for name, ratio in ratios(studies).items():
        assert 0.87 < ratio < 1.13, name
    # Why the unit is the replicate's number in all cells at once: taking data sets of different
    # cells as alike counts the design as noise.
    assert ratios(single)["concordance"] > 1.13
