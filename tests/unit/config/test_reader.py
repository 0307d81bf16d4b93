"""A file or a mapping becomes an experiment or all of its mistakes, and never a crash."""

import copy
import json
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rlrecovery.config import ConfigError, Experiment, load, parse
from rlrecovery.design.cells import cells_of, methods_of
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.library import RESCORLA_WAGNER
from unit.config.experiments import (
    FLAT,
    GONE,
    HALF,
    MODEL_NAMES,
    REAL,
    ROOT,
    TOP_KEYS,
    changed,
    problems,
    several,
    valid,
)


def test_the_committed_config_is_valid():
    experiment = load(ROOT / "config.yaml")
    assert isinstance(experiment, Experiment)
    assert list(experiment.methods) == ["mle", "bayes", "hierarchical"]


def test_parsing_leaves_its_input_alone_and_takes_any_mapping():
    raw = changed({"methods.bayes.priors": {}})
    before = copy.deepcopy(raw)
    parse(raw)
    assert raw == before


@pytest.mark.parametrize("priors", [GONE, {}, {"beta": HALF}])
@pytest.mark.parametrize("pooling", ["none", "complete"])
def test_natural_priors_that_are_left_out_are_the_models(priors, pooling):
    changes = {"methods.bayes.priors": priors, "methods.bayes.pooling": pooling}
    method = parse(changed(changes)).methods["bayes"]
    found = method.model_dump(mode="json")["priors"]
    assert list(found) == ["alpha", "beta"]
    assert Distribution.described(found["alpha"]) == RESCORLA_WAGNER.parameter("alpha").prior
    if priors in (GONE, {}):
        assert Distribution.described(found["beta"]) == RESCORLA_WAGNER.parameter("beta").prior
    assert found["alpha"] == FLAT


def test_hierarchical_priors_that_are_left_out_are_the_models():
    method = parse(changed({"methods.hierarchical.priors": {}})).methods["hierarchical"]
    found = method.model_dump(mode="json")["priors"]
    for parameter in RESCORLA_WAGNER.parameters:
        prior = found[parameter.name]
        assert Distribution.described(prior["location"]) == parameter.location
        assert Distribution.described(prior["scale"]) == parameter.scale


def test_keys_that_yaml_does_not_read_as_text():
    raw = valid() | {True: 3}
    raw["truth"][5] = [1]
    assert problems(raw) == [
        "truth.5 is [1], but a key must be text; put it in quotes",
        "true is 3, but a key must be text; put it in quotes",
    ]


def test_half_a_character_can_be_printed():
    (found,) = problems(valid() | {"\ud800": "\udfff"})
    assert found.startswith(r"'\\ud800' is '\\udfff', but there is no such key")


def test_all_mistakes_are_reported_at_once():
    changes = {
        "seed": -1,
        "truth.alpha": [1.2, "x", 0.5, 0.5],
        "methods.mle.grid": 1,
        "methods.mle.bounds.beta": [0, 4],
        "methods.bayes.model": "foo",
        "methods.hierarchical.priors.beta.scale": REAL,
        "trials": [50, 51],
        "task.blocks": 2,
        "batch_size": GONE,
        "batchsize": 2,
    }
    assert problems(changed(changes)) == [
        "seed is -1, but must be a whole number of at least 0",
        "truth.alpha contains 'x', but must be a number",
        "truth.alpha contains 1.2, but alpha must be a number from 0 to 1",
        "truth.alpha contains 0.5 more than once, but its values must differ",
        "truth.beta contains 5, but must be a number from 0 to 4 because of "
        "methods.mle.bounds.beta",
        "trials contains 51, but must be a multiple of task.blocks, which is 2",
        "methods.mle.grid is 1, but must be a whole number of at least 2",
        f"methods.bayes.model is 'foo', but must be {MODEL_NAMES}",
        "methods.hierarchical.priors.beta.scale is Normal(mu=0, sigma=1.5), which can be any "
        "number, but an SD must be a number of at least 0",
        f"batchsize is 2, but there is no such key; the keys here are {TOP_KEYS} "
        "(did you mean batch_size?)",
    ]


def test_the_error_prints_one_line_per_problem():
    with pytest.raises(ConfigError) as caught:
        parse(changed({"seed": -1, "replicates": 1}))
    assert str(caught.value) == (
        "error: seed is -1, but must be a whole number of at least 0\n"
        "error: replicates is 1, but must be a whole number of at least 2"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "my.yaml is empty, but must describe an experiment"),
        ({}, "my.yaml is empty, but must describe an experiment"),
        ([1], "my.yaml is [1], but must be a mapping of keys to values"),
        ("text", "my.yaml is 'text', but must be a mapping of keys to values"),
    ],
)
def test_the_top_level_must_be_a_mapping(content, sentence):
    with pytest.raises(ConfigError) as caught:
        parse(content, source="my.yaml")
    assert caught.value.problems == [sentence]


