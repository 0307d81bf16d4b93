"""The methods section for a paper states what the config says, and nothing else."""

import dataclasses
import itertools
import json
import re

import pandas as pd
import pytest
import yaml
from settings import MOCK, ROOT, study

from rlrecovery.config.reader import load, parse
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of, methods_of, sources
from rlrecovery.design.cells import design_table
from rlrecovery.report.estimation_text import fitted_only
from rlrecovery.report.markup import (
    bibliography,
    cited,
    latex_of,
    markdown_of,
    references,
)
from rlrecovery.report.measures_text import flags_text, measures_text
from rlrecovery.report.methods_paper import paragraphs, write_methods
from rlrecovery.score.results import Summary

CONFIGS = [ROOT / "config.yaml", *sorted((ROOT / "tests/config").glob("*.yaml"))]
VERSIONS = {"python": "3.12.1", "numpy": "2.5.5", "pymc": "6.4.0", "numba": "not installed"}
RECORD = {
    "versions": VERSIONS | {"snakemake": "9.27.1"},
    "git": {"commit": "0123456789abcdef", "dirty": False},
    "made_by": [],
}
#: What LaTeX reads as a command, unless a backslash stands before it.
SPECIAL = r"(?<!\\)[%&#_^~$]"


def summary_of(experiment):
    """A summary with a few measures of every method and level."""
    rows = []
    for name, method in methods_of(experiment).items():
        for level, parameter in itertools.product(
            method.settings.levels(), method.fitted_model().names
        ):
            head = {"scope": "cell", "method": name, "level": level, "parameter": parameter}
            head |= {"rows": "all", "n_rows": 40, "interval": float("nan")}
            for measure, value in {"bias": 0.1, "spearman": 0.8, "share_failed": 0.025}.items():
                rows.append(head | {"measure": measure, "value": value, "mcse": 0.01})
            for interval in experiment.interval_levels:
                coverage = {"measure": "coverage", "interval": interval}
                rows.append(head | coverage | {"value": 0.9, "mcse": 0.0125})
    tables = {field.name: pd.DataFrame() for field in dataclasses.fields(Summary)}
    tables |= {"recovery": pd.DataFrame(rows), "example": {}, "method_of": {}}
    if any(method.contest for method in methods_of(experiment).values()):
        units = itertools.product(("AIC", "LOO"), ("participant", "data set"))
        tables["selection"] = pd.DataFrame(units, columns=["criterion", "unit"])
    return Summary(**tables)


def written(experiment, **changes):
    """Paragraphs of a study that is finished."""
    cells = cells_of(experiment)
    design = design_table(cells, dict.fromkeys(cells, experiment.replicates))
    return paragraphs(experiment, design, summary_of(experiment), RECORD | changes)


@pytest.fixture(scope="module", params=CONFIGS, ids=lambda path: path.stem)
def experiment(request):
    return Experiment.of(load(request.param).resolved())


@pytest.fixture(scope="module")
def text(experiment):
    return written(experiment)


@pytest.fixture(scope="module")
def default():
    """The raw default config and its text in Markdown."""
    path = ROOT / "config.yaml"
    return yaml.safe_load(path.read_text()), markdown_of(written(load(path)))


def listed(values):
    """Numbers as in a sentence."""
    *most, last = (f"{value:g}" for value in values)
    return f"{', '.join(most)} and {last}" if most else last


def test_every_method_and_model_is_named(experiment, text):
    markdown = markdown_of(text)
    for name in [
        *experiment.methods,
        *methods_of(experiment),
        *map(str, experiment.interval_levels),
    ]:
        assert f"`{name}`" in markdown or name.startswith("0.")
    for model, _ in sources(experiment).values():
        assert f"`{model.name}`" in markdown
    for settings in experiment.methods.values():
        assert settings.describe().split(",")[0].split(" NUTS")[0] in markdown


