"""The command prints the schema or the manual, or checks a file."""

import json
import subprocess
import sys

import pytest
import yaml

from rlrecovery import config
from rlrecovery.design.cells import cells_of, methods_of
from rlrecovery.report.numbers import plural
from unit.config.experiments import ROOT, changed, several


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


def test_the_verb_check_counts_all_that_is_crossed_and_all_that_is_fitted(capsys, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(several()))
    assert config.main(["check", str(path)]) == 0
    methods = methods_of(config.load(path).resolved())
    cells = len(cells_of(config.load(path).resolved()))
    assert capsys.readouterr().out == (
        f"{path} is valid: run test, {cells} cells of 20 replicates, methods {', '.join(methods)}\n"
    )


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "config").glob("*.yaml")))
def test_the_committed_configs_are_valid(capsys, path):
    assert config.main(["check", str(path)]) == 0
    cells = plural(len(cells_of(config.load(path).resolved())), "cell")
    assert f", {cells} of " in capsys.readouterr().out


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
