"""The gallery: every figure of the catalogue has a page and a card, and nothing else has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rlrecovery.figures.catalogue import FIGURES

ROOT = Path(__file__).parents[2]
GALLERY = ROOT / "docs" / "gallery"
INDEX = (GALLERY / "index.md").read_text(encoding="utf-8")
#: Card of the index: title, page that it links to, study and figure of the thumbnail.
CARD = re.compile(
    r"\{grid-item-card\} (?P<title>.+)\n:link: (?P<page>\w+)\n:link-type: doc\n"
    r":img-top: figures/(?P<study>\w+)/(?P<figure>\w+)\.svg\n:img-alt: (?P<alt>\S.+)\n"
)
CARDS = {match["page"]: match for match in CARD.finditer(INDEX)}
#: The figure of a page: study and name.
SHOWN = re.compile(r"^```\{study-figure\} (\w+) (\w+)$", re.MULTILINE)
TOCTREE = re.compile(r"```\{toctree\}\n(?::.*\n)*\n(.*?)\n```", re.DOTALL)
#: Words of a page without its front matter and blocks.
FEWEST_WORDS, MOST_WORDS = 150, 360


def text_of(figure: str) -> str:
    """Text of a figure's page."""
    return (GALLERY / f"{figure}.md").read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """Text below a heading, up to the next one."""
    parts = text.split(f"\n## {heading}\n")
    assert len(parts) == 2, f"one heading {heading!r}"
    return parts[1].split("\n## ")[0]


def test_pages_are_those_of_the_catalogue() -> None:
    assert {page.stem for page in GALLERY.glob("*.md")} == {"index", *FIGURES}


@pytest.mark.parametrize("figure", FIGURES)
def test_page_has_title_question_and_figure(figure: str) -> None:
    text = text_of(figure)
    title = re.search(r"\n# (.+)\n\n((?:.+\n)+)\n", text)
    assert title is not None
    assert title[1] == FIGURES[figure].title
    assert title[2].endswith("?\n")
    assert [name for _, name in SHOWN.findall(text)] == [figure]


@pytest.mark.parametrize("figure", FIGURES)
def test_page_says_how_to_read_it_and_when_it_misleads(figure: str) -> None:
    text = text_of(figure)
    assert "Good: " in section(text, "How to read it") or figure in ("participant", "comparison")
    assert len(re.findall("{eval}`", section(text, "How to read it"))) >= 2, "a worked reading"
    traps = re.findall(r"^- \S", section(text, "When it misleads"), re.MULTILINE)
    assert 3 <= len(traps) <= 5


@pytest.mark.parametrize("figure", FIGURES)
def test_page_names_command_and_tables(figure: str) -> None:
    how = section(text_of(figure), "How to get it")
    assert f"results/<run>/figures/{figure}.svg" in how
    assert f"python -m rlrecovery.figures {figure} results/<run>/summary" in " ".join(how.split())
    files = {"participant": "example_participant", "posterior": "example_posterior"}
    for table in FIGURES[figure].tables:
        assert f"`summary/{files.get(table, table)}." in how, table


@pytest.mark.parametrize("figure", FIGURES)
def test_page_is_short(figure: str) -> None:
    text = re.sub(r"\A---\n.*?\n---\n|^```.*?^```$", "", text_of(figure), flags=re.DOTALL | re.M)
    words = re.sub(r"{eval}`[^`]*`", "number", text).split()
    assert FEWEST_WORDS <= len(words) <= MOST_WORDS


def test_cards_are_those_of_the_catalogue() -> None:
    assert len(CARDS) == INDEX.count("{grid-item-card}"), (
        "every card has link, picture and alt text"
    )
    assert {page: card["figure"] for page, card in CARDS.items()} == {
        name: name for name in FIGURES
    }
    assert {page: card["title"] for page, card in CARDS.items()} == {
        name: entry.title for name, entry in FIGURES.items()
    }


@pytest.mark.parametrize("figure", FIGURES)
def test_card_has_the_picture_of_its_page(figure: str) -> None:
    assert SHOWN.findall(text_of(figure)) == [(CARDS[figure]["study"], figure)]


def test_contents_are_in_the_order_of_the_cards() -> None:
    contents = TOCTREE.search(INDEX)
    assert contents is not None
    assert contents[1].split() == list(CARDS)
