"""Files of machine code."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from rlrecovery.likelihood.compiled_file import (
    ENTRY,
    cache_folder,
    link,
    machine_name,
    read_code,
    target_machine,
    write_code,
)

SUM = f"define double @{ENTRY}(double %x) {{ %y = fadd double %x, 1.0\n ret double %y }}"
NEEDS = f"""declare double @nobody_has_this(double)
define double @{ENTRY}(double %x) {{
    %y = call double @nobody_has_this(double %x)
    ret double %y
}}"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTENSOR_FLAGS", f"floatX=float64,base_compiledir={tmp_path}")
    return tmp_path / "rlrecovery"


def object_code(ir):
    machine = target_machine()
    return machine.emit_object(llvm.parse_assembly(ir))


class TestFolder:
    def test_it_is_in_the_folder_of_pytensor(self, folder):
        assert cache_folder() == folder

    @pytest.mark.parametrize("flags", ["", "floatX=float64", "base_compiledir="])
    def test_by_default_it_is_in_the_home_folder(self, flags, monkeypatch):
        monkeypatch.setenv("PYTENSOR_FLAGS", flags)
        assert cache_folder() == Path("~/.pytensor/rlrecovery").expanduser()

    def test_it_may_begin_with_a_tilde(self, monkeypatch):
        monkeypatch.setenv("PYTENSOR_FLAGS", "base_compiledir=~/elsewhere")
        assert cache_folder() == Path.home() / "elsewhere" / "rlrecovery"

    def test_it_is_where_the_file_of_pytensor_says(self, tmp_path, monkeypatch):
        (tmp_path / "settings").write_text(f"[global]\nbase_compiledir = {tmp_path}/code\n")
        monkeypatch.setenv("PYTENSORRC", str(tmp_path / "settings"))
        monkeypatch.setenv("PYTENSOR_FLAGS", "floatX=float64")
        assert cache_folder() == tmp_path / "code/rlrecovery"
        monkeypatch.setenv("PYTENSOR_FLAGS", f"base_compiledir={tmp_path}/flag")
        assert cache_folder() == tmp_path / "flag/rlrecovery"


class TestFiles:
    def test_what_is_written_is_read(self):
        write_code("key", b"code")
        assert read_code("key") == b"code"

    def test_its_folder_is_for_the_user_alone_whatever_the_umask_is(self, folder):
        before = os.umask(0o002)
        try:
            write_code("key", b"code")
        finally:
            os.umask(before)
        assert folder.stat().st_mode & 0o777 == 0o700

    def test_without_a_file_there_is_nothing(self):
        assert read_code("key") is None

    @pytest.mark.parametrize(
        "damage",
        [
            lambda content: b"",
            lambda content: content[:20],
            lambda content: content[:-1],
            lambda content: content + b"x",
            lambda content: content[:-1] + bytes([content[-1] ^ 1]),
            lambda content: bytes([content[0] ^ 1]) + content[1:],
        ],
        ids=["empty", "cut early", "cut late", "longer", "a bit of the code", "a bit of the sum"],
    )
    def test_damaged_files_are_not_used(self, folder, damage):
        write_code("key", b"code of a loop")
        (file,) = folder.iterdir()
        file.write_bytes(damage(file.read_bytes()))
        assert read_code("key") is None
        write_code("key", b"code of a loop")
        assert read_code("key") == b"code of a loop"

    def test_a_file_of_another_key_is_not_used(self, folder):
        write_code("key", b"code")
        (file,) = folder.iterdir()
        file.rename(file.with_name(file.name.replace("key", "other")))
        assert read_code("other") is None


class TestLink:
    def test_a_function_is_found_and_works(self):
        linked = link(object_code(SUM))
        function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(linked.address)
        assert function(2.0) == 3.0

    def test_the_same_code_can_be_linked_again(self):
        code = object_code(SUM)
        assert link(code).address != link(code).address

    @pytest.mark.parametrize("code", [b"", b"nothing", object_code(SUM)[:300], object_code(NEEDS)])
    def test_code_that_cannot_be_linked(self, code):
        assert link(code) is None


def test_the_name_of_the_machine_has_processor_and_instructions():
    assert llvm.get_host_cpu_name() in machine_name()
    assert llvm.get_host_cpu_features().flatten() in machine_name()
