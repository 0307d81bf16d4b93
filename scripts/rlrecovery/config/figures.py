"""The keys of ``figures``: how figures look, and figures that are composed of others."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from rlrecovery.models.settings import WORD, Omittable, Section

#: Kinds of files in the order in which they are written; text stays text in the first two.
KINDS = ("svg", "pdf", "png", "eps", "tiff")
#: Millimetres of an inch.
INCH = 25.4
#: Smallest width of a figure in millimetres, with text of 8 points.
NARROWEST = 44
#: Size of text in points that a style file may set, as that of the key.
SIZES = (5, 16)
#: Largest number of panels of a composed figure.
MOST_PANELS = 12


def _colours(value: Any) -> tuple[str, ...] | dict[str, str]:
    """A list of colours, or colours by method."""
    given = list(value.values()) if isinstance(value, Mapping) else value
    if not isinstance(given, list | tuple) or not all(isinstance(x, str) and x for x in given):
        raise ValueError(
            'must be a list of colours such as ["#0072B2", orange], or colours by method such as '
            '{mle: "#0072B2"}; put # in quotes'
        )
    return dict(value) if isinstance(value, Mapping) else tuple(given)


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


#: A colour by its name or as "#rrggbb".
_COLOUR = {"type": "string"}
Colours = Annotated[
    Any,
    PlainValidator(_colours),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": _COLOUR},
                {"type": "object", "additionalProperties": _COLOUR},
            ]
        }
    ),
]
_Millimetres = Annotated[float, Field(ge=50, le=400)]
_Formats = Annotated[
    tuple[Literal["svg", "pdf", "png", "eps", "tiff"], ...],
    Field(min_length=1),
    BeforeValidator(_as_tuple),
]
_Panels = Annotated[
    tuple[str, ...], Field(min_length=1, max_length=MOST_PANELS), BeforeValidator(_as_tuple)
]


class Widths(Section):
    """Widths of figures in millimetres."""

    two_columns: _Millimetres = 177.8
    """Width in millimetres of the figures in figures/: two columns of a journal."""
    one_column: _Millimetres = 88.9
    """Width in millimetres of those in figures/one_column/: one column of a journal."""


class StyleFile(Section):
    """A Matplotlib style file and its settings, which are read with the config."""

    file: str
    """Name of the file, without its folder."""
    values: dict[str, str]
    """Its settings of Matplotlib, as text."""


class Composition(Section):
    """A figure that is composed of other figures, its panels."""

    panels: _Panels
    """Names of figures, in the order of their letters, row by row."""
    columns: Omittable[Annotated[int, Field(ge=1, le=4)]] = None
    """Panels side by side; those of the last row share its width. By default 2, or as many as there
    are panels if that is less."""
    letters: Literal["A", "a", "none"] = "A"
    """Letters at the top left of the panels: A, B, C or a, b, c, or none."""
    width: Omittable[_Millimetres] = None
    """Width in millimetres. By default that of two columns."""
    height: Omittable[Annotated[float, Field(ge=30, le=600)]] = None
    """Height in millimetres. By default what the panels need."""

    def column_count(self) -> int:
        """Number of panels side by side."""
        return min(self.columns or 2, len(self.panels))

    def panel_letters(self) -> list[str]:
        """Letter of every panel; empty texts without letters."""
        letters = {"A": string.ascii_uppercase, "a": string.ascii_lowercase}
        count = len(self.panels)
        return list(letters.get(self.letters, ""))[:count] or [""] * count

    def rows(self) -> list[tuple[str, ...]]:
        """Panels of each row."""
        across = self.column_count()
        return [self.panels[k : k + across] for k in range(0, len(self.panels), across)]


class FigureSettings(Section):
    """How figures look. A change of these keys draws them again and computes nothing else."""

    font: Omittable[Annotated[str, Field(min_length=1)]] = None
    """Family of the font, such as Arial. Where it is not installed, and for characters that it does
    not have, figures use DejaVu Sans, the default; make check says so."""
    size: Omittable[Annotated[float, Field(ge=SIZES[0], le=SIZES[1])]] = None
    """Size of ordinary text in points, by default 8; the sizes of other texts are in proportion."""
    colours: Colours = ()
    """Colours of the methods, in their order or by method: ["#0072B2", orange] or {mle: "#0072B2"}.
    The others have the remaining colours of the default palette, which readers with any form of
    colour vision can tell apart."""
    formats: _Formats = ("svg", "pdf", "png")
    """Kinds of files of every figure: svg, pdf, png, eps (without transparency) and tiff. The
    report needs svg or png."""
    widths: Widths = Field(default_factory=Widths)
    """Widths of figures; their height follows from what they show."""
    dpi: Annotated[int, Field(ge=50, le=1200)] = 300
    """Dots per inch of png and tiff."""
    style: Annotated[Omittable[StyleFile], WithJsonSchema({"type": "string"})] = None
    """Matplotlib style file, relative to the config, such as paper.mplstyle. Its settings are
    applied after the other keys; widths, resolution and kinds of files are those of the keys
    here."""
    compose: dict[Annotated[str, Field(pattern=WORD)], Composition] = Field(
        default_factory=dict, json_schema_extra={"additionalProperties": False}
    )
    """Figures that are composed of other figures, each under a name of your choice:
    {figure2: {panels: [recovery, coverage]}}. By default none."""

    @property
    def points(self) -> float:
        """Size of ordinary text: as given here, or in the style file, or 8."""
        if self.size is not None:
            return self.size
        values = {} if self.style is None else self.style.values
        try:
            return float(values.get("font.size", 8))
        except ValueError:
            return 8.0

    def narrowest(self) -> float:
        """Smallest width in millimetres at which every figure can be drawn."""
        return NARROWEST * self.points / 8

    def inches(self, one_column: bool = False) -> float:
        """Width of a figure in inches."""
        width = self.widths.one_column if one_column else self.widths.two_columns
        return round(width / INCH, 6)
