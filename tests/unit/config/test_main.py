"""The command prints the schema or the manual, or checks a file."""

import json
import subprocess
import sys

import pytest
import yaml

from rlrecovery.config.__main__ import main
from rlrecovery.config.json_schema import json_schema
from rlrecovery.config.manual import manual
from rlrecovery.config.reader import load
from rlrecovery.config.study import cells_of, methods_of
from unit.config.experiments import ROOT, changed, several


def test_the_verb_schema_prints_the_schema(capsys):
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema()


def test_the_verb_help_prints_the_manual(capsys):
    assert main(["help"]) == 0
    assert capsys.readouterr().out == manual() + "\n"


def test_the_verb_check_describes_the_study(capsys):
    path = ROOT / "config.yaml"
    assert main(["check", str(path)]) == 0
    assert " ".join(capsys.readouterr().out.split()) == (
        f"{path} is valid: run default, 40 cells of 50 replicates, "
        "methods mle, bayes, hierarchical, nuts"
    )


def test_the_verb_check_counts_all_that_is_crossed_and_all_that_is_fitted(capsys, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(several()))
    assert main(["check", str(path)]) == 0
    methods = methods_of(load(path))
    cells = len(cells_of(load(path)))
    output = capsys.readouterr().out
    assert " ".join(output.split()) == (
        f"{path} is valid: run test, {cells} cells of 20 replicates, methods {', '.join(methods)}"
    )
    assert max(map(len, output.splitlines()[1:])) <= 80


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "config").glob("*.yaml")))
def test_the_committed_configs_are_valid(capsys, path):
    assert main(["check", str(path)]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert f", {len(cells_of(load(path)))} cell" in output


def test_the_verb_check_prints_mistakes_without_a_traceback(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(changed({"seed": -1, "replicates": 1})))
    lines = path.read_text().splitlines()
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
        f"error: {path}:{line}: {sentence}"
        for line, sentence in (
            (lines.index("replicates: 1") + 1, "replicates is 1, but must be at least 2"),
            (lines.index("seed: -1") + 1, "seed is -1, but must be at least 0"),
        )
    ]


def test_checking_loads_no_pymc():
    slow = "{'pymc', 'pytensor', 'nutpie', 'arviz'}"
    code = f"import sys, rlrecovery.config.__main__; sys.exit(bool({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "scripts", check=False)
    assert done.returncode == 0
