"""The path of a report is printed, whether or not the report exists."""

from settings import study, write

from rlrecovery.commands.report_path import main


def test_the_report_and_whether_it_exists(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    config = str(write(tmp_path, study(run="mine")))
    report = tmp_path / "results/mine/report.html"
    main([config])
    assert capsys.readouterr().out.startswith("There is no report yet: results/mine/report.html")
    report.parent.mkdir(parents=True)
    report.write_text("x")
    main([config])
    assert capsys.readouterr().out.startswith("The report is results/mine/report.html")


def test_the_report_of_snakemake_is_beside_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(["--workflow-report", str(write(tmp_path, study(run="mine")))])
    assert capsys.readouterr().out == "results/mine/workflow-report.html\n"
