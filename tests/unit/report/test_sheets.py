"""Tables for a paper have the numbers of the summary."""

import dataclasses

import pandas as pd
import pytest
import summaries

from rlrecovery.report.numbers import pm
from rlrecovery.report.sheets import SHEETS, answer_sheet, measure_sheet, selection_sheet
from rlrecovery.score.confusion import selection_table
from rlrecovery.score.results import load_summary
from unit.report.pages import with_fewer_replicates
from unit.report.test_model_comparison import counts

NEEDED = ("recovery", "verdicts", "points", "comparison")


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    """A study of three numbers of trials."""
    folder = summaries.write_run(
        tmp_path_factory.mktemp("run"),
        replicates=5,
        participants=(3,),
        trials=(50, 100, 150),
        methods=("mle", "bayes_informed"),
    )
    return load_summary(folder / "summary", NEEDED)


@pytest.mark.parametrize("name", ["bias", "rmse"])
def test_a_sheet_has_every_number_of_both_ends_of_the_design(summary, name):
    body = SHEETS[name](summary).body
    assert body.shape == (6 * 2, 2 * 2)
    rows = summary.measure(name, level="participant")
    assert len(rows) == 6 * 3 * 2 * 2
    for _, row in rows[rows["trials"] != 100].iterrows():
        key = tuple(f"{row[name]:g}" for name in ("alpha", "beta", "trials"))
        assert body.loc[key, (row["parameter"], row["method"])] == pm(row["value"], row["mcse"])


def test_the_comparison_is_with_the_first_method(summary):
    sheet = SHEETS["comparison"](summary)
    assert "the RMSE of mle on the same data" in sheet.caption
    assert {column[1] for column in sheet.body.columns} == {"bayes_informed"}
    row = summary.comparison.query(
        "measure == 'rmse_ratio' and level == 'participant' and parameter == 'alpha' and "
        "alpha == 0.2 and beta == 2 and trials == 50"
    ).iloc[0]
    text = sheet.body.loc[("0.2", "2", "50"), ("alpha", "bayes_informed")]
    assert text == pm(row["value"], row["mcse"])


def test_several_reference_methods_are_named_with_those_compared(tmp_path):
    experiment = summaries.experiment(
        replicates=4, participants=(3,), trials=(50,), methods=("mle", "bayes_informed")
    )
    runs = {"plain": experiment, "reversing": experiment}
    folder = summaries.write_variants(tmp_path, runs)
    caption = SHEETS["comparison"](load_summary(folder / "summary", NEEDED)).caption
    for name in runs:
        assert f"mle, {name} (bayes_informed, {name})" in caption


def test_constant_sizes_are_in_the_caption_and_not_in_the_index(summary):
    sheet = measure_sheet(summary, "bias", "Bias")
    assert "3 participants" in sheet.caption
    assert list(sheet.body.index.names) == ["alpha", "beta", "trials"]


def test_the_answer_has_a_line_per_parameter_level_method_and_design(summary):
    body = answer_sheet(summary).body
    assert len(body) == 2 * 2 * (2 + 1)  # only mle estimates the group
    assert "largest bias" in body.columns


def test_the_number_of_replicates_is_in_the_answer_and_fewer_are_in_the_captions(summary):
    few = with_fewer_replicates(summary, "bayes_informed", 2)
    replicates = answer_sheet(few).body["replicates"]
    assert set(replicates.xs("bayes_informed", level="method")) == {"2"}
    assert set(replicates.xs("mle", level="method")) == {"5"}
    sentence = "bayes_informed fits only the first 2 replicates of every cell."
    for name in ("bias", "rmse", "coverage", "comparison"):
        assert SHEETS[name](few).caption.endswith(sentence)
        assert "only the first" not in SHEETS[name](summary).caption


def test_model_selection_has_a_row_per_generating_model(summary):
    table = selection_table(counts({"a": [18, 2], "b": [5, 15]}))
    body = selection_sheet(dataclasses.replace(summary, selection=table)).body
    assert list(body.index.names) == ["method", "criterion", "unit", "simulated"]
    assert body.loc[("mle", "BIC", "participant", "b"), ("best fit", "a")].startswith("0.25 (")
    empty = dataclasses.replace(summary, selection=pd.DataFrame())
    assert selection_sheet(empty).body.empty
