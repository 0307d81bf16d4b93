# The workflow starts in workflow/Snakefile; this line lets `snakemake` be run from here.
include: "workflow/Snakefile"
