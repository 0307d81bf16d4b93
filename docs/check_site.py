"""Looks for broken links in the built documentation: ``python docs/check_site.py FOLDER``.

Every link to a page, an anchor or a file of the site must lead there. Nothing may be loaded from
other hosts, and no page may contain a path of the machine that built it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
#: Attributes with a link, and elements that load what they link to.
LINKS, LOADED = ("href", "src"), ("script", "img", "link", "iframe", "source", "video")
#: Links of `link` elements that load nothing.
HARMLESS = {"canonical", "next", "prev", "search", "index", "author", "license"}


class Page(HTMLParser):
    """Links and anchors of a page.

    Attributes
    ----------
    links : list of (str, bool)
        Links, and whether what they lead to is loaded with the page.
    anchors : set of str
        Identifiers of its elements.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, bool]] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the links and the identifier of an element."""
        values = dict(attrs)
        loads = tag in LOADED and not HARMLESS & set((values.get("rel") or "").split())
        self.links += [(url, loads) for name in LINKS if (url := values.get(name))]
        self.anchors.update(filter(None, (values.get("id"), values.get("name"))))


@functools.cache
def page(path: Path) -> Page:
    """Read a page."""
    return Page(path.read_text(encoding="utf-8"))


def problems(site: Path) -> Iterator[str]:
    """Yield one sentence per problem of a built site."""
    pages = sorted(p for p in site.rglob("*.html") if "_static" not in p.parts)
    for path in pages:
        name = path.relative_to(site)
        if any(str(folder) in path.read_text(encoding="utf-8") for folder in {ROOT, Path.home()}):
            yield f"{name} has a path of this machine"
        if name.parts[0] != "example":  # the report is one file, which its own tests read
            yield from (f"{name}: {text}" for text in _broken(path, site))


def _broken(path: Path, site: Path) -> Iterator[str]:
    for url, loads in page(path).links:
        parts = urlsplit(url)
        if parts.scheme == "data" or parts.scheme == "mailto":
            continue
        if parts.scheme or parts.netloc:
            if loads:
                yield f"{url} is loaded from another host"
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.is_file():
            yield f"{url} leads to no file"
        elif _lacks_anchor(target, parts.fragment, site):
            yield f"{url} leads to no anchor"


def _lacks_anchor(target: Path, fragment: str, site: Path) -> bool:
    """Whether a link names an anchor that its page does not have."""
    is_page = target.suffix == ".html" and site in target.parents
    return bool(fragment) and is_page and unquote(fragment) not in page(target).anchors


def main() -> None:
    """Print the problems of a site; the exit status is 1 if there are any."""
    site = Path(sys.argv[1]).resolve()
    if not (site / "index.html").is_file():
        sys.exit(f"error: {sys.argv[1]} has no index.html; build the documentation with make docs")
    if lines := list(dict.fromkeys(problems(site))):
        sys.exit("\n".join([*lines, f"error: broken links or foreign contents: {len(lines)}"]))


if __name__ == "__main__":
    main()
