# Estimates are compared with the truth: measures per method and cell, then the study's summary.

from rlrecovery.fit.registry import fitter_module
from rlrecovery.score.sampler_check import comparable_pairs
from rlrecovery.storage.schemas import SUMMARY


def estimates_by_method(wildcards):
    return {method: files_of_method(method, wildcards.cell) for method in METHODS}


def estimates_of_cell(wildcards):
    return [path for paths in estimates_by_method(wildcards).values() for path in paths]


def truth_of_cell(wildcards):
    return files_of_truth(wildcards.cell)


def methods_with_wrong_models(wildcards):
    return study.wrong_fits(METHODS, ALL_CELLS[wildcards.cell])


def score_memory(wildcards, attempt):
    load = cell_load(ALL_CELLS[wildcards.cell])
    return planned.for_attempt(planned.memory_to_score(METHODS.values(), load), attempt)


def score_minutes(wildcards, attempt):
    return planned.for_attempt(planned.MIN_MINUTES, attempt)


def summarise_memory(wildcards, attempt):
    loads = [(cell.size_key, cell_load(cell)) for cell in ALL_CELLS.values()]
    return planned.for_attempt(planned.memory_to_summarise(METHODS.values(), loads), attempt)


def all_estimates(wildcards):
    return [path for method in METHODS for cell in CELLS for path in files_of_method(method, cell)]


def all_truth(wildcards):
    return [path for cell in CELLS for path in files_of_truth(cell)]


def shown_method(*posteriors):
    """The method whose posterior of the example is shown; None if there is none."""
    model = study.generator_of(EXPERIMENT, EXAMPLE).model
    return METHODS.get(study.with_posterior(METHODS, model, posteriors))


def shown_values(method):
    """Plain values of a method for a script."""
    return None if method is None else method.plain() | {"name": method.name}


def shown_source(door, method):
    """Code that a posterior depends on: not the fitters of other estimators."""
    return source_fingerprint(door, *([] if method is None else [fitter_module(method.settings)]))


def shown_versions(method):
    """Packages that a posterior depends on: another version makes its job run again."""
    return versions(*(["numpy"] if method is None else method.settings.packages))


rule score:
    input:
        estimates=estimates_of_cell,
        truth=truth_of_cell,
    output:
        scores=[f"{OUTPUT}/scores/{method}/{{cell}}.parquet" for method in METHODS],
        paired=f"{OUTPUT}/paired/{{cell}}.parquet",
    log:
        f"{LOGS}/score/{{cell}}.log",
    benchmark:
        f"{BENCHMARKS}/score/{{cell}}.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=score_memory,
        runtime=score_minutes,
    params:
        estimates=estimates_by_method,
        wrong=methods_with_wrong_models,
        levels=LEVELS,
        source=source_fingerprint("door.score"),
    message:
        "Scoring all methods in {wildcards.cell}"
    script:
        "../../scripts/score.py"


rule summarise:
    input:
        scores=expand(rules.score.output.scores, cell=CELLS),
        paired=expand(rules.score.output.paired, cell=CELLS),
        estimates=all_estimates,
        truth=all_truth,
        # As plain text: an output of a rule would make planning quadratic in the number of inputs.
        begun=str(rules.design.output.begun),
    output:
        csv=[f"{SUMMARY_FOLDER}/{name}.csv" for name in SUMMARY],
        parquet=[f"{SUMMARY_FOLDER}/{name}.parquet" for name in SUMMARY],
        provenance=f"{OUTPUT}/provenance.json",
    log:
        f"{LOGS}/summarise/summarise.log",
    benchmark:
        f"{BENCHMARKS}/summarise/summarise.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=summarise_memory,
        runtime=single_job("summarise", "minutes"),
    params:
        methods={name: method.plain() for name, method in METHODS.items()},
        cells={key: cell.values() for key, cell in CELLS.items()},
        levels=LEVELS,
        folders={"estimates": f"{RUN}/estimates", "truth": f"{RUN}/truth"}
        | {"scores": f"{OUTPUT}/scores", "paired": f"{OUTPUT}/paired"},
        batches=USED_BATCHES,
        fitted=FITTED,
        sampler_pairs=comparable_pairs(METHODS),
        summary=output_folder,
        expected_hashes=HASHES,
        source=source_fingerprint("door.summarise"),
    message:
        "Summarising all methods and cells"
    script:
        "../../scripts/summarise.py"


# The example of the report: a cell from the middle of the design, and perhaps observed data.
EXAMPLE = example_of(ALL_CELLS)
EXAMPLE_GENERATOR = study.generator_of(EXPERIMENT, EXAMPLE).plain()
EXAMPLE_METHOD = shown_method("sampled")
CHECKED_METHOD = shown_method("sampled", "exact")
OBSERVED = {"observed": EXPERIMENT.observed} if EXPERIMENT.observed else {}


rule example:
    output:
        participant=f"{SUMMARY_FOLDER}/example_participant.csv",
        posterior=f"{SUMMARY_FOLDER}/example_posterior.csv",
        example=f"{SUMMARY_FOLDER}/example.json",
    log:
        f"{LOGS}/example/example.log",
    benchmark:
        f"{BENCHMARKS}/example/example.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=single_job("example", "memory_mib"),
        runtime=single_job("example", "minutes"),
    params:
        cell=EXAMPLE.values(),
        generator=EXAMPLE_GENERATOR,
        method=shown_values(EXAMPLE_METHOD),
        source=shown_source("door.example", EXAMPLE_METHOD),
        versions=shown_versions(EXAMPLE_METHOD),
    message:
        "Preparing an example participant and an example posterior"
    script:
        "../../scripts/example.py"


rule predict:
    input:
        **OBSERVED,
    output:
        predictive=f"{SUMMARY_FOLDER}/predictive.csv",
    log:
        f"{LOGS}/predict/predict.log",
    benchmark:
        f"{BENCHMARKS}/predict/predict.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=single_job("predict", "memory_mib"),
        runtime=single_job("predict", "minutes"),
    params:
        cell=EXAMPLE.values(),
        generator=EXAMPLE_GENERATOR,
        method=shown_values(CHECKED_METHOD),
        source=shown_source("door.predict", CHECKED_METHOD),
        versions=shown_versions(CHECKED_METHOD),
    message:
        "Comparing data with prior and posterior predictions"
    script:
        "../../scripts/predict.py"
