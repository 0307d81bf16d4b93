"""The report in a browser: no messages, no requests, interaction, numbers of the summary."""

import json

import numpy as np
import pandas as pd
import pytest
import summaries
from browser import launched, opened

from rlrecovery.report.numbers import pm
from rlrecovery.score.results import load_summary
from unit.report.pages import HOSTILE, build

READY = "#explorer[data-ready=true]"
SQUARES = "#explorer-map .mark-rect.layer_0_marks path"


@pytest.fixture(scope="module")
def browser():
    with launched() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def live(browser, run):
    """The page with its charts; tests do not reset the menus."""
    with opened(browser, run / "report.html") as (page, messages, requests):
        page.wait_for_selector(READY)
        yield page, messages, requests


def choose(page, name, label):
    page.select_option(f"#explorer-choices select[name={name}]", label=label)


def map_texts(page):
    """Numbers on the map, from left to right and top to bottom."""
    places = page.eval_on_selector_all(
        "#explorer-map .mark-text.role-mark text",
        "all => all.map(t => [t.getBoundingClientRect().y, t.getBoundingClientRect().x,"
        " t.textContent])",
    )
    return [text for _, _, text in sorted(places, key=lambda p: (round(p[0] / 10), p[1]))]


def plus_minus(row, scale):
    """Value ± MCSE as `pm` formats it, without an MCSE of zero."""
    return pm(row["value"], row["mcse"] or np.nan, scale)


def same_text(text, expected):
    """Whether numbers have the same decimals and are equal but for rounding of the last one."""
    pairs = zip(text.split(" ± "), expected.split(" ± "), strict=True)
    for number, reference in pairs:
        decimals = len(reference.partition(".")[2])
        difference = abs(float(number.replace("−", "-")) - float(reference.replace("−", "-")))
        if len(number.partition(".")[2]) != decimals or difference > 1.1 * 10.0**-decimals:
            return False
    return True


def table_texts(page, name):
    """Texts of the body of a table, row by row."""
    return page.eval_on_selector_all(
        f"#{name} tbody tr", "all => all.map(r => [...r.children].map(c => c.textContent))"
    )


def heading(page):
    return page.inner_text("#explorer-cell")


def dots(page):
    return page.eval_on_selector_all(
        "#explorer-scatter .mark-symbol path[aria-label]", "all => all.map(d => d.ariaLabel)"
    )


def test_the_page_logs_nothing_and_requests_nothing(live, run):
    page, messages, requests = live
    assert messages == []
    assert requests[0].startswith("file:")
    assert all(request.startswith(("data:", "blob:")) for request in requests[1:])
    assert page.title() == "Parameter recovery: mock"


def test_it_draws_the_measures_of_the_summary(live, run):
    page, _, _ = live
    table = load_summary(run / "summary", ("recovery",))
    for measure, label, trials, scale in (
        ("rmse", "RMSE", 50, 1),
        ("bias", "bias", 150, 1),
        ("share_failed", "failed (% of rows)", 50, 100),
    ):
        choose(page, "measure", label)
        choose(page, "method", "bayes")
        choose(page, "parameter", "beta")
        choose(page, "trials", str(trials))
        page.wait_for_function(
            "words => document.getElementById('explorer-cell').textContent.includes(words)",
            arg=f"beta (participant) by bayes: α = 0.2, β = 2, 5 participants, {trials} trials",
        )
        rows = table.measure(
            measure, method="bayes", parameter="beta", level="participant", trials=trials
        ).sort_values(["beta", "alpha"], ascending=[False, True])
        expected = [plus_minus(row, scale).split(" ± ")[0] for row in rows.to_dict("records")]
        assert all(map(same_text, map_texts(page), expected))
        by_truth = rows.sort_values(["alpha", "beta"]).to_dict("records")
        in_table = [line[1] for line in table_texts(page, "explorer-map-table")]
        assert len(in_table) == len(expected) == len(map_texts(page))
        assert all(map(same_text, in_table, [plus_minus(row, scale) for row in by_truth]))
        assert page.inner_text("#explorer-measure").startswith(f"{label} of beta (participant)")


