"""A file or a mapping becomes an experiment or all of its mistakes, and never a crash."""

import copy

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rlrecovery.config.reader import ConfigError, load, parse
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of, methods_of
from unit.config.experiments import GONE, REAL, ROOT, changed, mistakes, several, valid


def attempt(read, source) -> tuple[Experiment | None, ConfigError | None]:
    """The experiment, or the error."""
    try:
        return read(source), None
    except ConfigError as error:
        return None, error


def error_of(path) -> ConfigError:
    """The error that a file is refused with."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    return caught.value


def test_the_committed_config_is_valid():
    experiment = load(ROOT / "config.yaml")
    assert isinstance(experiment, Experiment)
    assert list(experiment.methods) == ["mle", "bayes", "hierarchical", "nuts"]


def test_parsing_leaves_its_input_alone():
    raw = changed({"methods.bayes.priors": {}})
    before = copy.deepcopy(raw)
    parse(raw)
    assert raw == before


def test_every_mistake_has_its_line(tmp_path):
    path = tmp_path / "config.yaml"
    changes = {"task.arms": [0.4, 1.2], "methods.mle.grid": 1, "trials": [50, 51], "seed": GONE}
    path.write_text(yaml.safe_dump(changed(changes | {"task.blocks": 2}), sort_keys=False))
    lines = path.read_text().splitlines()
    arms, trials = lines.index("  - 1.2") + 1, lines.index("- 51") + 1
    grid, mle = lines.index("    grid: 1") + 1, "methods.mle.grid is 1, but must be at least 2"
    assert str(error_of(path)).splitlines() == [
        f"error: {path}: missing required key 'seed' (root seed of all random numbers)",
        f"error: {path}:{arms}: task.arms[1] is 1.2, but must be from 0 to 1 with rewards: "
        "bernoulli",
        f"error: {path}:{trials}: trials[1] is 51, but must be a multiple of task.blocks, which "
        "is 2",
        f"error: {path}:{grid}: {mle}",
    ]


def test_keys_that_are_not_text_are_mistakes():
    raw = valid() | {True: 3, (1, 2): 4}
    raw["truth"][5] = [1]
    assert mistakes(raw) == [
        ("truth.5", "key 'truth.5' must be text; put it in quotes"),
        ("true", "key 'true' must be text; put it in quotes"),
        ("[1, 2]", "key '[1, 2]' must be text; put it in quotes"),
    ]


def test_a_list_in_place_of_a_section_may_have_further_mistakes():
    assert mistakes(changed({"variants": [{5: 1}]})) == [
        ("variants[0].5", "must be text"),
        ("variants", "must be a section"),
    ]


def test_half_a_character_can_be_printed():
    assert mistakes(valid() | {"\ud800": "\udfff"}) == [("\\ud800", "unknown key")]


def test_mistakes_of_independent_sections_are_reported_at_once():
    changes = {
        "seed": -1,
        "truth.alpha": [1.2, 0.5, 0.5],
        "methods.bayes.model": "foo",
        "methods.mle.bounds.beta": [0, 4],
        "methods.mock.modle": "rescorla_wagner",
        "methods.hierarchical.priors.beta.scale": REAL,
        "trials": [50, 51],
        "task.blocks": 2,
        "batch_size": GONE,
        "batchsize": 2,
    }
    assert mistakes(changed(changes)) == [
        ("seed", "is -1, but must be at least 0"),
        ("truth.alpha[0]", "must be from 0 to 1"),
        ("truth.alpha[2]", "repeats the value 0.5; values"),
        ("truth.beta[1]", "must be from 0 to 4 because of"),
        ("trials[1]", "must be a multiple of"),
        ("methods.mock.modle", "unknown key"),
        ("methods.bayes.model", "must be rescorla_wagner"),
        ("methods.hierarchical.priors.beta.scale", "is Normal(mu=0, sigma=1.5) with"),
        ("batchsize", "unknown key"),
    ]


def test_the_error_prints_one_line_per_mistake():
    with pytest.raises(ConfigError) as caught:
        parse(changed({"seed": -1, "replicates": 1}), source="my.yaml")
    assert str(caught.value) == (
        "error: my.yaml: seed is -1, but must be at least 0\n"
        "error: my.yaml: replicates is 1, but must be at least 2"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "empty"), ({}, "empty"), ([1], "must be a mapping"), ("text", "must be a mapping")],
)
def test_the_top_level_must_be_a_mapping(content, words):
    ((path, sentence),) = mistakes(content)
    assert (path, sentence) == ("", words)


def test_a_file_that_is_not_yaml_is_named_with_the_line(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("a: 1\nb: c: 2\n")
    assert str(error_of(path)) == (
        f"error: {path}:2: not valid YAML: mapping values are not allowed here"
    )
    assert str(error_of(tmp_path / "none.yaml")) == f"error: {tmp_path}/none.yaml: no such file"


def test_keys_given_twice_are_reported_with_all_else(tmp_path):
    path = tmp_path / "config.yaml"
    text = yaml.safe_dump(valid(), sort_keys=False).replace("seed: 1\n", "seed: 1\nseed: -2\n")
    path.write_text(text)
    assert str(error_of(path)).splitlines() == [
        f"error: {path}:3: duplicate key 'seed', first given in line 2",
        f"error: {path}:3: seed is -2, but must be at least 0",
    ]


def test_an_anchor_that_refers_to_itself_is_one_mistake(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("truth: &a\n  alpha: *a\n")
    assert str(error_of(path)) == f"error: {path}: an anchor refers to itself"


def test_anchors_that_repeat_themselves_are_one_mistake(tmp_path):
    path = tmp_path / "bomb.yaml"
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 9)]
    path.write_text("\n".join(lines))
    assert "more than 1000000 values" in str(error_of(path))


def test_an_anchor_may_be_used_where_it_helps(tmp_path):
    raw = valid()
    raw["methods"]["again"] = raw["methods"]["bayes"]
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(raw))
    assert "&id001" in path.read_text()
    methods = load(path).methods
    assert methods["again"] == methods["bayes"]


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


def value_at(node, path):
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
def wrong_configs(draw):
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
            place[key] = copy.deepcopy(value_at(raw, draw(place_in(raw))))
        else:
            place[key] = draw(JUNK)
    return raw


@settings(max_examples=200, deadline=None)
@given(wrong_configs())
def test_a_wrong_config_is_valid_or_a_config_error(raw):
    experiment, error = attempt(parse, raw)
    if error is not None:
        texts = [mistake.sentence for mistake in error.mistakes]
        assert texts
        assert len(set(texts)) == len(texts)
        assert all(text.isprintable() for text in texts)
        return
    assert parse(experiment.resolved()) == experiment
    assert cells_of(experiment)
    assert methods_of(experiment)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([valid, several]), st.integers(0, 9000), st.integers(0, 40), st.text(max_size=6)
)
def test_a_damaged_file_is_valid_or_a_config_error(tmp_path_factory, base, start, length, insert):
    text = yaml.safe_dump(base(), sort_keys=False)
    start %= len(text)
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_bytes((text[:start] + insert + text[start + length :]).encode("utf-8", "replace"))
    experiment, error = attempt(load, path)
    assert (experiment is None) != (error is None)
    if error is not None:
        assert len(str(error).splitlines()) == len(error.mistakes)
