"""A config with mistakes in it, of which only the sound parts can be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rlrecovery.config.sentences import Problem, value_at
from rlrecovery.config.words import show
from rlrecovery.distributions import Distribution
from rlrecovery.models import MODELS, Model


class Draft:
    """The sound parts of a config.

    Parameters
    ----------
    raw : dict
        The config as it was read.
    problems : iterable of Problem
        What the pydantic models find wrong in it.
    """

    def __init__(self, raw: dict[str, Any], problems: Iterable[Problem]) -> None:
        self._raw = raw
        self._broken = {problem.path for problem in problems if problem.spoils}

    def get(self, *path: str | int) -> Any:
        """The value there, or None if there is none or it is broken."""
        value: Any = self._raw
        for depth, key in enumerate(path, start=1):
            if path[:depth] in self._broken:
                return None
            value = value.get(key) if isinstance(key, str) else value[key]
            if value is None:
                return None
        return value

    def show(self, *path: str | int) -> str:
        """The value there in words, also if it is broken."""
        return show(value_at(self._raw, path))

    def keys(self, *path: str) -> list[str]:
        """Keys of a section, also of entries that are broken."""
        return list(self.get(*path) or ())

    def numbers(self, *path: str) -> list[tuple[int, float]]:
        """Sound entries of a list, with their places."""
        count = len(self.get(*path) or ())
        return [(i, self.get(*path, i)) for i in range(count) if (*path, i) not in self._broken]

    def model(self, *path: str) -> Model | None:
        """The model named there, if it is known."""
        return MODELS.get(self.get(*path) or "")

    def distribution(self, *path: str) -> Distribution | None:
        """The distribution there, if there is one without a mistake in it."""
        settings = self.get(*path)
        hurt = any(broken[: len(path)] == path for broken in self._broken)
        if settings is None or hurt or "distribution" not in settings:
            return None
        arguments = {key: value for key, value in settings.items() if key != "distribution"}
        return Distribution.of(settings["distribution"], arguments)

    def methods(self, estimator: str) -> list[str]:
        """Names of the methods of one kind."""
        names = self.keys("methods")
        return [name for name in names if self.get("methods", name, "estimator") == estimator]

    def methods_with_models(self, estimator: str) -> list[tuple[str, Model]]:
        """Methods of one kind whose model is known."""
        models = [(n, self.model("methods", n, "model")) for n in self.methods(estimator)]
        return [(n, model) for n, model in models if model is not None]
