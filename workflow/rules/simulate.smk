# Data sets of a cell, batch by batch; the truth is written to a file of its own.


def replicate_range(wildcards):
    return list(BATCHES[wildcards.batch])


def simulate_memory(wildcards, attempt):
    return planned.for_attempt(planned.memory_to_simulate(batch_load(wildcards)), attempt)


def simulate_minutes(wildcards, attempt):
    return planned.for_attempt(planned.minutes_to_simulate(batch_load(wildcards)), attempt)


rule simulate:
    output:
        trials=TRIALS,
        truth=TRUTH,
    log:
        f"{LOGS}/simulate/{{cell}}/{{batch}}.log",
    benchmark:
        f"{BENCHMARKS}/simulate/{{cell}}/{{batch}}.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=simulate_memory,
        runtime=simulate_minutes,
    params:
        cell=cell_values,
        generator=cell_generator,
        replicates=replicate_range,
        source=source_fingerprint("door.simulate"),
        versions=versions("numpy", "scipy"),
    message:
        "Simulating {wildcards.cell}, replicates {wildcards.batch}"
    script:
        "../../scripts/simulate.py"
