"""The command prints the schema or the manual."""

import json

from rlrecovery.config.__main__ import main
from rlrecovery.config.json_schema import json_schema
from rlrecovery.config.manual import manual


def test_the_verb_schema_prints_the_schema(capsys):
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema()


def test_the_verb_help_prints_the_manual(capsys):
    assert main(["help"]) == 0
    assert capsys.readouterr().out == manual() + "\n"