def test_the_scale_of_an_error_has_one_side(live):
    page, _, _ = live
    ends = {}
    for label in ("RMSE", "bias", "coverage of 95 % intervals (%)"):
        choose(page, "measure", label)
        page.wait_for_function(
            "label => document.getElementById('explorer-measure').textContent.startsWith(label)",
            arg=label,
        )
        low, high = (page.inner_text(f"#explorer-{end}") for end in ("low", "high"))
        one_sided = "one-sided" in page.get_attribute("#explorer-scale", "class")
        ends[label] = low, high, one_sided
    low, high, one_sided = ends["RMSE"]
    assert (low, one_sided) == ("no error: 0", True)
    assert high.startswith("large error: ")
    low, high, one_sided = ends["bias"]
    assert low.startswith("estimates too low: −")
    assert high.startswith("estimates too high: ")
    assert not one_sided
    low, high, one_sided = ends["coverage of 95 % intervals (%)"]
    assert low.startswith("below nominal")
    assert high.startswith("above nominal")
    assert not one_sided


def test_true_values_and_estimates_have_the_same_range_with_the_identity_line(live):
    page, _, _ = live
    choose(page, "method", "mle")
    choose(page, "parameter", "alpha")
    choose(page, "truth", "α = 0.2, β = 2")
    page.wait_for_function(
        "document.getElementById('explorer-cell').textContent.includes('α = 0.2, β = 2')"
    )
    lines = page.eval_on_selector_all(
        "#explorer-scatter .mark-rule.role-mark line",
        "all => all.map(l => ['x2', 'y2'].map(end => Math.round(l.getAttribute(end))))",
    )
    assert [320, -320] in lines
    axes = page.eval_on_selector_all(
        "#explorer-scatter .role-axis-label",
        "all => all.map(group => [...group.querySelectorAll('text')].map(t => t.textContent))",
    )
    horizontal, vertical = (labels for labels in axes if labels)
    assert horizontal == vertical


def test_the_estimates_of_a_cell_are_in_a_table(live):
    page, _, _ = live
    lines = table_texts(page, "explorer-scatter-table")
    assert len(lines) == len(dots(page)) > 0
    assert {len(line) for line in lines} == {6}


def test_numbers_from_few_data_sets_are_marked(browser, tmp_path):
    folder = summaries.write_run(tmp_path, methods=("mle",), participants=(3,), replicates=2)
    build(folder)
    with opened(browser, folder / "report.html") as (page, messages, _):
        page.wait_for_selector(READY)
        assert "rests on 2 data sets at most" in page.inner_text("#explorer-few")
        assert messages == []


def test_many_data_sets_are_not_marked(live):
    page, _, _ = live
    assert page.inner_text("#explorer-few") == ""


def test_a_click_on_the_map_shows_the_estimates_of_that_truth(live, run):
    page, messages, _ = live
    choose(page, "method", "mle")
    before, points = heading(page), dots(page)
    page.locator(SQUARES).last.click()
    page.wait_for_function(
        "old => document.getElementById('explorer-cell').textContent !== old", arg=before
    )
    assert dots(page) != points
    table = pd.read_csv(run / "summary/points.csv")
    words = heading(page)
    alpha, beta = (float(words.split(f"{symbol} = ")[1].split(",")[0]) for symbol in "αβ")
    rows = table.query(
        "method == 'mle' and level == 'participant' and parameter == 'beta' and trials == 50"
    )
    rows = rows[(rows["alpha"] == alpha) & (rows["beta"] == beta) & rows["estimate"].notna()]
    assert len(dots(page)) == len(rows)
    assert messages == []


def test_a_tooltip_has_value_error_size_and_failures(live):
    page, _, _ = live
    page.locator(SQUARES).first.hover()
    page.wait_for_selector("#vg-tooltip-element.visible")
    tip = page.inner_text("#vg-tooltip-element")
    for word in ("value ± MCSE", "data sets", "estimates", "flagged rows", "failed fits", "±"):
        assert word in tip


