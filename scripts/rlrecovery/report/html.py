"""Report of a run as one self-contained HTML page."""

from __future__ import annotations

import base64
import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from rlrecovery.config.effects import has_effects
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import methods_of, read_resolved, sources
from rlrecovery.figures.catalogue import FIGURES, title
from rlrecovery.report import limits, methods_text, sampler_text
from rlrecovery.report.advice import advice, rmse_table
from rlrecovery.report.answers import answers
from rlrecovery.report.calibration_text import calibration_section
from rlrecovery.report.captions import caption_parts, caption_text, composed_caption, main_figures
from rlrecovery.report.cell_tables import FEWEST_REPLICATES, cell_tables, flagged_rows
from rlrecovery.report.completeness import mixtures, unfinished
from rlrecovery.report.effects_text import effects_section
from rlrecovery.report.explorer import explorer, library
from rlrecovery.report.explorer_data import no_map_reason
from rlrecovery.report.growth_text import growth_text, replicates_of
from rlrecovery.report.interval_comparison import interval_comparison
from rlrecovery.report.lines import select
from rlrecovery.report.model_comparison import model_comparisons
from rlrecovery.report.numbers import enumeration
from rlrecovery.report.parameter_tables import parameter_table
from rlrecovery.report.templating import TEMPLATES, environment, inline_scripts, paragraphs
from rlrecovery.report.traffic_lights import light_table
from rlrecovery.score.criteria import CERTAIN
from rlrecovery.score.model_selection import LARGEST_K
from rlrecovery.score.results import Summary, load_summary, methods_with
from rlrecovery.score.standing import CLEAR_DIFFERENCE
from rlrecovery.storage.files import (
    BrokenFile,
    read_json,
    read_record,
    read_table,
    read_text,
    write_text,
)

AnyPath = str | os.PathLike[str]


def write_report(
    summary_folder: AnyPath,
    config_file: AnyPath,
    provenance_file: AnyPath,
    design_file: AnyPath,
    figures: Mapping[str, AnyPath],
    captions: Mapping[str, AnyPath],
    output: AnyPath,
) -> None:
    """Write the report of a run as one self-contained HTML file.

    Parameters
    ----------
    summary_folder : path
        ``summary/`` of the run.
    config_file, provenance_file, design_file : path
        The resolved config (YAML), its provenance (JSON) and the table of cells (CSV).
    figures : mapping
        SVG or PNG files by figure name, in the order of the page.
    captions : mapping
        reStructuredText files by figure name; composed figures have none.
    output : path
        HTML file to write.

    Raises
    ------
    BrokenFile
        If one of the files is missing or cannot be read; the message names it.
    """
    config_text, record = read_text(config_file), read_record(provenance_file)
    design = read_table(design_file, {"cell": "", "replicates": ""})
    experiment = read_resolved(config_file)
    summary = load_summary(summary_folder)
    page = page_data(summary, experiment, design)
    pictures = {
        name: _figure(name, path, captions.get(name), experiment) for name, path in figures.items()
    }
    page |= {
        "answer_picture": pictures.pop("answer", None),
        "designs_picture": pictures.pop("designs", None),
        "required": required_designs(summary_folder),
        "figures": list(pictures.values()),
        "formats": enumeration([kind.upper() for kind in experiment.figures.formats]),
        "provenance": _provenance(record),
        "growth": list(growth_text(experiment, summary, replicates_of(design))),
        "unfinished": list(unfinished(experiment, design, record.get("made_by") or [])),
        "config_text": config_text,
    }
    scripts = [_read(TEMPLATES / "page.js")]
    if page["explorer"]:
        scripts = [library(), *scripts, _read(TEMPLATES / "explorer.js")]
    page["scripts"], page["script_hashes"] = inline_scripts(scripts)
    write_text(environment().get_template("report.html.j2").render(page), output)


