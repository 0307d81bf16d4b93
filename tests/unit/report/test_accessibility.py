"""Accessibility of the report in a browser: axe-core, and what it does not check."""

import itertools

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import launched, opened

READY = "#explorer[data-ready=true]"
#: Impacts of findings that are mistakes.
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def browser():
    with launched() as chromium:
        yield chromium


def findings(page):
    """Serious findings of axe-core, each with the elements that it concerns."""
    violations = Axe().run(page).response["violations"]
    return [
        (found["id"], [node["target"] for node in found["nodes"]])
        for found in violations
        if found["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize("width", [1400, 390])
def test_axe_finds_nothing_serious(browser, run, width, is_open):
    with opened(browser, run / "report.html", width=width) as (page, messages, _):
        page.wait_for_selector(READY)
        if is_open:
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert findings(page) == []
        assert messages == []


@pytest.fixture(scope="module")
def live(browser, run):
    with opened(browser, run / "report.html") as (page, _, _):
        page.wait_for_selector(READY)
        yield page


def test_headings_descend_one_level_at_a_time(live):
    levels = live.eval_on_selector_all(
        "h1, h2, h3, h4, h5, h6", "all => all.map(h => Number(h.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in itertools.pairwise(levels))


def test_identifiers_are_unique_and_links_lead_somewhere(live):
    names = live.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
    assert len(names) == len(set(names))
    targets = live.eval_on_selector_all("nav a", "all => all.map(a => a.hash.slice(1))")
    assert targets
    assert set(targets) <= set(names)


def test_headers_of_tables_have_a_scope(live):
    scopes = live.eval_on_selector_all("th", "all => all.map(h => h.scope)")
    assert set(scopes) == {"col", "row"}
    assert live.eval_on_selector_all("thead td", "all => all.length") == 0


def test_regions_that_scroll_can_be_focused_and_have_names_of_their_own(live):
    regions = live.eval_on_selector_all(
        ".scroll, .picture, pre",
        "all => all.map(e => [e.tabIndex, e.getAttribute('role'), e.getAttribute('aria-label')])",
    )
    assert {index for index, _, _ in regions} == {0}
    assert {role for _, role, _ in regions} <= {"group", "region"}
    names = [name for _, _, name in regions]
    assert all(names)
    assert len(names) == len(set(names))


def test_menus_have_labels_and_show_the_focus(live):
    menus = live.locator("#explorer-choices select")
    labels = [menu.evaluate("m => m.labels[0].textContent.trim()") for menu in menus.all()]
    assert len(labels) == 7
    assert all(labels)
    menus.first.focus()
    live.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement)"
    assert live.evaluate("document.activeElement.tagName") == "SELECT"
    assert live.evaluate(f"{outline}.outlineStyle") == "solid"
    assert live.evaluate(f"parseFloat({outline}.outlineWidth)") >= 2


def test_every_chart_and_picture_has_an_alternative(live):
    images = live.eval_on_selector_all("img", "all => all.map(i => i.alt)")
    assert images
    assert all(images)
    for chart in ("map", "scatter"):
        assert live.locator(f"#explorer-{chart}-table tbody tr").count() > 0
        assert "table" in live.get_attribute(
            f"#explorer-{chart} [role=graphics-document]", "aria-label"
        )
    assert live.evaluate("document.documentElement.lang") == "en"
