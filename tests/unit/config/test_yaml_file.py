"""YAML 1.2 is read as plain values, with the line of every key."""

import os
import sys

import pytest

from rlrecovery.config import yaml_file
from rlrecovery.config.yaml_file import read_yaml

TEXT = """\
run: test
task:
  arms: [0.4,
    0.6]
  blocks: 1
methods:
  a: &a
    grid: 5
    starts: 1
  b:
    <<: *a
    grid: 6
"""


@pytest.fixture
def read(tmp_path):
    """Read text as a YAML file."""

    def read_text(text):
        path = tmp_path / "config.yaml"
        path.write_text(text)
        return read_yaml(path)

    return read_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E5", 1e5),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("1:30", "1:30"),
        ("'1'", "1"),
        ("~", None),
        ("[1, 2.0]", [1, 2.0]),
        ("{a: {b: c}}", {"a": {"b": "c"}}),
    ],
)
def test_values_are_those_of_yaml_1_2_as_plain_python(read, text, value):
    content = read(f"key: {text}\n").content
    assert content == {"key": value}
    assert type(content["key"]) is type(value)


def test_merging_may_override_keys(read):
    methods = read(TEXT).content["methods"]
    assert methods == {"a": {"grid": 5, "starts": 1}, "b": {"grid": 6, "starts": 1}}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("run",), 1),
        (("task",), 2),
        (("task", "arms"), 3),
        (("task", "arms", 0), 3),
        (("task", "arms", 1), 4),
        (("methods", "b", "grid"), 12),
        (("methods", "b", "starts"), 9),
        # of a key that is missing, the line of its section
        (("task", "start_value"), 2),
        (("task", "arms", 7), 3),
        (("task", "arms", "x", "y"), 3),
        (("seed",), None),
        ((), None),
    ],
)
def test_every_key_has_a_line(read, path, line):
    assert read(TEXT).line(path) == line


def test_keys_that_are_given_twice_are_mistakes(read):
    document = read("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")
    assert [(m.sentence, m.line) for m in document.mistakes] == [
        ("duplicate key 'b.c', first given in line 3", 4),
        ("duplicate key 'a', first given in line 1", 5),
    ]
    assert document.content == {"a": 3, "b": {"c": 2}}
    assert len(read("{a: 1, a: 2}").mistakes) == 1


def test_an_anchor_is_one_object(read):
    content = read("a: &a {x: 1}\nb: *a\n").content
    assert content["a"] is content["b"]
    recursive = read("a: &a\n  x: *a\n").content
    assert recursive["a"]["x"] is recursive["a"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: c: 2\n", 2, "mapping values are not allowed here"),
        ("a: [1\n", 2, "expected ',' or ']'"),
        ("a:\n\tb: 1\n", 2, "cannot start any token"),
        ("a: !!python/name:os.system\n", 1, "python/name:os.system"),
        ("a: 1\nb: !!set {c, d}\n", 2, "the tag 'tag:yaml.org,2002:set'"),
        ("a: *x\n", 1, "undefined alias 'x'"),
        ("? [1, 2]\n: 3\n", 1, "a key must be text"),
        ("a: 1\n<<: 3\n", 2, "expected a mapping or list of mappings for merging"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: 2024-13-45\n", None, "month must be in 1..12"),
        ("[" * 1500, None, "nested too deeply"),
        ("a: \x01\n", None, "unacceptable character #x0001"),
    ],
)
def test_a_file_that_is_not_yaml_is_one_mistake(read, text, line, words):
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)  # Python's own; other tests' libraries raise it
    try:
        document = read(text)
    finally:
        sys.setrecursionlimit(limit)
    (mistake,) = document.mistakes
    assert (document.content, mistake.path) == (None, ())
    assert mistake.line == line
    assert words in mistake.sentence
    assert mistake.sentence.startswith("not valid YAML: ")
    assert "\n" not in mistake.sentence


def test_a_file_that_cannot_be_read_is_one_mistake(tmp_path):
    def sentence(path):
        (mistake,) = read_yaml(path).mistakes
        return mistake.sentence

    binary, large = tmp_path / "binary.yaml", tmp_path / "large.yaml"
    binary.write_bytes(b"run: \xff\xfe")
    assert sentence(tmp_path / "none.yaml") == "no such file"
    assert sentence(tmp_path) == "cannot be read (Is a directory)"
    assert sentence(binary) == "not text in UTF-8"
    large.write_text("truth: [" + "0.5, " * 200_000 + "]")
    assert "larger than 600 kB" in sentence(large)


def test_a_pipe_or_a_device_is_one_mistake_and_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    for path, kind in ((tmp_path / "pipe.yaml", "a pipe"), ("/dev/zero", "a device")):
        (mistake,) = read_yaml(path).mistakes
        assert mistake.sentence == f"is {kind}, not a file; write the config into a file"


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
def test_an_empty_file_has_no_content(read, text):
    assert read(text) == yaml_file.Document()