def test_the_numbers_of_the_answer_are_those_of_the_summary(live, run):
    page, _, _ = live
    table = pd.read_csv(run / "summary/recovery.csv").query("rows == 'all' and trials == 150")
    verdicts = page.locator("#answer [aria-label='Verdicts on every method']")
    head = verdicts.locator("thead th").all_text_contents()
    lines = verdicts.locator("tbody tr").evaluate_all(
        "all => all.map(r => [...r.children].map(d => d.textContent.replaceAll('\\u00a0', ' ')))"
    )
    assert len(lines) == 2 * (2 + 1 + 2) + 2  # two levels but for bayes, and the spread
    for texts in lines:
        line = dict(zip(head, texts, strict=True))
        rows = table[
            (table["parameter"] == line["parameter"]) & (table["method"] == line["method"])
        ]
        rows = rows[rows["level"] == line["level"]].set_index(["scope", "measure"])
        worst = rows.loc[("cell", "bias")].sort_values("value", key=abs).iloc[-1]
        assert line["largest bias"].startswith(pm(worst["value"], worst["mcse"]))
        squares = rows.loc[("cell", "mse")]
        root = squares["value"].mean() ** 0.5
        mcse = (squares["mcse"] ** 2).sum() ** 0.5 / len(squares) / (2 * root)
        assert line["RMSE"] == pm(root, mcse)
        if line["level"] == "group":
            rank = rows.loc[("grid", "spearman")]
            assert line["rank correlation"] == pm(rank["value"], rank["mcse"])
        covered = rows.loc[[("grid", "coverage")]].query("interval == 0.95").iloc[0]
        expected = pm(covered["value"], covered["mcse"], 100)
        if covered["mcse"] == 0:
            n_rows = int(covered["n_rows"])
            expected = f"{round(covered['value'] * n_rows)} of {n_rows}"
        assert line["95 % coverage (%)"].startswith(expected)


def test_a_phone_scrolls_in_one_direction_only(browser, run):
    with opened(browser, run / "report.html", width=375, height=700) as (page, messages, _):
        page.wait_for_selector(READY)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        assert messages == []


def test_the_page_is_short_until_its_parts_are_opened(browser, run):
    with opened(browser, run / "report.html", width=1400) as (page, _, _):
        page.wait_for_selector(READY)
        folded = page.evaluate("document.documentElement.scrollHeight")
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert folded < 8000 < page.evaluate("document.documentElement.scrollHeight")


def test_a_printed_page_has_its_folded_parts_but_not_the_tables_of_cells(browser, run):
    with opened(browser, run / "report.html") as (page, _, _):
        page.wait_for_selector(READY)
        convention, cells = page.locator("dt:text('Scale of bias')"), page.locator(".long").last
        assert not convention.is_visible()
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        assert convention.is_visible()
        assert not cells.is_visible()
        assert page.locator("text=The tables are left out of the printed page").is_visible()
        style = "e => getComputedStyle(e).printColorAdjust"
        assert page.locator("#answer .light").first.evaluate(style) == "exact"
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen")
        assert not convention.is_visible()
        assert page.pdf(format="A4").count(b"/Type /Page\n") > 5


def test_charts_do_not_overlap_on_a_printed_page(browser, run):
    with opened(browser, run / "report.html") as (page, _, _):
        page.wait_for_selector(READY)
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 700, "height": 1000})
        map_box, scatter_box = (
            page.locator(f"#explorer-{chart} svg.marks").bounding_box()
            for chart in ("map", "scatter")
        )
        assert map_box["y"] + map_box["height"] <= scatter_box["y"]
        assert max(box["x"] + box["width"] for box in (map_box, scatter_box)) <= 700


def test_a_truth_can_be_chosen_by_keyboard(live):
    page, _, _ = live
    choose(page, "truth", "α = 0.5, β = 5")
    page.wait_for_function(
        "document.getElementById('explorer-cell').textContent.includes('α = 0.5, β = 5')"
    )
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement !== document.body")


def test_a_line_without_estimates_is_stated(live):
    page, messages, _ = live
    choose(page, "method", "bayes")
    choose(page, "level", "group")
    page.wait_for_function(
        "document.getElementById('explorer-cell').textContent.endsWith(': not estimated')"
    )
    assert messages == []
    choose(page, "level", "participant")


def test_without_scripts_everything_but_the_explorer_is_there(browser, run):
    with opened(browser, run / "report.html", java_script_enabled=False) as (page, _, _):
        text = page.inner_text("body")
        assert "The explorer needs JavaScript" in text
        assert "1. The answer" in text
        assert page.is_hidden("#explorer-body")
        page.locator("#parameters > summary").click()
        assert page.locator("#parameters table").first.is_visible()


def test_hostile_strings_run_no_script(browser, tiny_folder):
    provenance = json.loads((tiny_folder / "provenance.json").read_text())
    provenance["versions"][HOSTILE] = f"</script>{HOSTILE}"
    (tiny_folder / "provenance.json").write_text(json.dumps(provenance))
    config = tiny_folder / "config.yaml"
    config.write_text(f"# </script>{HOSTILE}\n{config.read_text()}")
    dialogs = []
    build(tiny_folder)
    with opened(browser, tiny_folder / "report.html") as (page, messages, _):
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.wait_for_selector(READY)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert HOSTILE in page.inner_text("body")
        assert messages == []
    assert dialogs == []
