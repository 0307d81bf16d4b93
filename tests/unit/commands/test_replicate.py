"""One data set again: the same rows as on disk, and a plain word where they are not."""

import pandas as pd
import pytest
import yaml
from fits import QUADRATURE
from workflow.runs import MLE, study

from rlrecovery.commands.replicate import main
from rlrecovery.config.reader import parse
from rlrecovery.design.cells import cells_of, generator_of, methods_of
from rlrecovery.fit.batch import fit_batch
from rlrecovery.simulate.batch import simulate_batch

EXPERIMENT = parse(study(methods={"mle": MLE, "exact": QUADRATURE})).resolved()
KEY = next(iter(cells_of(EXPERIMENT)))
RUN = "results/small"


@pytest.fixture
def finished(tmp_path, monkeypatch):
    """A folder with a config and the first batch of its first cell."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(EXPERIMENT))
    cell = cells_of(EXPERIMENT)[KEY]
    generator = generator_of(EXPERIMENT, cell)
    trials, truth = (f"{RUN}/{kind}/{KEY}/00000-00001.parquet" for kind in ("trials", "truth"))
    simulate_batch(cell.values(), generator, (0, 2), trials, truth)
    for name, method in methods_of(EXPERIMENT).items():
        output = f"{RUN}/estimates/{name}/{KEY}/00000-00001.parquet"
        levels = EXPERIMENT["interval_levels"]
        fit_batch(method, generator, cell.values(), levels, trials, output)
    return tmp_path


def test_all_is_as_on_disk(finished, capsys):
    assert main(["study.yaml", KEY, "1"]) == 0
    said = capsys.readouterr().out
    assert said.count("the same as on disk in every digit") == 3
    assert "replicate 1 (in 00000-00001)" in said


def test_a_changed_row_is_told(finished, capsys):
    path = finished / f"{RUN}/estimates/mle/{KEY}/00000-00001.parquet"
    table = pd.read_parquet(path)
    table.loc[table["replicate"] == 1, "estimate"] += 1e-12
    table.to_parquet(path, index=False)
    assert main(["study.yaml", KEY, "1"]) == 1
    said = capsys.readouterr().out
    assert "mle: NOT as on disk" in said
    assert "exact: the same as on disk" in said
    assert main(["study.yaml", KEY, "0"]) == 0


def test_what_is_not_there_yet_is_shown_without_comparison(finished, capsys):
    assert main(["study.yaml", KEY, "3"]) == 0
    assert capsys.readouterr().out.count("not on disk yet") == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["study.yaml", KEY[:-1], "0"], f"no cell of this study (did you mean {KEY}?)"),
        (["study.yaml", KEY, "4"], "REPLICATE is 4, but must be from 0 to 3"),
        (["none.yaml", KEY, "0"], "none.yaml: no such file"),
    ],
)
def test_mistakes_are_one_sentence(finished, capsys, arguments, words):
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert words in said
    assert said.count("\n") == 1


def test_a_truncated_file_is_named(finished, capsys):
    path = finished / f"{RUN}/trials/{KEY}/00000-00001.parquet"
    path.write_bytes(path.read_bytes()[:100])
    assert main(["study.yaml", KEY, "1"]) == 2
    assert "00000-00001.parquet cannot be read" in capsys.readouterr().err
