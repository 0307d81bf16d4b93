"""The report in a browser: no messages, no requests, interaction, numbers of the summary."""

import json

import numpy as np
import pandas as pd
import pytest
from browser import launched, opened

from rlrecovery.report.numbers import minus, pm
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


def shown(value):
    """Three significant digits, as the map writes them."""
    return minus(f"{value:.3g}")


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
        expected = [shown(float(f"{scale * value:.4g}")) for value in rows["value"]]
        assert map_texts(page) == expected


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
    lines = page.eval_on_selector_all(
        "#answer .brief > .scroll tbody tr",
        "all => all.map(r => [...r.children].map(d => d.textContent))",
    )
    assert len(lines) == 2 * (2 + 1 + 2) + 2  # two levels but for bayes, and the spread
    for parameter, level, method, *_, bias, rmse, coverage, correlation in lines:
        rows = table[(table["parameter"] == parameter) & (table["method"] == method)]
        rows = rows[rows["level"] == level].set_index(["scope", "measure"])
        worst = rows.loc[("cell", "bias")].sort_values("value", key=abs).iloc[-1]
        flat = [text.replace("\N{NO-BREAK SPACE}", " ") for text in (bias, rmse, correlation)]
        assert flat[0].startswith(pm(worst["value"], worst["mcse"]))
        squares = rows.loc[("cell", "mse")]
        root = squares["value"].mean() ** 0.5
        mcse = (squares["mcse"] ** 2).sum() ** 0.5 / len(squares) / (2 * root)
        assert flat[1] == pm(root, mcse)
        if ("grid", "spearman") in rows.index:
            rank = rows.loc[("grid", "spearman")]
            assert flat[2] == pm(rank["value"], rank["mcse"])
        covered = rows.loc[("cell", "coverage")].query("interval == 0.95")
        single_row = (covered["n"] == covered["n_rows"]).to_numpy()
        factor = np.where(single_row, covered["n"] / (covered["n"] - 1), 1.0)
        mcse = float(np.sqrt((covered["mcse"] ** 2 * factor).sum()) / len(covered))
        expected = pm(covered["value"].mean(), mcse, 100)
        if mcse == 0:
            n_rows = int(covered["n_rows"].sum())
            expected = f"{round(covered['value'].mean() * n_rows)} of {n_rows}"
        assert coverage.replace("\N{NO-BREAK SPACE}", " ").startswith(expected)


def test_a_phone_scrolls_in_one_direction_only(browser, run):
    with opened(browser, run / "report.html", width=375, height=700) as (page, messages, _):
        page.wait_for_selector(READY)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        assert messages == []


def test_a_printed_page_states_the_rules_and_keeps_its_lights(browser, run):
    with opened(browser, run / "report.html") as (page, _, _):
        page.wait_for_selector(READY)
        rule = page.locator("text=There are four criteria")
        assert not rule.is_visible()
        assert page.pdf(format="A4").count(b"/Type /Page\n") > 5
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert rule.is_visible()
        style = "e => getComputedStyle(e).printColorAdjust"
        assert page.locator(".brief tbody .light").first.evaluate(style) == "exact"


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
        assert "alpha of individual participants" in text


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
        assert HOSTILE in page.inner_text("body")
        assert messages == []
    assert dialogs == []
