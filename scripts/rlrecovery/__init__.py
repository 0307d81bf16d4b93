"""Parameter-recovery studies for reinforcement-learning models of behaviour.

In a notebook or a script: `simulate` makes data, `fit` estimates parameters, `recover` does both
many times and compares, and `load_study` opens a study that was run by ``make run``. They are
imported when they are first used, because every job of a study imports this package.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rlrecovery.storage.caches import ensure_writable_caches

if TYPE_CHECKING:
    from rlrecovery.notebook.fit import Fit, fit
    from rlrecovery.notebook.recover import recover
    from rlrecovery.notebook.simulate import Simulated, simulate
    from rlrecovery.notebook.study import Study, load_study

ensure_writable_caches()  # before a module imports PyTensor

__version__ = "0.2.0"

__all__ = ["Fit", "Simulated", "Study", "fit", "load_study", "recover", "simulate"]

#: Modules of the room ``notebook`` with the public names. They are named by text, so that the
#: fingerprint of a job does not contain their code (`rlrecovery.storage.fingerprint`).
_MODULES = {
    "Fit": "fit",
    "Simulated": "simulate",
    "Study": "study",
    "fit": "fit",
    "load_study": "study",
    "recover": "recover",
    "simulate": "simulate",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.notebook.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
