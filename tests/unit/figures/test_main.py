"""``python -m rlrecovery.figures``."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from settings import study

from rlrecovery.config.reader import load
from rlrecovery.figures import __main__ as command_line
from rlrecovery.figures.catalogue import available_figures, files


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["figures", *map(str, arguments)])
    command_line.main()


def test_one_figure_is_drawn_from_one_table(tiny, tmp_path):
    (tmp_path / "in").mkdir()
    shutil.copy(tiny / "recovery.csv", tmp_path / "in")
    command = [sys.executable, "-m", "rlrecovery.figures", "bias"]
    command += [str(tmp_path / "in/recovery.csv"), "--folder", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == files(tmp_path / "out", "bias")
    assert all(Path(path).stat().st_size > 1000 for path in done.stdout.split())


@pytest.mark.parametrize("exists", [True, False])
def test_a_table_that_cannot_be_read_is_named(tmp_path, monkeypatch, exists):
    table = tmp_path / "recovery.csv"
    if exists:
        table.write_text("method,cell\n")
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, "bias", tmp_path, "--folder", tmp_path / "out")
    # A text as exit code is written to stderr, and the status is 1.
    assert stopped.value.code.startswith(f"error: {table}")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_does_not_exist_is_named(tmp_path, monkeypatch):
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, "bias", tmp_path / "nowhere", "--folder", tmp_path)
    assert stopped.value.code.startswith(f"error: {tmp_path / 'nowhere'} ")
    assert not list(tmp_path.iterdir())


def test_all_figures_of_a_study(tmp_path, monkeypatch, capsys):
    drawn = []
    monkeypatch.setattr(command_line, "write_figure", lambda *given: drawn.append(given[0]))
    config = tmp_path / "config.yaml"
    compose = {"both": {"panels": ["bias", "rmse"]}}
    config.write_text(yaml.safe_dump(study() | {"figures": {"compose": compose}}))
    run(monkeypatch, "all", tmp_path, "--config", config, "--folder", tmp_path)
    assert drawn == [*available_figures(load(config)), "both"]
    assert f"{tmp_path}/both.svg" in capsys.readouterr().out.split()


def test_all_figures_need_a_config(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match="all needs --config"):
        run(monkeypatch, "all", tmp_path)
