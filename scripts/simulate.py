"""Door of rule `simulate`: data sets of one cell and batch."""

from rlrecovery.design.cells import Cell
from rlrecovery.simulation.batch import simulate_batch
from rlrecovery.simulation.generator import Generator
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    simulate_batch(
        cell=Cell.of(snakemake.params.cell),
        generator=Generator.of(snakemake.params.generator),
        replicates=snakemake.params.replicates,
        trials=snakemake.output.trials,
        truth=snakemake.output.truth,
        made_by={"source": snakemake.params.source, "versions": snakemake.params.versions},
    )
