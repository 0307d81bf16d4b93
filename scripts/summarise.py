"""Door of rule `summarise`: the small tables that figures and report need."""

from rlrecovery.score.summary import summarise
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    summarise(
        methods=snakemake.params.methods,
        cells=snakemake.params.cells,
        levels=snakemake.params.levels,
        folders=snakemake.params.folders,
        batches=snakemake.params.batches,
        witnesses=snakemake.params.witnesses,
        summary=snakemake.params.summary,
        begun=snakemake.input.begun,
        provenance=snakemake.output.provenance,
        works=snakemake.params.works,
    )
