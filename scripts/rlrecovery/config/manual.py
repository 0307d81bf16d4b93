"""The manual of ``config.yaml``: name, type, default and meaning of every key."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from rlrecovery.config.json_schema import Node, child, json_schema, resolve
from rlrecovery.config.messages import forms
from rlrecovery.config.mistakes import either, interval
from rlrecovery.models.base import Parameter
from rlrecovery.models.library import LAPSE, MODELS, START_VALUE
from rlrecovery.models.prior_settings import FAMILIES

_TYPES = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
    "object": "section",
}
_LIMITS = {
    "minimum": "at least {:g}",
    "exclusiveMinimum": "greater than {:g}",
    "maximum": "at most {:g}",
    "exclusiveMaximum": "less than {:g}",
}


class Entry(NamedTuple):
    """Path of a key, its type and default, and its description."""

    path: str
    kind: str
    meaning: str


def manual() -> str:
    """Format the manual as text of at most 88 columns."""
    title = "CONFIG.YAML, KEY BY KEY\n\nKeys are required unless they are called optional."
    keys = ("\n".join([e.path, *map(_wrapped, filter(None, e[1:]))]) for e in entries())
    return "\n\n".join([title, *keys, *_distributions(), *_models()])


def entries() -> list[Entry]:
    """All keys, in the order of the schema."""
    return list(_entries(json_schema(), "", {}))


def _entries(node: Node, path: str, shown: dict[str, str]) -> Iterator[Entry]:
    """Yield all keys below a node of the schema; a repeated section is explained once."""
    node = resolve(node)
    for key, field in node.get("properties", {}).items():
        optional = key not in node.get("required", ())
        yield from _entry(field, f"{path}.{key}".removeprefix("."), shown, optional)
    if "properties" not in node and child(node, ""):
        kind = "name" if "patternProperties" in node else "parameter"
        kind = "model" if path == "models.simulate" else kind
        yield from _entry(child(node, ""), f"{path}.<{kind}>", shown, optional=False)
    for member in map(resolve, node.get("oneOf", ())):
        if "distribution" not in member["properties"]:  # explained separately
            yield from _entries(member, f"{path} ({_member(member)})", shown)


def _member(node: Node) -> str:
    """Label of a union member: its estimator, or else its keys."""
    estimator = node["properties"].get("estimator")
    return estimator["const"] if estimator else ", ".join(node["properties"])


def _entry(field: Node, path: str, shown: dict[str, str], optional: bool) -> Iterator[Entry]:
    """Yield a key, then the keys below it."""
    node, reference = resolve(field), field.get("$ref", "")
    default = f"; optional, default {json.dumps(field['default'])}" if "default" in field else ""
    kind = _kind(node) + (default or "; optional") * optional
    meaning = field.get("description") or node.get("description", "")
    if reference in shown:
        yield Entry(path, f"{kind}; its keys are those of {shown[reference]}", meaning)
        return
    yield Entry(path, kind, meaning)
    if reference:
        shown[reference] = path
    yield from _entries(field, path, shown)


def _kind(node: Node) -> str:
    """Describe the type and limits of a value."""
    node = resolve(node)
    if "enum" in node or "const" in node:
        return either(node.get("enum") or [node["const"]])
    if "oneOf" in node:
        named = "estimator" in node.get("discriminator", {}).values()
        return "section" if named else forms(node)
    if node["type"] == "array":
        least = node.get("minItems", 0)
        number = f" of {least}{' or more' * ('maxItems' not in node)}" if least else ""
        return f"list{number}, each: {_kind(node['items'])}"
    limits = [text.format(node[limit]) for limit, text in _LIMITS.items() if limit in node]
    return ", ".join([_TYPES[node["type"]], *limits])


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 88, initial_indent="    ", subsequent_indent="    ")


def _distributions() -> Iterator[str]:
    yield "DISTRIBUTIONS"
    yield (
        "Written as {distribution: Beta, alpha: 1, beta: 1}. Names and arguments are those of\n"
        "PyMC, with one addition: ShiftedExponential is an Exponential that starts at lower."
    )
    for name, settings in FAMILIES.items():
        fields = list(settings.model_fields.items())[1:]
        yield "\n".join([name, *(_wrapped(f"{key}: {field.description}") for key, field in fields)])


def _models() -> Iterator[str]:
    yield "MODELS"
    for name, model in MODELS.items():
        about = _wrapped(f"{model.title}. {model.citation}.")
        yield "\n".join([name, about, *map(_parameter, model.parameters)])
    yield "\n".join(["Parameters that variants may add", *map(_parameter, (LAPSE, START_VALUE))])


def _parameter(parameter: Parameter) -> str:
    return _wrapped(
        f"{parameter.name}: {parameter.meaning}, {interval(*parameter.support)}. Default prior: "
        f"{parameter.prior}; with partial pooling: location {parameter.location} and scale "
        f"{parameter.scale} on the {parameter.transform} scale."
    )
