"""Door of rule `score`: measures of every method in the cells of one design."""

from rlrecovery.design.cells import Cell
from rlrecovery.score.batches import Batches
from rlrecovery.score.design import Competitor, score
from rlrecovery.score.expected import Expected
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    cells = {key: Cell.of(values) for key, values in snakemake.params.cells.items()}
    score(
        cells=cells,
        competitors={m: Competitor(*names) for m, names in snakemake.params.competitors.items()},
        sampler_pairs=snakemake.params.sampler_pairs,
        batches=Batches(
            nominal_levels=snakemake.params.levels,
            folders=snakemake.params.folders,
            batches=snakemake.params.batches,
            fitted=snakemake.params.fitted,
            expected=Expected.of(
                cells=cells,
                ranges=snakemake.params.ranges,
                models=snakemake.params.models,
                methods=snakemake.params.methods,
                nominal_levels=snakemake.params.levels,
            ),
        ),
        expected_hashes=snakemake.params.expected_hashes,
        folder=snakemake.params.folder,
    )
