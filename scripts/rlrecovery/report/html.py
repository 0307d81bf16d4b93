"""The summary folder as one page that opens anywhere: the answer, the evidence, the methods.

Numbers and sentences are prepared here, in `rlrecovery.report.verdicts` and in `rlrecovery.report.methods_text`; the
template only places them.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from docutils.core import publish_parts
from markupsafe import Markup

from rlrecovery.config.progress import lacking
from rlrecovery.design.cells import methods_of, sources
from rlrecovery.figures.catalogue import FIGURES
from rlrecovery.report.explorer import explorer, library, unmapped
from rlrecovery.report.methods_text import (
    checked,
    conventions,
    estimands,
    mechanisms,
    methods,
    witnesses,
)
from rlrecovery.report.model_comparison import contests
from rlrecovery.report.numbers import enumeration, few_note, pm, row_text
from rlrecovery.report.pages import TEMPLATES, environment
from rlrecovery.report.traffic_lights import RULE, advice, small_table
from rlrecovery.report.verdicts import (
    CORRELATIONS,
    answer,
    brief,
    levels_shown,
    percent,
    study_size,
    verdicts,
)
from rlrecovery.score.results import Summary, load_summary
from rlrecovery.storage import files as tables
from rlrecovery.storage.origins import mixtures


def write_report(
    summary_folder: str | os.PathLike[str],
    config_file: str | os.PathLike[str],
    provenance_file: str | os.PathLike[str],
    design_file: str | os.PathLike[str],
    figures: Mapping[str, str | os.PathLike[str]],
    captions: Mapping[str, str | os.PathLike[str]],
    output: str | os.PathLike[str],
) -> None:
    """Write the report of a run as one self-contained HTML file.

    Parameters
    ----------
    summary_folder : path
        ``summary/`` of the run.
    config_file, provenance_file, design_file : path
        The resolved config (YAML), its provenance (JSON) and the table of cells (CSV).
    figures : mapping
        From figure name to SVG file, in the order of the page.
    captions : mapping
        From figure name to reStructuredText file.
    output : path
        The page.

    Raises
    ------
    BrokenFile
        If one of the files is missing or cannot be read; the message names it.
    """
    config_text, record = _read(config_file), tables.read_json(provenance_file)
    context = {
        "figures": [_figure(name, path, captions.get(name)) for name, path in figures.items()],
        "provenance": _provenance(record),
        "config_text": config_text,
    }
    design = tables.read_table(design_file, {"cell": "", "replicates": ""})
    experiment = _parse_yaml(config_text, config_file)
    context |= _numbers(load_summary(summary_folder), experiment, design)
    context |= _scripts(context["explorer"])
    context["lacking"] = list(lacking(experiment, design, record.get("made_by") or []))
    html = environment().get_template("report.html.j2").render(context)
    tables.write_text(html, output)


def _numbers(
    summary: Summary, experiment: Mapping[str, Any], design: pd.DataFrame
) -> dict[str, Any]:
    """What the template needs to know about results and methods."""
    settings = experiment["methods"].values()
    identical = identical_parameters(summary, experiment)
    summary = without_impossible_coverage(summary, identical)
    return {
        "run": experiment["run"],
        "size": study_size(experiment, design, summary),
        "verdicts": verdicts(summary),
        "brief": brief(summary),
        "small": small_table(summary),
        "rule": RULE,
        "advice": advice(summary),
        "explorer": explorer(summary),
        "unmapped": unmapped(summary),
        "method_names": summary.methods,
        "answers": [answer(summary, parameter) for parameter in summary.parameters],
        "two_step": two_step(summary, experiment),
        "identical": enumeration(identical) if identical else "",
        "headline": f"{100 * (summary.headline_interval or 0):g}",
        "mechanisms": mechanisms(experiment),
        "estimands": estimands(experiment),
        "methods": methods(experiment),
        "bayes": any(each["estimator"] in ("bayes", "quadrature") for each in settings),
        "contests": contests(summary),
        "checked": checked(experiment),
        "cells": [cell_table(summary, *pair) for pair in _pairs(summary)],
        "failures": failures(summary),
        "witnesses": witnesses(summary),
        "conventions": conventions(experiment),
    }


def identical_parameters(summary: Summary, experiment: Mapping[str, Any]) -> list[str]:
    """Parameters whose spread is estimated although all participants have the same value."""
    spread = set(summary.recovery.loc[summary.recovery["level"] == "spread", "parameter"])
    return [
        name
        for source in sources(experiment).values()
        for name, entry in source["population"].items()
        if name in spread and not entry.get("distribution") and not entry.get("spread")
    ]


def without_impossible_coverage(summary: Summary, parameters: Sequence[str]) -> Summary:
    """The summary without the coverage of a spread of zero, which no interval can hold."""
    table = summary.recovery
    impossible = (
        (table["level"] == "spread")
        & table["parameter"].isin(parameters)
        & table["measure"].isin(
            ["coverage", "bias_eliminated_coverage", "truth_below", "truth_above"]
        )
    )
    return dataclasses.replace(summary, recovery=table[~impossible])


def two_step(summary: Summary, experiment: Mapping[str, Any]) -> list[str]:
    """Names of the methods whose group estimate is a mean of bounded single estimates."""
    group = set(summary.recovery.loc[summary.recovery["level"] == "group", "method"])
    bounded = [n for n, each in methods_of(experiment).items() if each["estimator"] == "mle"]
    # A method in one variant of the design is a series of its own, named after it.
    return [name for name in summary.methods if name in group and name.split(", ")[0] in bounded]


_COLUMNS = (
    ("bias", "all", "bias", 1),
    ("bias", "ok", "bias, unflagged rows", 1),
    ("median_bias", "all", "median bias", 1),
    ("empirical_se", "all", "empirical SE", 1),
    ("model_se", "all", "model SE", 1),
    ("relative_error_model_se", "all", "relative error of model SE (%)", 100),
    ("rmse", "all", "RMSE", 1),
    ("rmse", "ok", "RMSE, unflagged rows", 1),
    ("coverage", "all", "coverage {} % (%)", 100),
    ("bias_eliminated_coverage", "all", "bias-eliminated coverage {} % (%)", 100),
    ("width", "all", "width {} %", 1),
    ("spearman", "all", "Spearman", 1),
    ("share_at_bound", "all", "at a bound (%)", 100),
    ("share_not_converged", "all", "not converged (%)", 100),
    ("share_no_interval", "all", "no interval or not identified (%)", 100),
    ("share_failed", "all", "failed (%)", 100),
    ("seconds", "all", "seconds per fit", 1),
)


def _pairs(summary: Summary) -> list[tuple[str, str]]:
    there = set(zip(summary.recovery["parameter"], summary.recovery["level"], strict=True))
    return [(p, v) for p in summary.parameters for v in levels_shown(summary) if (p, v) in there]


def _headers(summary: Summary) -> Iterator[tuple[str, str, float | None, str, float]]:
    """Columns of the table of cells: measure, rows, interval level, header, scale."""
    headline = summary.headline_interval
    for measure, rows, header, scale in _COLUMNS:
        if measure == "coverage":
            for level in summary.intervals:
                yield measure, rows, level, header.format(f"{100 * level:g}"), scale
        elif "{}" in header:
            if headline is not None:
                yield measure, rows, headline, header.format(f"{100 * headline:g}"), scale
        else:
            yield measure, rows, None, header, scale


def cell_table(summary: Summary, parameter: str, level: str) -> dict[str, Any]:
    """Measures of every cell and method for one parameter and level, as texts."""
    table = summary.recovery
    table = table[
        (table["scope"] == "cell") & (table["parameter"] == parameter) & (table["level"] == level)
    ]
    keys = list(_KEYS)
    order = list(dict.fromkeys(table[keys].itertuples(index=False, name=None)))
    counts = table[(table["measure"] == "bias") & (table["rows"] == "all")]
    columns, headers = [], []
    for measure, rows, interval, header, scale in _headers(summary):
        chosen = table[(table["measure"] == measure) & (table["rows"] == rows)]
        if interval is not None:
            chosen = chosen[np.isclose(chosen["interval"], interval)]
        if len(chosen):
            if measure == "coverage" and interval == summary.intervals[0]:
                columns.append(_interval_shares(chosen, counts))
                headers.append("rows with an interval")
            columns.append(_texts(chosen, scale))
            headers.append(header)
    named = counts[[*keys, "n", "n_rows"]].itertuples(index=False, name=None)
    sizes = {(cell, method): (int(n), int(rows)) for cell, method, n, rows in named}
    lines = [
        [*key, *sizes.get(key, ("–", "–")), *(column.get(key, "–") for column in columns)]
        for key in order
    ]
    head = ["cell", "method", "data sets", "rows", *headers]
    return {"parameter": parameter, "level": level, "head": head, "lines": lines}


_KEYS = ("cell", "method")


def _texts(table: pd.DataFrame, scale: float) -> dict[tuple[str, str], str]:
    """One measure as texts by cell and method."""
    found = {}
    for row in table.to_dict("records"):
        number = row["measure"] in CORRELATIONS and row["mcse"] == 0
        text = pm(row["value"], np.nan) if number else row_text(row, scale)
        note = few_note(row) if row["rows"] == "ok" else ""
        found[row["cell"], row["method"]] = f"{text} ({note})" if note else text
    return found


def _interval_shares(coverage: pd.DataFrame, counts: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Share of the rows with an estimate that coverage rests on, by cell and method."""
    both_counts = coverage.merge(counts, on=list(_KEYS), suffixes=("", "_all"))
    return {
        (row["cell"], row["method"]): "all" if row["n_rows"] >= row["n_rows_all"]
        else percent(row["n_rows"] / row["n_rows_all"])
        for row in both_counts.to_dict("records")
    }  # fmt: skip


