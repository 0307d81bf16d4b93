"""Door of rule `fit`: estimates of one method on one cell and batch."""

from rlrecovery.fit.batch import fit_batch
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    fit_batch(
        method=snakemake.params.method,
        generator=snakemake.params.generator,
        cell=snakemake.params.cell,
        levels=snakemake.params.levels,
        trials=snakemake.input.trials,
        estimates=snakemake.output.estimates,
        made={"source": snakemake.params.source, "versions": snakemake.params.versions},
    )