# ---------------------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "{path} is empty, but must describe an experiment"),
        ("# only a comment\n", "{path} is empty, but must describe an experiment"),
        ("- 1\n", "{path} is [1], but must be a mapping of keys to values"),
        (
            "a: 1\nb: c: 2\n",
            "{path} is not valid YAML in line 2, column 5: mapping values are not allowed here",
        ),
        (
            "a: [1\n",
            "{path} is not valid YAML in line 2, column 1: expected ',' or ']', but got "
            "'<stream end>'",
        ),
        (
            "a: !!python/name:os.system\n",
            "{path} is not valid YAML in line 1, column 4: could not determine a constructor "
            "for the tag 'tag:yaml.org,2002:python/name:os.system'",
        ),
        ("a: *x\n", "{path} is not valid YAML in line 1, column 4: found undefined alias 'x'"),
        ("a: 2024-13-45\n", "{path} holds a value that YAML cannot read: month must be in 1..12"),
        ("[" * 1500, "{path} is not valid YAML: nested too deeply"),
        (
            "a: \x01\n",
            "{path} is not valid YAML: unacceptable character #x0001: special characters are "
            "not allowed",
        ),
    ],
)
def test_a_file_that_is_no_config_is_one_sentence(tmp_path, text, sentence):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)  # Python's own; other tests' libraries raise it
    try:
        with pytest.raises(ConfigError) as caught:
            load(path)
    finally:
        sys.setrecursionlimit(limit)
    assert caught.value.problems == [sentence.format(path=path)]


def test_a_missing_file_a_folder_and_bytes_are_one_sentence(tmp_path):
    def sentence(path):
        with pytest.raises(ConfigError) as caught:
            load(path)
        (found,) = caught.value.problems
        return found

    missing, binary = tmp_path / "none.yaml", tmp_path / "binary.yaml"
    binary.write_bytes(b"run: \xff\xfe")
    assert "none.yaml is not there" in sentence(missing)
    assert "cannot be read (Is a directory)" in sentence(tmp_path)
    assert "is not text in UTF-8" in sentence(binary)


def test_keys_given_twice_are_reported_with_all_else(tmp_path):
    path = tmp_path / "config.yaml"
    text = yaml.safe_dump(valid(), sort_keys=False).replace("seed: 1\n", "seed: 1\nseed: -2\n")
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.problems == [
        "seed is given again in line 3, but stands in line 2 already; keep one of them",
        "seed is -2, but must be a whole number of at least 0",
    ]


def test_merging_may_override_keys(tmp_path):
    path = tmp_path / "config.yaml"
    text = yaml.safe_dump(changed({"methods": {}}), sort_keys=False).replace("methods: {}\n", "")
    mle = json.dumps(valid()["methods"]["mle"])
    path.write_text(f"{text}methods:\n  a: &a {mle}\n  b:\n    <<: *a\n    grid: 20\n")
    methods = load(path).methods
    assert (methods["a"].grid, methods["b"].grid) == (10, 20)


def test_a_mapping_inside_itself_is_no_crash(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("truth: &a\n  alpha: *a\n")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.problems == [
        f"{path} has an anchor that stands inside itself, but must end somewhere"
    ]


# ------------------------------------------------------------------------------ nothing crashes


#: Words that mean something somewhere in a config.
WORDS = [
    "mle", "bayes", "mock", "partial", "Beta", "1e-3", "[key]", "rescorla_wagner", "lapsing",
    "free", "gaussian", "means", "rewards",
]  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([*WORDS, "\ud800", 0, 1, 0.5, 10**300, 10**400])
    | st.dates()
    | st.binary(max_size=3)
)
KEYS = [
    "alpha", "beta", "spread", "distribution", "location", "scale", "estimator", "[key]", "task",
    "tasks", "model", "models", "fit", "simulate", "fixed", "lapse", "start_value", "schedule",
    "values", "file", "drift", "reversals", "sd", "arms", "rewards", "variants", "missing",
    "completed", "missing_trials", "truth", "population", "bounds", "priors",
]  # fmt: skip
NAMES = st.sampled_from(KEYS)
JUNK = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES | SCALARS, inner, max_size=4)
        | st.sets(st.integers(), max_size=2)
    ),
    max_leaves=6,
)


def found_at(node, path):
    for key in path:
        node = node[key]
    return node


@st.composite
def place_in(draw, raw):
    """Path of an entry, of the many deep ones as of the few others."""
    path, node = (), raw
    while isinstance(node, dict | list) and node and (not path or draw(st.integers(0, 3))):
        key = draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))))
        path, node = (*path, key), node[key]
    return path or ("run",)


@st.composite
def spoilt(draw):
    raw = draw(st.sampled_from([valid, several]))()
    for _ in range(draw(st.integers(1, 4))):
        *sections, key = draw(place_in(raw))
        place = raw
        for section in sections:
            place = place[section]
        action = draw(st.sampled_from(["replace", "replace", "copy", "delete", "add"]))
        if action == "delete" and key != "run":
            place.pop(key)
        elif action == "add" and isinstance(place, dict):
            place[draw(NAMES | SCALARS)] = draw(JUNK)
        elif action == "copy":
            place[key] = copy.deepcopy(found_at(raw, draw(place_in(raw))))
        else:
            place[key] = draw(JUNK)
    return raw


