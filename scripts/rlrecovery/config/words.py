"""Values, names and the schema in words, for the sentences about mistakes and the manual."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from rlrecovery.config.fields import PATTERNS
from rlrecovery.config.json_schema import Location, resolve
from rlrecovery.models.library import MODELS


def flow(value: Any) -> str:
    """A value as YAML would have it, on one line."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{bare(k)}: {bare(item)}" for k, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(bare(item) for item in value) + "]"
    return ascii(value) if isinstance(value, str) and not value.isprintable() else _repr(value)


def _repr(value: Any) -> str:
    return repr(value) if isinstance(value, str | int | float) else f"{value}"


def bare(value: Any) -> str:
    """As `flow`, but a plain word has no quotes."""
    plain = isinstance(value, str) and value.isidentifier()
    return value if plain else flow(value)


def show(value: Any) -> str:
    """As `flow`, cut where it would fill more than a line."""
    text = flow(value)
    return text if len(text) <= 70 else f"{text[:67]}..."


def _closest(name: str, known: Iterable[str]) -> str | None:
    lower = {word.lower(): word for word in known}
    found = get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return lower[found[0]] if found else None


def did_you_mean(name: Any, known: Iterable[str]) -> str:
    """The known name that is closest to a wrong one, as a question; empty if none is close."""
    found = _closest(name, known) if isinstance(name, str) else None
    return f" (did you mean {found}?)" if found else ""


def pair_up(given: Iterable[str], known: Sequence[str]) -> dict[str, str | None]:
    """Each unknown name with the known one that was probably meant, absent ones first."""
    given = list(given)
    absent = [name for name in known if name not in given]
    unknown = [name for name in given if name not in known]
    return {name: _closest(name, absent) or _closest(name, known) for name in unknown}


def span(lower: float, upper: float) -> str:
    """What a number between two ends must be."""
    if math.isinf(upper):
        return "any number" if math.isinf(lower) else f"a number of at least {lower:g}"
    return f"a number {'of at most' if math.isinf(lower) else f'from {lower:g} to'} {upper:g}"


def either(words: Iterable[Any]) -> str:
    """A choice of words: a, b or c."""
    *most, last = [str(word) for word in words]
    return f"{', '.join(most)} or {last}" if most else last


def every(words: Iterable[Any]) -> str:
    """All of some words: a, b and c."""
    *most, last = [str(word) for word in words]
    return f"{', '.join(most)} and {last}" if most else last


def _range(node: Mapping[str, Any]) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    if above is not None and below is not None:
        return f" between {above:g} and {below:g}, ends excluded"
    ends = [
        *([] if low is None else [f"of at least {low:g}"]),
        *([] if above is None else [f"greater than {above:g}"]),
        *([] if high is None else [f"of at most {high:g}"]),
        *([] if below is None else [f"less than {below:g}"]),
    ]
    return f" {every(ends)}" if ends else ""


def _describe_list(node: Mapping[str, Any], each: str) -> str:
    least, nested = node.get("minItems", 0), "items" in resolve(node["items"])
    how_many = f"{least}" if least == node.get("maxItems") else f"at least {least}"
    noun = f"{'list' if nested else 'value'}{'s'[: least != 1]}"
    each = each.removeprefix("a list ") if nested else each
    return f"a list of {how_many if least else 'any number of'} {noun}, each {each}"


#: What users give names of their own to, or the names of parameters or models.
_ENTRIES = {
    "#/$defs/Task": "at least one task, each under its name",
    "#/$defs/Variant": "one entry per variant, each under its name",
    "#/$defs/Source": "at least one model, each by its name",
}


def _describe_section(node: Mapping[str, Any]) -> str:
    if "properties" in node:
        return f"a section with the keys {', '.join(node['properties'])}"
    named = [*node.get("patternProperties", {}).values(), node.get("additionalProperties") or {}]
    methods = "patternProperties" in node and "oneOf" in named[0]
    other = "at least one method, each under its name" if methods else "one entry per parameter"
    return f"a section with {_ENTRIES.get(named[0].get('$ref', ''), other)}"


def _describe_union(node: Mapping[str, Any]) -> str:
    forms = [resolve(variant) for variant in node["oneOf"]]
    kinds = [form["properties"].get("estimator", {}).get("const") for form in forms]
    if all(kinds):
        return f"a section with estimator: {either(kinds)}"
    return either(dict.fromkeys(form_in_words(form) for form in forms))


def form_in_words(variant: Mapping[str, Any]) -> str:
    """One form of a union by what tells it from the others."""
    properties = variant["properties"]
    if "estimator" in properties:
        return f"a section with estimator: {properties['estimator']['const']}"
    if "distribution" in properties:
        return "{distribution: name, and its arguments}"
    return "{" + ", ".join(f"{key}: ..." for key in properties) + "}"


def describe(node: Mapping[str, Any]) -> str:
    """What is allowed at a place of the schema, to follow the words "must be"."""
    node = resolve(node)
    if "oneOf" in node:
        return _describe_union(node)
    if "enum" in node or "const" in node:
        return either(node.get("enum", [node.get("const")]))
    kinds: dict[str, Callable[[], str]] = {
        "integer": lambda: f"a whole number{_range(node)}",
        "number": lambda: f"a number{_range(node)}",
        "string": lambda: PATTERNS.get(node.get("pattern", ""), "text"),
        "boolean": lambda: "true or false",
        "array": lambda: _describe_list(node, describe(node["items"])),
        "object": lambda: _describe_section(node),
    }
    return kinds[node["type"]]()


def allowed_at(path: Location, node: Mapping[str, Any], models: Iterable[str] = MODELS) -> str:
    """As `describe`, but models are named: a schema that did would change with every model."""
    node = resolve(node)
    keys = [key for key in path if isinstance(key, str)]
    if keys[-1] in ("model", "fit") and _is_name(node):
        return either(models)
    if keys[-1] == "fit" and _is_name(node.get("items", {})):
        return _describe_list(node, either(models))
    return describe(node)


def _is_name(node: Mapping[str, Any]) -> bool:
    return node.get("type") == "string" and not {"pattern", "enum", "const"} & set(node)
