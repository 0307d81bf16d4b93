"""Fonts: whether a family is installed, and the settings of Matplotlib that use it."""

from __future__ import annotations

import functools
from difflib import get_close_matches
from typing import Any

from matplotlib import font_manager

#: Beginnings of the names of fonts that come with Matplotlib.
_BUNDLED = ("DejaVu", "STIX", "cm")


@functools.cache
def installed() -> frozenset[str]:
    """Names of the font families that Matplotlib can use."""
    manager = font_manager.fontManager
    known = {entry.fname for entry in manager.ttflist}
    # Matplotlib's list of fonts is a file that is older than fonts which were installed since.
    for path in font_manager.findSystemFonts():
        if path not in known:
            try:
                manager.addfont(path)
            except (OSError, RuntimeError, ValueError):
                continue  # not a font that Matplotlib can read
    return frozenset(manager.get_font_names())


def find(family: str) -> str | None:
    """The installed family of this name, in whatever case, or None."""
    return next((name for name in installed() if name.lower() == family.lower()), None)


def families(family: str, fallback: str) -> dict[str, Any]:
    """Settings of Matplotlib for a family, and another one for the characters that it lacks.

    There are none if the family is not installed.
    """
    if (name := find(family)) is None:
        return {}
    return {
        "font.family": [name, fallback],
        "mathtext.fontset": "custom",
        "mathtext.rm": name,
        "mathtext.it": f"{name}:italic",
        "mathtext.bf": f"{name}:bold",
    }


def missing_font(family: str, fallback: str = "DejaVu Sans") -> str | None:
    """A sentence that says what is used instead of a font that is not installed, or None."""
    if find(family) is not None:
        return None
    others = sorted(name for name in installed() if not name.startswith(_BUNDLED))
    similar = get_close_matches(family, others, n=3, cutoff=0.4) or others[:3]
    hint = f"; installed are for example {', '.join(similar)}" if similar else ""
    return f"the font {family} is not installed here, so that figures use {fallback}{hint}"
