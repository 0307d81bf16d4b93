"""The rule ``design``: record the design, the resolved config and the start of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlrecovery.design.cells import cells_of, design_table
from rlrecovery.storage.files import write_json, write_table, write_yaml
from rlrecovery.storage.provenance import begin_record


def write_record(
    experiment: Mapping[str, Any],
    replicates: Mapping[str, int],
    fingerprint: str,
    versions: Mapping[str, str],
    outputs: Mapping[str, str],
) -> None:
    """Write the design, the resolved config, and the record of the start of a run.

    Parameters
    ----------
    experiment : mapping
        The resolved config.
    replicates : mapping
        Number of data sets by cell key; other cells are left out of the design.
    fingerprint : str
        Fingerprint of the code of the package.
    versions : mapping
        Versions by package.
    outputs : mapping
        Paths to write: ``design``, ``config`` and ``begun``.
    """
    cells = {key: cell for key, cell in cells_of(experiment).items() if key in replicates}
    write_table(design_table(cells, replicates), outputs["design"])
    write_yaml(dict(experiment), outputs["config"])
    record = begin_record(experiment["run"], experiment["seed"], experiment, fingerprint, versions)
    write_json(record, outputs["begun"])
