# What all rules share: the experiment with its cells, batches and methods, and where files are.

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

# The package is imported from the folder of the scripts, or as installed if that is not there.
PROJECT = Path(str(workflow.current_basedir)).parents[1]
sys.path.insert(0, str(PROJECT / "scripts"))

from rlrecovery.config import calibrations, effects, former, reader, replicates, study
from rlrecovery.design.cells import batches, by_design, example_of
from rlrecovery.design.load import Load
from rlrecovery.figures.catalogue import available_figures, files, settings_for, shown_file
from rlrecovery.planning import resources as planned
from rlrecovery.storage.files import BrokenFile, blocked_folders, unwritable_folders
from rlrecovery.storage.fingerprint import source_fingerprint, whole_fingerprint
from rlrecovery.storage.provenance import PACKAGES, SIMULATED, finished, same_study, versions

# `--config partial=true`: a report of the finished data sets, in a folder of its own, while the
# others are still running or cannot be computed.
# `--config overwrite=true`: the results of another study of the same name are replaced.
SWITCHES = ("partial", "overwrite")


def switched_on(name):
    """Value of a switch."""
    value = str(workflow.config_settings.config.get(name, False)).lower()
    if value not in ("true", "false"):
        raise WorkflowError(f"error: --config {name} must be true or false")
    return value == "true"


PARTIAL, OVERWRITE = map(switched_on, SWITCHES)


def read_experiment():
    """The experiment, checked: from --configfile, from an enclosing workflow, or config.yaml."""
    overrides = {k: v for k, v in workflow.config_settings.config.items() if k not in SWITCHES}
    names = list(workflow.overwrite_configfiles)
    if len(names) > 1:
        raise WorkflowError("error: give one --configfile: one file describes the experiment")
    try:
        if workflow.modifier.skip_configfile:  # imported as a module, with a config
            given = {key: value for key, value in config.items() if key not in SWITCHES}
            return reader.parse(given, source="config of the importing workflow")
        experiment = reader.load(names[0] if names else PROJECT / "config.yaml")
        if not overrides:
            return experiment
        plain = experiment.resolved()
        if experiment.observed:  # its file, which the resolved config does not tell
            plain["observed"] = experiment.observed_path
        return reader.parse(plain | overrides, source="config with --config")
    except reader.ConfigError as mistakes:
        raise WorkflowError(str(mistakes))


EXPERIMENT = read_experiment()
PLAIN_EXPERIMENT = EXPERIMENT.resolved()
# On a cluster every job reads the config and the code again.
if not same_study(PLAIN_EXPERIMENT, workflow.remote_exec):
    raise WorkflowError(
        "error: the config or the code of this project was changed after the study was started. "
        "Start the study again: only results that depend on the change are computed again."
    )

ALL_CELLS = study.cells_of(EXPERIMENT)
BATCHES = batches(EXPERIMENT.most_replicates, EXPERIMENT.batch_size)
METHODS = study.methods_of(EXPERIMENT)
# The batches of each method; of the last one it may fit a part.
FITTED = study.fitted_batches(EXPERIMENT)
LEVELS = list(EXPERIMENT.interval_levels)
HASHES = study.expected_hashes(EXPERIMENT)

RUN = f"results/{EXPERIMENT.run}"
# Jobs read the config again, when its record may have been replaced.
if workflow.is_main_process and not (PARTIAL or OVERWRITE):
    refused = former.refusal(EXPERIMENT, Path(RUN))
    if refused:
        raise WorkflowError(f"error: {refused}")
TRIALS = f"{RUN}/trials/{{cell}}/{{batch}}.parquet"
TRUTH = f"{RUN}/truth/{{cell}}/{{batch}}.parquet"
ESTIMATES = f"{RUN}/estimates/{{method}}/{{cell}}/{{batch}}.parquet"
PLACES = f"{RUN}/calibration/{{method}}/{{batch}}.parquet"
EFFECT_FILES = f"{RUN}/effects/{{method}}/{{cell}}/{{batch}}.parquet"
RETEST_FILES = f"{RUN}/retest/{{method}}/{{cell}}/{{batch}}.parquet"

# Methods that are calibrated over the prior, which a partial report leaves out.
CALIBRATIONS = {} if PARTIAL else calibrations.generators(EXPERIMENT)
CALIBRATED_BATCHES = calibrations.calibrated_batches(EXPERIMENT)

# Cells with groups, conditions and a covariate, which a partial report leaves out, and the batches
# of the methods that analyse them.
EFFECT_CELLS = {} if PARTIAL else effects.effect_cells(EXPERIMENT)
EFFECT_BATCHES = effects.effect_batches(EXPERIMENT) if EFFECT_CELLS else {}