def test_exactly_the_cited_works_are_in_the_bibliography(text):
    keys = cited(part for paragraph in text for part in paragraph)
    assert {"morris2019", "wilson2019", "molder2021"} <= set(keys)
    entries = re.findall(r"(?m)^@\w+\{(\w+),", bibliography(keys))
    assert sorted(keys) == entries
    latex = latex_of(text)
    in_latex = [key for keys in re.findall(r"\\citep\{([^}]*)\}", latex) for key in keys.split(",")]
    assert set(in_latex) == set(keys)
    assert set(re.findall(r"@(\w+)", markdown_of(text))) == set(keys)


def test_nothing_is_missing_or_read_as_a_command(text):
    markdown, latex = markdown_of(text), latex_of(text)
    for page in (markdown, latex):
        assert not re.search(r"\b(None|nan|NaN|inf)\b|\[\]|\(\)", page)
        assert "  " not in page
        assert ".." not in page
    plain = re.sub(r"\\\[.*?\\\]|\$[^$]*\$|\\citep\{[^}]*\}", "", latex, flags=re.DOTALL)
    assert not re.search(SPECIAL, plain)
    assert plain.count("{") == plain.count("}")
    assert plain.isascii()


def test_equations_use_every_free_parameter_of_the_generating_models(experiment, text):
    markdown = markdown_of(text)
    assert markdown.count("\\begin{aligned}") == len(sources(experiment)) + len(
        fitted_only(experiment)
    )
    for model, _ in sources(experiment).values():
        for parameter in model.model().parameters:
            assert f"${parameter.symbol}$ (`{parameter.name}`, " in markdown


def test_the_default_text_has_the_task_truth_and_population_of_the_config(default):
    raw, text = default
    assert f"reward probabilities are {', '.join(map(str, raw['task']['arms']))}." in text
    assert f"$Q_0 = {raw['task']['start_value']}$" in text
    for name, values in raw["truth"].items():
        assert f"{listed(values)} for $\\{name}$" in text
    assert f"({len(raw['truth']['alpha']) * len(raw['truth']['beta'])} combinations)" in text
    for name, scale in {"alpha": "logit", "beta": "log"}.items():
        spread = raw["population"][name]["spread"]
        assert f"{spread} for $\\{name}$ ({scale} scale)" in text


def test_the_default_text_has_the_sizes_and_the_seed_of_the_config(default):
    raw, text = default
    participants = " or ".join(map(str, raw["participants"]))
    assert f"{participants} participants with {' or '.join(map(str, raw['trials']))} trials" in text
    truths = len(raw["truth"]["alpha"]) * len(raw["truth"]["beta"])
    cells = truths * len(raw["participants"]) * len(raw["trials"])
    total = cells * raw["replicates"]
    assert f"{cells} cells" in text
    assert f"{raw['replicates']} data sets (replicates) were simulated, {total:,} in total" in text
    for name, method in raw["methods"].items():
        if "replicates" in method:
            assert f"`{name}` fits only the first {method['replicates']} replicates" in text
    assert f"seed {raw['seed']};" in text
    levels = [f"{100 * level:g} %" for level in raw["interval_levels"]]
    assert f"{', '.join(levels[:-1])} and {levels[-1]}." in text


def test_the_default_text_has_the_settings_of_every_method(default):
    raw, text = default
    methods = raw["methods"]
    for name, (low, high) in methods["mle"]["bounds"].items():
        assert f"between ${low:g}$ and ${high:g}$ for $\\{name}$" in text
    assert f"{methods['mle']['starts']} local searches per participant" in text
    sigma = methods["bayes"]["priors"]["beta"]["sigma"]
    assert f"HalfNormal(sigma={sigma}) for $\\beta$" in text
    location = methods["hierarchical"]["priors"]["alpha"]["location"]
    assert f"Normal(mu={location['mu']}, sigma={location['sigma']}) for $\\alpha$" in text
    nuts = methods["nuts"]
    assert "The priors are those of `hierarchical`." in text
    for words in ("{chains} chains", "{tune:,} warm-", "{draws:,} kept", "of {target_accept}"):
        assert words.format(**nuts) in text
    criteria = nuts["convergence"]
    assert f"of at most {criteria['rhat']}," in text
    assert f"bulk effective sample size of at least {criteria['ess_bulk']}," in text
    assert "and no divergent transitions" in text


