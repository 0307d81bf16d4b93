# A parameter-recovery study, read from top to bottom: config, design, simulate, fit, score, report.
# The experiment is config.yaml (another: --configfile FILE); the machine is workflow/profiles/.


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/design.smk"


if not PARTIAL:

    include: "workflow/rules/simulate.smk"
    include: "workflow/rules/fit.smk"


include: "workflow/rules/score.smk"
include: "workflow/rules/report.smk"


localrules:
    all,
    figures,


# The whole study, up to its report.
rule all:
    default_target: True
    input:
        rules.report.output.report,


# The figures alone, from the summary: nothing is fitted again.
rule figures:
    input:
        figure_files,


onstart:
    check_folders()


onsuccess:
    if not workflow.dag_settings.targets:
        print(f"\nThe report is {REPORT}: open it in any browser.")


onerror:
    print(
        f"\nThe study is not finished. What was finished is kept, and {LOGS}/ says what went wrong."
        "\nA job whose log ends without an error was killed, most often because memory ran out."
        "\n`make partial` makes a report of what is there."
    )
