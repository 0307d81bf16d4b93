"""Base class of all settings, and the types of config values."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _not_empty(value: Any) -> Any:
    """Reject an empty value: a key that has a default is omitted rather than left empty."""
    if value is None:
        raise PydanticCustomError("empty", "empty")
    return value


#: Names are parts of paths, and are therefore restricted.
RUN_NAME = "^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$"
#: Names of methods, of tasks and of variants of models.
WORD = "^[a-z][a-z0-9_]{0,39}$"
#: Descriptions of the patterns, for error messages and the manual.
PATTERNS = {
    RUN_NAME: "text of up to 100 letters, digits, _ and - that starts with a letter or a digit",
    WORD: "text of up to 40 lower-case letters, digits and _ that starts with a letter",
}

_Value = TypeVar("_Value")
#: A key that can be omitted.
Omittable = Annotated[_Value | None, BeforeValidator(_not_empty)]
_Tuple = Annotated[tuple[_Value, ...], BeforeValidator(_as_tuple)]
_NonEmpty = Annotated[tuple[_Value, ...], Field(min_length=1), BeforeValidator(_as_tuple)]
_AtLeastTwo = Annotated[tuple[_Value, ...], Field(min_length=2), BeforeValidator(_as_tuple)]
_Count = Annotated[int, Field(ge=1)]
#: Accepts a list, as YAML has it, for a field that is a tuple.
as_tuple_field = BeforeValidator(_as_tuple)
Name = Annotated[str, Field(pattern=WORD)]
Positive = Annotated[float, Field(gt=0)]
Numbers = _NonEmpty[float]
Counts = _NonEmpty[_Count]
#: Standard deviations, which may be 0.
SDs = _NonEmpty[Annotated[float, Field(ge=0)]]
Arms = _AtLeastTwo[float]
#: Probabilities of a missing trial, less than 1.
Shares = _NonEmpty[Annotated[float, Field(ge=0, lt=1)]]
Completed = _NonEmpty[_NonEmpty[Annotated[float, Field(gt=0, le=1)]]]
Rows = _NonEmpty[Arms]
#: Numbers of trials, counted from 1; may be empty.
Trials = _Tuple[_Count]
TrialLists = _NonEmpty[Trials]
Models = _AtLeastTwo[str]
Names = _NonEmpty[Name]
Levels = _NonEmpty[Annotated[float, Field(gt=0, lt=1)]]
Bounds = Annotated[tuple[float, ...], Field(min_length=2, max_length=2), BeforeValidator(_as_tuple)]


class Section(BaseModel):
    """A section of ``config.yaml``: no unknown keys, no implicit type conversion, immutable.

    A field is described by the string below it, in the JSON schema.
    """

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        defer_build=True,
    )

    @classmethod
    def of(cls, plain: Any) -> Self:
        """Inverse of `plain`."""
        return cls.model_validate(plain)

    def plain(self) -> dict[str, Any]:
        """Plain values that JSON can represent, without keys that have no value."""
        values: dict[str, Any] = self.model_dump(mode="json", exclude_none=True)
        return values

    # The option `use_attribute_docstrings` of pydantic would read the code of all classes whenever
    # they are imported, in every job.
    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for parent in cls.__mro__:
            for name, text in _attribute_docstrings(parent).items():
                properties[name].setdefault("description", text)
        return schema


def _attribute_docstrings(section: type) -> dict[str, str]:
    """Strings below the fields of a section, by field; empty for other classes."""
    if not issubclass(section, Section) or section is Section:
        return {}
    try:
        source = textwrap.dedent(inspect.getsource(section))
    except (OSError, TypeError):  # the class is not from a file
        return {}
    return {
        ast.unparse(field.target): inspect.cleandoc(str(text.value.value))
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef)
        for field, text in itertools.pairwise(node.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }
