"""The tree keeps to its own rules: thin scripts, one rule shape, one set of versions."""

import ast
import os
import pty
import re
import subprocess

import pytest
import yaml
from settings import ROOT, study

from workflow.inprocess import plan

ENTRIES = ("Snakefile", "workflow/Snakefile")
RULES = sorted((ROOT / "workflow/rules").glob("*.smk"))
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
LOCKS = {path.stem: path.read_text() for path in (ROOT / "envs").glob("*.lock")}
LOCK = LOCKS["requirements"]
SHAPE = ("log:", "benchmark:", "threads:", "resources:", "message:", "conda:", "source=")


def rules():
    for path in RULES:
        for block in re.split(r"(?m)^rule ", path.read_text())[1:]:
            yield block.split(":")[0], block


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_workflow_starts_from_the_root_and_from_its_own_folder(tmp_path, entry):
    """The second is where Snakemake's workflow catalog and snakedeploy look."""
    planned = plan(tmp_path, study(), snakefile=ROOT / entry)
    assert planned.outputs("report") == ["results/small/report.html"]
    assert planned.counts["figure"] > 5


@pytest.mark.parametrize("entry", ENTRIES)
def test_without_a_config_file_it_is_the_default_study(tmp_path, entry):
    planned = plan(tmp_path, None, config={"run": "other"}, snakefile=ROOT / entry)
    assert planned.outputs("report") == ["results/other/report.html"]


@pytest.mark.parametrize("section", [None, "recovery"])
def test_another_workflow_can_import_it_as_a_module(tmp_path, section):
    """As snakedeploy sets it up, and with the experiment in a section of another config."""
    entry = tmp_path / "Snakefile"
    entry.write_text(
        "module recovery:\n"
        f"    snakefile: {str(ROOT / 'workflow/Snakefile')!r}\n"
        f"    config: {'config' if section is None else f'config[{section!r}]'}\n"
        "use rule * from recovery\n"
    )
    experiment = study() if section is None else {section: study()}
    planned = plan(tmp_path, experiment, "results/small/summary/recovery.csv", snakefile=entry)
    assert planned.counts["score"] == 1


@pytest.mark.parametrize(("name", "block"), list(rules()))
def test_every_working_rule_has_the_one_shape(name, block):
    for part in SHAPE:
        assert part in block, f"rule {name} has no {part}"
    assert f'"../../scripts/{name}.py"' in block
    assert "lambda" not in block


@pytest.mark.parametrize(("name", "block"), list(rules()))
def test_every_script_hands_on_all_that_its_rule_gives(name, block):
    params = re.search(r"(?ms)^    params:\n(.*?)^    message:", block).group(1)
    given = set(re.findall(r"(?m)^        ([a-z]+)=", params))
    script = (ROOT / f"scripts/{name}.py").read_text()
    unused = {key for key in given if f"snakemake.params.{key}" not in script}
    # Params that only decide when a job has to run again.
    assert unused <= {"source", "versions", "caption"}


def test_every_script_has_its_rule_and_defines_nothing():
    assert {path.stem for path in SCRIPTS} == {name for name, _ in rules()}
    defining = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While)
    for path in SCRIPTS:
        nodes = ast.walk(ast.parse(path.read_text()))
        assert not [node for node in nodes if isinstance(node, defining)], path


def imported(path):
    """Names of all modules that a file imports, at its top or inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_no_module_of_the_package_imports_snakemake():
    modules = list((ROOT / "scripts/rlrecovery").rglob("*.py"))
    assert len(modules) > 50
    for path in modules:
        assert "snakemake" not in {name.partition(".")[0] for name in imported(path)}, path


def test_every_figure_has_a_caption():
    from rlrecovery.figures.catalogue import FIGURES

    captions = {path.stem for path in (ROOT / "workflow/report").glob("*.rst")}
    assert captions == {*FIGURES, "figure", "report", "workflow"}


def test_every_table_has_a_caption():
    from rlrecovery.report.sheets import SHEETS

    captions = {path.stem for path in (ROOT / "workflow/report/tables").glob("*.rst")}
    assert captions == set(SHEETS)


def pins(lock):
    """Versions by package."""
    return dict(re.findall(r"(?m)^([A-Za-z0-9_.-]+)==([^ ;\\]+)", lock))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_everything_with_hashes_and_without_addresses(name):
    lock = LOCKS[name]
    entries = re.findall(r"(?m)^[A-Za-z0-9].*", lock)
    assert entries
    assert all("==" in entry for entry in entries)
    for block in re.split(r"(?m)^(?=[A-Za-z0-9])", lock):
        if block.strip() and not block.startswith("#"):
            assert "--hash=sha256:" in block
    assert "://" not in lock


def test_the_other_locks_have_the_same_versions_and_what_they_are_for():
    assert set(LOCKS) == {"requirements", "bench", "slurm"}
    added = {name: set(pins(LOCKS[name])) - set(pins(LOCK)) for name in ("bench", "slurm")}
    assert "numpyro" in added["bench"]
    plugin = "snakemake-executor-plugin-slurm"
    assert added["slurm"] == {plugin, f"{plugin}-jobstep"}
    for name in ("bench", "slurm"):
        common = {k: v for k, v in pins(LOCKS[name]).items() if k not in added[name]}
        assert common.items() <= pins(LOCK).items()


def test_the_conda_environment_has_the_versions_of_the_lock():
    locked = pins(LOCK)
    aliases = {
        "matplotlib-base": "matplotlib",
        "ruamel.yaml": "ruamel-yaml",
        "snakemake-minimal": "snakemake",
    }
    environment = yaml.safe_load((ROOT / "envs/recovery.yaml").read_text())
    named = dict(entry.split("=") for entry in environment["dependencies"])
    assert named.pop("python") == (ROOT / ".python-version").read_text().strip()
    for name, version in named.items():
        assert locked[aliases.get(name, name)] == version
    text = (ROOT / "pyproject.toml").read_text()
    direct = re.findall(r'(?m)^    "([a-z-]+)>=', text.split("[project.optional")[0])
    missing = set(direct) - {aliases.get(name, name) for name in named}
    assert missing == {"snakemake-logger-plugin-rich"}


def committed():
    """Text files of the project that a reader gets; caches and results left out."""
    kinds = {".py", ".smk", ".yaml", ".md", ".toml", ".cff", ".rst", ".j2", ".js"}
    names = ("Snakefile", "workflow/Snakefile", "Makefile", ".ci/run", "envs/Containerfile")
    yield from (ROOT / name for name in names)
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") for part in parts)
        if path.suffix in kinds and not hidden and parts[0] != "results":
            yield path


def test_bars_are_drawn_on_a_terminal_only():
    bars = re.search(r"(?m)^BARS = (.*)$", (ROOT / "Makefile").read_text())[1].replace("$$", "$")

    def options(**streams):
        command = ["sh", "-c", f"echo {bars}"]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, **streams).stdout.strip()

    terminal, inside = pty.openpty()
    try:
        assert options(stderr=inside) == "--logger rich"
        assert options(stderr=subprocess.DEVNULL, stdin=inside) == ""
    finally:
        os.close(terminal)
        os.close(inside)


def test_no_file_names_a_machine_or_a_registry():
    for path in committed():
        text = path.read_text()
        assert not re.search(r"(?<![\w.~])/(root|home|Users|work)/", text), path
        assert not re.search(r"--(extra-)?index|--find[-]links", text), path


def test_every_local_link_of_the_readme_exists():
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", (ROOT / "README.md").read_text())
    assert "docs/answer.svg" in links
    assert [link for link in links if not (ROOT / link).exists()] == []
