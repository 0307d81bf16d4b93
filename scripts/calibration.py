"""Door of rule `calibration`: tests of the calibration over the prior of all methods."""

from rlrecovery.calibration.generator import PriorGenerator
from rlrecovery.calibration.summary import write_calibration
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    write_calibration(
        generators={
            name: PriorGenerator.of(plain) for name, plain in snakemake.params.generators.items()
        },
        files=snakemake.params.files,
        ranges=snakemake.params.ranges,
        summary=snakemake.params.summary,
    )
