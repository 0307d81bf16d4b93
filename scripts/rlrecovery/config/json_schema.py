"""The JSON schema of ``config.yaml``, and the way through it to the place of a mistake."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from rlrecovery.config.settings import Experiment

#: Keys and places in lists on the way to a value.
Location = tuple[str | int, ...]


class _Untitled(GenerateJsonSchema):
    """Titles would only repeat the keys; a key that may be left out is left out, and not null."""

    def nullable_schema(self, schema: Any) -> Any:
        """The schema of what may be there."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> Any:
        """A default of null would only repeat that a key may be left out."""
        made = super().default_schema(schema)
        if made.get("default", ...) is None:
            del made["default"]
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never, whatever the schema."""
        return False


@functools.cache
def _schema() -> dict[str, Any]:
    schema = Experiment.model_json_schema(schema_generator=_Untitled)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}


def json_schema() -> dict[str, Any]:
    """JSON schema of ``config.yaml``, for editors."""
    return copy.deepcopy(_schema())


def resolve(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The definition that a reference stands for; any other node as it is."""
    while "$ref" in node:
        node = _schema()["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node


def child_of(node: Mapping[str, Any], key: str | int) -> Mapping[str, Any]:
    """Schema of one entry of a section or of a list; empty if there is no such entry."""
    if isinstance(key, int):
        return node.get("items", {})
    if "properties" in node:
        return node["properties"].get(key, {})
    named = [*node.get("patternProperties", {}).values(), node.get("additionalProperties") or {}]
    return named[0]


def _variant(node: Mapping[str, Any], tag: str) -> Mapping[str, Any]:
    """Schema of one form of a union; pydantic tells which by a tag in an error's location."""
    mapping = node.get("discriminator", {}).get("mapping", {})
    return {"$ref": mapping.get(tag, tag)}


def locate(location: Location) -> tuple[Location, Mapping[str, Any]]:
    """Path of an error in the user's words (without pydantic's tags) and the schema there."""
    path: Location = ()
    node: Mapping[str, Any] = _schema()
    for segment in location:
        node = resolve(node)
        if "oneOf" in node:
            node = _variant(node, str(segment))
        else:
            path, node = (*path, segment), child_of(node, segment)
    return path, resolve(node)
