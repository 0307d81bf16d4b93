"""Door of rule `typeset`: the main tables for a paper and for a browser."""

from rlrecovery.doors import logged
from rlrecovery.typeset import write_tables

with logged(snakemake.log[0], snakemake.params.source):
    write_tables(summary=snakemake.params.summary, folder=snakemake.params.folder)
