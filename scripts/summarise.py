"""Door of rule `summarise`: the tables that figures and report are made from."""

from rlrecovery.config.limits import Limits
from rlrecovery.design.cells import Cell
from rlrecovery.fitting.registry import Method
from rlrecovery.score.summary import summarise
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    summarise(
        methods={name: Method.of(m, name) for name, m in snakemake.params.methods.items()},
        cells={key: Cell.of(values) for key, values in snakemake.params.cells.items()},
        scores=snakemake.params.scores,
        summary=snakemake.params.summary,
        begun=snakemake.input.begun,
        provenance=snakemake.output.provenance,
        limits=Limits.of(snakemake.params.limits),
        labels=snakemake.params.labels,
    )
