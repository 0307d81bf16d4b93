"""The manual of ``config.yaml``, printed from the schema: every key, explained."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rlrecovery.config.json_schema import child_of, json_schema, resolve
from rlrecovery.config.priors import FAMILIES
from rlrecovery.config.words import allowed_at, bare, form_in_words, span
from rlrecovery.models.library import LAPSE, MODELS, START_VALUE, Parameter

#: Stands for their names, of which there are many.
_A_MODEL = ("the name of a model", "of a variant")


class _Entry(NamedTuple):
    """Dotted path, what is allowed (if anything is), what it is if left out, what it means."""

    path: str
    allowed: str
    left_out: str
    meaning: str


def _entries(node: Mapping[str, Any], path: str, told: dict[str, str]) -> Iterator[_Entry]:
    """All keys below a place of the schema; sections that were told already are not again."""
    node = resolve(node)
    for key, child in node.get("properties", {}).items():
        default = child.get("default")
        left_out = "" if key in node.get("required", ()) or default is None else bare(default)
        yield from _entry(child, f"{path}.{key}".lstrip("."), told, left_out)
    if "patternProperties" in node:
        child = child_of(node, "name")
        where = f"{path}.<name>"
        yield from (_entries if "oneOf" in child else _entry)(child, where, told)
    elif node.get("additionalProperties"):
        child = child_of(node, "name")
        kind = "model" if child.get("$ref", "").endswith("/Source") else "parameter"
        yield from _entry(child, f"{path}.<{kind}>", told)
    for variant in map(resolve, node.get("oneOf", ())):
        if "distribution" not in variant["properties"]:  # these have a part of their own
            form = f"{path} as {form_in_words(variant)}"
            yield _Entry(form, "", "", variant["description"])
            yield from _entries(variant, path, told)


def _entry(
    node: Mapping[str, Any], path: str, told: dict[str, str], left_out: str = ""
) -> Iterator[_Entry]:
    """One key, then those below it."""
    meaning = node.get("description") or resolve(node)["description"]
    name, here = node.get("$ref", ""), (path.rsplit(".", 1)[-1],)
    if name in told:
        yield _Entry(path, f"what {told[name]} may be", left_out, meaning)
        return
    if name:
        told[name] = path
    models = _A_MODEL[:1] if path.startswith("variants.") else _A_MODEL
    yield _Entry(path, allowed_at(here, node, models), left_out, meaning)
    yield from _entries(node, path, told)


def _wrapped(text: str, indent: int = 4) -> str:
    space = " " * indent
    return textwrap.fill(text, 88, initial_indent=space, subsequent_indent=space)


def _key_lines() -> Iterator[str]:
    for path, allowed, left_out, meaning in _entries(json_schema(), "", {}):
        yield path
        if allowed:
            default = f"; left out, it is {left_out}" if left_out else ""
            yield _wrapped(f"Must be {allowed}{default}.")
        yield from (_wrapped(meaning), "")


def _distribution_lines() -> Iterator[str]:
    yield from ("DISTRIBUTIONS", "")
    yield "Written as {distribution: Beta, alpha: 1, beta: 1}. Names and arguments are those of"
    yield from ("PyMC, which lacks only ShiftedExponential: an Exponential from lower up.", "")
    for name, settings in FAMILIES.items():
        yield name
        for path, allowed, _, meaning in _entries(settings.model_json_schema(), "", {}):
            if path != "distribution":
                yield _wrapped(f"{path}: {allowed}. {meaning}")
        yield ""


def _parameter_line(parameter: Parameter) -> str:
    return _wrapped(
        f"{parameter.name}: {parameter.meaning}, {span(*parameter.support)}. Default priors: "
        f"{parameter.prior}; with pooling partial location {parameter.location} and scale "
        f"{parameter.scale} on the scale of {parameter.transform}."
    )


def _model_lines() -> Iterator[str]:
    yield from ("MODELS", "")
    for name, model in MODELS.items():
        yield name
        yield _wrapped(f"{model.title}. {model.citation}.")
        yield from (*map(_parameter_line, model.parameters), "")
    yield "Parameters that variants may add"
    yield from (*map(_parameter_line, (LAPSE, START_VALUE)), "")


def manual() -> str:
    """The manual of ``config.yaml``: every key, what is allowed and what it means."""
    title = (
        "CONFIG.YAML, KEY BY KEY",
        "",
        "Every key must be there, unless it says what it means to leave it out.",
        "",
    )
    lines = [*title, *_key_lines(), *_distribution_lines(), *_model_lines()]
    return "\n".join(lines)
