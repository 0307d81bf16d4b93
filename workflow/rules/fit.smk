# Estimates of one method on one batch. Reads trials, never the truth.

from rlrecovery.fitting.registry import fitter_module


def method_settings(wildcards):
    return METHODS[wildcards.method].plain()


def fitted_replicates(wildcards):
    """Range of replicates of a batch that the method fits: usually all."""
    return list(FITTED[wildcards.method][wildcards.batch])


def fit_load(wildcards):
    return batch_load(wildcards, FITTED[wildcards.method])


def method_source(wildcards):
    """Code that the estimates depend on: not the fitters of other estimators."""
    return source_fingerprint("door.fit", fitter_module(METHODS[wildcards.method].settings))


def method_versions(wildcards):
    """Packages that the estimates depend on: another version makes its jobs run again."""
    return versions(*METHODS[wildcards.method].settings.packages)


def fit_memory(wildcards, attempt):
    method, load = METHODS[wildcards.method], fit_load(wildcards)
    return planned.for_attempt(planned.memory_to_fit(method, load), attempt)


def fit_minutes(wildcards, attempt):
    method, load = METHODS[wildcards.method], fit_load(wildcards)
    return planned.for_attempt(planned.minutes_to_fit(method, load), attempt)


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
        replicates=fitted_replicates,
        levels=LEVELS,
        source=method_source,
        versions=method_versions,
    message:
        "Fitting {wildcards.method} to {wildcards.cell}, replicates {wildcards.batch}"
    script:
        "../../scripts/fit.py"
