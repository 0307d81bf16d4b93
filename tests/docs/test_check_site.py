"""Broken links and foreign contents of a built site are found."""

import sys

import pytest
from settings import ROOT

sys.path.insert(0, str(ROOT / "docs"))

import check_site

PAGE = '<html><head>{head}</head><body><h1 id="top">A</h1>{body}</body></html>'


@pytest.fixture
def site(tmp_path):
    """A site of two pages, given what the first one has."""

    def build(body="", head=""):
        check_site.page.cache_clear()
        (tmp_path / "sub").mkdir(exist_ok=True)
        (tmp_path / "index.html").write_text(PAGE.format(head=head, body=body))
        (tmp_path / "sub/other.html").write_text(
            PAGE.format(head="", body='<a href="../index.html">')
        )
        return list(check_site.problems(tmp_path))

    return build


def test_a_sound_site_has_no_problems(site):
    body = '<a href="sub/other.html#top">a</a><a href="#top">b</a><a href="https://doi.org/1">c</a>'
    assert site(body) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="gone.html">', "gone.html leads to no file"),
        ('<a href="sub/">', "sub/ leads to no file"),
        ('<a href="sub/other.html#no">', "sub/other.html#no leads to no anchor"),
        ('<a href="#no">', "#no leads to no anchor"),
        ('<img src="figure.svg">', "figure.svg leads to no file"),
        ('<script src="https://cdn.org/a.js">', "https://cdn.org/a.js is loaded from another host"),
        ('<img src="//cdn.org/a.png">', "//cdn.org/a.png is loaded from another host"),
    ],
)
def test_problems(site, body, problem):
    assert site(body) == [f"index.html: {problem}"]


def test_style_sheets_of_other_hosts(site):
    foreign = '<link rel="stylesheet" href="https://fonts.org/f.css">'
    assert site(head=foreign) == ["index.html: https://fonts.org/f.css is loaded from another host"]


def test_paths_of_the_machine(site):
    assert site(f"<p>{ROOT}/results</p>") == ["index.html has a path of this machine"]


def test_the_command(site, tmp_path, monkeypatch):
    site('<a href="gone.html">')
    monkeypatch.setattr(sys, "argv", ["check_site.py", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"gone.html leads to no file\nerror: .*: 1$"):
        check_site.main()
    monkeypatch.setattr(sys, "argv", ["check_site.py", str(tmp_path / "sub")])
    with pytest.raises(SystemExit, match="has no index"):
        check_site.main()
