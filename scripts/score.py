"""Door of rule `score`: measures of every method in the cells of one design."""

from rlrecovery.design.cells import Cell
from rlrecovery.score.batches import Batches
from rlrecovery.score.design import Competitor, score
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    score(
        cells={key: Cell.of(values) for key, values in snakemake.params.cells.items()},
        competitors={m: Competitor(*names) for m, names in snakemake.params.competitors.items()},
        sampler_pairs=snakemake.params.sampler_pairs,
        batches=Batches(
            nominal_levels=snakemake.params.levels,
            folders=snakemake.params.folders,
            batches=snakemake.params.batches,
            fitted=snakemake.params.fitted,
        ),
        expected_hashes=snakemake.params.expected_hashes,
        folder=snakemake.params.folder,
    )
