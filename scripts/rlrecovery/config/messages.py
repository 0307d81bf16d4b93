"""Mistakes of single keys: pydantic's errors as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rlrecovery.config.json_schema import Node, locate, resolve
from rlrecovery.config.mistakes import (
    DISTRIBUTION,
    Mistake,
    Path,
    closest_keys,
    did_you_mean,
    either,
    missing,
    wrong,
)
from rlrecovery.config.settings import Experiment
from rlrecovery.models.settings import PATTERNS

_UNKNOWN = "extra_forbidden"
_PATTERN = "string_pattern_mismatch"
#: What is allowed, by pydantic's type of the error.
_ALLOWED = {
    "empty": "must have a value or be left out",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be a section",
    "model_attributes_type": "must be a section",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "value_error": "{error}",
}


def validation_mistakes(raw: Mapping[str, Any]) -> tuple[list[Mistake], set[Path]]:
    """Wrong keys and values of a config of plain values, and all paths that are unclear by them.

    A key that was misspelt is not missing, too, but unclear.
    """
    try:
        Experiment.model_validate(raw)
    except ValidationError as error:
        errors = [e for e in error.errors(include_url=False) if not _is_long_enough(e)]
    else:
        return [], set()
    mistakes, meant = _unknown_keys(raw, [e["loc"] for e in errors if e["type"] == _UNKNOWN])
    for mistake in (_translate(error) for error in errors if error["type"] != _UNKNOWN):
        if mistake.kind != "missing" or mistake.path not in meant:
            mistakes.append(mistake)
    return mistakes, {mistake.path for mistake in mistakes} | meant


def _is_long_enough(error: ErrorDetails) -> bool:
    """Pydantic counts only the valid entries of a list: a wrong one does not make it short."""
    return error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]


def _unknown_keys(
    raw: Mapping[str, Any], locations: Sequence[Path]
) -> tuple[list[Mistake], set[Path]]:
    """Mistakes of unknown keys, and the paths of the keys that were probably meant."""
    mistakes, meant = [], set()
    for *parents, key in locations:
        section, _, node = locate(tuple(parents))
        values: Any = raw
        for name in section:
            values = values[name]
        known = list(node["properties"])
        guess = closest_keys(values, known)[str(key)]
        hint = f" (did you mean {guess}?)" if guess else ""
        must = f"there is no such key; the keys here are {', '.join(known)}{hint}"
        mistakes.append(wrong((*section, key), values[key], _UNKNOWN, must))
        if guess:
            meant.add((*section, guess))
    return mistakes, meant


def _translate(error: ErrorDetails) -> Mistake:
    """One of pydantic's errors as a mistake; for unknown keys see `_unknown_keys`."""
    kind, location, value = error["type"], error["loc"], error["input"]
    context = error.get("ctx", {})
    # A user may call a key "[key]", too, but only where names have no pattern.
    if kind == _PATTERN and location[-1] == "[key]":
        text = f"is not a valid name, which must be {PATTERNS[context['pattern']]}"
        return Mistake(location[:-1], "name", value, text)
    path, field, node = locate(location)
    if kind == "missing":
        about = field.get("description") or node.get("description", "")
        return missing(path, f"must be given: {about.split('. ')[0].rstrip('.')}")
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _wrong_form(path, node, value)
    if kind == "literal_error":
        choices = node.get("enum") or [node["const"]]
        return wrong(path, value, kind, f"must be {either(choices)}{did_you_mean(value, choices)}")
    if kind == _PATTERN or (kind == "string_type" and "pattern" in node):
        must = f"must be {PATTERNS[node['pattern']]}"
    elif kind == "model_type":
        must = f"must be a section with the keys {', '.join(node['properties'])}"
    elif kind == "too_short" and context["min_length"] == 1:
        must = "must not be empty"
    else:
        must = _ALLOWED[kind].format(**context)
    if kind == "tuple_type" and type(value) in (int, float) and node.get("minItems", 0) < 2:
        nested = resolve(node["items"]).get("type") == "array"
        must = f"{must} (write {[[value]] if nested else [value]})"
    return wrong(path, value, kind, must)


def _wrong_form(path: Path, node: Node, value: Any) -> Mistake:
    """A union of which it cannot be told which member is meant."""
    members = [resolve(member)["properties"] for member in node["oneOf"]]
    named = "discriminator" in node
    key = node["discriminator"]["propertyName"] if named else "distribution"
    choices = [member[key]["const"] for member in members if key in member]
    given = value if isinstance(value, dict) else {}
    if key in given and (named or not {"spread", "location", "scale"} & set(given)):
        name = given[key]
        must = f"must be {either(choices)}{did_you_mean(name, choices)}"
        return wrong((*path, key), name, "literal_error", must)
    meant = closest_keys(given, [name for member in members for name in member])
    hints = [
        f" (did you mean {guess} instead of {name}?)" for name, guess in meant.items() if guess
    ]
    hint = hints[0] if hints else ""
    if named:
        return missing((*path, key), f"must be {either(choices)}{hint}")
    return wrong(path, value, "form", f"must be {forms(node)}{hint}")


def forms(node: Node) -> str:
    """Members of a union in words, by their keys."""
    texts: list[str] = []
    for keys in (resolve(member)["properties"] for member in node["oneOf"]):
        text = "{" + ", ".join(f"{key}: ..." for key in keys) + "}"
        texts.append(DISTRIBUTION if "distribution" in keys else text)
    return either(dict.fromkeys(texts))
