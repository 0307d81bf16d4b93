"""Door of rule `fit`: estimates of one method on one cell and batch."""

from rlrecovery.design.cells import Cell
from rlrecovery.fitting.batch import fit_batch
from rlrecovery.fitting.registry import Method
from rlrecovery.simulation.generator import Generator
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    fit_batch(
        method=Method.of(snakemake.params.method),
        generator=Generator.of(snakemake.params.generator),
        cell=Cell.of(snakemake.params.cell),
        levels=snakemake.params.levels,
        trials=snakemake.input.trials,
        estimates=snakemake.output.estimates,
        replicates=snakemake.params.replicates,
        made_by={"source": snakemake.params.source, "versions": snakemake.params.versions},
    )
