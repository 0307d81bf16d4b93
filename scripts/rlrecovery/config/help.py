"""The manual of ``config.yaml``, printed from the schema: every key, explained."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from rlrecovery.config.distributions import FAMILIES
from rlrecovery.config.schema import child_of, json_schema, resolve
from rlrecovery.config.words import allowed_at, describe, form_in_words, span
from rlrecovery.models import MODELS


def _entries(node: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    """Dotted path, what is allowed and what it means, of all keys below a place of the schema."""
    node = resolve(node)
    for key, child in node.get("properties", {}).items():
        where = f"{path}.{key}".lstrip(".")
        yield where, allowed_at((key,), child), child["description"]
        yield from _entries(child, where)
    if "patternProperties" in node:
        yield from _entries(child_of(node, "name"), f"{path}.<name>")
    elif node.get("additionalProperties"):
        child = child_of(node, "parameter")
        meaning = child.get("description") or resolve(child)["description"]
        yield f"{path}.<parameter>", describe(child), meaning
        yield from _entries(child, f"{path}.<parameter>")
    for variant in map(resolve, node.get("oneOf", ())):
        if "distribution" not in variant["properties"]:  # these have a part of their own
            yield f"{path} as {form_in_words(variant)}", "", variant["description"]
            yield from _entries(variant, path)


def _wrapped(text: str, indent: int = 4) -> str:
    space = " " * indent
    return textwrap.fill(text, 88, initial_indent=space, subsequent_indent=space)


def _key_lines() -> Iterator[str]:
    for path, allowed, meaning in _entries(json_schema(), ""):
        yield path
        if allowed:
            yield _wrapped(f"Must be {allowed}.")
        yield from (_wrapped(meaning), "")


def _distribution_lines() -> Iterator[str]:
    yield from ("DISTRIBUTIONS", "", "Written as {distribution: Beta, alpha: 1, beta: 1}.", "")
    for name, settings in FAMILIES.items():
        yield name
        for path, allowed, meaning in _entries(settings.model_json_schema(), ""):
            if path != "distribution":
                yield _wrapped(f"{path}: {allowed}. {meaning}")
        yield ""


def _model_lines() -> Iterator[str]:
    yield from ("MODELS", "")
    for model in MODELS.values():
        yield model.name
        yield _wrapped(f"{model.title}. {model.citation}.")
        for parameter in model.parameters:
            priors = (
                f"{parameter.name}: {parameter.meaning}, {span(*parameter.support)}. Default "
                f"priors: {parameter.prior}; with pooling partial location {parameter.location} "
                f"and scale {parameter.scale} on the scale of {parameter.transform}."
            )
            yield _wrapped(priors)
        yield ""


def manual() -> str:
    """The manual of ``config.yaml``: every key, what is allowed and what it means."""
    title = ("CONFIG.YAML, KEY BY KEY", "", "Every key must be there, but for priors.", "")
    lines = [*title, *_key_lines(), *_distribution_lines(), *_model_lines()]
    return "\n".join(lines)
