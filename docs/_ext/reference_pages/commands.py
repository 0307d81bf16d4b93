"""Page of the commands: those of ``make help`` with their variables, read from the Makefile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from reference_pages.markdown import ROOT, anchored, code, definitions, page, prose
from rlrecovery.commands.new import OPTIONS

_AFTER = """\
After this page you know the commands of the Makefile and their variables. `make help` prints the
same list.

A variable is given after the command: `make run CONFIG=my.yaml CORES=4`. Each command installs what
it needs first."""

#: Meanings of the variables that a user sets; their defaults are read from the Makefile.
VARIABLES = {
    "CONFIG": "Config of the study.",
    "CORES": "Number of cores of this machine to use; ignored on a cluster.",
    "PROFILE": "Where jobs run: {profiles}.",
    "PYTHON": "Python with which environments are made, if uv is not installed.",
    "MINUTES": "Duration of a job for which the batch size is suggested, in minutes.",
    "OVERWRITE": "`yes` replaces the results of another study of the same name.",
    "CELL": "Key of a cell, as in `design.csv`.",
    "REPLICATE": "Number of a data set in its cell, from 0.",
    "DATA": "File of pilot data; by default `observed` of the config.",
    "WRITE": "Config that is written; by default `CONFIG` with `_planned` in its name.",
    "KILLS": "How often the study is interrupted.",
    "UPGRADE": "Empty to keep the present pins.",
}

#: Variables that name environments; where a command is installed is no choice between commands.
_ENVIRONMENT = {"BIN", "VENV", "READY", "CLUSTER", "SLURM"}

_ASSIGNMENT = re.compile(r"([A-Z]+) ([?:]?=) ?(.*)")
_TARGET = re.compile(r"([a-z][a-z-]*):")
_USED = re.compile(r"\$\(([A-Z]+)\)|\$\$([A-Z]+)\b")


@dataclass
class Command:
    """A command: the comment above it, its prerequisites and its recipe."""

    name: str
    comment: list[str]
    text: str
    variables: list[str] = field(default_factory=list)


def commands() -> list[Command]:
    """Commands in the order of ``make help``, by the rules of its recipe."""
    found: list[Command] = []
    comment: list[str] = []
    in_recipe = False
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if in_recipe and line.startswith("\t"):
            found[-1].text += f"\n{line}"
            continue
        if line.startswith("# "):
            comment.append(line[2:])
            continue
        if _ASSIGNMENT.match(line) or line.startswith("export "):
            continue
        target = _TARGET.match(line)
        in_recipe = bool(target and comment)
        if target and comment:
            found.append(Command(target[1], comment, line))
        comment = []
    for command in found:
        used = _used(command.text, _assigned())
        command.variables = [name for name in VARIABLES if name in used]
    return found


def defaults() -> dict[str, str]:
    """Values of the variables in the Makefile, as they are written there."""
    return {name: value for name, value in _assigned().items() if name in VARIABLES}


def _assigned() -> dict[str, str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    matches = filter(None, map(_ASSIGNMENT.match, text.splitlines()))
    return {match[1]: match[3] for match in matches}


def _used(text: str, assigned: dict[str, str]) -> set[str]:
    """Variables in a text and in the values of these variables."""
    found: set[str] = set()
    waiting = [text]
    while waiting:
        names = {a or b for a, b in _USED.findall(waiting.pop())} - found - _ENVIRONMENT
        found |= names
        waiting += [assigned[name] for name in names if name in assigned]
    return found


def commands_page() -> str:
    """The page."""
    options = definitions((code(name), [prose(about)]) for name, about in OPTIONS.items())
    return page(
        "Commands",
        "reference-commands",
        _AFTER,
        anchored(2, "Commands", "commands-list"),
        definitions((code(f"make {c.name}"), _about(c)) for c in commands()),
        anchored(2, "Variables", "commands-variables"),
        definitions((code(name), _variable(name, text)) for name, text in VARIABLES.items()),
        anchored(2, "Options of make new", "commands-new"),
        options,
    )


def _about(command: Command) -> Iterator[str]:
    yield prose(command.comment[0])
    yield prose(" ".join(command.comment[1:]))
    if command.name == "new":
        yield "{ref}`Options <commands-new>`"
    if command.variables:
        yield f"Variables: {', '.join(map(code, command.variables))}"


def _variable(name: str, text: str) -> Iterator[str]:
    profiles = sorted(p.parent.name for p in ROOT.glob("workflow/profiles/*/config.yaml"))
    yield text.format(profiles=" or ".join(map(code, profiles)))
    value = defaults().get(name, "")
    if "_NPROCESSORS" in value:
        yield "By default all cores"
    elif value:
        yield f"By default {code(value)}"
