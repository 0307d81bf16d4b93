"""The page says what the tables say, escapes what it is given, and needs nothing from outside."""

import base64
import dataclasses
import hashlib
import html
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import summaries
import yaml
from scipy import stats

from rlrecovery.report import traffic_lights as lights
from rlrecovery.report import verdicts as answer
from rlrecovery.report.html import write_report
from rlrecovery.report.numbers import both, pm, row_text
from rlrecovery.score.results import load_summary
from rlrecovery.storage.files import BrokenFile
from rlrecovery.storage.provenance import source_fingerprint

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
    text = re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.S)
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
    text = words(page).split(f"{parameter}, participant: ")[1]
    line = re.split(r" alpha-", text[text.index(f"{cell} {method} 6 ") :])[0]
    for measure, scale in (("bias", 1), ("rmse", 1), ("empirical_se", 1), ("share_failed", 100)):
        found = row(run, measure=measure, **where)
        assert row_text(found, scale) in line, measure
    for level in (0.5, 0.8, 0.9, 0.95):
        found = row(run, measure="coverage", interval=level, **where)
        assert row_text(found, 100) in line


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
    names = ["answer", "evidence", "explorer", "figures", "tables", "methods", "reproduce"]
    names.append("failures")
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
        ([0.0349, -0.0349], 0.01, "no bias detectable at this number of replicates (5)"),
        ([0.0, 0.0], 0.0, "no bias detectable at this number of replicates (5)"),
        ([0.0349, -0.035], 0.01, "at 1 of 2 truths, most at alpha 0.7, beta 5"),
        ([0.05, -0.06], 0.01, "at 2 of 2 truths, most at alpha 0.7, beta 5"),
        ([0.001, 0.001], 0.0, "at 2 of 2 truths, most at several"),
        ([0.3, 0.3], np.nan, "cannot be told"),
    ],
)
def test_no_bias_detectable_is_said_in_exactly_the_right_case(tiny, values, mcse, says):
    set_bias(tiny, values, mcse)
    found = alpha_sentence(build(tiny))
    assert says in found
    assert ("no bias detectable" in found) == ("no bias detectable" in says)
    assert ("cannot be told" in found) == ("cannot be told" in says)


def test_a_bias_of_one_replicate_is_not_judged(tiny):
    set_bias(tiny, [5.0, 5.0], 0.01, n=1)
    assert "cannot be told, because 1 replicate gives" in alpha_sentence(build(tiny))


def coverage_row(value, mcse, n, n_rows):
    row = {"value": [value], "mcse": mcse, "n": n, "n_rows": n_rows, "interval": 0.95}
    return pd.DataFrame(row).assign(measure="coverage")


@pytest.mark.parametrize(
    ("value", "mcse", "n", "n_rows", "says"),
    [
        (0.935, 0.01, 50, 500, "not distinguishable from nominal"),
        (0.92, 0.01, 100, 10_000, "clearly below nominal"),
        (1.0, 0.0, 20, 20, "not distinguishable from nominal"),
        (1.0, 0.0, 100, 1000, "clearly above nominal"),
        (0.75, 0.153, 8, 8, "not distinguishable from nominal"),
        (0.625, 0.17, 8, 8, "clearly below nominal"),
        (0.0, 0.0, 1, 1, "too few replicates"),
        (0.0, np.nan, 1, 6, "too few replicates"),
    ],
)
def test_coverage_is_judged_by_a_test(tiny, value, mcse, n, n_rows, says):
    row = coverage_row(value, mcse, n, n_rows)
    assert says in answer.coverage_verdict(row, load_summary(tiny / "summary"))


def test_coverage_tests_are_those_that_the_page_states():
    exact = answer.coverage_p(coverage_row(6 / 8, 0.153, 8, 8)).iloc[0]
    assert exact == pytest.approx(stats.binomtest(6, 8, 0.95).pvalue)
    null, own = np.sqrt(0.95 * 0.05 / 80), np.sqrt(0.9 * 0.1 / 80)
    alone = answer.coverage_p(coverage_row(0.9, 0.5 * own, 8, 80)).iloc[0]
    assert alone == pytest.approx(2 * stats.t.sf(0.05 / null, 7))
    clustered = answer.coverage_p(coverage_row(0.9, 2 * own, 8, 80)).iloc[0]
    assert clustered == pytest.approx(2 * stats.t.sf(0.05 / null / 2, 7))