def failures(summary: Summary) -> list[dict[str, Any]]:
    """Flagged rows by method, level, status and reason, with their share of all rows."""
    table = summary.failures
    if table.empty:
        return []
    keys = ["method", "level", "status", "reason"]
    all_rows = summary.measure("share_failed").groupby(["method", "level"])["n_rows"].sum()
    found = []
    for key, part in table.groupby(keys, sort=False):
        rows, worst = int(part["rows"].sum()), part.loc[part["rows"].idxmax()]
        total = int(all_rows.get(key[:2], 0))
        found.append(
            dict(zip(keys, key, strict=True))
            | {"rows": rows, "share": f"{100 * rows / total:.2g} %" if total else "–",
               "total": total or "–", "cells": part["cell"].nunique(),
               "worst": f"{worst['cell']} ({int(worst['rows'])})"}
        )  # fmt: skip
    order = {method: k for k, method in enumerate(summary.methods)}
    return sorted(found, key=lambda f: (order.get(f["method"], len(order)), -f["rows"]))


def _scripts(charts: Mapping[str, Any] | None) -> dict[str, Any]:
    """Scripts of the page, and their hashes: the page allows these and no others to run."""
    names = ["page.js", *(["explorer.js"] if charts else [])]
    own = [(TEMPLATES / name).read_text(encoding="utf-8") for name in names]
    scripts = [*([library()] if charts else []), *own]
    digests = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts
    ]
    return {
        "scripts": [Markup(text) for text in scripts],
        "script_hashes": " ".join(f"'sha256-{digest}'" for digest in digests),
    }


