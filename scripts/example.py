"""Door of rule `example`: an example participant and an example posterior."""

from rlrecovery.design.cells import Cell
from rlrecovery.fitting.registry import Method
from rlrecovery.report.example import write_example
from rlrecovery.simulation.generator import Generator
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    method = snakemake.params.method
    write_example(
        cell=Cell.of(snakemake.params.cell),
        generator=Generator.of(snakemake.params.generator),
        method=None if method is None else Method.of(method),
        outputs=dict(snakemake.output.items()),
    )
