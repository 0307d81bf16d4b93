"""Checks of the section ``figures``: colours, kinds of files, widths and composed figures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rlrecovery.config import study
from rlrecovery.config.checks.sections import Sections
from rlrecovery.config.figure_names import CONDITIONS, why_not
from rlrecovery.config.figures import INCH, SIZES, Composition, FigureSettings
from rlrecovery.config.mistakes import (
    Mistake,
    Path,
    did_you_mean,
    mistake,
    show,
    wrong,
    wrong_choice,
)

#: Name that stands for all figures of a study, see `rlrecovery.figures.__main__`.
ALL = "all"
#: Smallest width of a panel of a composed figure in millimetres, with text of 8 points.
NARROWEST_PANEL = 55
#: Smallest height of a row of panels in millimetres.
LOWEST_ROW = 30
_HEX = re.compile("#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")


def check_figures(sections: Sections) -> Iterator[Mistake]:
    """Yield all mistakes in the section ``figures``."""
    if not sections.readable("figures"):
        return
    settings = sections.experiment.figures
    yield from _colours(sections, settings)
    yield from _formats(settings)
    size = float(settings.style.values.get("font.size", 8)) if settings.style else 8
    if not SIZES[0] <= size <= SIZES[1]:
        must = f"font.size is {size:g}, but must be from {SIZES[0]} to {SIZES[1]}"
        yield Mistake(("figures", "style"), f"figures.style: {must}")
        return
    yield from _widths(settings)
    for name, composition in settings.compose.items():
        path = ("figures", "compose", name)
        if name == ALL:
            yield mistake(path, "means all figures where they are drawn; choose another name")
        if name in CONDITIONS:
            yield mistake(path, "has the name of a figure of the report; choose another name")
        yield from _panels(sections, path, composition)
        yield from _room(settings, path, composition)


def _colours(sections: Sections, settings: FigureSettings) -> Iterator[Mistake]:
    """Check that colours exist, and that colours by method are of methods."""
    colours, path = settings.colours, ("figures", "colours")
    by_method = isinstance(colours, Mapping)
    for key, colour in colours.items() if by_method else enumerate(colours):
        if not _HEX.fullmatch(colour) and colour not in (names := _colour_names()):
            must = 'must be "#rrggbb" or the name of a colour of Matplotlib'
            yield wrong((*path, key), colour, f"{must}{did_you_mean(colour, names)}")
    if not by_method or not all(map(sections.readable, ("methods", "models"))):
        return
    names = study.method_names(sections.experiment)
    for name in colours:
        if name not in names:
            hint = sections.method_hint(name, names)
            yield mistake((*path, name), f"names no method of this study{hint}")


def _colour_names() -> list[str]:
    """Names of colours that Matplotlib knows."""
    from matplotlib.colors import get_named_colors_mapping  # slow

    return list(get_named_colors_mapping())


def _formats(settings: FigureSettings) -> Iterator[Mistake]:
    """Check that kinds of files are unique, and that the report can show one of them."""
    formats, path = settings.formats, ("figures", "formats")
    for i, kind in enumerate(formats):
        if kind in formats[:i]:
            yield mistake((*path, i), f"repeats the value {show(kind)}; values must be unique")
    if not {"svg", "png"} & set(formats):
        must = "must include svg or png, because the report shows one of them"
        yield wrong(path, list(formats), must)


def _widths(settings: FigureSettings) -> Iterator[Mistake]:
    """Check that two columns are not narrower than one, and that text fits on both."""
    least, widths = settings.narrowest(), settings.widths
    path = ("figures", "widths")
    if widths.one_column > widths.two_columns:
        must = "must be at most the width of two columns"
        yield wrong((*path, "one_column"), widths.one_column, must)
    for key, width in (("two_columns", widths.two_columns), ("one_column", widths.one_column)):
        if width < least:
            must = f"must be at least {least:g} with text of {settings.points:g} points"
            yield wrong((*path, key), width, must)


def _panels(sections: Sections, path: Path, composition: Composition) -> Iterator[Mistake]:
    """Check that panels are figures of the catalogue that the study gives, each once."""
    composed = sections.experiment.figures.compose
    for i, panel in enumerate(composition.panels):
        here = (*path, "panels", i)
        if panel in composition.panels[:i]:
            yield mistake(here, f"repeats the figure {show(panel)}; each can be one panel")
        elif panel in CONDITIONS:
            reason = why_not(sections.experiment, panel) if _is_complete(sections) else None
            if reason is not None:
                yield mistake(here, f"is {show(panel)}, which this study does not give: {reason}")
        elif panel in composed:
            yield wrong(here, panel, "a composed figure cannot be a panel")
        else:
            yield wrong_choice(here, panel, list(CONDITIONS))


def _is_complete(sections: Sections) -> bool:
    """Whether all that decides which figures a study gives is valid."""
    experiment = sections.experiment
    keys = ("methods", "models", "model", "variants", "truth", "population", "participants")
    return (
        all(map(sections.readable, (*keys, "trials")))
        and len(sections.generating_models) == len(sections.simulated) > 0
        and all(map(sections.models_of, experiment.methods.values()))
    )


def _room(settings: FigureSettings, path: Path, composition: Composition) -> Iterator[Mistake]:
    """Check that panels are not too small to be drawn."""
    width = composition.width or INCH * settings.inches()
    columns, rows = composition.column_count(), len(composition.rows())
    least = NARROWEST_PANEL * settings.points / 8
    if width / columns < least:
        yield mistake(
            (*path, "columns"),
            f"gives panels of {width / columns:.0f} mm on a width of {width:g} mm; with text of "
            f"{settings.points:g} points a panel needs {least:.0f} mm",
        )
    least = LOWEST_ROW * settings.points / 8
    if composition.height is not None and composition.height / rows < least:
        text = f"leaves {composition.height / rows:.0f} mm for each of {rows} rows of panels"
        yield mistake((*path, "height"), f"{text}; a row needs at least {least:.0f} mm")
