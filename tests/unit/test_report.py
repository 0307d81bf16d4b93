"""The page says what the tables say, escapes what it is given, and needs nothing from outside."""

import html
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import summaries
import yaml

from rlrecovery import report
from rlrecovery.figures import load_summary
from rlrecovery.report import both, pm, write_report
from rlrecovery.tables import BrokenFile

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>picture</text></svg>'
HOSTILE = "<script>alert('x')</script>"


def build(folder, **changes):
    """Write the page of a run and return it."""
    names = ("recovery", "bias")
    for name in names:
        (folder / f"{name}.svg").write_text(SVG)
        (folder / f"{name}.rst").write_text(f"Caption of *{name}*.\n\nSecond paragraph.")
    arguments = {
        "summary_folder": folder / "summary",
        "config_file": folder / "config.yaml",
        "provenance_file": folder / "provenance.json",
        "design_file": folder / "design.csv",
        "figures": {name: folder / f"{name}.svg" for name in names},
        "captions": {name: folder / f"{name}.rst" for name in names},
        "output": folder / "report.html",
    } | changes
    write_report(**arguments)
    return (folder / "report.html").read_text()


def words(page):
    """Text of a page as a reader sees it."""
    text = re.sub(r"<style>.*?</style>", "", page, flags=re.S)
    text = html.unescape(re.sub(r"<[^>]+>", " ", text)).replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"\s+", " ", text)


