# Figures, tables, methods section and report, from the summary and the record of the study.

from rlrecovery.report.captions import caption_text, composed_caption
from rlrecovery.report.latex import SHEETS

CAPTIONS = {figure: workflow.source_path(f"../report/{figure}.rst") for figure in FIGURES}
SUMMARY_FILES = [
    *rules.summarise.output.csv,
    *rules.example.output,
    *rules.predict.output,
    *(rules.advise.output if EXPERIMENT.targets else ()),
]
if CALIBRATIONS:
    SUMMARY_FILES += rules.calibration.output.csv
if EFFECT_CELLS:
    SUMMARY_FILES += rules.effects.output.csv
FORMATS = EXPERIMENT.figures.formats
FIGURE_FILES = files(FIGURE_FOLDER, "{figure}", FORMATS)
SHOWN_FIGURE = shown_file(FIGURE_FOLDER, "{figure}", FORMATS)


def figure_files(wildcards):
    names = [*FIGURES, *COMPOSED]
    return [path for figure in names for path in files(FIGURE_FOLDER, figure, FORMATS)]


def figure_caption(wildcards):
    """Text of a figure's caption: the path of a report caption must not depend on wildcards."""
    if wildcards.figure in COMPOSED:
        return composed_caption(wildcards.figure, EXPERIMENT)
    return caption_text(CAPTIONS[wildcards.figure], EXPERIMENT)


def figure_settings(wildcards):
    """Settings that a figure depends on, so that only the others are drawn again."""
    return settings_for(wildcards.figure, EXPERIMENT.figures).plain()


rule figure:
    input:
        summary=SUMMARY_FILES,
    output:
        shown=report(
            SHOWN_FIGURE,
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        others=[path for path in FIGURE_FILES if path != SHOWN_FIGURE],
    log:
        f"{LOGS}/figure/{{figure}}.log",
    benchmark:
        f"{BENCHMARKS}/figure/{{figure}}.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=single_job("figure", "memory_mib"),
        runtime=single_job("figure", "minutes"),
    params:
        summary=summary_folder,
        folder=output_folder,
        settings=figure_settings,
        caption=figure_caption,
        source=source_fingerprint("door.figure"),
    message:
        "Drawing the figure {wildcards.figure}"
    script:
        "../../scripts/figure.py"


rule typeset:
    input:
        summary=SUMMARY_FILES,
        design=rules.design.output.design,
        config=rules.design.output.config,
        provenance=rules.summarise.output.provenance,
    output:
        latex=[f"{TABLE_FOLDER}/{table}.tex" for table in SHEETS],
        pages=[
            report(
                f"{TABLE_FOLDER}/{table}.html",
                caption=f"../report/tables/{table}.rst",
                category="Tables",
                labels={"table": table},
            )
            for table in SHEETS
        ],
        markdown=f"{OUTPUT}/methods/methods.md",
        methods=f"{OUTPUT}/methods/methods.tex",
        references=f"{OUTPUT}/methods/references.bib",
    log:
        f"{LOGS}/typeset/typeset.log",
    benchmark:
        f"{BENCHMARKS}/typeset/typeset.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=single_job("typeset", "memory_mib"),
        runtime=single_job("typeset", "minutes"),
    params:
        summary=summary_folder,
        folder=output_folder,
        source=source_fingerprint("door.typeset"),
    message:
        "Typesetting the tables and the methods section"
    script:
        "../../scripts/typeset.py"


rule report:
    input:
        summary=SUMMARY_FILES,
        design=rules.design.output.design,
        config=rules.design.output.config,
        provenance=rules.summarise.output.provenance,
        figures=expand(rules.figure.output.shown, figure=[*FIGURES, *COMPOSED]),
        files=figure_files,
        tables=rules.typeset.output,
        captions=list(CAPTIONS.values()),
    output:
        report=report(
            REPORT,
            caption="../report/report.rst",
            category="Report",
            labels={"page": "answer, evidence, methods, diagnostics"},
        ),
    log:
        f"{LOGS}/report/report.log",
    benchmark:
        f"{BENCHMARKS}/report/report.tsv"
    conda:
        "../../envs/recovery.yaml"
    threads: 1
    resources:
        mem_mb=single_job("report", "memory_mib"),
        runtime=single_job("report", "minutes"),
    params:
        folder=summary_folder,
        names=[*FIGURES, *COMPOSED],
        source=whole_fingerprint(),
    message:
        "Writing the report {output.report}"
    script:
        "../../scripts/report.py"
