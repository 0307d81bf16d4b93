"""Code in the documentation is run when the site is built, or says why it is not.

What the two pages outside the site show is tested here: their commands are those of the Makefile,
their configs are valid, and their Python runs.
"""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from settings import ROOT

from rlrecovery.config import reader

DOCS = ROOT / "docs"
PAGES = sorted(
    path
    for path in DOCS.rglob("*.md")
    if not {"build", "generated"} & set(path.relative_to(DOCS).parts)
)
OUTSIDE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
LANGUAGES = {
    "bash", "console", "py", "python", "python3", "r", "sh", "shell", "stan", "yaml", "yml",
}  # fmt: skip
#: Directives that show code without running it, as in Sphinx.
SHOWN_ONLY = {"{code}", "{code-block}", "{sourcecode}"}
#: Directives whose content is code or data, and no Markdown.
NO_MARKDOWN = {"{code-cell}", "{command}", "{config-part}", "{file}", "{toctree}"}
REASON = re.compile(r"not run: \S+ \S+")
PARSER = (
    MarkdownIt("commonmark")
    .enable("table")
    .use(front_matter_plugin)
    .use(colon_fence_plugin)
    .use(myst_block_plugin)
)


def not_run(text, line=0):
    """Lines and languages of the blocks that are neither run nor have a reason."""
    comment = ""
    for token in PARSER.parse(text):
        at = line + (token.map[0] if token.map else 0) + 1
        if token.type == "code_block":
            yield at, "indented"
        elif token.type in ("fence", "colon_fence"):
            name, _, argument = token.info.strip().partition(" ")
            language = argument if name in SHOWN_ONLY else name
            if language.lower() in LANGUAGES and not REASON.match(comment):
                yield at, language
            if name.startswith("{") and name not in NO_MARKDOWN | SHOWN_ONLY:
                yield from not_run(token.content, at)
        comment = token.content.strip() if token.type == "myst_line_comment" else ""


def fences(text, *languages):
    """Contents of the blocks in these languages."""
    return [
        token.content
        for token in PARSER.parse(text)
        if token.type == "fence" and token.info.strip() in languages
    ]


def commands(text):
    """Names after ``make`` in blocks and in code of the text."""
    tokens = [t for token in PARSER.parse(text) for t in (token, *(token.children or ()))]
    code = [t.content for t in tokens if t.type in ("fence", "code_block", "code_inline")]
    return {name for part in code for name in re.findall(r"\bmake +([a-z.][\w./-]*)", part)}


def check_part(text, folder):
    """Load some keys of a config, merged into that of the documentation."""
    base = yaml.safe_load((DOCS / "studies/base.yaml").read_text())
    keys = (base | yaml.safe_load(text)).items()
    path = Path(folder) / "part.yaml"
    path.write_text(yaml.safe_dump({key: value for key, value in keys if value is not None}))
    return reader.load(path)


@pytest.fixture(scope="module")
def targets():
    """All targets of the Makefile."""
    done = subprocess.run(
        ["make", "--print-data-base", "--question", "help"],
        cwd=ROOT, text=True, capture_output=True, check=False,
    )  # fmt: skip
    return set(re.findall(r"^([\w./-]+):(?!=)", done.stdout, re.MULTILINE))


# --- pages of the site ---------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_code_of_a_page_is_run_or_has_a_reason(page):
    assert list(not_run(page.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```python\n1\n```", [(1, "python")]),
        ("text\n\n~~~sh\nls\n~~~", [(3, "sh")]),
        ("- item\n\n  ```yaml\n  a: 1\n  ```", [(3, "yaml")]),
        (":::{note}\n```bash\nls\n```\n:::", [(2, "bash")]),
        ("````{note}\n```console\n$ ls\n```\n````", [(2, "console")]),
        ("```{code-block} python\n1\n```", [(1, "python")]),
        ("a\n\n    make test", [(3, "indented")]),
        ("% not run:\n\n```sh\nls\n```", [(3, "sh")]),
        ("% not run: it needs a cluster\n\ntext\n\n```sh\nls\n```", [(5, "sh")]),
        ("% not run: it needs a cluster\n\n```sh\nls\n```\n\n```sh\nls\n```", [(7, "sh")]),
        ("% not run: it needs a cluster\n\n```sh\nls\n```", []),
        ("```{command}\nmake help\n```", []),
        ("```{file} a.md\n    indented\n```", []),
        ("```text\noutput\n```", []),
    ],
)
def test_code_that_is_not_run_is_found(text, found):
    assert list(not_run(text)) == found


# --- README.md and CONTRIBUTING.md ---------------------------------------------------------------


@pytest.mark.parametrize("page", OUTSIDE, ids=lambda page: page.name)
def test_commands_are_those_of_the_makefile(page, targets):
    names = commands(page.read_text(encoding="utf-8"))
    assert {"test", "run"} <= names
    assert names <= targets


def test_a_command_that_does_not_exist_is_found(targets):
    text = "Use `make frobnicate`.\n\n    make run CONFIG=a.yaml\n\n```sh\nmake .venv/ready\n```\n"
    assert commands(text) == {"frobnicate", "run", ".venv/ready"}
    assert commands(text) - targets == {"frobnicate"}


def test_parts_of_configs_outside_the_site(tmp_path):
    for page in OUTSIDE:
        for part in fences(page.read_text(encoding="utf-8"), "yaml", "yml"):
            check_part(part, tmp_path)


def test_a_mistake_in_a_part_of_a_config_is_found(tmp_path):
    good, bad = fences("```yaml\nmissing: [0.1]\n```\n\n```yml\nmissing: [2]\n```", "yaml", "yml")
    assert check_part(good, tmp_path).missing == (0.1,)
    with pytest.raises(reader.ConfigError, match="missing"):
        check_part(bad, tmp_path)


def test_python_outside_the_site_runs():
    blocks = [
        block for page in OUTSIDE for block in fences(page.read_text(encoding="utf-8"), "python")
    ]
    assert blocks, "the README shows what to import"
    for block in blocks:
        exec(block, {})
