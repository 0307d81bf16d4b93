"""Files of machine code: read, written and linked without PyTensor and Numba.

A file holds an object file after its checksum, which includes the key under which it is stored. A
file that is damaged or does not belong to its key is not used. Files are written atomically, so
jobs can write the same one at the same time.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding as llvm

from rlrecovery.storage.caches import pytensor_folders
from rlrecovery.storage.files import write_atomically

#: Name of the function in an object file.
ENTRY = "likelihood_loop"

_CHECKSUM_BYTES = hashlib.sha256().digest_size

_names = map(str, itertools.count())


class Linked(NamedTuple):
    """Address of a function, and the object that keeps it there."""

    address: int
    owner: Any


def cache_folder() -> Path:
    """Folder of the files, in PyTensor's folder of compiled code.

    That is ``.pytensor`` in the home folder, or the ``base_compiledir`` of the environment variable
    ``PYTENSOR_FLAGS`` or of the file ``.pytensorrc``, as PyTensor has it.
    """
    local = os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else None
    standard = f"{local}/PyTensor" if local else "~/.pytensor"
    return Path(pytensor_folders().get("base_compiledir") or standard).expanduser() / "rlrecovery"


def read_code(key: str) -> bytes | None:
    """The object file that is stored under a key; None if there is none or if it is damaged."""
    try:
        content = _path(key).read_bytes()
    except OSError:
        return None
    checksum, code = content[:_CHECKSUM_BYTES], content[_CHECKSUM_BYTES:]
    return code if checksum == _checksum(key, code) else None


def write_code(key: str, code: bytes) -> None:
    """Store an object file under a key.

    Raises
    ------
    OSError
        If the folder cannot be written to.
    """
    folder = cache_folder()
    for made in (folder.parent, folder):  # whoever can write there runs code as this user
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = _checksum(key, code) + code
    write_atomically(_path(key), lambda temporary: temporary.write_bytes(content))


def link(code: bytes) -> Linked | None:
    """Load an object file; None if this process lacks a function that it calls."""
    library = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
    try:
        linked = library.export_symbol(ENTRY).link(_linker(), next(_names))
    except RuntimeError:
        return None
    return Linked(linked[ENTRY], linked)


def target_machine() -> Any:
    """The machine of this process, for which LLVM emits code."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        codemodel="jitdefault",
        jit=True,
    )


def machine_name() -> str:
    """The machine that code is for: operating system, processor and its instructions."""
    features = llvm.get_host_cpu_features().flatten()
    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {features}"


@functools.cache
def _linker() -> Any:
    return llvm.create_lljit_compiler(target_machine(), suppress_errors=True)


def _path(key: str) -> Path:
    return cache_folder() / f"{key}.o"


def _checksum(key: str, code: bytes) -> bytes:
    return hashlib.sha256(key.encode() + code).digest()
