"""Helpers of the tests of the report."""

import dataclasses
import html
import re

from rlrecovery.config.limits import Limits
from rlrecovery.report.html import write_report
from rlrecovery.score.series import as_text
from rlrecovery.score.verdicts import verdicts

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>picture</text></svg>'
HOSTILE = "<script>alert('x')</script>"


def build(folder, **changes):
    """Write the page of a run and return it."""
    names = ("recovery", "bias")
    for name in names:
        (folder / f"{name}.svg").write_text(SVG)
        (folder / f"{name}.rst").write_text(f"Caption of *{name}*.\n\nSecond paragraph.")
    arguments = {
        "summary_folder": folder / "summary",
        "config_file": folder / "config.yaml",
        "provenance_file": folder / "provenance.json",
        "design_file": folder / "design.csv",
        "figures": {name: folder / f"{name}.svg" for name in names},
        "captions": {name: folder / f"{name}.rst" for name in names},
        "output": folder / "report.html",
    }
    write_report(**(arguments | changes))
    return (folder / "report.html").read_text()


def words(page):
    """Return the visible text of a page."""
    text = re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.S)
    text = html.unescape(re.sub(r"<[^>]+>", " ", text)).replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"\s+", " ", text)


def changed(summary, where, **values):
    """Replace values in the rows of ``recovery`` selected by ``where``.

    Rows of unflagged estimates are changed only where ``where`` says so.
    """
    table = summary.recovery.astype({"measure": "object", "level": "object"})
    selected = table["rows"] == where.get("rows", "all")
    for column, value in where.items():
        selected &= table[column] == value
    assert selected.any()
    table.loc[selected, list(values)] = list(values.values())
    return dataclasses.replace(summary, recovery=table)


def with_fewer_replicates(summary, method, replicates):
    """Let a method have fitted the first few replicates only."""
    table = summary.recovery.copy()
    table.loc[table["method"] == method, "n"] = replicates
    return dataclasses.replace(summary, recovery=table)


def with_rmse(summary, errors, mcse=0.01, **where):
    """Set the RMSE at every true value, by method and trials."""
    for (method, trials), value in errors.items():
        rows = where | {"method": method, "trials": trials}
        summary = changed(summary, rows | {"measure": "rmse"}, value=value, mcse=mcse)
        squares = {"value": value**2, "mcse": 2 * value * mcse}
        summary = changed(summary, rows | {"measure": "mse"}, **squares)
    return summary


def rejudged(summary, limits=None):
    """Judge a changed summary again."""
    texts = {name: as_text(summary.recovery[name]) for name in ("variant", "model")}
    table = verdicts(summary.recovery.assign(**texts), summary.comparison, limits or Limits())
    return dataclasses.replace(summary, verdicts=table)


def over_grid(summary, where, **values):
    """Set measures over all true values: value and MCSE by name, and judge again."""
    for measure, (value, mcse) in values.items():
        rows = {"scope": "grid", "measure": measure} | where
        summary = changed(summary, rows, value=value, mcse=mcse)
    return rejudged(summary)
