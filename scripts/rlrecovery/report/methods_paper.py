"""Methods section for a paper: what a study did, with citations, in Markdown and LaTeX."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import (
    cells_of,
    generator_of,
    methods_of,
    read_resolved,
    sources,
    with_posterior,
)
from rlrecovery.design.cells import example_of
from rlrecovery.report.calibration_text import calibration_methods
from rlrecovery.report.data_text import data_text, models_text, tasks_text
from rlrecovery.report.effects_methods import effects_methods
from rlrecovery.report.estimation_text import estimation, overview, symbols
from rlrecovery.report.growth_text import growth_text, replicates_of
from rlrecovery.report.markup import (
    Paragraph,
    bibliography,
    cite,
    cited,
    latex_of,
    literal,
    markdown_of,
    name,
)
from rlrecovery.report.measures_text import flags_text, measures_text, selection_text
from rlrecovery.report.numbers import enumeration
from rlrecovery.score.results import Summary, load_summary
from rlrecovery.storage.files import read_record, read_table, write_text
from rlrecovery.storage.fingerprint import is_current
from rlrecovery.storage.provenance import Origin
from rlrecovery.storage.schemas import ANALYSED

AnyPath = str | os.PathLike[str]

#: Names of packages in sentences, and the works to cite for them.
PACKAGES = {
    "python": "Python {}",
    "numpy": f"NumPy {{}} {cite('harris2020')}",
    "scipy": f"SciPy {{}} {cite('virtanen2020')}",
    "pandas": "pandas {}",
    "pytensor": "PyTensor {}",
    "numba": "Numba {}",
    "pymc": f"PyMC {{}} {cite('abrilpla2023')}",
    "nutpie": "nutpie {}",
    "arviz-stats": "ArviZ (arviz-stats) {}",
}


def write_methods(
    summary_folder: AnyPath,
    config_file: AnyPath,
    provenance_file: AnyPath,
    design_file: AnyPath,
    markdown: AnyPath,
    latex: AnyPath,
    references: AnyPath,
) -> None:
    """Write the methods section of a study, and the works that it cites.

    Parameters
    ----------
    summary_folder : path
        ``summary/`` of the run.
    config_file, provenance_file, design_file : path
        The resolved config (YAML), its provenance (JSON) and the table of cells (CSV).
    markdown, latex, references : path
        Files to write: the text for Pandoc, the text for natbib, and the BibTeX entries.

    Raises
    ------
    BrokenFile
        If one of the files is missing or cannot be read; the message names it.
    """
    text = paragraphs(
        read_resolved(config_file),
        read_table(design_file, {"cell": "", "replicates": ""}),
        load_summary(summary_folder, ("recovery", "selection", "uniformity", *ANALYSED)),
        read_record(provenance_file),
    )
    head = "<!-- pandoc --citeproc --bibliography references.bib methods.md -->\n\n"
    write_text(head + markdown_of(text), markdown)
    head = "% Requires \\usepackage{amsmath,natbib} and the entries in references.bib.\n"
    write_text(head + latex_of(text), latex)
    write_text(bibliography(cited(part for each in text for part in each)), references)


def paragraphs(
    experiment: Experiment, design: pd.DataFrame, summary: Summary, record: Mapping[str, Any]
) -> list[Paragraph]:
    """Describe the methods of a study, in the form of `rlrecovery.report.markup`.

    Parameters
    ----------
    experiment : Experiment
        The resolved config.
    design : DataFrame
        The table of cells, with the number of finished data sets.
    summary : Summary
        At least its tables ``recovery``, ``selection``, ``uniformity``, ``effects`` and
        ``reliability``.
    record : mapping
        The provenance of the study.
    """
    grown = growth_text(experiment, summary, replicates_of(design))
    added = [f"{literal(text)}." for text in grown]
    texts = {
        "Aim": _aim(experiment),
        "Task": " ".join(tasks_text(experiment)),
        **dict(models_text(experiment)),
        "Data": " ".join([*data_text(experiment, design, record), *added]),
        "Estimation": " ".join(overview(experiment)),
        **dict(estimation(experiment)),
        "Flagged estimates": " ".join(flags_text(experiment, summary)),
        "Performance measures": " ".join(measures_text(summary)),
        "Calibration": " ".join(calibration_methods(experiment, summary)),
        "Groups and conditions": " ".join(effects_methods(experiment, summary)),
        "Model comparison": " ".join(selection_text(experiment, summary)),
        "Predictive check": " ".join(_observed(experiment)),
        "Software": " ".join(_software(experiment, record)),
    }
    return [Paragraph(title, text) for title, text in texts.items() if text]


def _aim(experiment: Experiment) -> str:
    models = [model.model() for model, _ in sources(experiment).values()]
    names = list(dict.fromkeys(p.name for model in models for p in model.parameters))
    symbol_of = symbols([p for model in models for p in model.parameters])
    what = (
        f"the parameter{'s' if len(names) > 1 else ''} {enumeration([symbol_of[n] for n in names])}"
    )
    if experiment.models is not None:
        what += ", and the generating model,"
    return (
        f"A parameter-recovery study {cite('wilson2019')} tests how well {what} can be estimated "
        "from simulated choices. The study is described by its aim, data-generating mechanisms, "
        f"estimands, methods and performance measures {cite('morris2019')}."
    )


def _observed(experiment: Experiment) -> Iterator[str]:
    """Describe the check of observed data, if there are any."""
    cell = example_of(cells_of(experiment))
    model = generator_of(experiment, cell).model
    method = with_posterior(methods_of(experiment), model, ("sampled", "exact"))
    if experiment.observed and method is not None:
        yield (
            f"The observed choices in the file {name(Path(experiment.observed).name)} are compared "
            f"with predictions from prior and posterior of the method {name(method)}: the learning "
            "curve, the rates of win-stay and lose-shift, and the share of each arm."
        )


def _software(experiment: Experiment, record: Mapping[str, Any]) -> Iterator[str]:
    """State versions, seed and commit."""
    versions: Mapping[str, str] = record.get("versions") or {}
    needed = {"python", "numpy", "pandas"} | {
        package for settings in experiment.methods.values() for package in settings.packages
    }
    used = {key: text for key, text in versions.items() if key in needed and text[:1].isdigit()}
    texts = [text.format(used[key]) for key, text in PACKAGES.items() if key in used]
    texts += [f"{key} {text}" for key, text in used.items() if key not in PACKAGES]
    workflow = f"The study was run by Snakemake {cite('molder2021')}"
    if "snakemake" in versions:
        workflow = f"The study was run by Snakemake {versions['snakemake']} {cite('molder2021')}"
    if texts:
        workflow += f", with {enumeration(texts)} (versions at its start)"
    yield f"{workflow}."
    yield (
        f"All random numbers follow from the seed {experiment.seed}; those of a data set depend on "
        "it, on the values of the cell and on the number of the replicate."
    )
    git = record.get("git") or {}
    if git.get("commit"):
        changes = "with uncommitted changes" if git.get("dirty") else "without uncommitted changes"
        yield f"The code (rlrecovery) is that of commit {name(git['commit'])}, {changes}."
    else:
        yield "The code (rlrecovery) was not in a git repository."
    if _is_mixed(record):
        yield (
            "Some files of the study were made by other code, other versions or another config "
            "than this text states."
        )


def _is_mixed(record: Mapping[str, Any]) -> bool:
    """Whether files of data or estimates differ in their origin from the record of the study."""
    made_by: Sequence[Origin] = record.get("made_by") or []
    versions: Mapping[str, str] = record.get("versions") or {}
    if not all(entry["settings_match"] for entry in made_by):
        return True
    if any(versions.get(k) != v for entry in made_by for k, v in entry["versions"].items()):
        return True
    if len({entry["stage"] for entry in made_by}) < len(made_by):
        return True
    # Code can be compared only if the study is still that of the present code.
    codes = [entry["source"] for entry in made_by if entry["source"]]
    is_present = is_current(record.get("source_fingerprint") or "")
    return is_present and not all(is_current(code) for code in codes)
