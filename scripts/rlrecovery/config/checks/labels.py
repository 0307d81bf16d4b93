"""Checks of the names that are shown."""

from __future__ import annotations

from collections.abc import Iterator

from rlrecovery.config import study
from rlrecovery.config.checks.sections import Sections
from rlrecovery.config.mistakes import Mistake, mistake, wrong


def check_labels(sections: Sections) -> Iterator[Mistake]:
    """Yield all mistakes about labels: unknown names, and labels that are not unique."""
    experiment = sections.experiment
    if not experiment.labels or not all(map(sections.readable, ("labels", "methods", "models"))):
        return
    models = [m for method in experiment.methods.values() for m in sections.models_of(method)]
    models += [source.model for source in sections.generating_models]
    parameters = [name for model in models for name in model.names]
    names = list(dict.fromkeys([*study.method_names(experiment), *parameters]))
    shown: dict[str, str] = {name: name for name in names if name not in experiment.labels}
    for name, label in experiment.labels.items():
        path = ("labels", name)
        if name not in names:
            hint = sections.method_hint(name, names)
            yield mistake(path, f"names no method or parameter of this study{hint}")
        elif not label.isprintable() or label != label.strip():
            yield wrong(path, label, "must be one line without spaces at its ends")
        elif label in shown.values():
            other = next(other for other, text in shown.items() if text == label)
            yield wrong(path, label, f"must differ from the label of '{other}'")
        shown[name] = label
