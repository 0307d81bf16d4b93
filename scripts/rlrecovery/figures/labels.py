"""Symbols of parameters and short texts for axes, legends and tables."""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from rlrecovery.models.base import Parameter
from rlrecovery.models.library import every_parameter

GREEK = {
    unicodedata.name(letter).rsplit(" ", 1)[-1].lower(): letter
    for letter in "αβγδεζηθικλμνξπρστυφχψω"
}


def symbol(parameter: str) -> str:
    """Symbol of a parameter, or its name if no model has it.

    Unicode characters are preferred to mathtext, so that labels in a vector file stay searchable
    and editable as text.
    """
    known = _find(parameter)
    return _unicode(known.symbol) if known else parameter


def _find(name: str) -> Parameter | None:
    """The first parameter of this name."""
    return next((known for known in every_parameter() if known.name == name), None)


def _unicode(mathtext: str) -> str:
    """Mathtext as Unicode characters, or as it is where there are no such characters."""
    text = re.sub(r"\\([a-z]+)", lambda match: GREEK.get(match[1], match[0]), mathtext)
    text = re.sub(r"\^\{?([+-])\}?", lambda match: "⁺" if match[1] == "+" else "⁻", text)
    return text if re.fullmatch(r"[\w⁺⁻]+", text) and "_" not in text else f"${mathtext}$"


def support(parameter: str) -> tuple[float, float]:
    """Lowest and highest possible value of a parameter; infinite if no model has it."""
    known = _find(parameter)
    return known.support if known else (-np.inf, np.inf)


def unconstrained(parameter: str) -> str:
    """Name of the unconstrained scale of a parameter, such as ``logit scale``."""
    known = _find(parameter)
    if known is None:
        return "unconstrained scale"
    return "natural scale" if known.transform == "identity" else f"{known.transform} scale"


def counted(number: int, noun: str) -> str:
    """Return for instance ``1 participant`` or ``10 participants``, from a plural noun."""
    return f"{number} {noun.removesuffix('s') if number == 1 else noun}"


def described(participants: int, trials: int) -> tuple[str, str]:
    """Return for instance ``10 participants`` and ``150 trials``."""
    return counted(participants, "participants"), counted(trials, "trials")


def describe(participants: int, trials: int) -> str:
    """Return for instance ``10 participants, 150 trials``."""
    return ", ".join(described(participants, trials))
