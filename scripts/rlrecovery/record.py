"""The record of a run: its design, its resolved config, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlrecovery.design import cells_of, design_table
from rlrecovery.provenance import provenance
from rlrecovery.tables import write_json, write_table, write_yaml


def write_record(
    experiment: Mapping[str, Any],
    fingerprint: str,
    versions: Mapping[str, str],
    outputs: Mapping[str, str],
) -> None:
    """Write what a reader of the results needs to know about the run.

    Parameters
    ----------
    experiment : mapping
        The resolved config.
    fingerprint : str
        Of the package's code.
    versions : mapping
        Versions by package.
    outputs : mapping
        Paths to write: ``design``, ``config`` and ``provenance``.
    """
    write_table(design_table(cells_of(experiment), experiment["replicates"]), outputs["design"])
    write_yaml(dict(experiment), outputs["config"])
    write_json(provenance(experiment, fingerprint, versions), outputs["provenance"])
