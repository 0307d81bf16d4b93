# Which designs meet the requirements of the config. Its files are made in a study that has any.


def effects_table(wildcards):
    """The table of effects, which requirements for power need."""
    return f"{SUMMARY_FOLDER}/effects.csv" if EFFECT_CELLS else []


rule advise:
    input:
        summary=rules.summarise.output.csv,
        effects=effects_table,
        config=rules.design.output.config,
    output:
        frontier=f"{SUMMARY_FOLDER}/frontier.csv",
        surface=f"{SUMMARY_FOLDER}/surface.csv",
        advised=f"{SUMMARY_FOLDER}/advised.csv",
        text=f"{SUMMARY_FOLDER}/advice.json",
    log:
        f"{LOGS}/advise/advise.log",
    benchmark:
        f"{BENCHMARKS}/advise/advise.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=single_job("advise", "memory_mib"),
        runtime=single_job("advise", "minutes"),
    params:
        summary=summary_folder,
        source=source_fingerprint("door.advise"),
        versions=versions("numpy", "scipy", "scikit-learn"),
    message:
        "Answering which designs meet the requirements"
    script:
        "../../scripts/advise.py"
