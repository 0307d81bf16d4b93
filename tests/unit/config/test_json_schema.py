"""The schema for editors agrees with the models and with what is committed."""

import json

import jsonschema
import pytest
import yaml

from rlrecovery.config.json_schema import json_schema
from rlrecovery.config.reader import load, parse
from rlrecovery.models.distributions import families
from unit.config.experiments import GONE, ROOT, changed, several, valid
from unit.config.test_messages import KEYS


def test_the_committed_schema_is_the_generated_one():
    committed = ROOT / "workflow" / "schemas" / "config.schema.json"
    assert committed.read_text() == json.dumps(json_schema(), indent=2) + "\n", (
        "run: PYTHONPATH=scripts python -m rlrecovery.config schema > "
        "workflow/schemas/config.schema.json"
    )


def test_the_schema_accepts_what_is_valid_and_refuses_what_is_not():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(valid())
    assert validator.is_valid(yaml.safe_load((ROOT / "config.yaml").read_text()))
    assert validator.is_valid(parse(valid()).resolved())
    for changes, _ in KEYS:
        assert not validator.is_valid(changed(changes)), changes


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "config").glob("*.yaml")))
def test_editors_accept_a_config_as_it_is_written_and_as_it_is_resolved(path):
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.validate(yaml.safe_load(path.read_text()))
    validator.validate(json.loads(json.dumps(load(path).resolved())))


def test_editors_accept_all_that_there_is():
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.validate(several())
    validator.validate(parse(several()).resolved())


@pytest.mark.parametrize(
    ("base", "changes"),
    [
        (valid, {"task": GONE}),
        (valid, {"task": None}),
        (valid, {"tasks": {"easy": valid()["task"]}}),
        (valid, {"models": several()["models"]}),
        (valid, {"population": GONE}),
        (several, {"models": GONE}),
        (several, {"truth": {"alpha": [1]}}),
        (several, {"tasks": {}}),
        (several, {"tasks.Easy": valid()["task"]}),
        (several, {"tasks.restless.drift": None}),
        (several, {"tasks.restless.drift.sd": 0}),
        (several, {"tasks.plain.reversals": {"every": -1}}),
        (several, {"tasks.scheduled.schedule.holds": "all"}),
        (several, {"tasks.scheduled.missing_trials": [5]}),
        (several, {"variants.decided.lapse": "yes"}),
        (several, {"variants.decided.model": GONE}),
        (several, {"models.fit": ["rescorla_wagner"]}),
        (several, {"models.simulate": {}}),
        (several, {"missing": [1]}),
        (several, {"completed": [1]}),
        (several, {"completed": [[1.5]]}),
        (several, {"methods.bayes.loo": None}),
    ],
)
def test_editors_refuse_what_is_wrong_with_one_key(base, changes):
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(changed(changes, base))


def test_every_key_has_a_description():
    schema = json_schema()
    sections = [schema, *schema["$defs"].values()]
    for section in sections:
        for key, node in section.get("properties", {}).items():
            assert node.get("description", "").endswith("."), key


def test_every_family_of_distributions_can_be_named():
    definitions = json_schema()["$defs"]
    for name, arguments in families().items():
        assert list(definitions[name]["properties"]) == ["distribution", *arguments]
