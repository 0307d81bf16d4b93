"""Tables are valid LaTeX, and their HTML pages are escaped."""

import html
import re

import pandas as pd
import summaries

from rlrecovery.report.latex import latex, page, write_tables
from rlrecovery.report.sheets import SHEETS, Sheet


def test_numbers_are_mathematics(summary):
    sheet = SHEETS["bias"](summary)
    text = latex("bias", sheet)
    cell = sheet.body.iloc[0, 0].replace("−", "-").replace("±", r"\pm")
    assert f"${cell}$" in text
    body = text[text.index(r"\endlastfoot") : text.index(r"\end{longtable}")]
    assert body.count(r"\\") == len(sheet.body)


def test_latex_is_escaped_and_closed(summary):
    text = latex("bias", SHEETS["bias"](summary))
    assert not re.search(r"(?<!\\)_(?![^{]*})", text.split(r"\label")[0])
    assert "−" not in text
    assert "±" not in text
    assert text.count("{") == text.count("}")
    assert r"\toprule" in text
    assert r"\bottomrule" in text
    assert r"\label{tab:bias}" in text
    coverage = latex("coverage", SHEETS["coverage"](summary))
    assert not re.search(r"(?<!\\)%(?!.*booktabs)(?!\n)", coverage)


def test_names_are_escaped():
    body = pd.DataFrame({"bayes_informed": ["0.1 ± 0.1"]}, ["a_b"])
    text = latex("bias", Sheet("A caption of 5 %.", body))
    assert r"bayes\_informed" in text
    assert r"a\_b" in text
    assert r"5 \%" in text


def test_pages_escape_what_they_show(summary):
    sheet = SHEETS["bias"](summary)
    text = page("bias", Sheet("<script>1</script>", sheet.body))
    assert "<script>1" not in text
    assert sheet.body.iloc[0, 0] in html.unescape(text)


def test_a_study_with_one_method_and_one_cell_has_tables_too(tmp_path):
    run = summaries.write_run(
        tmp_path,
        truth={"alpha": [0.5], "beta": [5]},
        trials=(50,),
        methods=("mle",),
        participants=(1,),
        replicates=3,
    )
    write_tables(str(run / "summary"), str(tmp_path / "tables"))
    assert {path.name for path in (tmp_path / "tables").iterdir()} == {
        f"{name}.{kind}" for name in SHEETS for kind in ("tex", "html")
    }
    assert "no such results" in (tmp_path / "tables/comparison.tex").read_text()
    assert "no such results" in (tmp_path / "tables/comparison.html").read_text()
    assert r"\pm" in (tmp_path / "tables/rmse.tex").read_text()


def test_a_study_without_truth_lists_has_tables_too(tmp_path):
    run = summaries.write_run(
        tmp_path,
        truth={},
        replicates=3,
        methods=("mle", "bayes"),
        trials=(50,),
        population={
            "alpha": {"distribution": "Beta", "alpha": 2, "beta": 2},
            "beta": {"distribution": "Gamma", "alpha": 2, "beta": 0.5},
        },
    )
    write_tables(str(run / "summary"), str(tmp_path / "tables"))
    assert r"\pm" in (tmp_path / "tables/bias.tex").read_text()
