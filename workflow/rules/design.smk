# The design, the resolved config and the start of the run, as a record. It is written first because
# of its priority: if other jobs depended on it, Snakemake would not look for changes of their params
# whenever the record is written anew, not even through `ancient`.


rule design:
    output:
        design=f"{OUTPUT}/design.csv",
        config=f"{OUTPUT}/config.yaml",
        begun=f"{OUTPUT}/begun.json",
    log:
        f"{LOGS}/design/design.log",
    benchmark:
        f"{BENCHMARKS}/design/design.tsv"
    priority: 1
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=single_job("design", "memory_mib"),
        runtime=single_job("design", "minutes"),
    params:
        experiment=PLAIN_EXPERIMENT,
        replicates={cell: replicates_in(cell) for cell in USED_BATCHES},
        source=whole_fingerprint(),
        versions=versions(*PACKAGES, "snakemake"),
    message:
        "Recording the design, the resolved config and the versions"
    script:
        "../../scripts/design.py"
