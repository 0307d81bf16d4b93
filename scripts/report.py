"""Door of rule `report`: the page that says whether the parameters are recovered."""

from rlrecovery.report.html import write_report
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    write_report(
        summary_folder=snakemake.params.folder,
        config_file=snakemake.input.config,
        provenance_file=snakemake.input.provenance,
        design_file=snakemake.input.design,
        figures=dict(zip(snakemake.params.names, snakemake.input.figures, strict=True)),
        # Figures that the config composes come last and have no captions of their own.
        captions=dict(zip(snakemake.params.names, snakemake.input.captions, strict=False)),
        output=snakemake.output.report,
    )
