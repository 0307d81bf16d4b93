"""Door of rule `design`: record the design, the resolved config and the versions."""

from rlrecovery.config.record import write_record
from rlrecovery.config.settings import Experiment
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    write_record(
        experiment=Experiment.of(snakemake.params.experiment),
        replicates=snakemake.params.replicates,
        fingerprint=snakemake.params.source,
        versions=snakemake.params.versions,
        outputs=dict(snakemake.output.items()),
    )
