# The design as a record, and where the run comes from. No other job reads the design from here.


rule design:
    output:
        design=f"{HERE}/design.csv",
        config=f"{HERE}/config.yaml",
        begun=f"{HERE}/begun.json",
    log:
        f"{LOGS}/design/design.log",
    benchmark:
        f"{BENCHMARKS}/design/design.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        experiment=EXPERIMENT,
        replicates=data_sets(EXPERIMENT, DONE),
        source=whole_fingerprint(),
        versions=versions(*PACKAGES, "snakemake"),
    message:
        "Writing down the design, the resolved config and the versions"
    script:
        "../../scripts/design.py"
