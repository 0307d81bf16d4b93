# Estimates are compared with the truth: measures of all methods in a design, then the study's
# summary.

from rlrecovery.fitting.registry import fitter_module
from rlrecovery.score.sampler_pairs import comparable_pairs
from rlrecovery.storage.schemas import SCORED, SUMMARY


def estimates_of(design):
    cells = DESIGNS[design]
    return [path for cell in cells for method in METHODS for path in files_of_method(method, cell)]


def estimates_of_design(wildcards):
    return estimates_of(wildcards.design)


def truth_of_design(wildcards):
    return [path for cell in DESIGNS[wildcards.design] for path in files_of_truth(cell)]


def cells_of_design(wildcards):
    return {key: CELLS[key].values() for key in DESIGNS[wildcards.design]}


def batches_of_design(wildcards):
    return {key: USED_BATCHES[key] for key in DESIGNS[wildcards.design]}


def ranges_of_design(wildcards):
    """Replicates of the batches that are used."""
    used = {batch for key in DESIGNS[wildcards.design] for batch in USED_BATCHES[key]}
    return {batch: list(BATCHES[batch]) for batch in BATCHES if batch in used}


def estimated_by_method():
    """Fitted model and levels, which every file of estimates must have."""
    return {
        name: {"model": method.model.plain(), "levels": list(method.settings.levels())}
        for name, method in METHODS.items()
    }


def hashes_of_design(wildcards):
    """Expected hashes by stage and cell."""
    cells = DESIGNS[wildcards.design]
    return {stage: {key: HASHES[stage][key] for key in cells} for stage in (SIMULATED, *METHODS)}


def loads_of_design(wildcards):
    """The amount of data of each cell."""
    sizes = {key: (CELLS[key].participants, CELLS[key].trials) for key in DESIGNS[wildcards.design]}
    return [Load(*size, replicates_in(key)) for key, size in sizes.items()]


def score_memory(wildcards, attempt):
    loads = loads_of_design(wildcards)
    return planned.for_attempt(planned.memory_to_score(METHODS.values(), loads), attempt)


def score_minutes(wildcards, attempt):
    loads = loads_of_design(wildcards)
    return planned.for_attempt(planned.minutes_to_score(METHODS.values(), loads), attempt)


def summarise_memory(wildcards, attempt):
    return planned.for_attempt(planned.memory_to_summarise(METHODS.values(), len(CELLS)), attempt)


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
        estimates=estimates_of_design,
        truth=truth_of_design,
    output:
        scores=[f"{SCORES}/{name}.parquet" for name in SCORED],
        origins=f"{SCORES}/origins.json",
    log:
        f"{LOGS}/score/{{design}}.log",
    benchmark:
        f"{BENCHMARKS}/score/{{design}}.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=score_memory,
        runtime=score_minutes,
    params:
        cells=cells_of_design,
        competitors=study.competitors(METHODS),
        sampler_pairs=comparable_pairs(METHODS),
        levels=LEVELS,
        folders={"estimates": f"{RUN}/estimates", "truth": f"{RUN}/truth"},
        batches=batches_of_design,
        fitted=FITTED,
        ranges=ranges_of_design,
        models={name: model.plain() for name, (model, _) in study.sources(EXPERIMENT).items()},
        methods=estimated_by_method(),
        expected_hashes=hashes_of_design,
        folder=output_folder,
        source=source_fingerprint("door.score"),
    message:
        "Scoring all methods in {wildcards.design}"
    script:
        "../../scripts/score.py"


def files_of_trials(cell):
    return [TRIALS.format(cell=cell, batch=batch) for batch in USED_BATCHES[cell]]


def missing_files(wildcards):
    """Files behind the summary that were deleted from a folder that is still there.

    A whole folder is made again only if something needs it: data are large, and nothing but new
    estimates needs them. Files that are there are left out, because many inputs are slow to plan.
    """
    kinds = {"scores": expand(rules.score.output, design=DESIGNS)}
    if not PARTIAL:
        kinds["truth"] = [path for cell in CELLS for path in files_of_truth(cell)]
        kinds["trials"] = [path for cell in CELLS for path in files_of_trials(cell)]
        kinds["calibration"] = files_of_calibrations()
        kinds["effects"] = files_of_effects(EFFECT_FILES)
        kinds["retest"] = files_of_effects(RETEST_FILES)
        kinds["estimates"] = [path for design in DESIGNS for path in estimates_of(design)]
    kept = [kind for kind in kinds if Path(OUTPUT, kind).is_dir()]
    return [path for kind in kept for path in kinds[kind] if not Path(path).exists()]


rule summarise:
    input:
        scores=expand(rules.score.output, design=DESIGNS),
        # As plain text: an output of a rule would make planning quadratic in the number of inputs.
        begun=str(rules.design.output.begun),
    output:
        csv=[f"{SUMMARY_FOLDER}/{name}.csv" for name in SUMMARY],
        parquet=[f"{SUMMARY_FOLDER}/{name}.parquet" for name in SUMMARY],
        labels=f"{SUMMARY_FOLDER}/labels.json",
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
        scores=expand(SCORES, design=DESIGNS),
        limits=EXPERIMENT.limits.plain(),
        labels=EXPERIMENT.labels,
        summary=output_folder,
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
OBSERVED = {"observed": EXPERIMENT.observed_path} if EXPERIMENT.observed else {}
OBSERVED_FORM = EXPERIMENT.pilot.reading() if OBSERVED and EXPERIMENT.pilot else None


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
        reading=OBSERVED_FORM,
        source=shown_source("door.predict", CHECKED_METHOD),
        versions=shown_versions(CHECKED_METHOD),
    message:
        "Comparing data with prior and posterior predictions"
    script:
        "../../scripts/predict.py"