# Batches that scores, summary and report are made from, by cell: all, those that were added so far,
# or those that are finished.
try:
    USED_BATCHES = replicates.batches_by_cell(
        EXPERIMENT, replicates.replicates_by_cell(EXPERIMENT, Path(RUN))
    )
except BrokenFile as broken:
    raise WorkflowError(f"error: {broken}")
if PARTIAL:
    names, USED_BATCHES = finished(RUN, FITTED, list(ALL_CELLS), list(BATCHES), HASHES)
    METHODS = {name: METHODS[name] for name in names}
    FITTED = {name: FITTED[name] for name in names}
    if not USED_BATCHES:
        raise WorkflowError(f"error: nothing in {RUN}/ is finished by all methods yet")
CELLS = {key: ALL_CELLS[key] for key in USED_BATCHES}
DESIGNS = by_design(CELLS)
# Figures of the report, and figures that the config composes of them.
FIGURES, COMPOSED = available_figures(EXPERIMENT, PARTIAL), list(EXPERIMENT.figures.compose)

OUTPUT = f"{RUN}/partial" if PARTIAL else RUN
LOGS, BENCHMARKS = f"{OUTPUT}/logs", f"{OUTPUT}/benchmarks"
REPORT = f"{OUTPUT}/report.html"
SUMMARY_FOLDER = f"{OUTPUT}/summary"
SCORES = f"{OUTPUT}/scores/{{design}}"
FIGURE_FOLDER, TABLE_FOLDER = f"{OUTPUT}/figures", f"{OUTPUT}/tables"


wildcard_constraints:
    cell="[A-Za-z0-9_.-]+",
    design="[A-Za-z0-9_.-]+",
    batch=r"\d+-\d+",
    method="|".join(METHODS),
    figure="|".join([*FIGURES, *COMPOSED]),


def check_folders():
    """Before any job starts, because jobs could not write their logs."""
    blocked = blocked_folders(OUTPUT)
    if blocked:
        raise WorkflowError(
            f"error: {', '.join(blocked)}: there must be a folder, but there is a file or a link to "
            "nothing; move it"
        )
    folders = unwritable_folders(OUTPUT)
    if folders:
        raise WorkflowError(
            f"error: {', '.join(folders)}: cannot be written to; check who owns the folder and "
            "whether its disk is read-only"
        )


def cell_values(wildcards):
    return ALL_CELLS[wildcards.cell].values()


def cell_generator(wildcards):
    """Values that seeds and simulated numbers depend on."""
    return study.generator_of(EXPERIMENT, ALL_CELLS[wildcards.cell]).plain()


def replicates_in(cell):
    """Number of data sets of a cell that the report is made from."""
    sizes = (BATCHES[batch] for batch in USED_BATCHES[cell])
    return sum(stop - start for start, stop in sizes)


def batch_load(wildcards, ranges=BATCHES):
    """The amount of data that the job of a batch handles."""
    cell, (start, stop) = ALL_CELLS[wildcards.cell], ranges[wildcards.batch]
    return Load(cell.participants, cell.trials, stop - start)


def single_job(rule, quantity):
    """Function for the memory (MiB) or the minutes that the jobs of a rule without cells request."""

    def requested(wildcards, attempt):
        return planned.for_attempt(getattr(planned.SINGLE_JOBS[rule], quantity), attempt)

    return requested


def files_of_method(method, cell):
    """Estimates of a method in a cell, batch by batch."""
    used = [batch for batch in USED_BATCHES[cell] if batch in FITTED[method]]
    return [ESTIMATES.format(method=method, cell=cell, batch=batch) for batch in used]


def files_of_calibration(method):
    """Tables of the calibration of a method, by batch."""
    batches_of_method = CALIBRATED_BATCHES[method]
    return {batch: PLACES.format(method=method, batch=batch) for batch in batches_of_method}


def files_of_calibrations():
    return [path for name in CALIBRATIONS for path in files_of_calibration(name).values()]


def files_of_effects(pattern):
    """Files of all analyses of effects."""
    return [
        pattern.format(method=method, cell=key, batch=batch)
        for method, batches_of_method in EFFECT_BATCHES.items()
        for key in EFFECT_CELLS
        for batch in batches_of_method
    ]


def files_of_truth(cell):
    return [TRUTH.format(cell=cell, batch=batch) for batch in USED_BATCHES[cell]]


def summary_folder(wildcards, input):
    """Folder of the tables that a job reads."""
    return str(Path(input.summary[0]).parent)


def output_folder(wildcards, output):
    """Folder that a job writes to."""
    return str(Path(output[0]).parent)
