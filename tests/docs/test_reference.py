"""The reference part of the site: its pages are complete, and their formulas are those of the code.

Formulas are evaluated as they stand on the pages, in Python, and compared with the functions.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from docutils.utils.math import latex2mathml
from scipy.stats import norm, rankdata
from summaries import write_run
from unit.score.examples import LEVELS, failed, tables

import rlrecovery
from rlrecovery.commands.first_config import TASKS
from rlrecovery.commands.new import OPTIONS
from rlrecovery.config.manual import Entry, entries
from rlrecovery.models.distributions import families
from rlrecovery.models.library import MODELS, every_parameter
from rlrecovery.score import confusion, model_selection
from rlrecovery.score.cell import score_cell, score_grid
from rlrecovery.score.correlation import correlations
from rlrecovery.score.individual import individual_measures
from rlrecovery.score.over_truths import pool_measures
from rlrecovery.score.paired import paired_measures
from rlrecovery.score.rows import join
from rlrecovery.simulation.changes import DriftSettings, ReversalSettings
from rlrecovery.simulation.task import Task
from rlrecovery.storage import meanings, schemas

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "docs" / "_ext"))

import reference_pages  # noqa: E402
from reference_pages import (  # noqa: E402
    commands,
    config,
    examples,
    measures,
    measures_table,
    models,
    other_tools,
    tasks,
)

FOLDER = ROOT / "docs" / "reference" / "generated"
N = 40


@pytest.fixture(scope="module")
def pages():
    return reference_pages.pages(FOLDER)


def terms(text):
    """Names in the terms of definition lists and in headings."""
    lines = re.findall(r"^(?:#+ )?(.*`.*)\n(?=: |\n)", text, flags=re.MULTILINE)
    return {name for line in lines for name in re.findall(r"`([^`]+)`", line)}


# --- pages ---------------------------------------------------------------------------------------


def test_a_page_is_written_only_if_its_text_has_changed(tmp_path, monkeypatch):
    reference_pages.write_reference(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(reference_pages.pages(tmp_path))
    times = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    (tmp_path / "removed.md").write_text("a page of an older version")
    monkeypatch.setattr(reference_pages, "models_page", lambda: "changed")
    reference_pages.write_reference(tmp_path)
    again = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert {name for name in times if times[name] != again.pop(name)} == {"models.md"}
    assert not again
    assert (tmp_path / "models.md").read_text() == "changed"


def test_the_index_leads_to_every_page(pages):
    index = (ROOT / "docs" / "reference" / "index.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^generated/(\w+)$", index, flags=re.MULTILINE)) == {
        name.removesuffix(".md") for name in pages
    }
    labels = set(re.findall(r"^\((reference-\w+)\)=$", "".join(pages.values()), re.MULTILINE))
    assert set(re.findall(r"\{ref\}`(reference-\w+)`", index)) == labels


def test_anchors_are_unique_and_references_have_one(pages):
    anchors = re.findall(r"^\(([\w-]+)\)=$", "\n".join(pages.values()), flags=re.MULTILINE)
    assert len(anchors) == len(set(anchors))
    text = "\n".join(pages.values())
    used = re.findall(r"\{ref\}`(?:[^`<]*<)?([\w-]+)>?`|\]\(#([\w-]+)\)", text)
    assert {a or b for a, b in used} <= set(anchors)


def test_every_page_begins_with_what_the_reader_can_do(pages):
    for text in pages.values():
        assert re.match(r"% Written by .*\n\n\(reference-\w+\)=\n# .*\n\nAfter this page you", text)


def test_equations_can_be_shown_as_mathml(pages):
    for text in pages.values():
        displayed = re.findall(r"^ *\$\$\n(.+?)\n *\$\$$", text, flags=re.MULTILINE | re.DOTALL)
        rest = re.sub(r"^ *\$\$\n.+?\n *\$\$$", "", text, flags=re.MULTILINE | re.DOTALL)
        for latex in [*displayed, *re.findall(r"(?<!\\)\$([^$\n]+)\$", rest)]:
            assert latex2mathml.tex2mathml(latex.strip()).startswith("<math")


def test_no_page_names_a_place_of_this_machine(pages):
    for text in pages.values():
        assert str(ROOT) not in text


# --- config --------------------------------------------------------------------------------------


def test_every_key_has_an_entry_with_its_type_and_meaning(pages):
    text = pages["config.md"]
    found = re.findall(r"^```\{confval\} (.+)\n:type: (.+)\n\n(.*)\n```$", text, re.MULTILINE)
    assert [path for path, *_ in found] == [entry.path for entry in entries()]
    for (path, _, meaning), entry in zip(found, entries(), strict=True):
        assert bool(meaning) == bool(entry.meaning), path


def test_every_top_level_key_has_an_anchor(pages):
    keys = {config.section(entry) for entry in entries()}
    assert {f"config-{key}" for key in keys} <= set(
        re.findall(r"\((config-\w+)\)=", pages["config.md"])
    )
    for name in families():
        assert f"\n`{name}`\n: " in pages["config.md"]


def test_a_new_key_is_on_the_page(monkeypatch):
    new = Entry("figures.font", 'string; optional, default "serif"', "Font of <all> text.")
    monkeypatch.setattr(config, "entries", lambda: [*entries(), new])
    text = config.config_page(FOLDER)
    assert "(config-figures)=\n## `figures`" in text
    assert ':type: string; optional, default `"serif"`\n\nFont of \\<all\\> text.' in text


@pytest.mark.parametrize("key", ["task", "truth", "models", "variants", "missing", "observed"])
def test_an_example_is_the_part_of_a_config_with_the_key(key):
    found = examples.example(key)
    whole = (ROOT / found.file).read_text(encoding="utf-8")
    first, last = found.lines
    part = yaml.safe_load("\n".join(whole.splitlines()[first - 1 : last]))
    assert part == {key: yaml.safe_load(whole)[key]}


def test_examples_of_estimators_and_of_keys_of_a_task():
    bayes = examples.example_of_estimator("bayes")
    assert (bayes.file, bayes.path) == ("config.yaml", ("methods", "nuts"))
    drift = examples.example("task", "drift")
    assert (drift.file, drift.path) == ("tests/config/tasks.yaml", ("tasks", "restless", "drift"))
    assert examples.example("no_such_key") is None
    assert examples.example_of_estimator("no_such_estimator") is None


# --- models --------------------------------------------------------------------------------------


def test_every_model_and_parameter_is_on_the_page(pages):
    text = pages["models.md"]
    for name, model in MODELS.items():
        part = text.partition(f"(model-{name})=")[2].partition("\n(")[0]
        assert part.count("$$") >= 2
        for parameter in model.parameters:
            assert f"`{parameter.name}` (${parameter.symbol}$)" in part
    listed = text.partition("(models-parameters)=")[2].partition("\n(")[0]
    for parameter in every_parameter():
        assert f"\n`{parameter.name}` (${parameter.symbol}$)" in listed
        assert f"`{parameter.prior}`" in listed
    assert set(models.parameters()) == set(every_parameter())


def test_parameters_of_the_same_name_are_told_apart(monkeypatch):
    other = replace(
        MODELS["kalman_filter"],
        name="other",
        parameters=(replace(MODELS["kalman_filter"].parameters[1], meaning="another drift"),),
    )
    monkeypatch.setitem(MODELS, "other", other)
    text = models.models_page()
    assert "\n`drift` ($\\omega$), of `kalman_filter`\n: variance" in text
    assert "\n`drift` ($\\omega$), of `other`\n: another drift" in text


def test_names_in_other_tools_belong_to_our_models_and_parameters(pages):
    added = {"lapse", "start_value"}
    assert set(other_tools.COUNTERPARTS) <= set(MODELS)
    assert set(other_tools.ADDED) <= added
    text = pages["models.md"].partition("(models-other-tools)=")[2]
    for name, found in (other_tools.COUNTERPARTS | other_tools.ADDED).items():
        names = added if name in added else set(MODELS[name].names)
        for entry in found:
            assert entry.tool in other_tools.TOOLS
            assert set(entry.parameters) <= names
            assert f"*{entry.tool}:* `{entry.model}`" in text
    for name in MODELS:
        assert f"\n[`{name}`](#model-{name})\n: " in text
    assert "*hBayesDM, HSSM, pyEM:* —" in text


# --- tasks ---------------------------------------------------------------------------------------


def test_every_key_of_a_task_and_every_new_task_is_on_the_page(pages):
    keys = {e.path.removeprefix("task.") for e in entries() if e.path.startswith("task.")}
    last = {key.rpartition(".")[2] for key in keys}
    assert last | set(TASKS) <= terms(pages["tasks.md"])
    assert set(tasks.FORMULAS) <= keys


def evaluated(expression, **names):
    return eval(expression, {"np": np, "norm": norm, "rankdata": rankdata} | names)


def test_rewards_and_reversals_follow_their_formulas():
    rng = np.random.default_rng(1)
    m, u = rng.random((1, 5)), rng.random((1, 5))
    bernoulli, gaussian = (python for _, python in tasks.FORMULAS["rewards"])
    task = Task(tuple(m[0]))
    np.testing.assert_array_equal(task.pay(m, u), evaluated(bernoulli, m=m, u=u))
    noisy = replace(task, sd=0.3).pay(m, u)
    np.testing.assert_allclose(noisy, evaluated(gaussian, m=m, u=u, sd=0.3), rtol=1e-12)
    ((_, rotated),) = tasks.FORMULAS["reversals"]
    reversing = replace(task, reversals=ReversalSettings(after=(1,)))
    before, after = reversing.means(1, 2)[0]
    np.testing.assert_array_equal(after, evaluated(rotated, m=before))


def test_drift_follows_its_formulas():
    step, reflect = (python for _, python in tasks.FORMULAS["drift"])
    settings = {"sd": 0.4, "lower": 0.1, "upper": 1.0, "decay": 0.8, "centre": 0.5}
    drift = DriftSettings(**settings)
    start = np.array([[0.2, 0.9]])
    walk = drift.walk(start, 30, np.random.default_rng(2))[0]
    z = np.random.default_rng(2).standard_normal((1, 30, 2))[0]
    m = start[0]
    for t in range(1, 30):
        moved = evaluated(step, m=m, z=z[t], **settings)
        m = evaluated(reflect, m=moved, **settings)
        np.testing.assert_allclose(walk[t], m, rtol=1e-12)
    assert (np.abs(np.diff(walk, axis=0)) > 0).all()


# --- measures ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def group():
    """Estimates and truth of a cell with one row per data set; the last fits failed."""
    rng = np.random.default_rng(3)
    rows = [
        {
            "replicate": r,
            "participant": -1,
            "level": "group",
            "estimate": 0.6 + 0.9 * rng.standard_normal(),
            "se": 0.3 + 0.4 * rng.random(),
            "at_bound": r % 5 == 0,
            "converged": r % 3 > 0,
            "status": "no_interval" if r % 7 == 0 else "ok",
            "rhat": 1 + rng.random(),
            "ess_bulk": 100 * rng.random(),
            "grid_error": rng.random(),
            "seconds": rng.random(),
        }
        for r in range(N)
    ]
    for row in rows:
        row["lower_95"], row["upper_95"] = (row["estimate"] + z * row["se"] for z in (-1.5, 2.0))
    without = [failed(N + r, -1, level="group", seconds=2.0) for r in range(3)]
    return join(*tables([*rows, *without]))


def names_of(joined):
    """Columns by the names that formulas use."""
    errors = (joined["estimate"] - joined["truth"]).to_numpy()
    below = np.mean(errors < np.median(errors))
    flags = joined["status"].isin(["no_interval", "not_identified"])
    return {
        **{str(column): joined[column].to_numpy() for column in joined},
        "n": len(joined),
        "errors": errors,
        "ses": joined["se"].to_numpy(),
        "lower": joined["lower_95"].to_numpy(),
        "upper": joined["upper_95"].to_numpy(),
        "failed": (joined["status"] == "failed").to_numpy(),
        "no_interval": flags.to_numpy(),
        "z": norm.ppf(0.975),
        "s": np.sqrt(below * (1 - below) / len(joined)),
    }


OF_ESTIMATES = measures_table.ERRORS | measures_table.INTERVALS
#: Diagnostics that a failed fit does not have.
OF_DRAWS = ("max_rhat", "min_ess_bulk", "max_grid_error")


@pytest.mark.parametrize("name", OF_ESTIMATES | measures_table.DIAGNOSTICS)
def test_formulas_of_a_cell(group, name):
    measure = (OF_ESTIMATES | measures_table.DIAGNOSTICS)[name]
    estimated = name in OF_ESTIMATES or name in OF_DRAWS
    names = names_of(group[group["status"] != "failed"] if estimated else group)
    table = score_cell(group, LEVELS)
    row = table[(table["measure"] == name) & (table["rows"] == "all")]
    row = row[row["interval"].isna() | (row["interval"] == 0.95)].iloc[0]
    assert row["value"] == pytest.approx(evaluated(measure.python, **names), rel=1e-9)
    if measure.mcse_python:
        expected = evaluated(measure.mcse_python, **names)
        assert row["mcse"] == pytest.approx(expected, rel=1e-9)
    else:
        assert measure.no_mcse
        assert np.isnan(row["mcse"])


def people():
    """Truths and estimates of participants, by data set."""
    rng = np.random.default_rng(4)
    truth = rng.standard_normal((N, 6))
    return truth, 0.2 + 0.7 * truth + 0.5 * rng.standard_normal((N, 6))


@pytest.mark.parametrize("name", measures_table.AGREEMENT | measures_table.INDIVIDUAL)
def test_formulas_of_true_values_and_estimates(name):
    truth, estimate = people()
    flat = truth.ravel(), estimate.ravel(), np.repeat(np.arange(N), 6)
    found = correlations(*flat) | individual_measures(*flat)
    centred = [x - x.mean(axis=1, keepdims=True) for x in (truth, estimate)]
    names = {
        "grid_truth": flat[0],
        "grid_estimate": flat[1],
        "data_sets": list(zip(truth, estimate, strict=True)),
        "S": lambda i, j: np.mean(centred[i] * centred[j]),
    }
    measure = (measures_table.AGREEMENT | measures_table.INDIVIDUAL)[name]
    assert found[name].value == pytest.approx(evaluated(measure.python, **names), rel=1e-9)
    assert not measure.mcse


@pytest.mark.parametrize("name", measures_table.PAIRED)
def test_formulas_of_two_methods(name):
    rng = np.random.default_rng(5)
    reference = 0.3 + rng.standard_normal(N)
    errors = 0.1 + 0.6 * reference + 0.5 * rng.standard_normal(N)
    found = dict(paired_measures(errors, reference, np.arange(N)))
    assert set(found) == set(measures_table.PAIRED)
    names = {"errors": errors, "errors_reference": reference, "n": N}
    measure = measures_table.PAIRED[name]
    assert found[name].value == pytest.approx(evaluated(measure.python, **names), rel=1e-9)
    if measure.mcse:
        expected = evaluated(measure.mcse_python, **names)
        assert found[name].mcse == pytest.approx(expected, rel=1e-9)


def test_formulas_of_model_comparison():
    wins = np.array([[8.0, 2.0], [3.0, 7.0]])
    counted = pd.DataFrame(
        [
            {"contest": "mle", "criterion": "AIC", "unit": "participant", "design": "d"}
            | {"cell": a, "simulated": a, "fitted": b, "wins": wins[i, j], "n": 10}
            | {"left_out": 0, "doubtful": 0, "stopped": 0}
            for i, a in enumerate("ab")
            for j, b in enumerate("ab")
        ]
    )
    table = confusion.selection_table(counted)
    table = table[table["scope"] == "all"]
    for name, measure in measures_table.SELECTION.items():
        matrix = table.pivot_table(index="simulated", columns="fitted", values=name)
        np.testing.assert_allclose(matrix, evaluated(measure.python, wins=wins), rtol=1e-12)


def test_scores_of_models():
    fit = {"log_likelihood": -50.0, "choices": 80.0, "elpd_loo": -53.0, "log_evidence": -55.0}
    rows = [
        {"replicate": 0, "participant": 0, "level": "participant", "parameter": name}
        | {"status": "ok", "pareto_k": 0.1}
        | fit
        for name in ("alpha", "beta")
    ]
    found = model_selection.criteria(pd.DataFrame(rows)).set_index("criterion")["score"]
    assert set(found.index) == set(measures_table.SCORES)
    for name, (_, _, python, _) in measures_table.SCORES.items():
        assert found[name] == pytest.approx(evaluated(python, k=2, m=80.0, **fit))


def test_every_measure_of_a_study_is_on_the_page(pages, group):
    cell = score_cell(group, LEVELS)
    truth, estimate = people()
    rows = [
        {"replicate": r, "participant": p, "estimate": estimate[r, p], "truth": truth[r, p]}
        for r in range(4)
        for p in range(6)
    ]
    joined = join(*tables(rows))
    cells = [score_cell(joined, LEVELS)]
    grid = score_grid(joined.assign(cell="a", level="group"))
    found = pd.concat([cell, *cells, grid, pool_measures(cells)])["measure"].unique()
    listed = measures.measures()
    others = measures_table.PAIRED | measures_table.SELECTION
    assert set(found) == set(listed) - set(others)
    headings = re.findall(r"^### `(\w+)`$", pages["measures.md"], flags=re.MULTILINE)
    assert headings == [*listed, *measures_table.SCORES]
    for measure in listed.values():
        assert f"- Python: `{measure.python}`" in pages["measures.md"]


def test_every_criterion_and_verdict_is_on_the_page(pages):
    keys = {e.path.removeprefix("limits.") for e in entries() if e.path.startswith("limits.")}
    assert set(measures.CRITERIA) == keys
    assert keys | {"yes", "partly", "no", "undecided", "not asked"} <= terms(pages["measures.md"])


# --- tables --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    write_run(folder)
    return next(folder.rglob("summary"))


def test_every_column_has_a_meaning_and_a_type(pages):
    for name, table in meanings.TABLES.items():
        columns = list(table.columns())
        assert [c.name for c in columns][: len(table.names)] == list(table.names), name
        assert all(c.meaning.endswith(".") and c.kind for c in columns)
        part = pages["tables.md"].partition(f"(table-{name.replace('/', '-')})=")[2]
        listed = terms(part.partition("\n(table-")[0])
        assert {one for c in columns for one in c.name.split(", ")} - {"..."} <= listed


def test_no_meaning_is_left_over():
    used = {name for table in meanings.TABLES.values() for name in table.names}
    assert set(meanings.COMMON) <= used
    for table in meanings.TABLES.values():
        assert set(table.own) <= set(table.names)


def test_every_table_on_disk_is_described():
    paths = {table.path for table in meanings.TABLES.values()}
    assert {f"summary/{name}.*" for name in schemas.SUMMARY} <= paths
    assert {f"scores/<design>/{name}.parquet" for name in schemas.SCORED} <= paths
    readme = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    for path in (p.replace(".*", ".csv") for p in paths):
        assert f"`{path}`" in readme or path.startswith(("scores/", "summary/example"))


def test_the_columns_of_a_summary_are_those_of_the_page(summary):
    parameters = {parameter.name for parameter in every_parameter()}
    pattern = re.compile(r"(lower|upper)_[\d.]+|(value|probability|mean)_\d")
    paths = sorted(summary.glob("*.csv"))
    assert {path.stem for path in paths} >= set(schemas.SUMMARY)
    for path in paths:
        columns = meanings.TABLES[path.stem].columns()
        described = {name for column in columns for name in column.name.split(", ")}
        header = path.read_text(encoding="utf-8").partition("\n")[0]
        for column in filter(None, header.split(",")):
            known = column in described | parameters or pattern.fullmatch(column)
            assert known, f"{path.name}: {column}"


# --- commands and API ----------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_commands_are_those_of_make_help(pages):
    printed = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    lines = re.findall(r"^  ([a-z][a-z-]*) +(.+)$", printed, flags=re.MULTILINE)
    assert [(c.name, c.comment[0]) for c in commands.commands()] == lines
    for name, _ in lines:
        assert f"\n`make {name}`\n: " in pages["commands.md"]


def test_variables_of_the_makefile_are_on_the_page(pages):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assigned = set(re.findall(r"^([A-Z]+) \?= ", makefile, flags=re.MULTILINE))
    assert assigned <= set(commands.VARIABLES)
    assert set(commands.VARIABLES) | set(OPTIONS) <= terms(pages["commands.md"])
    of = {command.name: command.variables for command in commands.commands()}
    assert of["run"] == ["CONFIG", "CORES", "PROFILE", "OVERWRITE"]
    assert of["replicate"] == ["CONFIG", "CELL", "REPLICATE"]
    assert of["test-kills"] == ["KILLS"]
    assert of["lint"] == []


def test_the_public_names_are_on_the_page(pages):
    for name in rlrecovery.__all__:
        assert re.search(
            rf"^\.\. auto(class|function):: rlrecovery\.{name}$", pages["api.md"], re.M
        )
    assert ".. autoclass:: rlrecovery.models.base.Model\n" in pages["api.md"]
    assert ".. autoclass:: rlrecovery.fitting.base.MethodSettings\n" in pages["api.md"]
