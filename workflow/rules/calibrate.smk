# Calibration over the prior: data sets with true values from the priors of a method, fitted by it,
# and tests of where its posteriors have these values.

from rlrecovery.fitting.registry import fitter_module
from rlrecovery.storage.schemas import CALIBRATED


def calibrated_data_sets(wildcards):
    """Range of the data sets of a batch."""
    return list(CALIBRATED_BATCHES[wildcards.method][wildcards.batch])


def calibration_load(wildcards):
    generator = CALIBRATIONS[wildcards.method]
    start, stop = CALIBRATED_BATCHES[wildcards.method][wildcards.batch]
    return Load(generator.participants, generator.trials, stop - start)


def calibration_generator(wildcards):
    """Method and design of a calibration, as plain values."""
    return CALIBRATIONS[wildcards.method].plain()


def calibrate_source(wildcards):
    """Code that a calibration depends on: not the fitters of other estimators."""
    settings = CALIBRATIONS[wildcards.method].method.settings
    return source_fingerprint("door.calibrate", fitter_module(settings))


def calibrate_versions(wildcards):
    return versions(*CALIBRATIONS[wildcards.method].method.settings.packages)


def calibrate_memory(wildcards, attempt):
    method, load = CALIBRATIONS[wildcards.method].method, calibration_load(wildcards)
    return planned.for_attempt(planned.memory_to_calibrate(method, load), attempt)


def calibrate_minutes(wildcards, attempt):
    method, load = CALIBRATIONS[wildcards.method].method, calibration_load(wildcards)
    return planned.for_attempt(planned.minutes_to_calibrate(method, load), attempt)


rule calibrate:
    output:
        places=PLACES,
    log:
        f"{LOGS}/calibrate/{{method}}/{{batch}}.log",
    benchmark:
        f"{BENCHMARKS}/calibrate/{{method}}/{{batch}}.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=calibrate_memory,
        runtime=calibrate_minutes,
    params:
        generator=calibration_generator,
        replicates=calibrated_data_sets,
        source=calibrate_source,
        versions=calibrate_versions,
    message:
        "Calibrating {wildcards.method}, data sets {wildcards.batch}"
    script:
        "../../scripts/calibrate.py"


rule calibration:
    input:
        places=files_of_calibrations(),
    output:
        csv=[f"{SUMMARY_FOLDER}/{name}.csv" for name in CALIBRATED],
        parquet=[f"{SUMMARY_FOLDER}/{name}.parquet" for name in CALIBRATED],
    log:
        f"{LOGS}/calibration/calibration.log",
    benchmark:
        f"{BENCHMARKS}/calibration/calibration.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=single_job("calibration", "memory_mib"),
        runtime=single_job("calibration", "minutes"),
    params:
        generators={name: g.plain() for name, g in CALIBRATIONS.items()},
        files={name: files_of_calibration(name) for name in CALIBRATIONS},
        ranges={name: CALIBRATED_BATCHES[name] for name in CALIBRATIONS},
        summary=output_folder,
        source=source_fingerprint("door.calibration"),
        versions=versions("numpy", "arviz-stats"),
    message:
        "Testing the calibration over the prior of all methods"
    script:
        "../../scripts/calibration.py"
