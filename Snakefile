# The workflow is workflow/Snakefile; with this file `snakemake` works in the project's folder.
include: "workflow/Snakefile"


# An included file does not set the default target.
workflow.default_target = "all"
