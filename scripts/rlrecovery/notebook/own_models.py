"""Models that are defined in a notebook, known to the package while a function runs."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from rlrecovery.fitting.estimates import one_line
from rlrecovery.likelihood.compiled import forget
from rlrecovery.likelihood.compiled_key import code_key
from rlrecovery.models.base import Learner, Model
from rlrecovery.models.library import MODELS
from rlrecovery.models.settings import PATTERNS, WORD
from rlrecovery.storage.files import MACHINE, BrokenFile

#: Keys of the definitions of models when they were last used.
_KEYS: dict[Model, str | None] = {}


@contextlib.contextmanager
def known(models: Iterable[Model]) -> Iterator[None]:
    """Add models to the library while a block runs, and restore the library afterwards.

    Nothing is kept by name: compiled code belongs to a model object, and on disk to a hash of its
    definition (`rlrecovery.likelihood.compiled_key`). Another model of the same name is therefore
    never mistaken for this one, nor is this one for what it was before a variable that its
    functions use was changed.
    """
    before = dict(MODELS)
    for model in models:
        MODELS[model.name] = model
        key = code_key("gradient", Learner(model, 2))
        if key is None or _KEYS.get(model, key) != key:
            forget()
        _KEYS[model] = key
    try:
        yield
    finally:
        MODELS.clear()
        MODELS.update(before)


@contextlib.contextmanager
def compiling(models: Collection[Model]) -> Iterator[None]:
    """Explain an error while a fit is prepared, if there are own models."""
    try:
        yield
    except (*MACHINE, BrokenFile):
        raise
    except Exception as error:
        if not models:
            raise
        names = ", ".join(model.name for model in models)
        raise ValueError(
            f"the likelihood of {names} cannot be compiled ({one_line(error)}); functions of a "
            "model may only use + - * / **, abs, comparisons, and log and exp of "
            "rlrecovery.models.base"
        ) from error


def own(models: Sequence[object]) -> tuple[Model, ...]:
    """Check models and return those that are not in the library, each once.

    Raises
    ------
    ValueError
        If one is not a `Model`, has the name of another one or no valid name, or cannot be
        computed.
    """
    if isinstance(models, Model) or not isinstance(models, Iterable):
        raise ValueError(f"models must be a list of Model objects, such as [model], not {models!r}")
    by_name: dict[str, Model] = {}
    for model in models:
        if not isinstance(model, Model):
            raise ValueError(f"models must be Model objects, but one is {model!r}")
        if by_name.setdefault(model.name, model) is not model:
            raise ValueError(f"two models are called {model.name}; rename one of them")
    return tuple(m for m in by_name.values() if MODELS.get(m.name) is not m and _is_usable(m))


def _is_usable(model: Model) -> bool:
    """Raise a `ValueError` if a model cannot be used; otherwise True."""
    if not isinstance(model.name, str) or not re.fullmatch(WORD, model.name):
        raise ValueError(f"the name of a model is {model.name!r}, but must be {PATTERNS[WORD]}")
    if model.name in MODELS:
        raise ValueError(f"{model.name} is a model of the library; give your model another name")
    if not model.parameters:
        raise ValueError(f"{model.name} has no parameters, so there is nothing to estimate")
    _try(model)
    return True


def _try(model: Model) -> None:
    """Compute one trial of a model, so that a slip in its functions is reported as such."""
    # The upper end of a support may be infinite; the lower bound of estimates never is.
    values = {p.name: np.array([sum(p.bounds) / 2]) for p in model.parameters}
    function: Any = "initial"
    try:
        p = Learner(model, 2).bind(values)
        state, blank = model.initial(p), np.zeros(2)
        function = "logit"
        odds = np.asarray(model.logit(state, p) + blank)
        function = "update"
        after = model.update(state, np.array([1.0, 0.0]), np.array([1.0]), p)
        missing = sorted(set(state) ^ set(after))
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"the function {function} of {model.name} fails ({reason})") from error
    if odds.shape != (2,):
        raise ValueError(f"the function logit of {model.name} must return one number per arm")
    if missing:
        names = ", ".join(missing)
        raise ValueError(
            f"initial and update of {model.name} must return the same hidden states; they differ "
            f"in {names}"
        )
