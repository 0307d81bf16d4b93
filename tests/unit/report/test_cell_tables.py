"""Tables of every cell and of flagged rows have the numbers of the summary."""

import dataclasses

import pandas as pd
import pytest

from rlrecovery.report.cell_tables import cell_table, cell_tables, flagged_rows
from rlrecovery.report.numbers import row_text
from unit.report.pages import changed

CELL = "alpha-0.2_beta-5_n-5_t-150"


def texts_of(table, cell, method):
    """Return the values of one row by column."""
    head, rows = table
    row = next(row for row in rows if row[:2] == [cell, method])
    return dict(zip(head, row, strict=True))


@pytest.mark.parametrize("method", ["mle", "bayes", "hierarchical"])
@pytest.mark.parametrize("parameter", ["alpha", "beta"])
def test_every_text_is_a_number_of_the_summary(summary, method, parameter):
    texts = texts_of(cell_table(summary, parameter, "participant"), CELL, method)
    where = {"cell": CELL, "method": method, "parameter": parameter, "level": "participant"}
    measures = {
        "bias": ("bias", {}, 1),
        "RMSE": ("rmse", {}, 1),
        "RMSE, unflagged rows": ("rmse", {"rows": "ok"}, 1),
        "empirical SE": ("empirical_se", {}, 1),
        "failed (%)": ("share_failed", {}, 100),
        "width of 95 % intervals": ("width", {"interval": 0.95}, 1),
    } | {
        f"{100 * level:g} % coverage (%)": ("coverage", {"interval": level}, 100)
        for level in (0.5, 0.8, 0.9, 0.95)
    }
    for header, (name, more, scale) in measures.items():
        rows = summary.measure(name, **where, **more)
        assert len(rows) == 1
        assert texts[header] == row_text(rows.iloc[0], scale), header
    bias = summary.measure("bias", **where).iloc[0]
    assert (texts["data sets"], texts["rows"]) == (bias["n"], bias["n_rows"])


def test_there_is_a_table_per_parameter_and_level(summary):
    tables = [(parameter, level) for parameter, level, _, _ in cell_tables(summary)]
    levels = ("participant", "group", "spread")
    assert tables == [(parameter, level) for parameter in ("alpha", "beta") for level in levels]


def test_the_share_of_rows_with_an_interval(tiny):
    summary = changed(tiny, {"measure": "bias"}, n_rows=15)
    summary = changed(summary, {"measure": "coverage", "alpha": 0.3}, n_rows=12)
    summary = changed(summary, {"measure": "coverage", "alpha": 0.7}, n_rows=15)
    head, rows = cell_table(summary, "alpha", "participant")
    column = head.index("rows with an interval")
    assert [row[column] for row in rows] == ["80 %", "all"]


def test_a_measure_that_no_cell_has_has_no_column(tiny):
    assert "no interval or not identified (%)" not in cell_table(tiny, "alpha", "group")[0]
    shares = tiny.measure("share_failed").assign(measure="share_no_interval")
    recovery = pd.concat([tiny.recovery, shares], ignore_index=True)
    summary = dataclasses.replace(tiny, recovery=recovery)
    assert "no interval or not identified (%)" in cell_table(summary, "alpha", "group")[0]


def test_flagged_rows_are_counted_over_cells(summary):
    counts = summary.failures.groupby(["method", "level", "status", "reason"])["rows"].sum()
    flagged = flagged_rows(summary)
    names = ("method", "level", "status", "reason")
    assert {tuple(row[n] for n in names): row["rows"] for row in flagged} == counts.to_dict()
    row = flagged[0]
    total = summary.measure("share_failed", method=row["method"], level=row["level"])[
        "n_rows"
    ].sum()
    assert row["total"] == total
    assert row["share"] == f"{100 * row['rows'] / total:.2g} %"


def test_nothing_flagged_is_no_table(tiny):
    assert flagged_rows(dataclasses.replace(tiny, failures=tiny.failures.iloc[:0])) == []
