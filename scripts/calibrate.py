"""Door of rule `calibrate`: where the posteriors of a batch of data sets have their true values."""

from rlrecovery.calibration.batch import calibrate_batch
from rlrecovery.calibration.generator import PriorGenerator
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    calibrate_batch(
        generator=PriorGenerator.of(snakemake.params.generator),
        replicates=snakemake.params.replicates,
        output=snakemake.output.places,
        made_by={"source": snakemake.params.source, "versions": snakemake.params.versions},
    )
