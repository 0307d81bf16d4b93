"""Mistakes in wrong keys and values: pydantic's errors in the words of ``config.yaml``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from pydantic import ValidationError

from rlrecovery.config.fields import PATTERNS
from rlrecovery.config.json_schema import Location, locate, resolve
from rlrecovery.config.priors import FORMS
from rlrecovery.config.settings import Experiment
from rlrecovery.config.words import allowed_at, did_you_mean, either, pair_up, show


class Problem(NamedTuple):
    """A mistake: where, what, and whether the value there is of no further use."""

    path: Location
    text: str
    spoils: bool = True

    def sentence(self) -> str:
        """The mistake as a user reads it: the key, the value and what is allowed."""
        within = isinstance(self.path[-1], int)
        keys = [key for key in self.path if not isinstance(key, int)]
        where = ".".join(key if re.fullmatch(r"[\w-]+", key) else ascii(key) for key in keys)
        return f"{where} {'contains' if within else 'is'} {self.text}"


def _as_number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _spellings(number: Decimal, whole: bool) -> str:
    """How YAML wants a number that it took for text, because its float needs dot and sign."""
    mantissa, _, exponent = f"{number:e}".partition("e")
    scientific = f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent}"
    if abs(number.adjusted()) > 15:
        return "" if whole else f" (write {scientific})"
    plain = f"{number:f}"
    return f" (write {plain})" if whole else f" (write {plain} or {scientific})"


def _listed(value: Any, node: Mapping[str, Any]) -> str:
    """How a number becomes a list with one entry, or a list of such lists."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if node.get("minItems", 0) > 1 or not math.isfinite(value):
        return ""
    inner = resolve(node["items"])
    if inner.get("type") != "array":
        return f" (write [{value!r}])"
    return f" (write [[{value!r}]])" if inner.get("minItems", 0) < 2 else ""


def _hint(value: Any, node: Mapping[str, Any]) -> str:
    """What to write instead, where that can be guessed."""
    kind = node.get("type")
    if isinstance(value, str) and kind in ("number", "integer"):
        number = _as_number(value)
        if number is None or (kind == "integer" and number != number.to_integral_value()):
            return ""
        if "e" in value.lower():
            return _spellings(number, whole=kind == "integer")
        return f" (write {value.strip()} without quotes)"
    if isinstance(value, float) and kind == "integer" and value.is_integer() and value < 1e15:
        return f" (write {value:.0f})"
    if kind == "array":
        return _listed(value, node)
    if kind == "boolean" and value in ("true", "false"):
        return f" (write {value} without quotes)"
    if "pattern" in node and value is not None and not isinstance(value, str | list | dict):
        return " (put it in quotes)"
    return ""


def _must(value: Any, path: Location, node: Mapping[str, Any]) -> str:
    allowed = allowed_at(path, node)
    if isinstance(value, float) and not math.isfinite(value) and node.get("type") == "number":
        allowed = allowed.replace("a number", "a finite number", 1)
    return f"{show(value)}, but must be {allowed}{_hint(value, node)}"


def value_at(raw: Any, path: Location) -> Any:
    """The value at a place of a config."""
    for key in path:
        raw = raw[key]
    return raw


def _without_form(path: Location, node: Mapping[str, Any], value: Any) -> Problem:
    """A union whose form cannot be told."""
    known = [key for variant in node["oneOf"] for key in resolve(variant)["properties"]]
    meant = pair_up(value if isinstance(value, dict) else (), known)
    hints = [f" (did you mean {key} instead of {name}?)" for name, key in meant.items() if key]
    hint = hints[0] if hints else ""
    key = node.get("discriminator", {}).get("propertyName")
    if key is None or not isinstance(value, dict):
        return Problem(path, f"{_must(value, path, node)}{hint}")
    return Problem((*path, key), f"missing, but must be {either(_choices(node, key))}{hint}")


def _choices(node: Mapping[str, Any], key: str) -> list[str]:
    properties = [resolve(variant)["properties"] for variant in node["oneOf"]]
    return [each[key]["const"] for each in properties if key in each]


def _wrong_form(path: Location, node: Mapping[str, Any], value: Any) -> Problem:
    """A union whose form is named, but unknown."""
    key = node.get("discriminator", {}).get("propertyName", "distribution")
    choices, name = _choices(node, key), value[key]
    text = f"{show(name)}, but must be {either(choices)}{did_you_mean(name, choices)}"
    return Problem((*path, key), text)


def _translate(error: Mapping[str, Any], raw: Any) -> Problem:
    """One of pydantic's errors (but for unknown keys) in our words."""
    # A user's key may also be called "[key]"; only names that users choose have a pattern.
    if error["type"] == "string_pattern_mismatch" and error["loc"][-1] == "[key]":
        kind = f"a {error['loc'][0].removesuffix('s')}"
        text = f"no valid name of {kind}, but a name must be {PATTERNS[error['ctx']['pattern']]}"
        return Problem(error["loc"][:-1], text, spoils=False)
    path, node = locate(error["loc"])
    if error["type"] == "missing":
        return Problem(path, f"missing, but must be {allowed_at(path, node)}")
    value = value_at(raw, path)
    if error["type"] == "union_tag_not_found" or error.get("ctx", {}).get("tag") in FORMS:
        return _without_form(path, node, value)
    if error["type"] == "union_tag_invalid":
        return _wrong_form(path, node, value)
    if error["type"] == "value_error":
        return Problem(path, f"{show(value)}, but {error['ctx']['error']}")
    if error["type"] == "literal_error":
        return Problem(
            path, f"{_must(value, path, node)}{did_you_mean(value, node.get('enum', ()))}"
        )
    return Problem(path, _must(value, path, node))


def _unknown_keys(errors: Sequence[Mapping[str, Any]], raw: Any) -> tuple[list[Problem], set]:
    """Sentences on unknown keys, and the required keys that were probably meant by them."""
    problems, meant = [], set()
    for error in errors:
        section, node = locate(error["loc"][:-1])
        key, known = error["loc"][-1], list(node["properties"])
        guess = pair_up(value_at(raw, section), known)[key]
        text = (
            f"{show(value_at(raw, (*section, key)))}, but there is no such key; the keys here are "
            f"{', '.join(known)}" + (f" (did you mean {guess}?)" if guess else "")
        )
        problems.append(Problem((*section, key), text))
        meant.add((*section, guess))
    return problems, meant


def _is_short(error: Mapping[str, Any], raw: Any) -> bool:
    return len(value_at(raw, locate(error["loc"])[0])) < error["ctx"]["min_length"]


def wrong_keys_and_values(raw: dict[str, Any]) -> list[Problem]:
    """All that the pydantic models find wrong."""
    try:
        Experiment.model_validate(raw)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    else:
        return []
    # Pydantic counts only the sound entries of a list: one that is wrong does not make it short.
    errors = [e for e in errors if e["type"] != "too_short" or _is_short(e, raw)]
    unknown = [error for error in errors if error["type"] == "extra_forbidden"]
    problems, meant = _unknown_keys(unknown, raw)
    for error in errors:
        if error["type"] != "extra_forbidden":
            problem = _translate(error, raw)
            if error["type"] != "missing" or problem.path not in meant:
                problems.append(problem)
    return problems
