"""Commands, files and configs of the pages: what is run, shown and reported as a mistake."""

import io
import sys

import pytest
from docutils import nodes
from settings import ROOT
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

sys.path.append(str(ROOT / "docs" / "_ext"))

import commands

TEXT = "1\n2\n3\n4\n5\n"
CONFIG = (ROOT / "docs/studies/base.yaml").read_text()


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (None, None, "1 2 3 4 5"),
        (2, None, "1 2 ..."),
        (None, 2, "... 4 5"),
        (1, 2, "1 ... 4 5"),
        (3, 2, "1 2 3 4 5"),
        (None, 5, "1 2 3 4 5"),
        (9, None, "1 2 3 4 5"),
    ],
)
def test_shortened(first, last, shown):
    assert commands.shortened(TEXT, first, last).split() == shown.split()


def test_long_lines_are_broken_between_words():
    text = f"short  line\n\n{'word ' * 20}end"
    first, second = f"{'word ' * 16}word", "word " * 3 + "end"
    assert commands.wrapped(text) == f"short  line\n\n{first}\n{second}"


def test_empty_output_stays_empty():
    assert commands.shortened("\n", 1, 1) == ""


# --- run -----------------------------------------------------------------------------------------


def test_run_returns_status_and_all_output(tmp_path):
    status, text = commands.run("echo out; echo err >&2; exit 3", tmp_path)
    assert (status, text) == (3, "out\nerr\n")


@pytest.mark.parametrize("command", ["false\ntrue", "false | cat"])
def test_run_reports_a_failure_within_a_command(command, tmp_path):
    assert commands.run(command, tmp_path)[0] == 1


def test_run_shows_neither_colours_nor_paths(tmp_path):
    status, text = commands.run(r"printf '\033[31mred\033[0m\n%s %s\n' $PWD/a $PWD", tmp_path)
    assert (status, text) == (0, "red\na rlrecovery\n")


def test_run_keeps_an_enclosing_make_out(tmp_path, monkeypatch):
    monkeypatch.setenv("MAKEFLAGS", "--no-such-option")
    monkeypatch.setenv("CONFIG", "other.yaml")
    (tmp_path / "Makefile").write_text("CONFIG ?= config.yaml\nall:\n\t@echo $(CONFIG)\n")
    assert commands.run("make", tmp_path) == (0, "config.yaml\n")


