"""The rule ``design``: write the cells, the resolved config and the start of a run."""

from __future__ import annotations

import platform
from collections.abc import Mapping

from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of
from rlrecovery.design.cells import design_table
from rlrecovery.storage.files import write_json, write_table, write_yaml
from rlrecovery.storage.fingerprint import settings_hash
from rlrecovery.storage.provenance import git_state, now


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
    record = {
        "run": experiment.run,
        "seed": experiment.seed,
        "versions": dict(versions),
        "git": git_state(),
        "config_sha256": settings_hash(settings),
        "source_fingerprint": fingerprint,
        "started": now(),
        "platform": platform.platform(),
    }
    write_table(design_table(cells, replicates), outputs["design"])
    write_yaml(settings, outputs["config"])
    write_json(record, outputs["begun"])