def attempt(read, source) -> tuple[Experiment | None, list[str]]:
    try:
        return read(source), []
    except ConfigError as error:
        return None, error.problems


@settings(max_examples=200, deadline=None)
@given(spoilt())
def test_a_spoilt_config_is_valid_or_a_config_error(raw):
    experiment, found = attempt(parse, raw)
    assert (experiment is None) == bool(found)
    assert len(set(found)) == len(found)
    for problem in found:
        assert problem.isprintable()
        assert " but " in problem
    if experiment is not None:
        assert parse(experiment.resolved()) == experiment
        assert cells_of(experiment.resolved())
        assert methods_of(experiment.resolved())


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([valid, several]), st.integers(0, 9000), st.integers(0, 40), st.text(max_size=6)
)
def test_a_spoilt_file_is_valid_or_a_config_error(tmp_path_factory, base, start, length, insert):
    text = yaml.safe_dump(base(), sort_keys=False)
    start %= len(text)
    path = tmp_path_factory.getbasetemp() / "spoilt.yaml"
    path.write_bytes((text[:start] + insert + text[start + length :]).encode("utf-8", "replace"))
    experiment, found = attempt(load, path)
    assert (experiment is None) == bool(found)
    assert not any("\n" in problem for problem in found)


def test_a_file_that_is_far_too_large_is_not_read(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_text("truth: [" + "0.5, " * 200_000 + "]")
    experiment, found = attempt(load, path)
    assert experiment is None
    assert found == [f"{path} is larger than 600 kB, but a config is a page or two"]


def test_anchors_that_repeat_themselves_are_one_sentence(tmp_path):
    path = tmp_path / "bomb.yaml"
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 9)]
    path.write_text("\n".join(lines))
    experiment, (problem,) = attempt(load, path)
    assert experiment is None
    assert "more than 1000000 values, counting what anchors repeat" in problem


def test_an_anchor_may_be_used_where_it_helps(tmp_path):
    raw = valid()
    raw["methods"]["again"] = raw["methods"]["bayes"]
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(raw))
    assert "&id001" in path.read_text()
    found = load(path).methods
    assert found["again"] == found["bayes"]


CSV = st.binary(max_size=30) | st.text(alphabet='0123456789.,;e-"\n\r\0 ax', max_size=60)


@settings(max_examples=100, deadline=None)
@given(CSV)
def test_a_spoilt_schedule_is_valid_or_a_config_error(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp()
    (folder / "spoilt.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    schedule = {"file": "spoilt.csv", "holds": "means"}
    raw = changed({"task": {"schedule": schedule, "blocks": 1, "start_value": 0.5}, "trials": [1]})
    experiment, found = attempt(lambda raw: parse(raw, source=str(folder / "config.yaml")), raw)
    assert (experiment is None) == (len(found) == 1)
    assert all(problem.startswith("task.schedule.file is 'spoilt.csv', wh") for problem in found)


DATA = "participant,trial,choice,reward\n1,1,0,1\n1,2,1,0\n"


class TestObserved:
    """A lab's own data: a file beside the config, or wherever the path leads."""

    def written(self, folder, observed):
        path = folder / "study.yaml"
        path.write_text(yaml.safe_dump(valid() | {"observed": observed}))
        return path

    def test_it_stands_relative_to_the_config(self, tmp_path):
        (tmp_path / "data.csv").write_text(DATA)
        found = load(self.written(tmp_path, "data.csv")).observed
        assert Path(found) == tmp_path / "data.csv"

    def test_a_resolved_path_is_found_again(self, tmp_path):
        (tmp_path / "data.csv").write_text(DATA)
        resolved = load(self.written(tmp_path, "data.csv")).resolved()
        elsewhere = tmp_path / "results"
        elsewhere.mkdir()
        assert load(self.written(elsewhere, resolved["observed"])).observed == resolved["observed"]
        assert parse(resolved).resolved() == resolved

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("", "data.csv"),
            ("participant,trial,choice\n1,1,0\n", "reward"),
            ("participant,trial,choice,reward\n1,1,7,0\n", "line 2"),
            ("participant,trial,choice,reward\n1,1,-1,0\n", "no response at all"),
        ],
    )
    def test_what_is_wrong_inside_is_said_before_any_job(self, tmp_path, content, words):
        (tmp_path / "data.csv").write_text(content)
        with pytest.raises(ConfigError) as failure:
            load(self.written(tmp_path, "data.csv"))
        (problem,) = failure.value.problems
        assert problem.startswith("observed is ")
        assert words in problem

    @pytest.mark.parametrize("name", ["nowhere.csv", "", ".", "a\0b", "x" * 5000])
    def test_a_file_that_is_not_there_is_one_sentence(self, tmp_path, name):
        with pytest.raises(ConfigError) as failure:
            load(self.written(tmp_path, name))
        (problem,) = failure.value.problems
        assert problem.startswith("observed is ")
        assert "a CSV file that is there" in problem
