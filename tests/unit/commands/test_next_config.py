"""The config of the next designs."""

import pytest
import yaml

from rlrecovery.advice.precision import Step
from rlrecovery.commands.next_config import CannotWrite, added_jobs, write_next
from rlrecovery.config.reader import load
from unit.config.experiments import valid

TARGET = {"precise": {"measure": "rmse", "parameter": "alpha", "at_most": 0.1}}


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "study.yaml"
    text = yaml.safe_dump(valid() | {"targets": TARGET}, sort_keys=False)
    path.write_text(f"# A comment.\n{text}")
    return path


def step(**sizes):
    return Step("precise", "mle", 0.3, **sizes)


def test_a_level_is_added_at_its_place(config):
    experiment, target = load(config), config.with_name("next.yaml")
    following = write_next(config, target, experiment, step(trials=100))
    assert following.trials == (50, 100, 150)
    assert following == load(target)
    assert target.read_text().startswith("# A comment.\n")
    # 6 cells, each simulated and fitted by four methods, in one batch.
    assert added_jobs(experiment, following) == 6 * 5
    assert added_jobs(following, experiment) == 0


def test_replicates_are_whole_batches(config):
    experiment, target = load(config), config.with_name("next.yaml")
    following = write_next(config, target, experiment, step(replicates=45))
    assert following.replicates == 60
    assert added_jobs(experiment, following) == 2 * 12 * 5


def test_a_quoted_name_is_the_same_run(config):
    config.write_text(config.read_text().replace("run: test", 'run: "test"'))
    experiment, target = load(config), config.with_name("next.yaml")
    write_next(config, target, experiment, step(trials=100))
    assert write_next(config, target, experiment, step(trials=200)).trials[-1] == 200


def test_a_method_of_fewer_replicates_gets_more(config):
    content = yaml.safe_load(config.read_text())
    content["methods"]["mle"]["replicates"] = 5
    config.write_text(yaml.safe_dump(content, sort_keys=False))
    experiment, target = load(config), config.with_name("next.yaml")
    assert experiment.replicates == 20
    following = write_next(config, target, experiment, step(replicates=40))
    assert (following.methods["mle"].replicates, following.replicates) == (10, 20)
    following = write_next(config, target, experiment, step(replicates=120))
    assert (following.methods["mle"].replicates, following.replicates) == (30, 40)


def test_participants_are_added_to_a_block_list(config):
    config.write_text(config.read_text().replace("participants:\n- 10\n", "participants: [10]\n"))
    target = config.with_name("next.yaml")
    following = write_next(config, target, load(config), step(participants=5))
    assert following.participants == (5, 10)


def test_what_must_not_be_replaced(config, tmp_path):
    experiment = load(config)
    with pytest.raises(CannotWrite, match="is the present config"):
        write_next(config, config, experiment, step(trials=100))
    other = tmp_path / "notes.yaml"
    other.write_text("something else")
    with pytest.raises(CannotWrite, match="is no config of the run test"):
        write_next(config, other, experiment, step(trials=100))
    assert other.read_text() == "something else"
    longer = tmp_path / "longer.yaml"
    longer.write_text("run: test_of_another_study\n")
    (tmp_path / "folder").mkdir()
    for path in (longer, tmp_path / "folder"):
        with pytest.raises(CannotWrite, match="is no config of the run test"):
            write_next(config, path, experiment, step(trials=100))
    assert longer.read_text() == "run: test_of_another_study\n"
    with pytest.raises(CannotWrite, match="not in the folder"):
        write_next(config, tmp_path / "folder/next.yaml", experiment, step(trials=100))


def test_designs_that_are_not_measured_yet_are_not_added_again(config):
    experiment = load(config)
    with pytest.raises(CannotWrite, match="has designs with 150 trials already"):
        write_next(config, config.with_name("next.yaml"), experiment, step(trials=150))


def test_the_config_of_an_earlier_round_is_replaced(config):
    experiment, target = load(config), config.with_name("next.yaml")
    write_next(config, target, experiment, step(trials=100))
    assert write_next(config, target, experiment, step(trials=120)).trials == (50, 120, 150)


def test_replicates_that_follow_from_mcses_get_a_larger_range(config):
    growing = {"until": {"bias": 0.1}, "at_most": 40}
    raw = yaml.safe_load(config.read_text()) | {"replicates": growing}
    config.write_text(yaml.safe_dump(raw, sort_keys=False))
    following = write_next(config, config.with_name("next.yaml"), load(config), step(replicates=45))
    assert following.resolved()["replicates"] == growing | {"at_least": 60, "at_most": 60}
