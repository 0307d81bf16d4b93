"""Door of rule `typeset`: the main tables for a paper and for a browser."""

from rlrecovery.report.latex import write_tables
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    write_tables(summary=snakemake.params.summary, folder=snakemake.params.folder)
