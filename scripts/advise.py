"""Door of rule `advise`: which designs meet the requirements, as tables and sentences."""

from rlrecovery.advice.tables import write_advice
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    write_advice(
        summary_folder=snakemake.params.summary,
        config_file=snakemake.input.config,
        outputs=dict(snakemake.output.items()),
    )
