# What all rules share: the experiment, its cells and batches, and where files lie.

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

# Rule files import the package from where the scripts do; nothing has to be installed.
sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from rlrecovery import config as settings
from rlrecovery.design.cells import (
    POOLINGS,
    POSTERIORS,
    batches,
    cells_of,
    example_of,
    generator_of,
    methods_of,
    with_posterior,
    wrong_fits,
)
from rlrecovery.figures.catalogue import available_figures, files
from rlrecovery.config.progress import data_sets, finished, works
from rlrecovery.storage.provenance import (
    PACKAGES,
    same_study,
    source_fingerprint,
    versions,
    whole_fingerprint,
)
from rlrecovery.planning.resources import (
    Load,
    grown,
    memory_to_fit,
    memory_to_score,
    memory_to_simulate,
    memory_to_summarise,
    minutes_to_fit,
    minutes_to_simulate,
)
from rlrecovery.storage.files import SUMMARY
from rlrecovery.report.latex import SHEETS
from rlrecovery.commands.report_path import unwritable
from rlrecovery.score.sampler_check import pairs

# `--config partial=true`: a report of what is finished, in a folder of its own, while the rest is
# still at work or cannot be done.
PARTIAL = str(workflow.config_settings.config.get("partial", "")).lower() in ("true", "1", "yes")


def read_experiment():
    """The experiment as plain values, checked; one sentence per mistake otherwise."""
    files = list(workflow.overwrite_configfiles) or [str(Path(workflow.basedir) / "config.yaml")]
    if len(files) > 1:
        raise WorkflowError("error: give one --configfile: an experiment is described by one file")
    try:
        experiment = settings.load(files[0])
        overrides = dict(workflow.config_settings.config)  # --config KEY=VALUE
        overrides.pop("partial", None)
        if overrides:
            given = experiment.resolved() | overrides
            experiment = settings.parse(given, source=f"{files[0]} with --config")
    except settings.ConfigError as mistakes:
        raise WorkflowError(str(mistakes))
    return experiment.resolved()


EXPERIMENT = read_experiment()


def hold_to_the_study():
    """On a cluster each job reads config and code anew: both must be those of the head process."""
    if not same_study(EXPERIMENT, workflow.remote_exec):
        raise WorkflowError(
            "error: the config or the code of this project was changed after the study was "
            "started. Start the study again: what depends on the change is computed anew, and the "
            "rest is kept."
        )


hold_to_the_study()
# A lab's own data, if the config names any; the file stands relative to the config.
OBSERVED = {"observed": EXPERIMENT["observed"]} if EXPERIMENT.get("observed") else {}
KNOWN_CELLS = cells_of(EXPERIMENT)
BATCHES = batches(EXPERIMENT["replicates"], EXPERIMENT["batch_size"])
METHODS = methods_of(EXPERIMENT)
RUN = f"results/{EXPERIMENT['run']}"
TRUTH = f"{RUN}/truth/{{cell}}/{{batch}}.parquet"
ESTIMATES = f"{RUN}/estimates/{{method}}/{{cell}}/{{batch}}.parquet"

# What scores, summary and report rest on: all batches of all cells, or those that are finished.
DONE = {key: list(BATCHES) for key in KNOWN_CELLS}
if PARTIAL:
    names, DONE = finished(RUN, list(METHODS), list(DONE), list(BATCHES), works(EXPERIMENT))
    METHODS = {name: METHODS[name] for name in names}
    if not DONE:
        raise WorkflowError(f"error: nothing in {RUN}/ is finished by all methods yet")
CELLS = {key: KNOWN_CELLS[key].values() for key in DONE}
FIGURES = available_figures(EXPERIMENT)
CAPTIONS = {figure: workflow.source_path(f"../report/{figure}.rst") for figure in FIGURES}
LEVELS = EXPERIMENT["interval_levels"]

# Packages that decide what a sampler's rows say.
SAMPLING = ["pymc", "nutpie", "arviz-stats"]

HERE = f"{RUN}/partial" if PARTIAL else RUN
LOGS, BENCHMARKS = f"{HERE}/logs", f"{HERE}/benchmarks"
REPORT = f"{HERE}/report.html"
SUMMARY_FOLDER = f"{HERE}/summary"
FIGURE_FOLDER, TABLE_FOLDER = f"{HERE}/figures", f"{HERE}/tables"


