"""Page of the tables: every file of a study with its columns."""

from __future__ import annotations

from reference_pages.markdown import anchored, code, definitions, page, prose
from rlrecovery.storage.meanings import TABLES, Column

_AFTER = """\
After this page you can read every table of a study with pandas or R: what a row is, and the type,
the unit or values, and the meaning of each column. In Python,
{ref}`load_study <reference-api>` gives the tables of a finished study.

Tables of `summary/` are written twice, as CSV and as Parquet. A number is missing (`NaN`) where it
is not defined."""

#: Names of types for readers who do not use pandas.
KINDS = {"int64": "integer", "float64": "number", "str": "text", "bool": "true or false"}


def tables_page() -> str:
    """The page."""
    parts = []
    for name, table in TABLES.items():
        parts += [
            anchored(2, code(name), f"table-{name.replace('/', '-')}"),
            f"{prose(table.about)}\n\nFile: {code(table.path)}",
            definitions(map(_column, table.columns())),
        ]
    return page("Tables", "reference-tables", _AFTER, *parts)


def _column(column: Column) -> tuple[str, list[str]]:
    names = ", ".join(n if n == "..." else code(n) for n in column.name.split(", "))
    return f"{names} ({KINDS[column.kind]})", [prose(column.meaning)]
