"""A config with mistakes in it, of which only the sound parts can be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rlrecovery.config.json_schema import Location
from rlrecovery.config.sentences import Problem, value_at
from rlrecovery.config.words import pair_up, show
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.library import MODELS, Model, Parameter, find_model


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
            try:
                value = value[key]
            except (LookupError, TypeError):
                return None
        return value

    def show(self, *path: str | int) -> str:
        """The value there in words, also if it is broken."""
        return show(value_at(self._raw, path))

    def meant(self, *path: str | int, known: Iterable[str]) -> set[str]:
        """Keys of a section that are there, or that a misspelt one was probably meant for."""
        given = self.keys(*path)
        return {*given, *filter(None, pair_up(given, list(known)).values())}

    def has(self, *path: str | int) -> bool:
        """Whether a key is there, whatever its value."""
        return path[-1] in self.keys(*path[:-1])

    def empty(self, *path: str | int) -> bool:
        """Whether a key is there without a value."""
        return self.has(*path) and value_at(self._raw, path) is None

    def keys(self, *path: str | int) -> list[str]:
        """Keys of a section, also of entries that are broken."""
        section = self.get(*path)
        return list(section) if isinstance(section, dict) else []

    def entries(self, *path: str | int) -> list[tuple[int, Any]]:
        """Sound entries of a list, with their places."""
        count = len(self.get(*path) or ())
        return [(i, self.get(*path, i)) for i in range(count) if (*path, i) not in self._broken]

    def sound(self, *path: str | int) -> bool:
        """Whether nothing in a place is broken."""
        return not any(broken[: len(path)] == path for broken in self._broken)

    # ------------------------------------------------------------------------------------ models

    def names(self) -> list[str]:
        """Names that stand for a model: the models' own, and those of variants."""
        return [*MODELS, *(name for name in self.keys("variants") if name not in MODELS)]

    def model(self, *path: str | int) -> Model | None:
        """The model named there, if it is known and, where it is a variant, without a mistake."""
        return self.named(self.get(*path))

    def named(self, name: Any) -> Model | None:
        """The model of that name; None if there is none or it has a mistake."""
        if not isinstance(name, str):
            return None
        if name in MODELS or not self.sound("variants", name):
            return MODELS.get(name)
        settings = self.get("variants", name)
        if settings is None or settings["model"] not in MODELS:
            return None
        known = {parameter.name for parameter in every_parameter_of(settings)}
        found = find_model({"name": name, **settings})
        return found if set(settings.get("fixed", {})) <= known and found.parameters else None

    def sources(self) -> list[tuple[Location, Model]]:
        """Sections with ``truth`` and ``population``, each with the model that they are of."""
        if not self.has("models"):
            found = [((), self.model("model"))]
        else:
            names = self.keys("models", "simulate")
            found = [(("models", "simulate", name), self.named(name)) for name in names]
        return [(path, model) for path, model in found if model is not None]

    def fitted(self) -> list[Model]:
        """Models that compete; none if one of them is not known."""
        entries = self.get("models", "fit") or ()
        found = [self.model("models", "fit", i) for i in range(len(entries))]
        known = {model.name: model for model in found if model is not None}
        return [] if None in found else list(known.values())

    # ------------------------------------------------------------------------------- other things

    def tasks(self) -> list[Location]:
        """Sections that describe a task."""
        if not self.has("tasks"):
            places: list[Location] = [("task",)]
        else:
            places = [("tasks", name) for name in self.keys("tasks")]
        return [place for place in places if self.get(*place) is not None]

    def distribution(self, *path: str | int) -> Distribution | None:
        """The distribution there, if there is one without a mistake in it."""
        settings = self.get(*path)
        if settings is None or not self.sound(*path) or "distribution" not in settings:
            return None
        return Distribution.described(settings)

    def methods(self, estimator: str) -> list[str]:
        """Names of the methods of one kind."""
        names = self.keys("methods")
        return [name for name in names if self.get("methods", name, "estimator") == estimator]

    def contests(self) -> list[str]:
        """Names of the methods that name no model, not even under a misspelt key."""
        names = [name for name in self.keys("methods") if self.get("methods", name) is not None]
        model = ["model"]
        return [name for name in names if "model" not in self.meant("methods", name, known=model)]

    def methods_with_models(self, estimator: str) -> list[tuple[str, list[Model]]]:
        """Methods of one kind with the models that they fit, as far as these are known."""
        contests, found = self.contests(), []
        for name in self.methods(estimator):
            model = self.model("methods", name, "model")
            models = self.fitted() if name in contests else [model]
            if models and models[0] is not None:
                found.append((name, models))
        return found


def every_parameter_of(variant: dict[str, Any]) -> tuple[Parameter, ...]:
    """Parameters of a variant, those that it fixes among them."""
    return find_model({"name": "", **variant, "fixed": {}}).parameters
