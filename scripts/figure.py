"""Door of rule `figure`: one figure from the summary, in all widths and kinds of files."""

from rlrecovery.doors import logged
from rlrecovery.figures import write_figure

with logged(snakemake.log[0], snakemake.params.source):
    write_figure(
        figure=snakemake.wildcards.figure,
        summary=snakemake.params.summary,
        folder=snakemake.params.folder,
    )
