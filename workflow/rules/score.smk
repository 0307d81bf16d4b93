# Estimates and truth meet: measures per method and cell, then the summary of the study.


rule score:
    input:
        estimates=batches_of_estimates,
        truth=batches_of_truth,
    output:
        scores=[f"{HERE}/scores/{method}/{{cell}}.parquet" for method in METHODS],
        paired=f"{HERE}/paired/{{cell}}.parquet",
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
        methods=list(METHODS),
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
        # As plain text: beside a rule's own output, the engine looks through all inputs for each.
        begun=str(rules.design.output.begun),
    output:
        csv=[f"{SUMMARY_FOLDER}/{name}.csv" for name in SUMMARY],
        parquet=[f"{SUMMARY_FOLDER}/{name}.parquet" for name in SUMMARY],
        provenance=f"{HERE}/provenance.json",
    log:
        f"{LOGS}/summarise/summarise.log",
    benchmark:
        f"{BENCHMARKS}/summarise/summarise.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=summarise_memory,
        runtime=summarise_minutes,
    params:
        methods=METHODS,
        cells=CELLS,
        levels=LEVELS,
        folders={"estimates": f"{RUN}/estimates", "truth": f"{RUN}/truth"}
        | {"scores": f"{HERE}/scores", "paired": f"{HERE}/paired"},
        batches=DONE,
        witnesses=pairs(METHODS),
        summary=folder_written,
        works=works(EXPERIMENT),
        source=source_fingerprint("door.summarise"),
    message:
        "Gathering the measures of all methods and cells"
    script:
        "../../scripts/summarise.py"


# The example of the report: a cell from the middle of the design.
EXAMPLE = example_of(KNOWN_CELLS)


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
        mem_mb=2000,
        runtime=30,
    params:
        cell=EXAMPLE.values(),
        generator=generator_of(EXPERIMENT, EXAMPLE),
        methods=method_shown(EXAMPLE, POOLINGS),
        source=source_fingerprint("door.example"),
    message:
        "Preparing one participant and one posterior to look at"
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
        mem_mb=4000,
        runtime=120,
    params:
        cell=EXAMPLE.values(),
        generator=generator_of(EXPERIMENT, EXAMPLE),
        methods=method_shown(EXAMPLE, POSTERIORS),
        source=source_fingerprint("door.predict"),
        versions=versions("numpy", "scipy", "pytensor", "numba", *SAMPLING),
    message:
        "Checking one model against data: predicted before and after they were seen"
    script:
        "../../scripts/predict.py"