def test_truths_of_a_line_are_corrected_for(tiny):
    summary = load_summary(tiny / "summary")
    one = coverage_row(0.75, 0.1, 12, 12).assign(alpha=0.3, beta=5, cell="a")
    assert "clearly below" in answer.coverage_verdict(one, summary)
    many = pd.concat([one] * 6, ignore_index=True)
    many.loc[1:, "value"] = 11 / 12
    assert "not distinguishable" in answer.coverage_verdict(many, summary)


def change_rows(run, chosen, **values):
    """Set columns of the rows of recovery.csv for which all of ``chosen`` holds."""

    def change(table):
        here = table["rows"] == "all"
        for column, value in chosen.items():
            here &= table[column] == value
        table.loc[here, list(values)] = list(values.values())
        return table

    edit(run / "summary/recovery.csv", change)


def test_shares_without_error_are_counts_and_ties_are_several(tiny):
    chosen = {"measure": "coverage", "parameter": "beta"}
    change_rows(tiny, chosen | {"level": "group"}, value=1.0, mcse=0.0, n=5, n_rows=5)
    change_rows(tiny, chosen | {"level": "participant"}, value=1.0, mcse=0.0, n=5, n_rows=15)
    text = words(build(tiny))
    assert "5 of 5 worst: several" in text
    assert "15 of 15 rows worst: several" in text
    assert "95 % intervals cover 100 % (5 of 5), not distinguishable" in text
    assert "100 ± 0" not in text


def test_the_share_of_rows_with_an_interval_stands_beside_coverage(tiny):
    change_rows(tiny, {"measure": "bias"}, n_rows=15)
    change_rows(tiny, {"measure": "coverage"}, n_rows=15)
    assert "intervals: 80 % of rows" not in words(build(tiny))
    change_rows(tiny, {"measure": "coverage"}, n_rows=12)
    text = words(build(tiny))
    assert "intervals: 80 % of rows" in text
    assert "(only 80 % of the rows have an interval)" in text
    assert "leave such rows out" in text


def test_a_correlation_without_error_has_no_plus_minus(tiny):
    change_rows(tiny, {"measure": "spearman"}, value=0.98765, mcse=0.0)
    text = words(build(tiny))
    assert "0.988" in text
    assert "0.988 ±" not in text


def test_a_measure_of_one_data_set_says_so(tiny):
    def change(table):
        alone = (table["rows"] == "ok") & (table["measure"] == "bias")
        table.loc[alone, ["mcse", "n"]] = [np.nan, 1]
        flagged = table["measure"] == "share_at_bound"
        table.loc[flagged, "value"] = 0.5
        return table

    edit(tiny / "summary/recovery.csv", change)
    text = words(build(tiny))
    assert "(n = 1)" in text
    assert re.search(r"without them bias is between [^;]* \(n = 1\)", text)


def set_rmse(run, values, mcse=0.01):
    """Give the methods these errors of beta of single participants, at every truth."""
    for (method, trials), value in values.items():
        where = {"parameter": "beta", "level": "participant", "method": method, "trials": trials}
        change_rows(run, where | {"measure": "rmse"}, value=value, mcse=mcse)
        square = {"value": value**2, "mcse": 2 * value * mcse}
        change_rows(run, where | {"measure": "mse"}, **square)


@pytest.mark.parametrize(
    ("values", "mcse", "says", "silent"),
    [
        ((9.0, 1.0, 0.9, 0.5), 0.01, ["best by hierarchical with 150 trials (RMSE 0.5000 ± 0.00",
         "over truths from 2 to 5, rank correlation", "; mle with 50 trials is far off (RMSE 9.0"],
         ["not clearly", "largest"]),
        ((9.0, 1.0, 0.9, 0.5), 9.0, ["not clearly better than mle"], ["far off", "largest error"]),
        ((1.0, 0.9, 0.8, 0.7), 0.01, ["largest error: mle with 50 trials"], ["far off"]),
        ((99, 99, 88, 77), 0.01, ["no better than always guessing the mean truth"], ["far off"]),
    ],
)  # fmt: skip
def test_the_verdict_follows_its_rule(run, tmp_path, values, mcse, says, silent):
    run = shutil.copytree(run, tmp_path / "run")
    names = [(m, t) for m in ("mle", "hierarchical") for t in (50, 150)]
    set_rmse(run, dict(zip(names, values, strict=True)), mcse)
    summary = load_summary(run / "summary")
    summary = dataclasses.replace(
        summary,
        recovery=summary.recovery[summary.recovery["method"] != "bayes"],
        comparison=summary.comparison.iloc[:0],
    )
    text = answer.verdict(summary, "beta", "participant")
    assert all(each in text for each in says), text
    assert not any(each in text for each in silent), text


