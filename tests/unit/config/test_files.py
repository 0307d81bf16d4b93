"""Files that a config names are paths beside it, read, and checked."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlrecovery.config.reader import ConfigError, load, parse
from unit.config.experiments import changed, mistakes, sentences, valid

ROWS = "".join(f"{t % 2},{(t + 1) % 2}\n" for t in range(150))
PATH = "task.schedule.file"


def scheduled(file="lab.csv", **changes) -> dict:
    """A config with a schedule that holds means."""
    schedule = {"file": file, "holds": "means"}
    return changed({"task": {"schedule": schedule, "blocks": 1, "start_value": 0.5} | changes})


def test_a_file_that_holds_no_schedule_is_one_mistake(tmp_path):
    (tmp_path / "lab.csv").write_text("a,b\n")
    source = str(tmp_path / "config.yaml")
    assert mistakes(scheduled(), source) == [(PATH, "lab.csv has a header but no rows")]
    assert sentences(scheduled(), source) == [
        f"task.schedule.file: {tmp_path}/lab.csv has a header but no rows; a "
        "schedule is a CSV file with a header, a column per arm and a row per trial"
    ]


def test_a_schedule_has_a_row_for_every_trial_and_means_that_are_probabilities(tmp_path):
    source = str(tmp_path / "config.yaml")
    (tmp_path / "lab.csv").write_text("a,b\n1,0\n0,1\n")
    assert mistakes(scheduled(), source) == [(PATH, "has 2 rows, but there are up to 150 trials")]
    (tmp_path / "lab.csv").write_text("a,b\n" + ROWS + "0,2\n")
    assert mistakes(scheduled(), source) == [
        (PATH, "contains the mean 2.0, but means must be from 0 to 1")
    ]


def test_a_pipe_is_not_read_as_a_schedule_or_as_a_style_or_as_choices(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    source = str(tmp_path / "config.yaml")
    words = f"{tmp_path}/pipe is a pipe, not a file"
    assert mistakes(scheduled("pipe"), source) == [(PATH, words)]
    assert mistakes(valid() | {"figures": {"style": "pipe"}}, source) == [("figures.style", words)]
    assert mistakes(valid() | {"observed": "pipe"}, source) == [("observed", words)]


@pytest.mark.parametrize("file", [".", "", "x" * 300, "\0"])
def test_a_schedule_that_is_no_file_is_one_mistake(tmp_path, file):
    assert mistakes(scheduled(file), str(tmp_path / "config.yaml")) == [(PATH, PATH)]


def test_a_schedule_stands_beside_the_config_and_the_resolved_config_without_it(tmp_path):
    folder = tmp_path / "deep"
    folder.mkdir()
    # As Excel saves it: with a mark of UTF-8, DOS line ends and an empty last line.
    text = ("\ufeffleft,right\n" + ROWS + "\n").replace("\n", "\r\n")
    (folder / "lab.csv").write_bytes(text.encode())
    path = folder / "config.yaml"
    path.write_text(json.dumps(scheduled()))
    experiment = load(path)
    assert experiment.task.arms is None
    assert experiment.task.schedule.values[:2] == ((0.0, 1.0), (1.0, 0.0))
    assert len(experiment.task.schedule.values) == 150
    resolved = experiment.resolved()
    (folder / "lab.csv").unlink()
    assert parse(resolved, source="elsewhere/config.yaml") == experiment
    with pytest.raises(ConfigError, match="does not exist"):
        load(path)


def test_parsing_does_not_put_a_schedule_into_its_input(tmp_path):
    (tmp_path / "lab.csv").write_text("a,b\n" + ROWS)
    raw = scheduled()
    parse(raw, source=str(tmp_path / "config.yaml"))
    assert raw == scheduled()


CSV = st.binary(max_size=30) | st.text(alphabet='0123456789.,;e-"\n\r\0 ax', max_size=60)


@settings(max_examples=100, deadline=None)
@given(CSV)
def test_a_random_file_is_a_schedule_or_a_config_error(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp()
    (folder / "random.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    raw = scheduled("random.csv") | {"trials": [1]}
    paths = []
    try:
        parse(raw, source=str(folder / "config.yaml"))
    except ConfigError as error:
        paths = [mistake.path for mistake in error.mistakes]
    assert paths in ([], [("task", "schedule", "file")])


DATA = "participant,trial,choice,reward\n1,1,0,1\n1,2,1,0\n"


class TestObserved:
    """A lab's own choices: a file beside the config, or wherever the path leads."""

    def written(self, folder, observed):
        path = folder / "study.yaml"
        path.write_text(json.dumps(valid() | {"observed": observed}))
        return path

    def mistake(self, path):
        with pytest.raises(ConfigError) as caught:
            load(path)
        (mistake,) = caught.value.mistakes
        assert mistake.path == ("observed",)
        return mistake.sentence

    def test_it_stands_relative_to_the_config(self, tmp_path):
        (tmp_path / "data.csv").write_text(DATA)
        experiment = load(self.written(tmp_path, "data.csv"))
        assert experiment.observed_path == str(tmp_path / "data.csv")

    def test_or_relative_to_the_current_folder_and_its_path_is_then_short(
        self, tmp_path, monkeypatch
    ):
        (tmp_path / "configs").mkdir()
        (tmp_path / "data.csv").write_text(DATA)
        monkeypatch.chdir(tmp_path)
        for name in ("data.csv", "../data.csv", str(tmp_path / "data.csv")):
            experiment = load(self.written(tmp_path / "configs", name))
            assert experiment.observed_path == "data.csv"

    def test_the_resolved_config_has_its_name_alone(self, tmp_path):
        (tmp_path / "data.csv").write_text(DATA)
        experiment = load(self.written(tmp_path, str(tmp_path / "data.csv")))
        assert experiment.observed == experiment.resolved()["observed"] == "data.csv"
        assert parse(experiment.resolved(), source=str(tmp_path / "config.yaml")) == experiment

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("", "data.csv"),
            ("participant,trial,choice\n1,1,0\n", "reward"),
            ("participant,trial,choice,reward\n1,1,7,0\n", "line 2"),
            ("participant,trial,choice,reward\n1,1,-1,0\n", "response"),
        ],
    )
    def test_its_content_is_checked_before_any_job(self, tmp_path, content, words):
        (tmp_path / "data.csv").write_text(content)
        assert words in self.mistake(self.written(tmp_path, "data.csv"))

    @pytest.mark.parametrize("name", ["nowhere.csv", "", ".", "a\0b", "x" * 5000])
    def test_a_file_that_does_not_exist_is_one_mistake(self, tmp_path, name):
        assert "an existing CSV file" in self.mistake(self.written(tmp_path, name))

    def test_braces_in_its_name_are_a_mistake(self, tmp_path):
        (tmp_path / "{data}.csv").write_text(DATA)
        assert "must not contain braces" in self.mistake(self.written(tmp_path, "{data}.csv"))

    def test_braces_in_the_name_of_its_folder_are_a_mistake(self, tmp_path):
        (tmp_path / "{x}").mkdir()
        (tmp_path / "{x}/data.csv").write_text(DATA)
        assert "must not contain braces" in self.mistake(self.written(tmp_path / "{x}", "data.csv"))


