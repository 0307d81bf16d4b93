"""Door of rule `predict`: predictive checks of the example data set, or of observed data."""

from rlrecovery.design.cells import Cell
from rlrecovery.fitting.registry import Method
from rlrecovery.predictive.check import write_check
from rlrecovery.predictive.settings import PilotSettings
from rlrecovery.simulation.generator import Generator
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    method, reading = snakemake.params.method, snakemake.params.reading
    write_check(
        cell=Cell.of(snakemake.params.cell),
        generator=Generator.of(snakemake.params.generator),
        method=None if method is None else Method.of(method),
        observed_file=snakemake.input.get("observed"),
        reading=None if reading is None else PilotSettings.of(reading),
        output=snakemake.output.predictive,
    )
