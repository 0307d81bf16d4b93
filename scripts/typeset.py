"""Door of rule `typeset`: the main tables, and the methods section, for a paper."""

from rlrecovery.report.latex import write_tables
from rlrecovery.report.methods_paper import write_methods
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    write_tables(summary=snakemake.params.summary, folder=snakemake.params.folder)
    write_methods(
        summary_folder=snakemake.params.summary,
        config_file=snakemake.input.config,
        provenance_file=snakemake.input.provenance,
        design_file=snakemake.input.design,
        markdown=snakemake.output.markdown,
        latex=snakemake.output.methods,
        references=snakemake.output.references,
    )
