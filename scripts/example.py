"""Door of rule `example`: one participant and one posterior to look at."""

from rlrecovery.report.example import write_example
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    write_example(
        cell=snakemake.params.cell,
        generator=snakemake.params.generator,
        methods=snakemake.params.methods,
        outputs=dict(snakemake.output.items()),
    )
