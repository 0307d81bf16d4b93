"""The report in a real browser: quiet, offline, alive, and its numbers those of the summary."""

import json

import numpy as np
import pandas as pd
import pytest
import summaries
import yaml
from browser import launched, opened

from rlrecovery.report.numbers import minus, pm
from rlrecovery.score.results import load_summary
from unit.report.test_html import HOSTILE, build

READY = "#explorer[data-ready=true]"
SQUARES = "#explorer-map .mark-rect.layer_0_marks path"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = summaries.write_run(tmp_path_factory.mktemp("run"), replicates=6, participants=(5,))
    build(folder)
    return folder


@pytest.fixture(scope="module")
def browser():
    with launched() as found:
        yield found


@pytest.fixture(scope="module")
def live(browser, run):
    """The page, drawn; tests leave the explorer wherever they went."""
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


def test_it_says_nothing_and_asks_for_nothing(live, run):
    page, messages, requests = live
    assert messages == []
    assert requests[0].startswith("file:")
    assert all(request.startswith(("data:", "blob:")) for request in requests[1:])
    assert page.title() == "Parameter recovery: mock"


def test_it_draws_the_measures_of_the_summary(live, run):
    page, _, _ = live
    table = load_summary(run / "summary", ("recovery",))
    for measure, label, trials, scale in (
        ("rmse", "RMSE", 50, 1), ("bias", "bias", 150, 1), ("share_failed", "failed (% of rows)",
                                                            50, 100),
    ):  # fmt: skip
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
    mine = table.query(
        "method == 'mle' and level == 'participant' and parameter == 'beta' and trials == 50"
    )
    mine = mine[(mine["alpha"] == alpha) & (mine["beta"] == beta) & mine["estimate"].notna()]
    assert len(dots(page)) == len(mine)
    assert messages == []


def test_a_tip_gives_value_error_size_and_failures(live):
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
        several = table[(table["parameter"] == parameter) & (table["level"] == level)]
        mine = table[(table["parameter"] == parameter) & (table["method"] == method)]
        mine = mine[mine["level"] == level].set_index(["scope", "measure"])
        worst = mine.loc[("cell", "bias")].sort_values("value", key=abs).iloc[-1]
        flat = [text.replace("\N{NO-BREAK SPACE}", " ") for text in (bias, rmse, correlation)]
        assert flat[0].startswith(pm(worst["value"], worst["mcse"]))
        squares = mine.loc[("cell", "mse")]
        root = squares["value"].mean() ** 0.5
        mcse = (squares["mcse"] ** 2).sum() ** 0.5 / len(squares) / (2 * root)
        assert flat[1] == pm(root, mcse)
        if ("grid", "spearman") in mine.index:
            rank = mine.loc[("grid", "spearman")]
            assert flat[2] == pm(rank["value"], rank["mcse"])
        held = several.query("method == @method and measure == 'coverage' and interval == 0.95")
        alone = (held["n"] == held["n_rows"]).to_numpy()
        factor = np.where(alone, held["n"] / (held["n"] - 1), 1.0)
        mcse = float(np.sqrt((held["mcse"] ** 2 * factor).sum()) / len(held))
        expected = pm(held["value"].mean(), mcse, 100)
        if mcse == 0:
            rows = int(held["n_rows"].sum())
            expected = f"{round(held['value'].mean() * rows)} of {rows}"
        assert coverage.replace("\N{NO-BREAK SPACE}", " ").startswith(expected)


def test_a_phone_scrolls_in_one_direction_only(browser, run):
    with opened(browser, run / "report.html", width=375, height=700) as (page, messages, _):
        page.wait_for_selector(READY)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        assert messages == []


def test_a_printed_page_states_the_rules_and_keeps_its_lights(browser, run):
    with opened(browser, run / "report.html") as (page, _, _):
        page.wait_for_selector(READY)
        rule = page.locator("text=Four criteria over all true parameter combinations")
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


def test_what_is_not_estimated_is_said(live):
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
        assert "alpha of single participants" in text


def test_strings_from_outside_run_no_script(browser, tmp_path):
    folder = summaries.write_run(
        tmp_path, truth={"alpha": [0.3, 0.7], "beta": [5]}, methods=("mle",), replicates=3,
        participants=(2,), trials=(50,),
    )  # fmt: skip
    config = yaml.safe_load((folder / "config.yaml").read_text()) | {"run": HOSTILE}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    provenance = json.loads((folder / "provenance.json").read_text())
    provenance["versions"][HOSTILE] = f"</script>{HOSTILE}"
    (folder / "provenance.json").write_text(json.dumps(provenance))
    for name in ("recovery", "points"):
        path = folder / f"summary/{name}.csv"
        pd.read_csv(path).assign(method=f"</script>{HOSTILE}").to_csv(path, index=False)
    build(folder)
    said = []
    with opened(browser, folder / "report.html") as (page, messages, _):
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.wait_for_selector(READY)
        assert HOSTILE in heading(page)
        assert messages == []
    assert said == []
