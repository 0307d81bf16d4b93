"""Door of rule `predict`: predictive checks of the example data set, or of a lab's own data."""

from rlrecovery.predictive.check import write_check
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    write_check(
        cell=snakemake.params.cell,
        generator=snakemake.params.generator,
        methods=snakemake.params.methods,
        observed_file=snakemake.input.get("observed"),
        output=snakemake.output.predictive,
    )
