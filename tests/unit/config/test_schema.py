"""The schema for editors agrees with the models and with what is committed."""

import json

import jsonschema
import yaml

from rlrecovery import config
from rlrecovery.config import parse
from rlrecovery.distributions import families
from unit.config.experiments import GONE, ROOT, changed, valid
from unit.config.test_sentences import KEYS


def test_the_committed_schema_is_the_generated_one():
    committed = ROOT / "workflow" / "schemas" / "config.schema.json"
    assert committed.read_text() == json.dumps(config.json_schema(), indent=2) + "\n", (
        "run: PYTHONPATH=scripts python -m rlrecovery.config schema > "
        "workflow/schemas/config.schema.json"
    )


def test_the_schema_accepts_what_is_valid_and_refuses_what_is_not():
    schema = config.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(valid())
    assert validator.is_valid(yaml.safe_load((ROOT / "config.yaml").read_text()))
    assert validator.is_valid(parse(valid()).model_dump(mode="json"))
    for changes, _ in KEYS:
        if changes != {"model": GONE}:
            assert not validator.is_valid(changed(changes)), changes


def test_every_key_has_a_description():
    schema = config.json_schema()
    sections = [schema, *schema["$defs"].values()]
    for section in sections:
        for key, node in section.get("properties", {}).items():
            assert node.get("description", "").endswith("."), key


def test_every_family_of_distributions_can_be_named():
    definitions = config.json_schema()["$defs"]
    for name, arguments in families().items():
        assert list(definitions[name]["properties"]) == ["distribution", *arguments]
