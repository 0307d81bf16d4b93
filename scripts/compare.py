"""Door of rule `compare`: effects in a batch of data sets, estimated and tested by one method."""

from rlrecovery.effects.batch import compare_batch
from rlrecovery.effects.design import EffectCell
from rlrecovery.effects.generator import EffectGenerator
from rlrecovery.effects.settings import EffectSettings
from rlrecovery.fitting.registry import Method
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    compare_batch(
        method=Method.of(snakemake.params.method),
        generator=EffectGenerator.of(snakemake.params.generator),
        cell=EffectCell.of(snakemake.params.cell),
        settings=EffectSettings.of(snakemake.params.settings),
        replicates=snakemake.params.replicates,
        effects=snakemake.output.effects,
        retest=snakemake.output.retest,
        made_by={"source": snakemake.params.source, "versions": snakemake.params.versions},
    )
