"""Door of rule `effects`: how often each analysis finds the effects, and reliability."""

from rlrecovery.effects.design import EffectCell
from rlrecovery.effects.generator import EffectGenerator
from rlrecovery.effects.settings import EffectSettings
from rlrecovery.fitting.registry import Method
from rlrecovery.score.effects.summary import write_effects
from rlrecovery.storage.job import logged

with logged(snakemake.log[0], snakemake.params.source):
    write_effects(
        methods={name: Method.of(plain, name) for name, plain in snakemake.params.methods.items()},
        cells={key: EffectCell.of(values) for key, values in snakemake.params.cells.items()},
        generators={
            key: EffectGenerator.of(plain) for key, plain in snakemake.params.generators.items()
        },
        settings=EffectSettings.of(snakemake.params.settings),
        ranges=snakemake.params.ranges,
        folders=snakemake.params.folders,
        summary=snakemake.params.summary,
    )
