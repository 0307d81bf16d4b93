"""Door of rule `score`: measures of every method in one cell."""

from rlrecovery.score.cell import score
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    score(
        estimates=snakemake.params.estimates,
        truth=snakemake.input.truth,
        nominal_levels=snakemake.params.levels,
        scores=dict(zip(snakemake.params.estimates, snakemake.output.scores, strict=True)),
        paired=snakemake.output.paired,
        wrong=snakemake.params.wrong,
    )