def test_drifting_means_and_shown_outcomes_are_stated():
    text = markdown_of(written(load(ROOT / "tests/config/tasks.yaml")))
    assert "towards 0.5 [@daw2006]" in text
    assert "The outcomes of all arms are shown." in text
    assert "$s_{k,t}$ is 1 if the outcome of arm $k$ is shown" in text
    assert "The study compares 8 bandit tasks" in text
    assert "`sequence`" in text


def test_missing_responses_are_stated():
    text = markdown_of(written(load(ROOT / "tests/config/missing.yaml")))
    assert "no response with probability 0 %, 10 %, depending on the cell." in text
    assert "proportion of missing responses" in text
    assert "contribute nothing" in text
    assert "contribute nothing" not in markdown_of(written(load(ROOT / "tests/config/mock.yaml")))


def test_competing_models_have_their_criteria_and_drawn_values():
    text = markdown_of(written(load(ROOT / "tests/config/models.yaml")))
    assert "$b$ of each participant is drawn from Uniform(lower=0, upper=1)" in text
    assert "ShiftedExponential is an exponential distribution" in text
    assert "[@akaike1974] and leave-one-out cross-validation (LOO) [@vehtari2017]" in text
    assert "for each participant and for each data set" in text


def test_parts_of_a_study_are_those_of_one_method():
    experiment = Experiment.of(study())
    summary = summary_of(experiment)
    parts = [f"guess, {task}" for task in ("stable", "reversing")]
    tables = [summary.recovery.assign(method=part) for part in parts]
    parts = {"recovery": pd.concat(tables), "method_of": dict.fromkeys(parts, "guess")}
    summary = dataclasses.replace(summary, **parts)
    assert "for `guess`, 2.5 % failed (of 320 est" in " ".join(flags_text(experiment, summary))
    assert "points, is 1.2 for `guess`." in " ".join(measures_text(summary))


def test_measures_are_those_of_the_summary():
    summary = summary_of(Experiment.of(study()))
    text = " ".join(measures_text(summary))
    assert "bias (mean of estimate minus true value)" in text
    assert "within data sets" not in text
    within = summary.recovery.assign(measure="spearman_within")
    tables = pd.concat([summary.recovery, within])
    text = " ".join(measures_text(dataclasses.replace(summary, recovery=tables)))
    assert "rank correlation within data sets" in text
    assert "true values, unless they are within data sets." in text


def test_observed_choices_are_stated():
    text = markdown_of(written(load(ROOT / "tests/config/own.yaml")))
    assert "choices in the file `own.csv` are compared" in text
    assert "of the method `bayes`" in text
    assert "Predictive check" not in markdown_of(written(Experiment.of(study())))


def test_variants_have_lapses_fixed_values_and_their_own_start():
    text = markdown_of(written(load(ROOT / "tests/config/variants.yaml")))
    assert r"\tilde{p}_{k,t} &= (1 - \lambda)\,p_{k,t} + \frac{\lambda}{K}" in text
    assert r"The value of $\beta$ is fixed at 5." in text
    (free_start,) = re.findall(r"(?s)model `free_start`\.\*\*.*?\n\n\*\*", text)
    assert "$Q_0$ (`start_value`, " in free_start
    assert "is the start value" not in free_start


@pytest.mark.parametrize("pooling", ["complete", "partial"])
def test_only_levels_that_are_estimated_are_estimands(pooling):
    exact = {"estimator": "quadrature", "model": "rescorla_wagner", "engine": "compiled"}
    plain = study(methods={"exact": exact | {"pooling": pooling, "point": "median"}})
    text = markdown_of(written(Experiment.of(parse(plain).resolved())))
    assert ("standard deviation of the participants" in text) == (pooling == "partial")
    assert ("the parameters of each participant" in text) == (pooling == "partial")
    assert "the location of the population" in text


