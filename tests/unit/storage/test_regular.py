"""Pipes, devices and sockets are told from files, folders and nothing."""

import os
import socket

import pytest

from rlrecovery.storage.regular import endless_kind


def test_pipes_devices_and_sockets_have_a_kind(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")
        assert endless_kind(tmp_path / "socket") == "a socket"
    assert endless_kind(tmp_path / "pipe") == endless_kind(tmp_path / "link") == "a pipe"
    assert endless_kind("/dev/zero") == "a device"


@pytest.mark.parametrize("name", [".", "file", "nothing", "x" * 300, "\0"])
def test_other_paths_have_none(tmp_path, name):
    (tmp_path / "file").touch()
    assert endless_kind(tmp_path / name) is None
