"""The command prints the schema or the manual, or checks a file."""

import json
import subprocess
import sys

import yaml

from rlrecovery import config
from unit.config.experiments import ROOT, changed


def test_the_verb_schema_prints_the_schema(capsys):
    assert config.main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == config.json_schema()


def test_the_verb_help_prints_the_manual(capsys):
    assert config.main(["help"]) == 0
    assert capsys.readouterr().out == config.manual() + "\n"


def test_the_verb_check_prints_one_line(capsys):
    path = ROOT / "config.yaml"
    assert config.main(["check", str(path)]) == 0
    assert capsys.readouterr().out == (
        f"{path} is valid: run default, 40 cells of 4 replicates, "
        "methods mle, bayes, hierarchical\n"
    )


def test_the_verb_check_prints_mistakes_without_a_traceback(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(changed({"seed": -1, "replicates": 1})))
    done = subprocess.run(
        [sys.executable, "-m", "rlrecovery.config", "check", str(path)],
        cwd=ROOT / "scripts",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "error: seed is -1, but must be a whole number of at least 0",
        "error: replicates is 1, but must be a whole number of at least 2",
    ]
