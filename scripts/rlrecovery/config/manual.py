"""The manual of ``config.yaml``: name, type, default and meaning of every key."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rlrecovery.config.json_schema import Node, child, json_schema, resolve
from rlrecovery.config.messages import forms
from rlrecovery.config.mistakes import either, interval
from rlrecovery.models.base import Parameter
from rlrecovery.models.library import LAPSE, MODELS, START_VALUE
from rlrecovery.models.prior_settings import FAMILIES

_LIMITS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}


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


def _entries(section: Node, path: str, shown: dict[str, str]) -> Iterator[Entry]:
    """Yield all keys below a node of the schema; a repeated section is explained once."""
    section = resolve(section)
    keys = {f"{path}.{key}".lstrip("."): key for key in section.get("properties", ())}
    # A section of named entries, such as parameters, which may have keys of its own.
    is_named = not keys or isinstance(section.get("additionalProperties"), Mapping)
    if is_named and child(section, ""):
        name = "name" if "patternProperties" in section else "parameter"
        keys |= {f"{path}.<{'model' if path == 'models.simulate' else name}>": ""}
    for key_path, key in keys.items():
        field = child(section, key)
        node, reference = resolve(field), field.get("$ref", key_path)
        kind = _kind(node) + "; optional" * bool(key and key not in section.get("required", ()))
        if "default" in field:
            kind += f", default {json.dumps(field['default'])}"
        repeated = reference in shown
        if repeated:
            kind += f"; its keys are those of {shown[reference]}"
        yield Entry(key_path, kind, field.get("description") or node.get("description", ""))
        if not repeated:
            shown[reference] = key_path
            yield from _entries(node, key_path, shown)
    members = [m for m in map(resolve, section.get("oneOf", ())) if "properties" in m]
    if len(members) == 1:  # the other is a number
        yield from _entries(members[0], path, shown)
        return
    for member in members:
        if "distribution" not in member["properties"]:  # explained separately
            estimator = member["properties"].get("estimator")
            label = estimator["const"] if estimator else ", ".join(member["properties"])
            yield from _entries(member, f"{path} ({label})", shown)


def _kind(node: Node) -> str:
    """Describe the type and limits of a value."""
    node = resolve(node)
    if "enum" in node or "const" in node:
        return either(node.get("enum") or [node["const"]])
    if "anyOf" in node:
        return either(map(_kind, node["anyOf"]))
    if "oneOf" in node:
        if any(resolve(member).get("type") == "integer" for member in node["oneOf"]):
            return either(map(_kind, node["oneOf"]))
        named = "estimator" in node.get("discriminator", {}).values()
        return "section" if named else forms(node)
    if node["type"] == "array":
        least = node.get("minItems", 0)
        most = node.get("maxItems")
        extent = " or more" if most is None else f" to {most}" if most > least else ""
        number = f" of {least}{extent}" if least else ""
        return f"list{number}, each: {_kind(node['items'])}"
    limits = [f"{sign} {node[limit]:g}" for limit, sign in _LIMITS.items() if limit in node]
    kind = "section" if node["type"] == "object" else node["type"]
    return f"{kind} {', '.join(limits)}".rstrip()


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
        f"{parameter.name}: {parameter.meaning}, {interval(*parameter.support)}. Default bounds: "
        f"{parameter.bounds[0]:g} to {parameter.bounds[1]:g}. Default prior: "
        f"{parameter.prior}; with partial pooling: location {parameter.location} and scale "
        f"{parameter.scale} on the {parameter.transform} scale."
    )
