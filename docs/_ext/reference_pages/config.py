"""Page of the config: every key, as in ``make help-config``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from reference_pages.examples import Setting, example, example_of_estimator
from reference_pages.markdown import anchored, code, definitions, included, page, prose
from rlrecovery.config.manual import Entry, entries
from rlrecovery.models.prior_settings import FAMILIES

_AFTER = """\
After this page you know every key of a config: its type, its default and its meaning. The same text
is printed by `make help-config`; `make check CONFIG=my.yaml` reports all mistakes in a config.

Keys are required unless they are called optional. Names in angle brackets are of your choice, or
names of parameters and models ({ref}`reference-models`)."""

_DISTRIBUTIONS = """\
Populations and priors are written as `{distribution: Beta, alpha: 1, beta: 1}`. Names and arguments
are those of PyMC, with one addition: `ShiftedExponential` is an `Exponential` that starts at
`lower`."""

#: The value after ``default`` in the type of a key.
_DEFAULT = re.compile(r"(?<=, )default (.+?)(?=;|$)")
_MEMBER = re.compile(r" \(([^)]*)\)")


def section(entry: Entry) -> str:
    """Top-level key of an entry."""
    return re.split(r"[. ]", entry.path, maxsplit=1)[0]


def estimator(entry: Entry) -> str:
    """Estimator of a key of ``methods``; empty for the keys that precede them."""
    member = _MEMBER.search(entry.path)
    return member[1] if member else ""


def config_page(folder: Path) -> str:
    """The page; examples are included from files, relative to the folder."""
    parts: list[str] = []
    for name, group in groupby(entries(), section):
        parts.append(anchored(2, code(name), f"config-{name}"))
        if name == "methods":
            parts += _methods(list(group), folder)
        else:
            parts += [_keys(group), *_example(example(name), folder)]
    return page("Config", "reference-config", _AFTER, *parts, *_distributions())


def _methods(group: Iterable[Entry], folder: Path) -> Iterator[str]:
    for name, keys in groupby(group, estimator):
        if not name:
            yield _keys(keys)
            continue
        yield anchored(3, f"Estimator {code(name)}", f"config-methods-{name}")
        yield _keys(keys)
        yield from _example(example_of_estimator(name), folder)


def _keys(group: Iterable[Entry]) -> str:
    """Keys as configuration values, to which other pages can refer."""
    return "\n\n".join(
        f"```{{confval}} {entry.path}\n:type: {kind(entry.kind)}\n\n{prose(entry.meaning)}\n```"
        for entry in group
    )


def kind(text: str) -> str:
    """Type of a key; defaults and forms such as ``{spread: ...}`` are code."""
    text = _DEFAULT.sub(lambda default: f"default `{default[1]}`", text)
    return re.sub(r"\\\{(.*?)\\\}", lambda form: code(_plain(form[0])), prose(text))


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _example(setting: Setting | None, folder: Path) -> Iterator[str]:
    if setting is not None:
        yield included(setting.file, setting.lines, folder)


def _distributions() -> Iterator[str]:
    yield anchored(2, "Distributions", "config-distributions")
    yield _DISTRIBUTIONS
    yield definitions(
        (
            code(name),
            (
                "; ".join(
                    f"{code(argument)}: {prose(str(field.description).rstrip('.'))}"
                    for argument, field in list(settings.model_fields.items())[1:]
                )
                + ".",
            ),
        )
        for name, settings in FAMILIES.items()
    )
