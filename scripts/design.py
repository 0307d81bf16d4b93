"""Door of rule `design`: write down the design, the resolved config and the provenance."""

from rlrecovery.doors import logged
from rlrecovery.record import write_record

with logged(snakemake.log[0], snakemake.params.source):
    write_record(
        experiment=snakemake.params.experiment,
        fingerprint=snakemake.params.source,
        replicates=snakemake.params.replicates,
        versions=snakemake.params.versions,
        outputs=dict(snakemake.output.items()),
    )