def test_run_imports_the_package_of_the_copy(tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/only_here.py").write_text("print('of the copy')\n")
    command = f"{sys.executable} -c 'import only_here'"
    assert commands.run(command, tmp_path) == (0, "of the copy\n")


# --- directives ----------------------------------------------------------------------------------


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Build a site of one page, and return the page and the warnings."""
    source = tmp_path / "docs"
    source.mkdir()
    (source / "conf.py").write_text("extensions = ['myst_parser', 'commands']\n")
    monkeypatch.setattr(commands, "COPIES", source / "build" / "copies")
    monkeypatch.setattr(commands, "COPIED", ("LICENSE", "tests/config"))

    def built(*blocks):
        (source / "index.md").write_text("\n\n".join(["# Page", *blocks]) + "\n")
        said = io.StringIO()
        with patch_docutils(str(source)), docutils_namespace():
            out, trees = str(tmp_path / "html"), str(tmp_path / "trees")
            app = Sphinx(source, source, out, trees, "dummy", status=None, warning=said)
            app.build()
            page = app.env.get_doctree("index")
        return page, commands.COLOURS.sub("", said.getvalue())

    return built


def block(directive, text, *options):
    """A directive as it stands on a page."""
    lines = [*(f":{option}" for option in options), *([""] if options else []), text]
    return "\n".join([f"```{{{directive}", *lines, "```"])


def texts(page):
    """Language and text of the blocks of a page."""
    return [(node["language"], node.astext()) for node in page.findall(nodes.literal_block)]


def test_a_command_is_shown_with_its_output(build):
    page, warnings = build(block("command}", "seq 9", "first: 1", "last: 2"))
    assert texts(page) == [("sh", "seq 9"), ("text", "1\n...\n8\n9")]
    assert warnings == ""


def test_output_is_wrapped_on_request(build):
    echo = f"echo {'word ' * 20}".strip()
    page, _ = build(block("command}", echo, "wrap:"), block("command}", echo))
    assert [text.count("\n") for language, text in texts(page) if language == "text"] == [1, 0]


def test_output_can_be_hidden(build):
    page, _ = build(block("command}", "seq 9", "hide-output:"), block("command}", "true"))
    assert texts(page) == [("sh", "seq 9"), ("sh", "true")]


def test_a_failing_command_is_a_warning_with_the_end_of_its_output(build):
    _, warnings = build("text", block("command}", "echo no such thing; false"))
    assert (
        "index.md:5: WARNING: echo no such thing; false: exit status 1\nno such thing" in warnings
    )


@pytest.mark.parametrize(("command", "number"), [("false", 0), ("true", 1)])
def test_a_command_that_is_expected_to_fail(build, command, number):
    _, warnings = build(block("command}", command, "fails:"))
    assert warnings.count("WARNING") == number


def test_commands_of_a_page_share_a_copy_of_the_project(build):
    page, warnings = build(
        block("file} made/by.txt", "some text"), block("command}", "ls; cat made/by.txt")
    )
    assert texts(page) == [
        ("text", "some text"),
        ("sh", "ls; cat made/by.txt"),
        ("text", "LICENSE\nmade\ntests\nsome text"),
    ]
    assert [node.astext() for node in page.findall(nodes.caption)] == ["made/by.txt"]
    assert warnings == ""


def test_the_copy_is_new_when_a_page_is_read_again(build):
    command = block("command}", "ls a* || true; touch a")
    build(command)
    page, _ = build(command, "changed")
    assert "cannot access" in texts(page)[1][1]


def test_the_project_itself_is_not_changed(build):
    before = (ROOT / "LICENSE").read_bytes()
    build(block("command}", "echo changed > LICENSE"))
    assert (ROOT / "LICENSE").read_bytes() == before


def test_configs_are_checked(build):
    wrong = CONFIG.replace("participants: [20]", "participants: [none]")
    page, warnings = build(block("file} a.yaml", CONFIG), block("file} b.yaml", wrong))
    assert all(node.rawsource == node.astext() for node in page.findall(nodes.literal_block)), (
        "Sphinx colours no others"
    )
    assert warnings.count("WARNING") == 1
    assert "b.yaml" in warnings
    assert "participants" in warnings
    assert texts(page)[1][1].strip() == wrong.strip()


def test_other_yaml_and_unchecked_configs_are_not_checked(build):
    wrong = CONFIG.replace("participants: [20]", "participants: [none]")
    _, warnings = build(block("file} a.yaml", "a: 1"), block("file} b.yaml", wrong, "unchecked:"))
    assert warnings == ""


def test_a_part_of_a_config_is_checked_within_a_whole_one(build):
    good, removed = "missing: [0, 0.1]", "task: null\ntasks:\n  one: {arms: [0.2], blocks: 1}"
    page, warnings = build(block("config-part}", good), block("config-part}", "missing: [7]"))
    assert texts(page) == [("yaml", good), ("yaml", "missing: [7]")]
    assert warnings.count("WARNING") == 1
    assert "missing" in warnings
    _, warnings = build(block("config-part}", removed))
    assert "start_value" in warnings, (
        "the task of the base is removed, and the new ones are checked"
    )
    assert "not both" not in warnings


def test_a_figure_that_a_command_has_drawn(build):
    svg = "<svg xmlns='http://www.w3.org/2000/svg'/>"
    page, warnings = build(
        block("file} a.svg", svg), block("copied-figure} a.svg", "", "alt: a line")
    )
    (image,) = page.findall(nodes.image)
    assert image["alt"] == "a line"
    assert image["uri"] == "build/copies/index/a.svg"
    assert warnings == ""


def test_a_figure_that_is_not_there(build):
    _, warnings = build(block("copied-figure} b.svg", "", "alt: a line"))
    assert "no command of this page has written b.svg" in warnings