def page_data(summary: Summary, experiment: Experiment, design: pd.DataFrame) -> dict[str, Any]:
    """Compute the template variables that depend on the results and the config."""
    constant = constant_parameters(summary, experiment)
    summary = without_undefined_coverage(summary, constant)
    return {
        "run": experiment.run,
        "size": methods_text.study_size(experiment, design, summary),
        "limits": limits,
        "largest_k": LARGEST_K,
        "answers": answers(summary, experiment.limits),
        "verdict_limits": experiment.limits,
        "certain": CERTAIN,
        "clear_difference": CLEAR_DIFFERENCE,
        "rmse_table": rmse_table(summary),
        "lights": light_table(summary),
        "advice": advice(summary),
        "explorer": explorer(summary),
        "no_map_reason": no_map_reason(summary),
        "method_names": summary.methods,
        "parameters": [parameter_table(summary, parameter) for parameter in summary.parameters],
        "two_step": two_step_methods(summary, experiment),
        "constant": enumeration(constant) if constant else "",
        "headline": f"{100 * (summary.headline_interval or 0):g}",
        "mechanisms": methods_text.mechanisms(experiment),
        "scales": methods_text.scales(experiment),
        "methods": methods_text.methods(experiment),
        "has_posterior": any(m.posterior for m in experiment.methods.values()),
        "comparisons": model_comparisons(summary),
        "calibration": calibration_section(summary, experiment),
        "lacks_calibration": experiment.calibration is not None and summary.uniformity.empty,
        "effects": effects_section(summary, experiment),
        "lacks_effects": has_effects(experiment)
        and summary.effects.empty
        and summary.reliability.empty,
        "wrong_model_title": FIGURES["misfit"].title,
        "predictive_check": methods_text.predictive_check(experiment),
        "cell_tables": cell_tables(summary),
        "fewest_replicates": FEWEST_REPLICATES,
        "flagged_rows": flagged_rows(summary),
        "interval_comparison": interval_comparison(summary, experiment),
        "sampler_comparisons": sampler_text.comparisons(summary),
        "conventions": methods_text.conventions(experiment),
    }


def required_designs(summary_folder: AnyPath) -> dict[str, Any] | None:
    """Sentences on the designs that meet the requirements; None without requirements."""
    path = Path(summary_folder) / "advice.json"
    return read_json(path) if path.exists() else None


def constant_parameters(summary: Summary, experiment: Experiment) -> list[str]:
    """Return parameters whose spread is estimated although all participants have the same value."""
    estimated = set(select(summary.recovery, level="spread")["parameter"])
    return [
        label
        for _, source in sources(experiment).values()
        for name, population in source.population.items()
        if (label := experiment.labels.get(name, name)) in estimated and population.spread == 0
    ]


def without_undefined_coverage(summary: Summary, parameters: Sequence[str]) -> Summary:
    """Remove the coverage of spreads of zero, which an interval cannot contain."""
    table = summary.recovery
    coverage = ["coverage", "bias_eliminated_coverage", "truth_below", "truth_above"]
    undefined = (table["level"] == "spread") & table["parameter"].isin(parameters)
    undefined &= table["measure"].isin(coverage)
    return dataclasses.replace(summary, recovery=table[~undefined])


def two_step_methods(summary: Summary, experiment: Experiment) -> list[str]:
    """Return methods with bounds whose group estimate is the mean of participants' estimates."""
    bounded = {
        name
        for name, method in methods_of(experiment).items()
        if method.settings.bounds_by_parameter()
    }
    return [
        series for series in methods_with(summary, "group") if summary.method_of[series] in bounded
    ]


def _bytes(path: AnyPath) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BrokenFile(f"{path} cannot be read: {error}") from None


def _read(path: AnyPath) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BrokenFile(f"{path} cannot be read: {error}") from None


def _figure(
    name: str, picture: AnyPath, caption: AnyPath | None, experiment: Experiment
) -> dict[str, Any]:
    # As images, figures cannot have clashing identifiers.
    code = base64.b64encode(_bytes(picture)).decode()
    kind = "png" if Path(picture).suffix == ".png" else "svg+xml"
    is_composed = name in experiment.figures.compose
    text = "" if caption is None else caption_text(caption, experiment)
    first, details = caption_parts(composed_caption(name, experiment) if is_composed else text)
    return {
        "name": name,
        "title": title(name, experiment.figures),
        "uri": f"data:image/{kind};base64,{code}",
        "is_main": name in main_figures(experiment),
        "caption": paragraphs(first),
        "details": [(heading, paragraphs(body)) for heading, body in details],
    }


def _provenance(record: Mapping[str, Any]) -> dict[str, Any]:
    facts = ("seed", "config_sha256", "source_fingerprint", "started", "ended", "platform")
    return {
        "git": record.get("git") or {},
        "facts": [(name.replace("_", " "), str(record.get(name, "unknown"))) for name in facts],
        "mixtures": list(mixtures(record.get("made_by") or [])),
        "versions": sorted((record.get("versions") or {}).items()),
    }
