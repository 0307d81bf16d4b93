"""What the present config expects of the files of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rlrecovery.design.cells import batches, cells_of, generator_of, methods_of
from rlrecovery.storage.fingerprint import settings_hash
from rlrecovery.storage.provenance import SIMULATED


def expected_hashes(experiment: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Hash of the settings behind each file, by stage (`SIMULATED` or method) and cell."""
    methods, levels = methods_of(experiment), experiment["interval_levels"]
    hashes: dict[str, dict[str, str]] = {stage: {} for stage in (SIMULATED, *methods)}
    for key, cell in cells_of(experiment).items():
        generator, values = generator_of(experiment, cell), cell.values()
        hashes[SIMULATED][key] = settings_hash([generator, values])
        for name, method in methods.items():
            hashes[name][key] = settings_hash([method, generator, values, levels])
    return hashes


def data_sets(
    experiment: Mapping[str, Any], finished_batches: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    """Number of data sets in the finished batches of each cell."""
    ends = batches(experiment["replicates"], experiment["batch_size"])
    sizes = {name: stop - start for name, (start, stop) in ends.items()}
    return {cell: sum(sizes[name] for name in names) for cell, names in finished_batches.items()}
