# Estimates of one method on one batch. Reads trials, never the truth.


def method_settings(wildcards):
    return METHODS[wildcards.method]


def method_source(wildcards):
    """Code that the estimates depend on: the estimator's own modules, not the other estimators'."""
    return source_fingerprint("fit", f"estimators.{METHODS[wildcards.method]['estimator']}")


rule fit:
    input:
        trials=rules.simulate.output.trials,
    output:
        estimates=f"{RUN}/estimates/{{method}}/{{cell}}/{{batch}}.parquet",
    params:
        method=method_settings,
        generator=GENERATOR,
        cell=cell_values,
        levels=LEVELS,
        source=method_source,
    log:
        f"{LOGS}/fit/{{method}}/{{cell}}/{{batch}}.log",
    benchmark:
        f"{BENCHMARKS}/fit/{{method}}/{{cell}}/{{batch}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=240,
    message:
        "Fitting {wildcards.method} to {wildcards.cell}, replicates {wildcards.batch}"
    script:
        "../../scripts/fit.py"
