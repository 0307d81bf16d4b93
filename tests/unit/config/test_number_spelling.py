"""Numbers are refused if people and programs read their spelling differently."""

import pytest

from rlrecovery.config.reader import ConfigError, load
from rlrecovery.config.yaml_file import read_yaml
from unit.config.experiments import valid


def sentences(folder, text):
    path = folder / "config.yaml"
    path.write_text(text)
    return [(m.sentence, m.line) for m in read_yaml(path).mistakes]


@pytest.mark.parametrize("text", ["020", "-020", "+08", "0_1", "00"])
def test_a_zero_at_the_start_of_a_whole_number_is_refused(tmp_path, text):
    reason = "which some programs read as octal; write it without the zero at its start"
    assert sentences(tmp_path, f"a: 1\ntrials: [10, {text}]\n") == [
        (f"trials[1] is {text}, {reason}", 2)
    ]


@pytest.mark.parametrize("text", ["0o20", "0x1F", "0b11"])
def test_another_base_is_refused(tmp_path, text):
    reason = "which is not a decimal number; write the decimal number, or text in quotes"
    assert sentences(tmp_path, f"{{a: {{b: {text}}}}}") == [(f"a.b is {text}, {reason}", 1)]


@pytest.mark.parametrize("text", ["1:30", "-1:30", "1:30.5"])
def test_a_time_is_never_a_number(tmp_path, text):
    as_1_1 = f"%YAML 1.1\n---\ntrials: [{text}]\n"
    reason = "which is not a decimal number; write the decimal number, or text in quotes"
    assert sentences(tmp_path, as_1_1) == [(f"trials[0] is {text}, {reason}", 3)]
    path = tmp_path / "config.yaml"
    path.write_text("".join(f"{k}: {v}\n" for k, v in (valid() | {"trials": f"[{text}]"}).items()))
    with pytest.raises(ConfigError) as caught:
        load(path)
    (mistake,) = caught.value.mistakes
    assert mistake.sentence == f'trials[0] is "{text}", but must be a whole number'


@pytest.mark.parametrize(
    "text",
    ["0", "-0", "10", "1_000", "0.5", "00.5", "1e3", "1e-05", "'020'", '"1:30"', "0x", "01a", ".5"],
)
def test_other_numbers_and_texts_are_accepted(tmp_path, text):
    assert sentences(tmp_path, f"a: [{text}]") == []


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_number_of_hundreds_of_digits_is_one_mistake(tmp_path, digits):
    path = tmp_path / "config.yaml"
    text = "".join(f"{k}: {v}\n" for k, v in (valid() | {"seed": "7" * digits}).items())
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    (mistake,) = caught.value.mistakes
    must = "must be less than 3.40282e+38"
    assert mistake.sentence == f"seed is a number of {digits} digits, but {must}"
    assert mistake.line == 1 + text[: text.index("seed")].count("\n")


def test_a_config_that_is_a_list_of_long_numbers_is_one_mistake(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(f"[{'7' * 5000}]")
    with pytest.raises(ConfigError, match=r"not a value that contains a number of thousands of"):
        load(path)


def test_a_number_below_an_anchor_is_reported_once(tmp_path):
    assert len(sentences(tmp_path, "a: &a {b: 020}\nc: *a\nd: {<<: *a}\n")) == 1
    assert sentences(tmp_path, "a: &a\n  x: *a\n") == []