def test_one_truth_one_cell_and_one_participant_are_in_the_singular():
    one = study(truth={"alpha": [0.3], "beta": [3]}, participants=[1], trials=[1])
    text = markdown_of(written(Experiment.of(one)))
    assert "The true values are 0.3 for $\\alpha$, and 3 for $\\beta$." in text
    assert "1 participant with 1 trial each" in text
    assert "a single cell" in text
    assert "In this cell, 4 data sets" in text
    assert "likelihood" not in text
    assert "The study uses the method `guess`." in text


def test_an_unfinished_study_says_so():
    experiment = Experiment.of(study())
    cells = cells_of(experiment)
    design = design_table(cells, {key: 2 * i for i, key in enumerate(cells, 1)})
    text = markdown_of(paragraphs(experiment, design, summary_of(experiment), RECORD))
    assert "2 to 4 data sets (replicates) were simulated, 6 in total" in text
    assert "unfinished study: 6 of 8 data sets are finished" in text


def origin(**changes):
    return {
        "stage": "guess", "source": "", "versions": {"numpy": "2.5.5"},
        "settings_match": True, "files": 1,
    } | changes  # fmt: skip


@pytest.mark.parametrize(
    ("made_by", "mixed"),
    [
        ([origin(), origin(stage="simulate")], False),
        ([origin(), origin(source="door.fit:0")], True),
        ([origin(settings_match=False)], True),
        ([origin(versions={"numpy": "1.0"})], True),
    ],
)
def test_files_of_another_origin_are_mentioned(made_by, mixed):
    text = markdown_of(written(Experiment.of(study()), made_by=made_by))
    assert ("made by other code" in text) == mixed


def test_software_is_named_with_its_versions_and_commit():
    experiment = Experiment.of(study())
    text = markdown_of(written(experiment))
    assert (
        "Snakemake 9.27.1 [@molder2021], with Python 3.12.1 and NumPy 2.5.5 [@harris2020]" in text
    )
    assert "not installed" not in text
    assert "`0123456789abcdef`, without uncommitted changes" in text
    assert "not in a git repository" in markdown_of(written(experiment, git=None, versions={}))


def test_names_and_files_are_escaped():
    task = {"blocks": 1, "start_value": 0.5}
    schedule = {"file": "a_b#1 $x$.csv", "holds": "rewards", "values": [[0, 1]] * 20}
    plain = study(task=task | {"schedule": schedule}, methods={"my_guess": MOCK})
    text = written(Experiment.of(plain))
    assert r"a\_b\#1 \$x\$.csv" in latex_of(text)
    assert r"\texttt{my\_guess}" in latex_of(text)
    assert r"a\_b\#1 \$x\$.csv" in markdown_of(text)
    assert "`my_guess`" in markdown_of(text)


def test_the_files_of_a_run_are_written(tiny_folder):
    names = ("methods.md", "methods.tex", "references.bib")
    write_methods(
        tiny_folder / "summary",
        tiny_folder / "config.yaml",
        tiny_folder / "provenance.json",
        tiny_folder / "design.csv",
        *(tiny_folder / name for name in names),
    )
    markdown, latex, works = ((tiny_folder / name).read_text() for name in names)
    commit = json.loads((tiny_folder / "provenance.json").read_text())["git"]["commit"]
    assert f"`{commit}`, with uncommitted changes" in markdown
    assert f"\\texttt{{{commit}}}" in latex
    assert works.count("\n@") + 1 == len(set(re.findall(r"@(\w+)[;\]]", markdown)))


def test_every_reference_is_complete():
    for key, entry in references().items():
        fields = dict(re.findall(r"(?m)^  (\w+) *= \{(.*)\},$", entry))
        assert {"author", "title", "year"} <= set(fields), key
        assert key.endswith(fields["year"])
        assert entry.count("{") == entry.count("}")
        if entry.startswith("@article"):
            assert {"journal", "volume", "pages"} <= set(fields), key
            assert {"doi", "url"} & set(fields), key