def test_errors_are_compared_on_data_of_one_model_only(tmp_path):
    """Which model is easier to recover is no reason to fit it."""
    easy, hard = (
        summaries.experiment(truth={"alpha": [0.3], "beta": [beta]}, trials=(50, 100),
                             participants=(3,), replicates=4,
                             methods=(f"mle_{name}", f"bayes_{name}"))
        for name, beta in (("easy", 2), ("hard", 8))
    )  # fmt: skip
    folder = summaries.write_variants(tmp_path, {"easy": easy, "hard": hard}, competing=True)
    summary = load_summary(folder / "summary")
    assert summary.sources == {
        "easy": ["mle_easy", "bayes_easy"], "hard": ["mle_hard", "bayes_hard"]
    }  # fmt: skip
    told = answer.verdicts(summary) + lights.advice(summary)
    assert len(told) > 4
    for each in told:
        of, other = ("easy", "hard") if "data of easy" in each["about"] else ("hard", "easy")
        assert each["about"].endswith(f", data of {of}")
        assert f"_{of}" in each["text"] or "trials" in each["text"]
        assert f"_{other}" not in each["text"]
    beta = [e["text"] for e in told if e["about"] == "beta of single participants, data of hard"]
    assert "at the truth 8" in beta[0]
    # One truth of each model is none to tell apart from another, though the models' truths differ.
    assert {line["light"] for line in lights.small_table(summary)} == {"none"}


def test_a_method_without_estimates_at_a_truth_is_never_the_best(tiny):
    edit(tiny / "summary/recovery.csv", lambda table: table.assign(
        value=table["value"].where((table["measure"] != "rmse") | (table["alpha"] != 0.3))
    ))  # fmt: skip
    text = answer.verdict(load_summary(tiny / "summary"), "beta", "group")
    assert "no method has an estimate at every truth" in text


def test_rows_without_interval_are_shown_where_the_measure_is_there(tiny):
    assert "without interval or not identified of" not in words(build(tiny))

    def more(table):
        share = table[table["measure"] == "share_failed"]
        share = share.assign(measure="share_no_interval", value=0.25, mcse=0.05)
        return pd.concat([table, share])

    edit(tiny / "summary/recovery.csv", more)
    text = words(build(tiny))
    assert re.search(r"25\.0 ± \S+ % without interval or not identified", text)
    assert "no interval or not identified (%)" in text


def test_a_spread_of_zero_has_no_coverage(tmp_path):
    truth, population = {"alpha": [0.3], "beta": [5]}, {"alpha": {"spread": 0}}
    run = summaries.write_run(
        tmp_path, truth=truth, population=population | {"beta": {"spread": 0.4}}, trials=(50,),
        methods=("hierarchical",), replicates=3,
    )  # fmt: skip
    page = words(build(run))
    assert "All participants have the same alpha" in page
    tables = page[page.index("One line per cell and method") :]
    alpha, beta = tables.index("alpha, spread:"), tables.index("beta, participant:")
    assert "coverage" not in tables[alpha:beta]
    assert "coverage 95 %" in tables[tables.index("beta, spread:") :]


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
    assert "<script>alert" not in page
    assert words(page).count(HOSTILE) > 6
    assert f"failed {HOSTILE} 3" in words(page)


def test_a_caption_cannot_include_files_or_raw_html(tiny):
    nasty = tiny / "nasty.rst"
    nasty.write_text(
        ".. raw:: html\n\n   <script>1</script>\n\n.. include:: config.yaml\n\nGood.\n"
    )
    page = build(tiny, captions={"recovery": nasty})
    assert "<script>1" not in page
    assert "Good." in page


