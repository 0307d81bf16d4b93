"""The record of a run: its design, its resolved config, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rlrecovery.design.cells import cells_of, design_table
from rlrecovery.storage.files import write_json, write_table, write_yaml
from rlrecovery.storage.provenance import now, provenance


def write_record(
    experiment: Mapping[str, Any],
    replicates: Mapping[str, int],
    fingerprint: str,
    versions: Mapping[str, str],
    outputs: Mapping[str, str],
) -> None:
    """Write what a reader of the results needs to know about the run.

    Parameters
    ----------
    experiment : mapping
        The resolved config.
    replicates : mapping
        Data sets by cell key; cells without an entry are left out.
    fingerprint : str
        Of the package's code.
    versions : mapping
        Versions by package.
    outputs : mapping
        Paths to write: ``design``, ``config`` and ``begun``, to which `end_record` adds.
    """
    cells = {key: cell for key, cell in cells_of(experiment).items() if key in replicates}
    write_table(design_table(cells, replicates), outputs["design"])
    write_yaml(dict(experiment), outputs["config"])
    write_json(provenance(experiment, fingerprint, versions), outputs["begun"])


def end_record(begun: Mapping[str, Any], made_by: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The provenance of a run all of whose numbers are there.

    Parameters
    ----------
    begun : mapping
        What `write_record` wrote when the run began.
    made_by : sequence of mapping
        `rlrecovery.storage.origins.origins` of its files.

    Returns
    -------
    dict
        ``begun`` with ``ended`` (UTC) and ``made_by``.
    """
    return dict(begun) | {"ended": now(), "made_by": [dict(each) for each in made_by]}
