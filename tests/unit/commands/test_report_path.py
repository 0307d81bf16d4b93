"""The path of Snakemake's own report."""

import pytest
from settings import study, write

from rlrecovery.commands.report_path import main


def test_it_is_in_the_folder_of_the_run(tmp_path, capsys):
    main([str(write(tmp_path, study(run="mine")))])
    assert capsys.readouterr().out == "results/mine/workflow-report.html\n"


def test_a_wrong_config_is_a_message(tmp_path):
    with pytest.raises(SystemExit, match="replicates"):
        main([str(write(tmp_path, study(replicates=0)))])
