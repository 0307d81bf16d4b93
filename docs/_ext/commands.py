"""Commands and config files of a page, run and checked when the site is built.

``{command}`` runs a command in a copy of the project that belongs to the page, and shows it with
its output. ``{file}`` writes a file into this copy, and ``{copied-figure}`` shows a figure that a
command has drawn there. ``{config-part}`` shows some keys of a config and checks them within a
complete one. A command that fails or a config with a mistake is a warning, which fails the build.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import ClassVar

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.directives.code import container_wrapper
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from rlrecovery.config import reader

LOGGER = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]
COPIES = ROOT / "docs" / "build" / "copies"
#: What commands need of the project.
COPIED = (
    "Makefile", "Snakefile", "config.yaml", "pyproject.toml", "README.md", "LICENSE",
    "envs", "scripts", "workflow", "results/README.md", "tests/config", "docs/studies",
)  # fmt: skip
#: Settings of an enclosing ``make``, and of colours.
UNSET = (
    "MAKEFLAGS",
    "MFLAGS",
    "MAKELEVEL",
    "MAKEOVERRIDES",
    "CONFIG",
    "CELL",
    "REPLICATE",
    "DATA",
    "WRITE",
    "PYTHONPATH",
)
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
#: Columns of the terminal for which commands print.
WIDTH = 84
#: Key of a config that every complete one has.
COMPLETE = re.compile(r"^run:", re.MULTILINE)


def copy_of_project(page: str) -> Path:
    """Return the page's copy of the project, made when it is first used."""
    copy = COPIES / page.replace("/", "-")
    if not copy.exists():
        for name in COPIED:
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, target, ignore=ignored)
            else:
                shutil.copy2(ROOT / name, target)
        (copy / ".venv").symlink_to(Path(sys.prefix))
    return copy


def remove_copy(app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Start with a new copy when a page is read again."""
    shutil.rmtree(COPIES / page.replace("/", "-"), ignore_errors=True)


def run(command: str, folder: Path) -> tuple[int, str]:
    """Run a shell command; return its exit status and what it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in UNSET}
    environment |= {"TERM": "dumb", "COLUMNS": str(WIDTH), "NO_COLOR": "1"}
    environment["PYTHONPATH"] = str(folder / "scripts")
    environment["PATH"] = f"{folder / '.venv/bin'}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", command], cwd=folder, env=environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    text = COLOURS.sub("", done.stdout).replace("\r", "\n")
    return done.returncode, text.replace(f"{folder}/", "").replace(str(folder), "rlrecovery")


def shortened(text: str, first: int | None, last: int | None) -> str:
    """Keep the first and last lines of a text; dots stand for what is left out."""
    lines = text.rstrip().splitlines()
    if (first is None and last is None) or len(lines) <= (first or 0) + (last or 0):
        return "\n".join(lines)
    end = lines[len(lines) - last :] if last else []
    return "\n".join([*lines[: first or 0], "...", *end])


def wrapped(text: str) -> str:
    """Break long lines between words, as a terminal does."""
    lines = text.splitlines()
    return "\n".join(
        "\n".join(textwrap.wrap(line, WIDTH)) if line.strip() else "" for line in lines
    )


class Command(SphinxDirective):
    """Run a command and show its output."""

    has_content = True
    option_spec: ClassVar = {
        "first": directives.positive_int,
        "last": directives.positive_int,
        "hide-output": directives.flag,
        "wrap": directives.flag,
        "fails": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Return the command and its output as two blocks."""
        command = "\n".join(self.content)
        status, text = run(command, copy_of_project(self.env.docname))
        if (status != 0) != ("fails" in self.options):
            end = shortened(text, None, 30)
            LOGGER.warning(
                "%s: exit status %s\n%s", command, status, end, location=self.get_location()
            )
        shown = nodes.literal_block(command, command, language="sh", classes=["command"])
        if "wrap" in self.options:
            text = wrapped(text)
        output = shortened(text, self.options.get("first"), self.options.get("last"))
        if "hide-output" in self.options or not output:
            return [shown]
        return [shown, nodes.literal_block(output, output, language="text", classes=["output"])]


class File(SphinxDirective):
    """Write a file into the page's copy of the project, and show it."""

    has_content = True
    required_arguments = 1
    option_spec: ClassVar = {"unchecked": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return the text of the file, with its name as the caption."""
        name, text = self.arguments[0], "\n".join(self.content) + "\n"
        path = copy_of_project(self.env.docname) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if path.suffix == ".yaml" and COMPLETE.search(text) and "unchecked" not in self.options:
            _check(path, self.get_location())
        language = {".yaml": "yaml", ".py": "python"}.get(path.suffix, "text")
        # Sphinx colours a block only if its source is its text.
        block = nodes.literal_block(text.rstrip("\n"), text.rstrip("\n"), language=language)
        return [container_wrapper(self, block, name)]


class CopiedFigure(SphinxDirective):
    """Show a figure that a command of the page has drawn; `narrow` is its form for phones."""

    required_arguments = 1
    option_spec: ClassVar = {
        "alt": directives.unchanged_required,
        "narrow": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the figure."""
        images = [self._image(self.arguments[0])]
        if "narrow" in self.options:  # the style sheet shows one, by the width of the window
            images.append(self._image(self.options["narrow"]))
            for image, width in zip(images, ("two", "one"), strict=True):
                image["classes"].append(f"{width}-wide")
        return [nodes.figure("", *images, classes=["study-figure"])]

    def _image(self, name: str) -> nodes.image:
        path = copy_of_project(self.env.docname) / name
        if not path.is_file():
            raise self.error(f"no command of this page has written {name}")
        uri = os.path.relpath(path, Path(self.env.doc2path(self.env.docname)).parent)
        return nodes.image(uri=uri, alt=self.options["alt"])


class ConfigPart(SphinxDirective):
    """Show some keys of a config; they are checked within ``docs/studies/base.yaml``."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the keys as a block."""
        text = "\n".join(self.content)
        base = yaml.safe_load((ROOT / "docs/studies/base.yaml").read_text(encoding="utf-8"))
        keys = (base | yaml.safe_load(text)).items()
        path = copy_of_project(self.env.docname) / "part.yaml"
        whole = {key: value for key, value in keys if value is not None}
        path.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
        _check(path, self.get_location())
        return [nodes.literal_block(text, text, language="yaml")]


def _check(path: Path, location: str) -> None:
    """Warn of the mistakes in a config."""
    try:
        reader.load(path)
    except reader.ConfigError as mistakes:
        LOGGER.warning("%s", mistakes, location=location)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("command", Command)
    app.add_directive("file", File)
    app.add_directive("copied-figure", CopiedFigure)
    app.add_directive("config-part", ConfigPart)
    app.connect("env-purge-doc", remove_copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