def _read(path: str | os.PathLike[str]) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise tables.BrokenFile(f"{path} cannot be read: {error}") from None


def _parse_yaml(text: str, path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise tables.BrokenFile(f"{path} is not YAML: delete it and run again") from None


def _figure(
    name: str, svg: str | os.PathLike[str], caption: str | os.PathLike[str] | None
) -> dict[str, Any]:
    """A figure as a data address, so that its identifiers cannot clash with another's."""
    encoded = base64.b64encode(_read(svg).encode()).decode()
    return {
        "name": name,
        "title": FIGURES[name].title,
        "uri": f"data:image/svg+xml;base64,{encoded}",
        "caption": _paragraphs(_read(caption)) if caption is not None else "",
    }


def _paragraphs(text: str) -> Markup:
    """ReStructuredText as HTML; it may neither include files nor raw HTML."""
    settings = {
        "file_insertion_enabled": False,
        "raw_enabled": False,
        "report_level": 5,
        "_disable_config": True,
    }
    parts = publish_parts(text, writer="html5", settings_overrides=settings)
    return Markup(parts["fragment"])


def _provenance(record: Mapping[str, Any]) -> dict[str, Any]:
    """Provenance in words; git state is said also where there is none."""
    git = record.get("git")
    if not git:
        state = "not in a git repository: the exact source cannot be looked up"
    else:
        dirty = "with uncommitted changes: the commit alone does not reproduce this run"
        clean = "without uncommitted changes"
        state = f"commit {git.get('commit')}, {dirty if git.get('dirty') else clean}"
        state += " (when the design was last recorded)"
    names = ("seed", "config_sha256", "source_fingerprint", "started", "ended", "platform")
    return {
        "git": state,
        "commit": (git or {}).get("commit"),
        "dirty": bool((git or {}).get("dirty")),
        "facts": [(name.replace("_", " "), str(record.get(name, "unknown"))) for name in names],
        "mixtures": list(mixtures(record.get("made_by") or [])),
        "versions": sorted((record.get("versions") or {}).items()),
    }