wildcard_constraints:
    cell="[A-Za-z0-9_.-]+",
    batch=r"\d+-\d+",
    method="[a-z][a-z0-9_]*",
    figure="[a-z]+",


def check_folders():
    """Before anything runs: jobs could not say it."""
    closed = unwritable(HERE)
    if closed:
        raise WorkflowError(
            f"error: {', '.join(closed)}: nothing can be written there; check whose folder that "
            "is, and whether its disk is read-only"
        )


def cell_values(wildcards):
    return CELLS[wildcards.cell]


def cell_generator(wildcards):
    """What generated the data: everything that a seed or a simulated number depends on."""
    return generator_of(EXPERIMENT, KNOWN_CELLS[wildcards.cell])


def methods_with_wrong_models(wildcards):
    return wrong_fits(METHODS, KNOWN_CELLS[wildcards.cell])


def method_shown(cell, kinds):
    """The one method whose posterior of a cell's example is looked at; none if there is none."""
    name = with_posterior(METHODS, generator_of(EXPERIMENT, cell)["model"], kinds)
    return {name: METHODS[name]} if name else {}


def replicate_range(wildcards):
    return list(BATCHES[wildcards.batch])


def load_of(wildcards):
    """What the job of a batch has to do."""
    cell, (start, stop) = KNOWN_CELLS[wildcards.cell], BATCHES[wildcards.batch]
    return Load(cell.participants, cell.trials, stop - start)


def simulate_memory(wildcards, attempt):
    return grown(memory_to_simulate(load_of(wildcards)), attempt)


def simulate_minutes(wildcards, attempt):
    return grown(minutes_to_simulate(load_of(wildcards)), attempt)


def fit_memory(wildcards, attempt):
    return grown(memory_to_fit(METHODS[wildcards.method], load_of(wildcards)), attempt)


def fit_minutes(wildcards, attempt):
    return grown(minutes_to_fit(METHODS[wildcards.method], load_of(wildcards)), attempt)


def load_of_cell(cell):
    return Load(cell.participants, cell.trials, EXPERIMENT["replicates"])


def score_memory(wildcards, attempt):
    load = load_of_cell(KNOWN_CELLS[wildcards.cell])
    return grown(memory_to_score(METHODS.values(), load), attempt)


def summarise_memory(wildcards, attempt):
    loads = [(cell.size_key, load_of_cell(cell)) for cell in KNOWN_CELLS.values()]
    return grown(memory_to_summarise(METHODS.values(), loads), attempt)


def score_minutes(wildcards, attempt):
    return grown(30, attempt)


def summarise_minutes(wildcards, attempt):
    return grown(60, attempt)


def figure_files(wildcards):
    return [path for figure in FIGURES for path in files(FIGURE_FOLDER, figure)]


def method_settings(wildcards):
    return METHODS[wildcards.method]


def method_source(wildcards):
    """Code that the estimates depend on: the estimator's own modules, not the other estimators'."""
    return source_fingerprint("door.fit", f"fit.{METHODS[wildcards.method]['estimator']}")


def method_versions(wildcards):
    """Packages that the estimates depend on: another version makes its jobs run again."""
    bayes = METHODS[wildcards.method]["estimator"] == "bayes"
    return versions("numpy", "scipy", "pytensor", "numba", *(SAMPLING if bayes else []))


def batches_of_estimates(wildcards):
    """All batches of the first method, then all of the second, and so on."""
    return expand(ESTIMATES, method=METHODS, cell=wildcards.cell, batch=DONE[wildcards.cell])


def batches_of_truth(wildcards):
    return expand(TRUTH, cell=wildcards.cell, batch=DONE[wildcards.cell])


def all_estimates(wildcards):
    return [
        ESTIMATES.format(method=method, cell=cell, batch=batch)
        for method in METHODS
        for cell in CELLS
        for batch in DONE[cell]
    ]


def all_truth(wildcards):
    return [TRUTH.format(cell=cell, batch=batch) for cell in CELLS for batch in DONE[cell]]


def figure_caption(wildcards):
    """Text of a figure's caption: the path of a report caption may not depend on wildcards."""
    return Path(CAPTIONS[wildcards.figure]).read_text(encoding="utf-8")


def summary_read(wildcards, input):
    """Folder of the tables that a job reads."""
    return str(Path(input.summary[0]).parent)


def folder_written(wildcards, output):
    """Folder that a job writes into."""
    return str(Path(output[0]).parent)
