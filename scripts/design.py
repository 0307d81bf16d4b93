"""Door of rule `design`: write down the design, the resolved config and the provenance."""

from rlrecovery.config.record import write_record
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    write_record(
        experiment=snakemake.params.experiment,
        fingerprint=snakemake.params.source,
        replicates=snakemake.params.replicates,
        versions=snakemake.params.versions,
        outputs=dict(snakemake.output.items()),
    )
