"""Figures and the example report, made from the stored summaries of `docs/studies`.

``{study-figure} STUDY NAME`` shows a figure of a study. The role ``{example-report}`` links to the
report of the default study. Both are made before the site is built, and again only if a stored
table or the code that draws them has changed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.display import status_iterator
from sphinx.util.docutils import SphinxDirective, SphinxRole

from rlrecovery.config.figures import FigureSettings
from rlrecovery.config.study import read_resolved
from rlrecovery.figures.catalogue import FIGURES, available_figures, write_figure
from rlrecovery.report.html import write_report
from rlrecovery.storage.fingerprint import whole_fingerprint

ROOT = Path(__file__).resolve().parents[2]
STUDIES = ROOT / "docs" / "studies"
#: Drawn figures: ``<study>/<name>.svg``, and one column wide ``<study>/one_column/<name>.svg``.
DRAWN = ROOT / "docs" / "gallery" / "figures"
#: The only kind of file that the site shows.
SVG = FigureSettings(formats=("svg",))
#: Copied into the site as it is.
REPORT = ROOT / "docs" / "build" / "extra" / "example" / "report.html"
#: Figures are drawn twice.
FOLDERS = {"two": "", "one": "one_column/"}


def stored_studies() -> list[str]:
    """Names of the stored studies."""
    return sorted(path.name for path in STUDIES.iterdir() if (path / "summary").is_dir())


def draw_all(app: Sphinx) -> None:
    """Draw the figures of all studies, and write the example report."""
    outdated = [study for study in stored_studies() if not _is_drawn(study)]
    jobs = [
        (name, str(STUDIES / study / "summary"), str(DRAWN / study), SVG)
        for study in outdated
        for name in available_figures(read_resolved(STUDIES / study / "config.yaml"))
    ]
    for study in outdated:
        shutil.rmtree(DRAWN / study, ignore_errors=True)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        done = (
            zip(jobs, pool.map(write_figure, *zip(*jobs, strict=True)), strict=True) if jobs else ()
        )
        names = ((f"{Path(job[2]).name} {job[0]}", None) for job, _ in done)
        for _ in status_iterator(
            names, "drawing figures... ", "green", len(jobs), stringify_func=str
        ):
            pass
    for study in outdated:
        (DRAWN / study / ".state").write_text(_state(study), encoding="utf-8")
    if outdated or not REPORT.exists():
        _write_example()


def _write_example() -> None:
    """Write the report of the default study."""
    study = STUDIES / "default"
    names = available_figures(read_resolved(study / "config.yaml"))
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    write_report(
        summary_folder=study / "summary",
        config_file=study / "config.yaml",
        provenance_file=study / "provenance.json",
        design_file=study / "design.csv",
        figures={name: DRAWN / f"default/{name}.svg" for name in names},
        captions={name: ROOT / f"workflow/report/{name}.rst" for name in names},
        output=REPORT,
    )


def _state(study: str) -> str:
    """Hash of the code and of the stored files of a study."""
    digest = hashlib.sha256(whole_fingerprint().encode())
    for path in sorted((STUDIES / study).rglob("*.*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_drawn(study: str) -> bool:
    state = DRAWN / study / ".state"
    return state.exists() and state.read_text(encoding="utf-8") == _state(study)


class StudyFigure(SphinxDirective):
    """Show a figure of a stored study."""

    required_arguments = 2
    option_spec: ClassVar = {
        "width": lambda text: directives.choice(text, tuple(FOLDERS)),
        "alt": directives.unchanged,
        "caption": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Return the figure with its caption."""
        study, name = self.arguments
        widths = [self.options["width"]] if "width" in self.options else list(FOLDERS)
        images = [self._image(study, name, width) for width in widths]
        if len(images) > 1:  # the style sheet shows one of them, by the width of the window
            for image, width in zip(images, widths, strict=True):
                image["classes"].append(f"{width}-wide")
        figure = nodes.figure("", *images, classes=["study-figure"])
        if caption := self.options.get("caption"):
            text, messages = self.parse_inline(caption)
            figure += [nodes.caption(caption, "", *text), *messages]
        return [figure]

    def _image(self, study: str, name: str, width: str) -> nodes.image:
        path = DRAWN / study / f"{FOLDERS[width]}{name}.svg"
        if name not in FIGURES or not path.exists():
            raise self.error(f"there is no figure {name!r} of a study {study!r}")
        self.env.note_dependency(str(path))
        uri = os.path.relpath(path, Path(self.env.doc2path(self.env.docname)).parent)
        return nodes.image(uri=uri, alt=self.options.get("alt", FIGURES[name].title))


class ExampleReport(SphinxRole):
    """Link to the example report."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return a link relative to the page."""
        up = "../" * self.env.docname.count("/")
        return [nodes.reference("", self.text, refuri=f"{up}example/report.html")], []


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive, the role and the drawing of the figures."""
    app.add_directive("study-figure", StudyFigure)
    app.add_role("example-report", ExampleReport())
    app.connect("builder-inited", draw_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
