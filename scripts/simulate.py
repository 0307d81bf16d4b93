"""Door of rule `simulate`: data sets of one cell and batch."""

from rlrecovery.simulate.batch import simulate_batch
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    simulate_batch(
        cell=snakemake.params.cell,
        generator=snakemake.params.generator,
        replicates=snakemake.params.replicates,
        trials=snakemake.output.trials,
        truth=snakemake.output.truth,
        made={"source": snakemake.params.source, "versions": snakemake.params.versions},
    )
