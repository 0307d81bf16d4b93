"""One data set is computed again and compared with the results on disk."""

import pandas as pd
import pytest
import yaml
from fits import QUADRATURE
from settings import MLE, study

from rlrecovery.commands.replicate import main
from rlrecovery.config.reader import parse
from rlrecovery.config.study import cells_of, generator_of, methods_of
from rlrecovery.fitting.batch import fit_batch
from rlrecovery.simulation.batch import simulate_batch
from rlrecovery.storage.files import write_table

EXPERIMENT = parse(study(methods={"mle": MLE, "exact": QUADRATURE}))
KEY, CELL = next(iter(cells_of(EXPERIMENT).items()))
RUN, BATCH = "results/small", "00000-00001"


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """A folder with a config and the first batch of its first cell."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "study.yaml").write_text(yaml.safe_dump(EXPERIMENT.resolved()))
    generator, levels = generator_of(EXPERIMENT, CELL), EXPERIMENT.interval_levels
    trials, truth = (
        str(folder / f"{RUN}/{kind}/{KEY}/{BATCH}.parquet") for kind in ("trials", "truth")
    )
    simulate_batch(CELL, generator, (0, 2), trials, truth)
    for name, method in methods_of(EXPERIMENT).items():
        output = str(folder / f"{RUN}/estimates/{name}/{KEY}/{BATCH}.parquet")
        fit_batch(method, generator, CELL, levels, trials, output)
    return folder


@pytest.fixture
def folder(computed, monkeypatch):
    """The same folder, as the working directory."""
    monkeypatch.chdir(computed)
    return computed


@pytest.fixture
def restore():
    """Restore files that a test changes."""
    contents = {}
    yield lambda path: contents.setdefault(path, path.read_bytes())
    for path, content in contents.items():
        path.write_bytes(content)


def test_everything_is_equal(folder, capsys):
    assert main(["study.yaml", KEY, "1"]) == 0
    output = capsys.readouterr().out
    assert output.count("equal to the results on disk") == 3
    assert f"replicate 1 (batch {BATCH})" in output


def test_a_changed_row_differs(folder, restore, capsys):
    path = folder / f"{RUN}/estimates/mle/{KEY}/{BATCH}.parquet"
    restore(path)
    table = pd.read_parquet(path)
    table.loc[table["replicate"] == 1, "estimate"] += 1e-12
    write_table(table, path)
    assert main(["study.yaml", KEY, "1"]) == 1
    output = capsys.readouterr().out
    assert "mle: DIFFERS" in output
    assert "exact: equal" in output
    assert main(["study.yaml", KEY, "0"]) == 0


def test_unfinished_batches_are_computed_without_comparison(folder, capsys):
    assert main(["study.yaml", KEY, "3"]) == 0
    assert capsys.readouterr().out.count("not on disk yet") == 3


def test_a_method_that_does_not_fit_the_replicate_says_so(folder, capsys):
    plain = EXPERIMENT.resolved()
    plain["methods"]["exact"]["replicates"] = 2
    (folder / "few.yaml").write_text(yaml.safe_dump(plain))
    assert main(["few.yaml", KEY, "1"]) == 0
    assert capsys.readouterr().out.count("equal to the results on disk") == 3
    assert main(["few.yaml", KEY, "2"]) == 0
    output = capsys.readouterr().out
    assert "exact: fits only the first 2 replicates" in output
    assert output.count("not on disk yet") == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["study.yaml", KEY[:-1], "0"], f"(did you mean {KEY}?)"),
        (["study.yaml", KEY, "4"], "REPLICATE must be from 0 to 3, got 4"),
        (["none.yaml", KEY, "0"], "none.yaml"),
    ],
)
def test_mistakes_are_one_line(folder, capsys, arguments, words):
    assert main(arguments) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert words in message
    assert message.count("\n") == 1


def test_a_truncated_file_is_named(folder, restore, capsys):
    path = folder / f"{RUN}/trials/{KEY}/{BATCH}.parquet"
    restore(path)
    path.write_bytes(path.read_bytes()[:100])
    assert main(["study.yaml", KEY, "1"]) == 2
    assert f"{BATCH}.parquet cannot be read" in capsys.readouterr().err
