# What people see: figures and the report, from the summary alone.

SUMMARY = [*rules.summarise.output, *rules.example.output]


rule figure:
    input:
        summary=SUMMARY,
    output:
        svg=report(
            f"{RUN}/figures/{{figure}}.svg",
            caption="../report/{figure}.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        pdf=f"{RUN}/figures/{{figure}}.pdf",
    log:
        f"{LOGS}/figure/{{figure}}.log",
    benchmark:
        f"{BENCHMARKS}/figure/{{figure}}.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        folder=summary_folder,
        source=source_fingerprint("figures"),
    message:
        "Drawing the figure {wildcards.figure}"
    script:
        "../../scripts/figure.py"


rule report:
    input:
        summary=SUMMARY,
        design=rules.design.output.design,
        config=rules.design.output.config,
        provenance=rules.design.output.provenance,
        figures=expand(rules.figure.output.svg, figure=FIGURES),
        pdfs=expand(rules.figure.output.pdf, figure=FIGURES),
        captions=[workflow.source_path(f"../report/{figure}.rst") for figure in FIGURES],
    output:
        report=REPORT,
    log:
        f"{LOGS}/report/report.log",
    benchmark:
        f"{BENCHMARKS}/report/report.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        folder=summary_folder,
        names=FIGURES,
        source=whole_fingerprint(),
    message:
        "Writing the report {output.report}"
    script:
        "../../scripts/report.py"