def edit(path, change):
    """Change a table on disk."""
    table = pd.read_csv(path)
    change(table).to_csv(path, index=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return summaries.write_run(folder, replicates=6, participants=(5,))


@pytest.fixture(scope="module")
def page(run):
    return build(run)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    truth = {"alpha": [0.3, 0.7], "beta": [5]}
    keywords = {"methods": ("mle",), "replicates": 5, "participants": (3,), "trials": (50,)}
    return summaries.write_run(tmp_path_factory.mktemp("tiny"), truth=truth, **keywords)


@pytest.fixture
def tiny(original, tmp_path):
    return shutil.copytree(original, tmp_path / "tiny")


def row(run, **where):
    table = pd.read_csv(run / "summary/recovery.csv")
    for column, value in {"rows": "all", "scope": "cell", **where}.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


@pytest.mark.parametrize(
    ("value", "mcse", "text"),
    [
        (0.02134, 0.01234, "0.021 ± 0.012"),
        (-0.02134, 0.01234, "−0.021 ± 0.012"),
        (5.6789, 0.0996, "5.68 ± 0.10"),
        (1234.5, 123.0, "1230 ± 120"),
        (12.3, 1.0, "12.3 ± 1.0"),
        (-0.0001, 0.012, "0.000 ± 0.012"),
        (1.0, 0.0, "1 ± 0"),
        (0.123456, np.nan, "0.123"),
        (np.nan, 1.0, "–"),
        (np.inf, np.nan, "∞"),
    ],
)
def test_mcse_has_two_digits_and_the_value_the_same_place(value, mcse, text):
    assert pm(value, mcse) == text


def test_coverage_is_in_percent():
    assert pm(0.9512, 0.0123, 100) == "95.1 ± 1.2"
    assert both(0.9512, 0.0123, 100) == ("95.1", "1.2")


@pytest.mark.parametrize("method", ["mle", "bayes", "hierarchical"])
@pytest.mark.parametrize("parameter", ["alpha", "beta"])
def test_the_table_of_cells_has_the_numbers_of_the_summary(run, page, method, parameter):
    cell = "alpha-0.2_beta-5_n-5_t-150"
    where = {"cell": cell, "method": method, "parameter": parameter, "level": "participant"}
    text = words(page)
    line = re.search(rf"{re.escape(cell)} {method} 6 \d+ [^a-z]*", text.split(
        f"{parameter}, participant: ")[1])[0]  # fmt: skip
    for measure, scale in (("bias", 1), ("rmse", 1), ("empirical_se", 1), ("share_failed", 100)):
        found = row(run, measure=measure, **where)
        assert pm(found["value"], found["mcse"], scale) in line, measure
    for level in (0.5, 0.8, 0.9, 0.95):
        found = row(run, measure="coverage", interval=level, **where)
        assert pm(found["value"], found["mcse"], 100) in line


def test_the_answer_gives_range_correlation_and_worst_cell(run, page):
    table = pd.read_csv(run / "summary/recovery.csv")
    table = table[(table["method"] == "mle") & (table["parameter"] == "beta")]
    table = table[(table["level"] == "participant") & (table["trials"] == 50)]
    bias = table[(table["measure"] == "bias") & (table["rows"] == "all")].sort_values("value")
    low, high = bias.iloc[0], bias.iloc[-1]
    text = words(page)
    answer = text[text.index("beta (inverse temperature)") :]
    assert f"{pm(low['value'], low['mcse'])} to {pm(high['value'], high['mcse'])}" in answer
    worst = bias.loc[bias["value"].abs().idxmax()]
    assert f"worst: alpha {worst['alpha']:g}, beta {worst['beta']:g}" in answer
    assert f'title="{worst["cell"]}"' in page
    grid = table[(table["scope"] == "grid") & (table["measure"] == "spearman")].iloc[0]
    assert pm(grid["value"], grid["mcse"]) in answer
    value, mcse = both(low["value"], low["mcse"])
    assert f"bias between {value} (±{mcse}) and" in answer
    assert "With 5 participants and 50 trials, mle recovers single participants' beta" in answer


def test_sections_stand_in_their_order(page):
    names = ["answer", "methods", "figures", "tables", "failures", "reproduce"]
    places = [page.index(f'<section id="{name}">') for name in names]
    assert places == sorted(places)
    text = words(page)
    for word in ("Aims", "Data-generating mechanisms", "Estimands", "Performance measures"):
        assert word in text
    assert "10.1002/sim.8086" in text
    assert "coverage need not be nominal" in text
    assert "Beta(alpha=1, beta=1)" in text
    assert "beta in [0, 50]" in text
    assert "seed: 20220417" in text


def set_bias(run, values, mcse, n=5):
    """Give the participants' bias of alpha these values over the truths."""

    def change(table):
        chosen = (table["measure"] == "bias") & (table["level"] == "participant")
        chosen &= (table["parameter"] == "alpha") & (table["rows"] == "all")
        table.loc[chosen, "value"] = values
        table.loc[chosen, "mcse"] = mcse
        table.loc[chosen, "n"] = n
        return table

    edit(run / "summary/recovery.csv", change)


def alpha_sentence(page):
    text = words(page)
    start = text.index("mle recovers single participants' alpha")
    return text[start : text.index("RMSE is", start)]


@pytest.mark.parametrize(
    ("values", "mcse", "says"),
    [
        ([0.0199, -0.0199], 0.01, "no bias detectable at this number of replicates (5)"),
        ([0.0, 0.0], 0.0, "no bias detectable at this number of replicates (5)"),
        ([0.0199, -0.02], 0.01, "at 1 of 2 truths, most at alpha 0.7, beta 5"),
        ([0.03, -0.05], 0.01, "at 2 of 2 truths, most at alpha 0.7, beta 5"),
        ([0.001, 0.001], 0.0, "at 2 of 2 truths"),
        ([0.3, 0.3], np.nan, "cannot be told"),
    ],
)
def test_no_bias_detectable_is_said_in_exactly_the_right_case(tiny, values, mcse, says):
    set_bias(tiny, values, mcse)
    found = alpha_sentence(build(tiny))
    assert says in found
    assert ("no bias detectable" in found) == ("no bias detectable" in says)
    assert ("cannot be told" in found) == ("cannot be told" in says)


@pytest.mark.parametrize(
    ("value", "mcse", "n_rows", "says"),
    [
        (0.93, 0.01, 500, "not distinguishable from nominal"),
        (0.92, 0.01, 10_000, "clearly below nominal"),
        (1.0, 0.0, 20, "not distinguishable from nominal"),
        (1.0, 0.0, 1000, "clearly above nominal"),
    ],
)
def test_coverage_is_judged_by_its_error(tiny, value, mcse, n_rows, says):
    rows = pd.DataFrame({"value": [value], "mcse": mcse, "n_rows": n_rows, "interval": 0.95})
    assert says in report.coverage_verdict(rows, load_summary(tiny / "summary"))


def test_hostile_strings_are_escaped(tiny):
    edit(tiny / "summary/failures.csv", lambda t: t.iloc[:0])
    failure = {"method": "mle", "cell": "alpha-0.3_beta-5_n-3_t-50", "level": "participant"}
    failure |= {"status": "failed", "reason": HOSTILE, "rows": 3}
    pd.DataFrame([failure]).to_csv(tiny / "summary/failures.csv", index=False)
    config = yaml.safe_load((tiny / "config.yaml").read_text())
    config["run"] = HOSTILE
    config["methods"]["mle"]["note"] = HOSTILE
    config["methods"][HOSTILE] = config["methods"]["mle"]
    (tiny / "config.yaml").write_text(yaml.safe_dump(config))
    provenance = json.loads((tiny / "provenance.json").read_text())
    provenance["versions"][HOSTILE] = HOSTILE
    (tiny / "provenance.json").write_text(json.dumps(provenance))
    for name in ("recovery", "points"):
        path = tiny / f"summary/{name}.csv"
        edit(path, lambda table: table.assign(method=HOSTILE))
    page = build(tiny)
    assert "<script" not in page
    assert words(page).count(HOSTILE) > 6
    assert f"failed {HOSTILE} 3" in words(page)


def test_a_caption_cannot_include_files_or_raw_html(tiny):
    nasty = tiny / "nasty.rst"
    nasty.write_text(
        ".. raw:: html\n\n   <script>1</script>\n\n.. include:: config.yaml\n\nGood.\n"
    )
    page = build(tiny, captions={"recovery": nasty})
    assert "<script" not in page
    assert "Good." in page


def test_nothing_is_loaded_from_outside(page):
    loads = re.findall(r"(?:src|href|srcset|data|action)=\"([^\"]*)\"", page)
    assert loads
    assert all(load.startswith(("#", "data:image/svg+xml;base64,")) for load in loads)
    assert not re.search(r"<(script|link|iframe|object|embed|base)\b", page)
    assert "@import" not in page
    assert "url(" not in page
    assert "default-src 'none'" in page


def test_figures_are_embedded_with_their_captions(page):
    assert page.count('src="data:image/svg+xml;base64,') == 2
    assert "<em>recovery</em>" in page
    assert page.count("Second paragraph.") == 2
    assert 'alt="Truth against estimate' in page


@pytest.mark.parametrize(
    ("git", "says"),
    [
        (None, "not in a git repository"),
        ({"commit": "abc", "dirty": True}, "commit abc, with uncommitted changes"),
        ({"commit": "abc", "dirty": False}, "commit abc, without uncommitted changes"),
    ],
)
def test_git_state_is_said_clearly(tiny, git, says):
    provenance = json.loads((tiny / "provenance.json").read_text())
    (tiny / "provenance.json").write_text(json.dumps(provenance | {"git": git}))
    assert says in words(build(tiny))


def test_flagged_rows_are_stated_and_failures_counted(run, page):
    text = words(page)
    failures = pd.read_csv(run / "summary/failures.csv")
    keys = ["method", "level", "status", "reason"]
    for key, rows in failures.groupby(keys)["rows"].sum().items():
        method, level, status, reason = key
        assert f"{method} {level} {status} {reason} {rows} " in text
    shares = pd.read_csv(run / "summary/recovery.csv")
    shares = shares[(shares["measure"] == "share_at_bound") & (shares["method"] == "mle")]
    shares = shares[(shares["parameter"] == "beta") & (shares["level"] == "participant")]
    shares = shares[shares["trials"] == 50]
    mcse = np.sqrt((shares["mcse"] ** 2).sum()) / len(shares)
    assert f"{pm(shares['value'].mean(), mcse, 100)} % at a bound" in text


def test_nothing_flagged_is_said(tiny):
    edit(tiny / "summary/failures.csv", lambda table: table.iloc[:0])

    def change(table):
        table.loc[table["measure"].str.startswith("share"), ["value", "mcse"]] = 0.0
        return table

    edit(tiny / "summary/recovery.csv", change)
    text = words(build(tiny))
    assert "No row is flagged." in text
    assert "Nothing failed" in text


def test_a_design_without_truth_lists_and_one_without_estimates(tmp_path):
    run = summaries.write_run(
        tmp_path,
        truth={},
        population={
            "alpha": {"distribution": "Beta", "alpha": 2, "beta": 2},
            "beta": {"spread": 0},
        },
        methods=("mle", "bayes"),
        replicates=3,
    )
    text = words(build(run))
    assert "each participant is drawn from Beta(alpha=2, beta=2)" in text
    assert "None: every parameter is drawn" in text

    def nothing(table):
        table.loc[~table["measure"].str.startswith("share"), ["value", "mcse"]] = np.nan
        return table

    edit(run / "summary/recovery.csv", nothing)
    assert "no estimate at all" in words(build(run))


def test_many_designs_show_the_smallest_and_the_largest_first(tmp_path):
    truth = {"alpha": [0.3], "beta": [5]}
    run = summaries.write_run(
        tmp_path, truth=truth, participants=(2, 4), trials=(30, 60, 90), methods=("mle",),
        replicates=3,
    )  # fmt: skip
    page = build(run)
    front = words(page[page.index("<h3>alpha") : page.index("<details>")])
    assert "2 × 30" in front
    assert "4 × 90" in front
    assert "2 × 60" not in front
    assert "2 × 60" in words(page)


@pytest.mark.parametrize("name", ["config_file", "provenance_file", "design_file"])
def test_a_broken_file_is_named(tiny, name):
    with pytest.raises(BrokenFile, match=r"nowhere"):
        build(tiny, **{name: tiny / "nowhere"})


def test_the_page_is_the_same_twice(run, page):
    assert build(run) == page
