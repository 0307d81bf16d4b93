"""Typeset tables have the numbers of the summary, and are LaTeX."""

import html
import re

import pytest
import summaries

from rlrecovery.report.latex import SHEETS, answer_sheet, latex, measure_sheet, page, write_tables
from rlrecovery.report.numbers import pm
from rlrecovery.score.results import load_summary

NEEDED = ("recovery", "points", "comparison")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return summaries.write_run(
        tmp_path_factory.mktemp("run"), replicates=5, participants=(3,), trials=(50, 100, 150),
        methods=("mle", "bayes_informed"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def summary(folder):
    return load_summary(folder / "summary", NEEDED)


def math(text):
    return "$" + text.replace("−", "-").replace("±", r"\pm") + "$"


@pytest.mark.parametrize("name", ["bias", "rmse"])
def test_a_table_of_truths_has_every_number_of_both_ends_of_the_design(summary, name):
    text = latex(name, SHEETS[name](summary))
    table = summary.measure(name, level="participant")
    for trials, there in ((50, True), (100, False), (150, True)):
        rows = table[table["trials"] == trials]
        assert len(rows) == 6 * 2 * 2
        found = [math(pm(row["value"], row["mcse"])) in text for _, row in rows.iterrows()]
        assert all(found) == there
    body = text[text.index(r"\endlastfoot") : text.index(r"\end{longtable}")]
    assert body.count(r"\\") == 6 * 2


def test_latex_is_escaped_and_closed(summary):
    text = latex("bias", SHEETS["bias"](summary))
    assert r"bayes\_informed" in text
    assert not re.search(r"(?<!\\)_(?![^{]*})", text.split(r"\label")[0])
    assert "−" not in text
    assert "±" not in text
    assert text.count("{") == text.count("}")
    assert r"\toprule" in text
    assert r"\bottomrule" in text
    assert r"\label{tab:bias}" in text
    coverage = latex("coverage", SHEETS["coverage"](summary))
    assert not re.search(r"(?<!\\)%(?!.*booktabs)(?!\n)", coverage)


def test_the_comparison_is_with_the_first_method(summary):
    sheet = SHEETS["comparison"](summary)
    assert "that of mle on the same data" in sheet.caption
    assert {column[1] for column in sheet.body.columns} == {"bayes_informed"}
    row = summary.comparison.query(
        "measure == 'rmse_ratio' and level == 'participant' and parameter == 'alpha' and "
        "alpha == 0.2 and beta == 2 and trials == 50"
    ).iloc[0]
    assert sheet.body.loc[("0.2", "2", "50"), ("alpha", "bayes_informed")] == pm(
        row["value"], row["mcse"]
    )


def test_methods_that_are_compared_with_several_say_with_which(tmp_path):
    both = summaries.experiment(replicates=4, participants=(3,), trials=(50,),
                                methods=("mle", "bayes_informed"))  # fmt: skip
    folder = summaries.write_variants(tmp_path, {"plain": both, "reversing": both})
    summary = load_summary(folder / "summary", NEEDED)
    caption = SHEETS["comparison"](summary).caption
    for name in ("plain", "reversing"):
        assert f"mle, {name} (bayes_informed, {name})" in caption


def test_sizes_that_do_not_vary_are_said_in_the_caption(summary):
    sheet = measure_sheet(summary, "bias", "Bias")
    assert "3 participants" in sheet.caption
    assert list(sheet.body.index.names) == ["alpha", "beta", "trials"]


def test_the_answer_has_a_line_per_parameter_level_method_and_design(summary):
    body = answer_sheet(summary).body
    assert len(body) == 2 * 2 * (2 + 1)  # mle has a group too
    text = latex("answer", answer_sheet(summary))
    assert "largest bias" in text


def test_pages_escape_what_they_show(summary):
    sheet = SHEETS["bias"](summary)
    shown = page("bias", type(sheet)("<script>1</script>", sheet.body))
    assert "<script>1" not in shown
    cell = sheet.body.iloc[0, 0]
    assert cell in html.unescape(shown)


def test_a_study_with_one_method_and_one_cell_has_tables_too(tmp_path):
    run = summaries.write_run(
        tmp_path, truth={"alpha": [0.5], "beta": [5]}, trials=(50,), methods=("mle",),
        participants=(1,), replicates=3,
    )  # fmt: skip
    write_tables(str(run / "summary"), str(tmp_path / "tables"))
    assert {path.name for path in (tmp_path / "tables").iterdir()} == {
        f"{name}.{kind}" for name in SHEETS for kind in ("tex", "html")
    }
    assert "nothing to show" in (tmp_path / "tables/comparison.tex").read_text()
    assert "nothing to show" in (tmp_path / "tables/comparison.html").read_text()
    assert r"\pm" in (tmp_path / "tables/rmse.tex").read_text()


def test_a_study_without_truth_lists_has_tables_too(tmp_path):
    run = summaries.write_run(
        tmp_path, truth={}, replicates=3, methods=("mle", "bayes"), trials=(50,),
        population={"alpha": {"distribution": "Beta", "alpha": 2, "beta": 2},
                    "beta": {"distribution": "Gamma", "alpha": 2, "beta": 0.5}},
    )  # fmt: skip
    write_tables(str(run / "summary"), str(tmp_path / "tables"))
    assert r"\pm" in (tmp_path / "tables/bias.tex").read_text()