DRAWS = (
    "alpha_location,alpha_spread,beta_location,beta_spread\n-0.5,0.8,1.2,0.4\n-0.4,0.7,1.1,0.3\n"
)


def from_draws(folder, text=DRAWS, **changes) -> dict:
    """A config whose population is a file of draws."""
    (folder / "draws.csv").write_text(text)
    config = valid() | {"population": {"draws": "draws.csv"}, "truth": {}} | changes
    return {key: value for key, value in config.items() if key != "truth" or value}


def test_draws_become_part_of_the_config_and_their_file_does_not(tmp_path):
    source = str(tmp_path / "config.yaml")
    experiment = parse(from_draws(tmp_path), source)
    assert experiment.truth == {}
    assert experiment.resolved()["population"] == {
        "alpha": {"locations": [-0.5, -0.4], "spreads": [0.8, 0.7]},
        "beta": {"locations": [1.2, 1.1], "spreads": [0.4, 0.3]},
    }
    (tmp_path / "draws.csv").rename(tmp_path / "other.csv")
    renamed = valid() | {"population": {"draws": "other.csv"}}
    del renamed["truth"]
    assert parse(renamed, source) == experiment
    assert parse(experiment.resolved(), str(tmp_path / "elsewhere" / "config.yaml")) == experiment


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (DRAWS.replace("0.8", "-1"), "population.draws", "line 2: alpha_spread is -1"),
        (DRAWS.replace("alpha_", "gamma_"), "population.gamma", "is not a parameter of"),
        (DRAWS + "0,1,709,5\n", "population.beta", "a draw with location 709 and SD 5"),
    ],
)
def test_draws_that_cannot_be_are_named(tmp_path, text, key, words):
    with pytest.raises(ConfigError) as caught:
        parse(from_draws(tmp_path, text), str(tmp_path / "config.yaml"))
    found = [m for m in caught.value.mistakes if words in m.sentence]
    assert [".".join(map(str, m.path)) for m in found] == [key]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"population": {"draws": "no.csv"}}, "no.csv does not exist"),
        ({"population": {"draws": 3}}, "population.draws is 3, but must be a CSV file of draws"),
        (
            {"population": {"draws": "draws.csv", "beta": {"spread": 0}}},
            "population.beta cannot be given here, because draws.csv has draws of beta",
        ),
        ({"truth": {"alpha": [0.3]}}, "truth.alpha is not allowed because population.alpha is"),
    ],
)
def test_other_mistakes_with_draws_are_one_sentence(tmp_path, changes, sentence):
    with pytest.raises(ConfigError) as caught:
        parse(from_draws(tmp_path, **changes), str(tmp_path / "config.yaml"))
    (mistake,) = caught.value.mistakes
    assert sentence in mistake.sentence


def test_draws_of_different_numbers_are_one_sentence(tmp_path):
    config = from_draws(tmp_path)
    config["population"] = {
        "alpha": {"locations": [0, 1], "spreads": [1, 1]},
        "beta": {"locations": [0], "spreads": [1]},
    }
    with pytest.raises(ConfigError) as caught:
        parse(config, str(tmp_path / "config.yaml"))
    (mistake,) = caught.value.mistakes
    assert "has 2 locations and 2 spreads, but all parameters must have the same" in str(mistake)
