"""Messages about single keys, translated from pydantic's errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rlrecovery.config.json_schema import Node, locate, resolve
from rlrecovery.config.mistakes import (
    DISTRIBUTION,
    Mistake,
    Path,
    closest_keys,
    dotted,
    either,
    missing,
    mistake,
    wrong,
    wrong_choice,
)
from rlrecovery.config.settings import Experiment
from rlrecovery.models.settings import PATTERNS

_UNKNOWN = "extra_forbidden"
_PATTERN = "string_pattern_mismatch"
#: Allowed values, by pydantic's error type.
_ALLOWED = {
    "empty": "must have a value or be omitted",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be a section",
    "model_attributes_type": "must be a section",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "value_error": "{error}",
}


def validation_mistakes(raw: Mapping[str, Any]) -> tuple[list[Mistake], set[Path]]:
    """Wrong keys and values of a config, and all paths affected by them.

    A misspelt key is not also reported as missing, but the key it was meant for is affected.
    """
    try:
        Experiment.model_validate(raw)
    except ValidationError as error:
        errors = [e for e in error.errors(include_url=False) if not _is_long_enough(e)]
    else:
        return [], set()
    mistakes, meant = [], set()
    for location in (e["loc"] for e in errors if e["type"] == _UNKNOWN):
        unknown_key, guess = _unknown_key(raw, location)
        mistakes.append(unknown_key)
        meant |= guess
    for e in errors:
        is_meant = e["type"] == "missing" and locate(e["loc"])[0] in meant
        if e["type"] != _UNKNOWN and not is_meant:
            mistakes.append(_translate(e))
    return mistakes, {m.path for m in mistakes} | meant


def _is_long_enough(error: ErrorDetails) -> bool:
    """Whether a list is only "too short" because pydantic counts only valid entries."""
    return error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]


def _unknown_key(raw: Mapping[str, Any], location: Path) -> tuple[Mistake, set[Path]]:
    """The mistake of an unknown key, and the path of the key that was probably meant."""
    section, _, node = locate(location[:-1])
    keys: Any = raw
    for name in section:
        keys = keys[name]
    valid_keys = list(node["properties"])
    guess = closest_keys(keys, valid_keys)[str(location[-1])]
    path = (*section, location[-1])
    hint = f" (did you mean '{guess}'?)" if guess else ""
    sentence = f"unknown key '{dotted(path)}'{hint}; allowed keys: {', '.join(valid_keys)}"
    return Mistake(path, sentence), {(*section, guess)} if guess else set()


def _translate(error: ErrorDetails) -> Mistake:
    """Translate one of pydantic's errors, except for unknown keys (see `_unknown_key`)."""
    kind, location, value = error["type"], error["loc"], error["input"]
    context = error.get("ctx", {})
    # A name chosen by the user can be "[key]" only where names have no pattern.
    if kind == _PATTERN and location[-1] == "[key]":
        text = f"is not a valid name: names must be {PATTERNS[context['pattern']]}"
        return mistake(location[:-1], text)
    path, field, node = locate(location)
    if kind == "missing":
        about = (field.get("description") or node.get("description", "")).split(". ")[0].rstrip(".")
        # The first letter of an abbreviation stays in upper case.
        return missing(
            path, f" ({about if about[:2].isupper() else about[:1].lower() + about[1:]})"
        )
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _wrong_form(path, node, value)
    if kind == "literal_error":
        return wrong_choice(path, value, node.get("enum") or [node["const"]])
    if kind == _PATTERN or (kind == "string_type" and "pattern" in node):
        must = f"must be {PATTERNS[node['pattern']]}"
    elif kind == "model_type":
        must = f"must be a section with the keys {', '.join(node['properties'])}"
    elif kind == "too_short" and context["min_length"] == 1:
        must = "must not be empty"
    else:
        must = _ALLOWED[kind].format(**context)
    if path == ("truth",) and value == "prior":
        must += "; for true values that are drawn from the prior, add the section calibration"
    if kind == "tuple_type" and type(value) in (int, float) and node.get("minItems", 0) < 2:
        nested = resolve(node["items"]).get("type") == "array"
        must = f"{must} (write {[[value]] if nested else [value]})"
    return wrong(path, value, must)


def _wrong_form(path: Path, node: Node, value: Any) -> Mistake:
    """An ambiguous union member."""
    members = [resolve(member)["properties"] for member in node["oneOf"]]
    named = "discriminator" in node
    key = node["discriminator"]["propertyName"] if named else "distribution"
    choices = [member[key]["const"] for member in members if key in member]
    given = value if isinstance(value, dict) else {}
    if key in given and (named or not {"spread", "location", "scale"} & set(given)):
        return wrong_choice((*path, key), given[key], choices)
    meant = closest_keys(given, [name for member in members for name in member])
    hints = (
        f" (did you mean {guess} instead of {name}?)" for name, guess in meant.items() if guess
    )
    hint = next(hints, "")
    if named:
        return missing((*path, key), f": must be {either(choices)}{hint}")
    return wrong(path, value, f"must be {forms(node)}{hint}")


def forms(node: Node) -> str:
    """Describe the members of a union by their keys.

    Draws of a population are left out: they are read from the file of ``population.draws``.
    """
    texts: list[str] = []
    for keys in (resolve(member)["properties"] for member in node["oneOf"]):
        if "locations" in keys:
            continue
        text = "{" + ", ".join(f"{key}: ..." for key in keys) + "}"
        texts.append(DISTRIBUTION if "distribution" in keys else text)
    return either(dict.fromkeys(texts))
