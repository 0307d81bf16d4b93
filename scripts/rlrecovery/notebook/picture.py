"""A figure of a study that displays itself in a notebook."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlrecovery.config.figures import FigureSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Pixels per inch on the screen, and of the picture, which screens of high resolution show sharply.
SCREEN, SHARP = 96, 192


@dataclass(frozen=True, repr=False)
class Picture:
    """A figure of a study. In a notebook it is shown when it is the last line of a cell.

    Attributes
    ----------
    name : str
        Name of the figure.
    figure : matplotlib.figure.Figure
        The figure itself, for changes. It is not registered with pyplot, so nothing needs to be
        closed.
    settings : FigureSettings
        How it looks.
    """

    name: str
    figure: Figure
    settings: FigureSettings = field(default_factory=FigureSettings)

    def savefig(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Save the figure.

        Parameters
        ----------
        path : path
            File to write; its suffix is the format, such as ``.pdf`` or ``.png``.
        **options
            As of `matplotlib.figure.Figure.savefig`. By default the dots per inch of the settings;
            text stays text in SVG and PDF.

        Examples
        --------
        >>> study.figure("bias").savefig("bias.pdf")  # doctest: +SKIP
        """
        self._write(Path(path), {"dpi": self.settings.dpi} | options)

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The picture with its size in pixels of the screen, for IPython."""
        buffer = io.BytesIO()
        self._write(buffer, {"format": "png", "dpi": SHARP})
        width, height = (round(SCREEN * inches) for inches in self.figure.get_size_inches())
        return buffer.getvalue(), {"width": width, "height": height}

    def _write(self, target: Path | io.BytesIO, options: dict[str, Any]) -> None:
        """Write the figure in the style in which it was drawn."""
        import matplotlib as mpl

        from rlrecovery.figures.style import settings_rc

        with mpl.rc_context(settings_rc(self.settings)):
            self.figure.savefig(target, **options)

    def __repr__(self) -> str:
        width, height = self.figure.get_size_inches()
        return f"<figure {self.name}, {width:.3g} by {height:.3g} inches>"
