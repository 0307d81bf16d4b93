"""Door of rule `figure`: one figure from the summary, as SVG and PDF."""

from rlrecovery.doors import logged
from rlrecovery.figures import FIGURES, load_summary, save

with logged(snakemake.log[0]):
    save(
        FIGURES[snakemake.wildcards.figure](load_summary(snakemake.params.folder)),
        svg=snakemake.output.svg,
        pdf=snakemake.output.pdf,
    )
