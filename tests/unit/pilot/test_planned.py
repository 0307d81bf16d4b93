"""The config of the planned study: its grid, its paths, and the draws that it names."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from settings import study, write

from rlrecovery.config.reader import ConfigError, load
from rlrecovery.pilot.planned import FIRST_LINE, Paths, planned_config, write_draws
from rlrecovery.simulation.draws_csv import read_draws
from unit.pilot.examples import fit, read_rows, session

LOCATIONS = np.array([[-0.5, 1.25], [0.123456789, 1.0]])
SPREADS = np.array([[0.5, 0.25], [0.0, 1e-7]])
CHOICES = [0, 1, 1, "", 1, 0] * 5


@pytest.fixture
def planned(tmp_path):
    """Plan from a small data set; returns the text and the valid config."""
    (tmp_path / "deep").mkdir()
    paths = Paths(tmp_path / "study.yaml", tmp_path / "deep/next.yaml", tmp_path / "draws.csv")
    write_draws(paths.draws, fit(), LOCATIONS, SPREADS)

    def plan(participants=6, trials=30, **changes):
        raw = study(**changes)
        former = write(tmp_path, raw)
        config = load(former)
        rows = []
        for k in range(participants):
            choices = (CHOICES * 10)[:trials]
            rows += session(f"p{k}", choices, [1, 0] * (trials // 2) + [1] * (trials % 2))
        data = read_rows(tmp_path, rows, config.task.task())
        text = planned_config(raw, config, data, paths)
        paths.target.write_text(text)
        return text, load(paths.target)

    return plan


def test_draws_are_read_as_they_were_written(tmp_path):
    write_draws(tmp_path / "draws.csv", fit(), LOCATIONS, SPREADS)
    draws = read_draws(tmp_path / "draws.csv")
    for j, name in enumerate(("alpha", "beta")):
        np.testing.assert_allclose(draws[name]["locations"], LOCATIONS[:, j], rtol=1e-5)
        np.testing.assert_allclose(draws[name]["spreads"], SPREADS[:, j], rtol=1e-5)


def test_the_grid_is_around_the_design_of_the_data(planned):
    text, config = planned()
    assert text.startswith(FIRST_LINE)
    assert (config.participants, config.trials) == ((3, 6, 12), (15, 30, 60))
    assert config.missing == (0.167,)
    assert config.completed == ((1.0,),)
    assert config.truth == {}
    assert config.population["beta"].draws.locations == (1.25, 1.0)
    assert config.run == "small_planned"
    assert config.methods["guess"].estimator == "mock"
    assert "# targets:" in text


def test_trials_are_multiples_of_blocks(planned):
    task = {"arms": [0.3, 0.7], "blocks": 4, "start_value": 0.5}
    _, config = planned(trials=28, task=task)
    assert config.trials == (16, 28, 56)


def test_two_participants_are_the_fewest(planned):
    _, config = planned(participants=2)
    assert config.participants == (2, 4)


def test_paths_are_relative_to_the_planned_config(planned, tmp_path):
    rows = "".join(f"{t % 2},{(t + 1) % 2}\n" for t in range(40))
    (tmp_path / "rewards.csv").write_text("left,right\n" + rows)
    schedule = {"file": "rewards.csv", "holds": "means"}
    task = {"schedule": schedule, "blocks": 1, "start_value": 0.5}
    text, config = planned(task=task)
    raw = yaml.safe_load(text)
    assert raw["task"]["schedule"]["file"] == "../rewards.csv"
    assert raw["population"] == {"draws": "../draws.csv"}
    assert raw["observed"] == "../data.csv"
    assert config.trials == (15, 30)  # the schedule has no more


def test_a_config_that_cannot_be_planned_from_is_refused(planned):
    """Mistakes of the planned config are reported as those of any other."""
    with pytest.raises(ConfigError):
        planned(unknown={})


def test_requirements_of_the_former_config_stay(planned):
    told_apart = {"measure": "spearman_within", "parameter": "alpha", "at_least": 0.7}
    text, config = planned(
        targets={"told_apart": told_apart}, cost={"participant": 30, "trial": 0.05}
    )
    assert "# targets:" not in text
    assert config.targets["told_apart"].at_least == 0.7
    assert config.cost.participant == 30


def test_keys_of_the_former_config_stay(planned):
    methods = {"exact": {"estimator": "quadrature", "pooling": "partial"}}
    _, config = planned(methods=methods, pilot={"data_sets": 0}, labels={"alpha": "rate"})
    assert config.methods["exact"].pooling == "partial"
    assert config.pilot.data_sets == 0
    assert config.labels == {"alpha": "rate"}
