"""The JSON schema of ``config.yaml``, used by editors, the manual and the messages."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from rlrecovery.config.mistakes import Path
from rlrecovery.config.settings import Experiment

#: A node of the schema.
Node = Mapping[str, Any]


class _Generator(GenerateJsonSchema):
    """Omit titles, which repeat the keys, and null, because keys are omitted and never empty."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> dict[str, Any]:
        """The schema of the value, without null."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        """The schema with its default, unless that is null."""
        node = super().default_schema(schema)
        if node.get("default", ...) is None:
            del node["default"]
        return node

    def field_title_should_be_set(self, schema: Any) -> bool:
        """No field has a title."""
        return False


@functools.cache
def json_schema() -> dict[str, Any]:
    """JSON schema of ``config.yaml``; not to be changed, because it is shared."""
    text = json.dumps(Experiment.model_json_schema(schema_generator=_Generator))
    # Docstrings have line breaks.
    return {"$schema": GenerateJsonSchema.schema_dialect, **json.loads(text.replace(r"\n", " "))}


def resolve(node: Node) -> Node:
    """Follow references to a definition; other nodes are returned unchanged."""
    while "$ref" in node:
        node = json_schema()["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node


def child(node: Node, key: str | int) -> Node:
    """Schema of an entry of a section or list; it may be a reference."""
    if isinstance(key, int):
        return node.get("items", {})
    further = node.get("additionalProperties")
    if key in node.get("properties", ()):
        return node["properties"][key]
    if "properties" in node and not isinstance(further, Mapping):
        return {}
    return next(iter(node.get("patternProperties", {}).values()), None) or (further or {})


def _plain_member(node: Node) -> Node:
    """The member of a union that is no section, such as a number."""
    return next(member for member in node["oneOf"] if "$ref" not in member)


def locate(location: Path) -> tuple[Path, Node, Node]:
    """Path, schema, and resolved schema of the value at a location in a pydantic error.

    The path is pydantic's location without the names of union members. The schema that is not
    resolved has the description of the key.
    """
    path: Path = ()
    field: Node = json_schema()
    for segment in location:
        node = resolve(field)
        if "oneOf" in node:
            members = node.get("discriminator", {}).get("mapping", {})
            name = members.get(segment, str(segment)).rsplit("/", 1)[-1]
            is_section = name in json_schema()["$defs"]
            field = {"$ref": name} if is_section else {**field, **_plain_member(node)}
        else:
            path, field = (*path, segment), child(node, segment)
    return path, field, resolve(field)
