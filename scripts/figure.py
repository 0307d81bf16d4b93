"""Door of rule `figure`: one figure from the summary, in all widths and kinds of files."""

from rlrecovery.config.figures import FigureSettings
from rlrecovery.figures.catalogue import write_figure
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    write_figure(
        figure=snakemake.wildcards.figure,
        summary=snakemake.params.summary,
        folder=snakemake.params.folder,
        settings=FigureSettings.of(snakemake.params.settings),
    )
