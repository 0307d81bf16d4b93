"""The rule ``design``: write the cells, the resolved config and the start of a run."""

from __future__ import annotations

from collections.abc import Mapping

from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of
from rlrecovery.design.cells import design_table
from rlrecovery.storage.files import write_json, write_table, write_yaml
from rlrecovery.storage.provenance import begin_record


def write_record(
    experiment: Experiment,
    replicates: Mapping[str, int],
    fingerprint: str,
    versions: Mapping[str, str],
    outputs: Mapping[str, str],
) -> None:
    """Write the table of cells, the resolved config and the record of a run's start.

    Only cells in `replicates` (number of data sets by cell key) are listed. `outputs` holds the
    paths ``design``, ``config`` and ``begun``.
    """
    settings = experiment.resolved()
    cells = {key: cell for key, cell in cells_of(experiment).items() if key in replicates}
    record = begin_record(experiment.run, experiment.seed, settings, fingerprint, versions)
    write_table(design_table(cells, replicates), outputs["design"])
    write_yaml(settings, outputs["config"])
    write_json(record, outputs["begun"])
