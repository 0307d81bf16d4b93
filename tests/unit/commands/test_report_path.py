"""Where the report of a config is."""

import sys

from workflow.runs import study, write

from rlrecovery.commands import report_path as where


def test_the_report_is_named_once_it_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = str(write(tmp_path, study(run="mine")))
    assert (
        where.sentence(config) == "There is no report yet: results/mine/report.html is not there."
    )
    (tmp_path / "results/mine").mkdir(parents=True)
    (tmp_path / "results/mine/report.html").write_text("x")
    assert where.sentence(config).startswith("The report is results/mine/report.html")


def test_the_other_report_stands_beside_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    config = str(write(tmp_path, study(run="mine")))
    monkeypatch.setattr(sys, "argv", ["where", "--beside", config])
    where.main()
    assert capsys.readouterr().out == "results/mine/workflow-report.html\n"


def test_folders_that_may_not_be_written_are_named(tmp_path, monkeypatch):
    run = tmp_path / "results/small"
    for name in ("trials", "estimates"):
        (run / name).mkdir(parents=True)
    assert where.unwritable(str(run)) == []
    closed = run / "estimates"
    real = where.os.access
    monkeypatch.setattr(where.os, "access", lambda p, mode: p != closed and real(p, mode))
    assert where.unwritable(str(run)) == [str(closed)]
    monkeypatch.setattr(where.os, "access", lambda p, mode: False)
    assert where.unwritable(str(tmp_path / "new/one")) == [str(tmp_path)]
