"""Page of the API: directives for autodoc, which reads the docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module

import rlrecovery
from reference_pages.markdown import anchored, page

_AFTER = """\
After this page you can simulate, fit and read studies from Python, and add a model or an estimator
of your own."""

_NOTEBOOK = """\
`from rlrecovery import simulate, fit, recover, load_study`. In the folder of the project,
`PYTHONPATH=scripts .venv/bin/python` finds the package; in an environment of your own it is found
after `pip install -e .`."""

_MODEL = """\
A model is an object of class `Model`, and its functions are limited to arithmetic that NumPy arrays
and PyTensor variables share. To make it available in configs, add it to `MODELS` in
`scripts/rlrecovery/models/library.py`."""

_ESTIMATOR = """\
An estimator is a settings class (a `MethodSettings`) and a fitter (a `Fitter`; with a posterior a
`PosteriorFitter` or a `SamplingFitter`). `rlrecovery.fitting.registry` lists the settings
classes."""

#: Public names of the contracts, by module, in the order of the page.
MODEL = {
    "rlrecovery.models.base": (
        *("Model", "Parameter", "Transform", "Learner"),
        *("log", "exp", "positive", "outcome_shown", "with_lapse"),
    ),
    "rlrecovery.models.distributions": ("Distribution",),
}
ESTIMATOR = {
    "rlrecovery.fitting.base": (
        *("MethodSettings", "Setting", "Fitter", "JointFitter", "Posterior"),
        *("PosteriorFitter", "SamplingFitter", "Cost", "Excess"),
    ),
    "rlrecovery.fitting.estimates": ("Target", "row", "failed"),
}


def api_page() -> str:
    """The page."""
    return page(
        "API",
        "reference-api",
        _AFTER,
        anchored(2, "In a notebook", "api-notebook"),
        _NOTEBOOK,
        *_notebook(),
        anchored(2, "Models of your own", "api-models"),
        _MODEL,
        *(_directive(module, name) for module, names in MODEL.items() for name in names),
        anchored(2, "Estimators of your own", "api-estimators"),
        _ESTIMATOR,
        *(_directive(module, name) for module, names in ESTIMATOR.items() for name in names),
    )


def _notebook() -> Iterator[str]:
    """Functions first, then the classes that they return; they are imported by autodoc only."""
    names = sorted(rlrecovery.__all__, key=lambda name: (name[0].isupper(), name))
    for name in names:
        kind = "autoclass" if name[0].isupper() else "autofunction"
        members = ["   :members:"] * name[0].isupper()
        yield _rst(f".. {kind}:: rlrecovery.{name}", *members)


def _directive(module: str, name: str) -> str:
    """Documentation of a function, or of a class with its public members."""
    value = getattr(import_module(module), name)
    if not inspect.isclass(value):
        lines = [f".. autofunction:: {module}.{name}"]
    elif issubclass(value, tuple):  # its fields are described in its docstring
        lines = [f".. autoclass:: {module}.{name}"]
    else:
        lines = [f".. autoclass:: {module}.{name}", "   :members:", *_excluded(value)]
    return _rst(*lines)


def _rst(*lines: str) -> str:
    return "\n".join(["```{eval-rst}", *lines, "```"])


def _excluded(value: type) -> list[str]:
    """Attributes that the docstring of the class describes already."""
    fields = getattr(value, "__dataclass_fields__", {})
    return [f"   :exclude-members: {', '.join(fields)}"] if fields else []
