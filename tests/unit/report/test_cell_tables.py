"""Tables of every cell and of flagged rows have the numbers of the summary."""

import dataclasses

import pandas as pd
import pytest

from rlrecovery.report.cell_tables import cell_table, cell_tables, flagged_rows
from rlrecovery.report.numbers import row_text
from unit.report.pages import changed, with_fewer_replicates

CELL = "alpha-0.2_beta-5_n-5_t-150"


def texts_of(table, cell, method):
    """Return the values of one row by column."""
    row = next(row for row in table.rows if row[:2] == [cell, method])
    return dict(zip(table.head, row, strict=True))


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
        "at a bound (%)": ("share_at_bound", {}, 100),
        "width of 95 % intervals": ("width", {"interval": 0.95}, 1),
        "95 % coverage (%)": ("coverage", {"interval": 0.95}, 100),
    }
    for header, (name, more, scale) in measures.items():
        rows = summary.measure(name, **where, **more)
        assert len(rows) == 1
        assert texts[header] == row_text(rows.iloc[0], scale), header
    bias = summary.measure("bias", **where).iloc[0]
    assert (texts["data sets"], texts["rows"]) == (bias["n"], bias["n_rows"])


def test_there_is_a_table_per_parameter_and_level(summary):
    tables = [(table.parameter, table.level) for table in cell_tables(summary)]
    levels = ("participant", "group", "spread")
    assert tables == [(parameter, level) for parameter in ("alpha", "beta") for level in levels]


def test_the_share_of_rows_with_an_interval(tiny):
    summary = changed(tiny, {"measure": "bias"}, n_rows=15)
    summary = changed(summary, {"measure": "coverage", "alpha": 0.3}, n_rows=12)
    summary = changed(summary, {"measure": "coverage", "alpha": 0.7}, n_rows=15)
    table = cell_table(summary, "alpha", "participant")
    column = table.head.index("rows with an interval")
    assert [row[column] for row in table.rows] == ["80 %", "all"]


def test_a_measure_that_no_cell_has_has_no_column(tiny):
    assert "no interval or not identified (%)" not in cell_table(tiny, "alpha", "group").head
    shares = tiny.measure("share_failed").assign(measure="share_no_interval", value=0.2)
    recovery = pd.concat([tiny.recovery, shares], ignore_index=True)
    summary = dataclasses.replace(tiny, recovery=recovery)
    assert "no interval or not identified (%)" in cell_table(summary, "alpha", "group").head


def test_without_flags_there_are_no_columns_of_flags(tiny):
    head = cell_table(
        changed(tiny, {"measure": "share_at_bound"}, value=0.2), "alpha", "group"
    ).head
    assert {"at a bound (%)", "bias, unflagged rows", "RMSE, unflagged rows"} <= set(head)
    unflagged = tiny
    for share in ("share_at_bound", "share_not_converged", "share_failed"):
        unflagged = changed(unflagged, {"measure": share}, value=0.0, mcse=0.0)
    head = cell_table(unflagged, "alpha", "group").head
    assert not [name for name in head if "unflagged" in name or "bound" in name]
    assert {"bias", "RMSE"} <= set(head)


def test_methods_with_few_replicates_are_named_instead(summary):
    few = with_fewer_replicates(summary, "bayes", 4)
    table = cell_table(few, "alpha", "participant")
    assert table.left_out == "bayes"
    assert {row[1] for row in table.rows} == {"mle", "hierarchical"}
    assert cell_table(summary, "alpha", "participant").left_out == ""
    for method in ("mle", "hierarchical"):
        few = with_fewer_replicates(few, method, 4)
    table = cell_table(few, "alpha", "participant")
    assert (table.rows, table.left_out) == ([], "mle, bayes and hierarchical")


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
