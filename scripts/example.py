"""Door of rule `example`: one participant and one posterior to look at."""

from rlrecovery.doors import logged
from rlrecovery.example import write_example

with logged(snakemake.log[0], snakemake.params.source):
    write_example(
        cell=snakemake.params.cell,
        generator=snakemake.params.generator,
        methods=snakemake.params.methods,
        outputs=dict(snakemake.output.items()),
    )
