"""Keys of machine code: a hash of everything that the code of a likelihood depends on.

These are the definition of the model, the task, the source of the generator, the versions of
packages, the machine and the environment. A model is hashed as it is in memory: the bytecode of its
functions, with the values of the global variables, closures and default arguments that they use. A
model that was made in a notebook or changed in an editor therefore has a key of its own.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from rlrecovery.likelihood.compiled_file import machine_name
from rlrecovery.likelihood.compiled_loop import Kind
from rlrecovery.models.base import Learner, Model, with_lapse

#: Packages whose objects are identified by name, and whose versions are part of the key.
_PACKAGES = ("llvmlite", "numba", "numpy", "pytensor", "scipy")
_KNOWN = {*sys.stdlib_module_names, *_PACKAGES}

#: With these, a function can use variables that its code does not name.
_OPAQUE = {"eval", "exec", "globals", "locals", "__import__"}

#: Variables of the environment of Numba and PyTensor that do not affect code.
_NEUTRAL_VARIABLES = {"NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS"}


class Unidentified(Exception):
    """A model uses something that cannot be recognised in another process."""


def code_key(kind: Kind, learner: Learner) -> str | None:
    """SHA-256 of all that the code depends on; None if a part of the model cannot be identified.

    Learners with the same key have the same code. The opposite is not true: a key also changes
    with the docstring of a function, for instance.
    """
    model = learner.model
    if type(learner) is not Learner or type(model) is not Model:
        return None
    task = {name: value for name, value in vars(learner).items() if name != "model"}
    # The generator calls the last two besides the functions of the model.
    functions = (model.initial, model.logit, model.update, Learner.bind, with_lapse)
    definition = (kind, task, model.names, model.fixed, model.lapse, functions)
    try:
        parts = [*_Description().of(definition), _GENERATOR, *_surroundings()]
    except (Unidentified, RecursionError, ValueError, metadata.PackageNotFoundError):
        # Among others, a closure over a variable without a value, and a package without metadata.
        return None
    # Lengths separate the parts, so that different parts never become the same text.
    text = "".join(f"{len(part)} {part}\n" for part in parts)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _generator() -> str:
    """Hash of the source of this folder."""
    digests = (
        hashlib.sha256(path.read_bytes()) for path in sorted(Path(__file__).parent.glob("*.py"))
    )
    return " ".join(digest.hexdigest() for digest in digests)


#: The generator at the time when it is imported.
_GENERATOR = _generator()


def generator_is_unchanged() -> bool:
    """Whether the source of the generator is still that in the keys of this process."""
    return _generator() == _GENERATOR


def _surroundings() -> Iterator[str]:
    """Versions of packages, machine and environment."""
    yield sys.version
    yield from (metadata.version(name) for name in _PACKAGES)
    yield machine_name()
    for name, value in sorted(os.environ.items()):
        if name.startswith(("NUMBA_", "PYTENSOR")) and name not in _NEUTRAL_VARIABLES:
            yield f"{name}={value}"


class _Description:
    """Describes a value, and all that the functions in it use, as a sequence of texts."""

    def __init__(self) -> None:
        # An object that occurs again, such as a function that calls itself, is named by its number.
        # Objects are kept, so that no other object gets the id of one of them.
        self.numbers: dict[object, int] = {}
        self.kept: list[object] = []

    def of(self, value: Any, attributes: Sequence[str] = ()) -> Iterator[str]:
        """Describe a value; if it is a module, only these attributes."""
        yield type(value).__name__
        name = _name_of(value)
        if name:
            yield name
            return
        identity = (id(value), tuple(attributes))
        if identity in self.numbers:
            yield f"again {self.numbers[identity]}"
            return
        self.numbers[identity] = len(self.numbers)
        self.kept.append(value)
        yield from self._content(value, attributes)

    def _content(self, value: Any, attributes: Sequence[str]) -> Iterator[str]:
        match value:
            case FunctionType():
                yield from self._function(value)
            case MethodType():
                yield from self.of((value.__func__, value.__self__))
            case functools.partial():
                yield from self.of((value.func, value.args, value.keywords))
            case CodeType():
                yield from self._code(value)
            case ModuleType() if "getattr" not in attributes:
                yield from self._variables(vars(value), attributes, attributes)
            case tuple() | list():
                yield str(len(value))
                for entry in value:
                    yield from self.of(entry)
            case dict():
                yield from self.of([*value.items()])
            case set() | frozenset():
                yield from self.of(sorted(repr([*self.of(entry)]) for entry in value))
            case np.ndarray() if not value.dtype.hasobject:
                yield f"{value.dtype.str} {value.shape} {value.tobytes().hex()}"
            case _:
                raise Unidentified(type(value).__name__)

    def _function(self, function: FunctionType) -> Iterator[str]:
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        yield from self.of((function.__defaults__, function.__kwdefaults__, cells))
        yield from self.of(function.__code__)
        names = _Names(function.__code__)
        yield from self._variables(function.__globals__, sorted(names.variables), names.all)

    def _variables(
        self, namespace: Mapping[str, Any], names: Iterable[str], attributes: Sequence[str]
    ) -> Iterator[str]:
        """Describe those of the names that are in a namespace; the others are built-in."""
        for name in names:
            if name in namespace:
                yield name
                yield from self.of(namespace[name], attributes)

    def _code(self, code: CodeType) -> Iterator[str]:
        """Describe bytecode, without its place in a file."""
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        yield f"{code.co_argcount} {code.co_posonlyargcount} {code.co_kwonlyargcount}"
        yield f"{code.co_flags} {code.co_code.hex()} {code.co_exceptiontable.hex()}"
        yield from self.of((arguments, code.co_names, code.co_consts))


def _name_of(value: Any) -> str:
    """Text that identifies a number, a text, or an object of a known package; else empty."""
    if value is None or value is Ellipsis or isinstance(value, _PLAIN):
        return repr(value)
    if isinstance(value, ModuleType):
        return value.__name__ if value.__name__.split(".")[0] in _KNOWN else ""
    module = "numpy" if isinstance(value, np.ufunc) else str(getattr(value, "__module__", ""))
    name = str(getattr(value, "__qualname__", getattr(value, "__name__", "")))
    if module.split(".")[0] not in _KNOWN or module not in sys.modules or not name:
        return ""
    # An instance, or a function within a function, is not what its name leads to.
    named: Any = sys.modules[module]
    for part in name.split("."):
        named = getattr(named, part, None)
    return f"{module} {name}" if named is value else ""


_PLAIN = (bool, int, float, complex, str, bytes, np.generic)


class _Names:
    """Names in a function and in the functions within it.

    Attributes
    ----------
    variables : set of str
        Global variables.
    all : list of str
        These and all attributes.
    """

    def __init__(self, code: CodeType) -> None:
        self.variables: set[str] = set()
        everything: set[str] = set()
        codes = [code]
        for inner in codes:
            codes += [constant for constant in inner.co_consts if isinstance(constant, CodeType)]
            everything |= set(inner.co_names)
            for instruction in dis.get_instructions(inner):
                if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                    self.variables.add(instruction.argval)
                elif instruction.opname == "IMPORT_NAME":
                    self._check_import(instruction.argval)
        if everything & _OPAQUE:
            raise Unidentified(", ".join(sorted(everything & _OPAQUE)))
        self.all = sorted(everything)

    @staticmethod
    def _check_import(module: str) -> None:
        if module.split(".")[0] not in _KNOWN:
            raise Unidentified(module)
