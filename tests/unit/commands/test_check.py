"""The command says what a config describes and takes, or all of its mistakes; and it notices."""

import subprocess
import sys

import pytest
import yaml

from rlrecovery.commands.check import main
from rlrecovery.config.reader import load
from rlrecovery.config.study import cells_of, methods_of
from rlrecovery.planning.size import in_words, size_of
from unit.config.experiments import ROOT, changed, several


def written(folder, raw):
    path = folder / "config.yaml"
    path.write_text(raw if isinstance(raw, str) else yaml.safe_dump(raw))
    return path


def test_it_describes_the_study_and_what_it_takes(capsys):
    path = ROOT / "config.yaml"
    assert main([str(path)]) == 0
    assert " ".join(capsys.readouterr().out.split()) == (
        f"{path} is valid: run default, 40 cells of 50 replicates, "
        f"methods mle, bayes, hierarchical, nuts {in_words(size_of(load(path)))}"
    )


def test_it_counts_all_that_is_crossed_and_all_that_is_fitted(capsys, tmp_path):
    path = written(tmp_path, several())
    assert main([str(path)]) == 0
    methods = methods_of(load(path))
    cells = len(cells_of(load(path)))
    output = capsys.readouterr().out
    assert " ".join(output.split()).startswith(
        f"{path} is valid: run test, {cells} cells of 20 replicates, methods {', '.join(methods)}"
    )
    assert max(map(len, output.splitlines()[1:])) <= 80


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "config").glob("*.yaml")))
def test_the_committed_configs_are_valid(capsys, path):
    assert main([str(path)]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert f", {len(cells_of(load(path)))} cell" in output
    assert "note:" not in output


def check(path):
    return subprocess.run(
        [sys.executable, "-m", "rlrecovery.commands.check", str(path)],
        cwd=ROOT / "scripts",
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_prints_mistakes_without_a_traceback(tmp_path):
    path = written(tmp_path, changed({"seed": -1, "replicates": 1}))
    lines, done = path.read_text().splitlines(), check(path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"error: {path}:{line}: {sentence}"
        for line, sentence in (
            (lines.index("replicates: 1") + 1, "replicates is 1, but must be at least 2"),
            (lines.index("seed: -1") + 1, "seed is -1, but must be at least 0"),
        )
    ]


def test_a_study_that_no_machine_can_compute_is_refused(tmp_path):
    done = check(written(tmp_path, changed({"participants": [10**9]})))
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "config.yaml: the study takes about 1," in line
    assert "TiB of memory for a job of fit hierarchical; the limit is 2 TiB: reduce " in line


def test_unlikely_values_and_decimal_commas_are_notes(capsys, tmp_path):
    text = yaml.safe_dump(changed({"population.beta.spread": 1000.0}))
    old = "  beta:\n  - 2\n  - 5\n"
    assert old in text
    path = written(tmp_path, text.replace(old, "  beta: [0,5, 2,5]\n"))
    assert main([str(path)]) == 1  # 0 is no inverse temperature, and 5 is there twice
    error = capsys.readouterr().err
    number = 1 + path.read_text().splitlines().index("  beta: [0,5, 2,5]")
    note = (
        f"note: {path}:{number}: truth.beta is a list of 4 whole numbers, [0,5, 2,5]; if 2 numbers "
        "are meant, write [0.5, 2.5]"
    )
    assert error.splitlines()[-1] == note
    path.write_text(path.read_text().replace("0,5, 2,5", "1,2, 3,4"))
    assert main([str(path)]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert f"note: {path}:{number}: truth.beta is a list of 4 whole numbers, [1,2, 3,4]" in output
    assert "population.beta.spread is 1000.0, which is an SD on the log scale" in output


def test_checking_loads_no_pymc():
    slow = "{'pymc', 'pytensor', 'nutpie', 'arviz', 'pandas', 'matplotlib'}"
    code = f"import sys, rlrecovery.commands.check; sys.exit(bool({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "scripts", check=False)
    assert done.returncode == 0
