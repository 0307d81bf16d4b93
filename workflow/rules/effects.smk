# Effects: data sets with groups, conditions and a covariate, analysed by every method, and how often
# each analysis finds their effects.

from rlrecovery.effects.analyses import settings_of_rows
from rlrecovery.fitting.registry import effect_fitter_module, fitter_module
from rlrecovery.storage.schemas import ANALYSED

EFFECT_SETTINGS = effects.settings_of(EXPERIMENT)
ANALYSED_METHODS = effects.analysed_methods(EXPERIMENT)


def compared_data_sets(wildcards):
    """Range of the data sets of a batch."""
    return list(EFFECT_BATCHES[wildcards.method][wildcards.batch])


def compared_load(wildcards):
    """The amount of data that each fit of a batch handles, with all sessions of participants."""
    cell, method = EFFECT_CELLS[wildcards.cell], ANALYSED_METHODS[wildcards.method]
    start, stop = EFFECT_BATCHES[wildcards.method][wildcards.batch]
    fits = effects.fits_per_data_set(EXPERIMENT, method)
    rows = effects.rows_fitted(EXPERIMENT, cell, fits)
    return Load(rows, cell.cell.trials, stop - start)


def effect_generator(wildcards):
    """Generator of a cell with effects, as plain values."""
    return effects.effect_generator(EXPERIMENT, EFFECT_CELLS[wildcards.cell].cell).plain()


def effect_cell_values(wildcards):
    return EFFECT_CELLS[wildcards.cell].values()


def compared_method(wildcards):
    return ANALYSED_METHODS[wildcards.method].plain()


def compare_source(wildcards):
    """Code that an analysis depends on: not the fitters of other estimators."""
    settings = ANALYSED_METHODS[wildcards.method].settings
    joint = effect_fitter_module(settings)
    return source_fingerprint("door.compare", fitter_module(settings), *([joint] if joint else []))


def compare_versions(wildcards):
    return versions(*ANALYSED_METHODS[wildcards.method].settings.packages)


def compare_memory(wildcards, attempt):
    method = ANALYSED_METHODS[wildcards.method]
    memory = planned.memory_to_compare(method, compared_load(wildcards))
    return planned.for_attempt(memory, attempt)


def compare_minutes(wildcards, attempt):
    method = ANALYSED_METHODS[wildcards.method]
    fits = effects.fits_per_data_set(EXPERIMENT, method)
    return planned.for_attempt(
        planned.minutes_to_compare(method, compared_load(wildcards), fits), attempt
    )


rule compare:
    output:
        effects=EFFECT_FILES,
        retest=RETEST_FILES,
    log:
        f"{LOGS}/compare/{{method}}/{{cell}}/{{batch}}.log",
    benchmark:
        f"{BENCHMARKS}/compare/{{method}}/{{cell}}/{{batch}}.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=compare_memory,
        runtime=compare_minutes,
    params:
        method=compared_method,
        generator=effect_generator,
        cell=effect_cell_values,
        settings=settings_of_rows(EFFECT_SETTINGS),
        replicates=compared_data_sets,
        source=compare_source,
        versions=compare_versions,
    message:
        "Analysing the effects of {wildcards.cell} by {wildcards.method}, data sets {wildcards.batch}"
    script:
        "../../scripts/compare.py"


rule effects:
    input:
        effects=files_of_effects(EFFECT_FILES),
        retest=files_of_effects(RETEST_FILES),
    output:
        csv=[f"{SUMMARY_FOLDER}/{name}.csv" for name in ANALYSED],
        parquet=[f"{SUMMARY_FOLDER}/{name}.parquet" for name in ANALYSED],
    log:
        f"{LOGS}/effects/effects.log",
    benchmark:
        f"{BENCHMARKS}/effects/effects.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=single_job("effects", "memory_mib"),
        runtime=single_job("effects", "minutes"),
    params:
        methods={name: method.plain() for name, method in ANALYSED_METHODS.items()},
        generators={
            key: effects.effect_generator(EXPERIMENT, cell).plain()
            for key, cell in ALL_CELLS.items()
        },
        cells={key: cell.values() for key, cell in EFFECT_CELLS.items()},
        settings=EFFECT_SETTINGS.plain(),
        folders={"effects": f"{RUN}/effects", "retest": f"{RUN}/retest"},
        ranges=EFFECT_BATCHES,
        summary=output_folder,
        source=source_fingerprint("door.effects"),
        versions=versions("numpy", "scipy"),
    message:
        "Measuring how often each analysis finds the effects"
    script:
        "../../scripts/effects.py"
