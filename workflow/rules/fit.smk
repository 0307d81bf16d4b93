# Estimates of one method on one batch. Reads trials, never the truth.


rule fit:
    input:
        trials=rules.simulate.output.trials,
    output:
        estimates=ESTIMATES,
    log:
        f"{LOGS}/fit/{{method}}/{{cell}}/{{batch}}.log",
    benchmark:
        f"{BENCHMARKS}/fit/{{method}}/{{cell}}/{{batch}}.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=fit_memory,
        runtime=fit_minutes,
    params:
        method=method_settings,
        generator=cell_generator,
        cell=cell_values,
        levels=LEVELS,
        source=method_source,
        versions=method_versions,
    message:
        "Fitting {wildcards.method} to {wildcards.cell}, replicates {wildcards.batch}"
    script:
        "../../scripts/fit.py"