def test_nothing_is_loaded_from_outside(page):
    page = re.sub(r"<script.*?</script>", "", page, flags=re.S)  # a browser test looks at these
    loads = re.findall(r"(?:src|href|srcset|data|action)=\"([^\"]*)\"", page)
    assert loads
    assert all(load.startswith(("#", "data:image/svg+xml;base64,")) for load in loads)
    assert not re.search(r"<(script|link|iframe|object|embed|base)\b", page)
    assert "@import" not in page
    assert "url(" not in page
    assert "default-src 'none'" in page


def test_only_the_scripts_of_the_page_may_run(page):
    policy = html.unescape(page[: page.index("<title>")])
    allowed = set(re.findall(r"'sha256-([^']+)'", policy))
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.S)
    digests = {base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts}
    assert len(scripts) == 3
    assert digests == allowed


def test_figures_are_embedded_with_their_captions(page):
    assert page.count('src="data:image/svg+xml;base64,') == 2
    assert "<em>recovery</em>" in page
    assert page.count("Second paragraph.") == 2
    assert 'alt="Truth against estimate' in page


def test_a_mixture_of_code_states_is_said_on_top(tiny):
    provenance = json.loads((tiny / "provenance.json").read_text())
    made = [
        {"stage": "mle", "files": 3, "source": source_fingerprint("fit.batch"), "versions": {}},
        {"stage": "mle", "files": 2, "source": "fit:2", "versions": {}},
    ]
    (tiny / "provenance.json").write_text(json.dumps(provenance | {"made_by": made[:1]}))
    assert "Not all results" not in words(build(tiny))
    (tiny / "provenance.json").write_text(json.dumps(provenance | {"made_by": made}))
    text = words(build(tiny))
    assert f"Estimates of mle: 3 by {made[0]['source']} and 2 by fit:2" in text
    assert text.index("Not all results below were made by this code") < text.index("1. The answer")


@pytest.mark.parametrize(
    ("git", "says"),
    [
        (None, "not in a git repository"),
        ({"commit": "abc", "dirty": True}, "with uncommitted changes: the commit alone does not"),
        (
            {"commit": "abc", "dirty": False},
            "abc, without uncommitted changes (when the design was",
        ),
    ],
)
def test_git_state_is_said_clearly(tiny, git, says):
    provenance = json.loads((tiny / "provenance.json").read_text())
    (tiny / "provenance.json").write_text(json.dumps(provenance | {"git": git}))
    text = words(build(tiny))
    assert says in text
    changed = bool(git and git["dirty"])
    assert ("make the uncommitted changes that were there" in text) == changed


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


def test_a_two_step_mean_at_a_bound_depends_on_it(tiny):
    chosen = {"measure": "share_at_bound", "level": "group"}
    change_rows(tiny, chosen, value=0.0, mcse=0.0)
    assert "mle depends on bounds" not in words(build(tiny))
    change_rows(tiny, chosen, value=0.2, mcse=0.1)
    text = words(build(tiny))
    assert "mle depends on bounds" in text
    assert "The group estimate of mle is the mean" in text
    assert "beta’s standard error is conditional on it" in text


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
    front = page[page.index("<h3>alpha") :]
    front = words(front[: front.index("<details>")])
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


def test_an_error_that_is_only_rounding_is_not_printed_to_its_last_digit():
    assert pm(0.8663597120014, 2.5e-17) == "0.866 ± 0"
    assert pm(0.866, 0.02) == "0.866 ± 0.020"


def test_the_sampler_is_held_against_the_exact_posterior(tiny):
    rows = [
        {
            "sampled": "nuts", "exact": "sums", "cell": cell, "parameter": "alpha",
            "posteriors": 10, "rms_z": z, "largest_difference": 0.05, "sd_ratio": 1.01,
        }
        for cell, z in (("a", 1.0), ("b", 1.2))
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(tiny / "summary/witness.csv", index=False)
    text = words(build(tiny))
    assert "nuts against sums, alpha: over 20 posteriors" in text
    assert "differ by 1.10 Monte Carlo standard errors" in text
    pd.DataFrame(columns=list(rows[0])).to_csv(tiny / "summary/witness.csv", index=False)
    assert "The sampler against the exact posterior" not in words(build(tiny))
