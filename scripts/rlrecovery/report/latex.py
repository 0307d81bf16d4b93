"""The main tables as LaTeX, ready to be read into a paper, and as pages for a browser.

Every number is a value with its Monte Carlo standard error. Rows are the truths in the smallest and
in the largest design; the complete tables are ``summary/recovery`` and ``summary/comparison``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rlrecovery.report.model_comparison import probability
from rlrecovery.report.numbers import enumeration, pm, row_text
from rlrecovery.report.pages import environment
from rlrecovery.report.traffic_lights import judged
from rlrecovery.report.verdicts import Place, designs, levels_shown
from rlrecovery.score.results import (
    Summary,
    against_first,
    counted,
    load_summary,
    methods_with,
    row_level,
)
from rlrecovery.storage import files as tables


@dataclass(frozen=True)
class Sheet:
    """A table to typeset.

    Attributes
    ----------
    caption : str
        One or two sentences, plain text.
    body : DataFrame
        Texts; its index and columns are headings, possibly of several levels.
    """

    caption: str
    body: pd.DataFrame


def shown_designs(summary: Summary) -> list[tuple[int, int]]:
    """The smallest and the largest pair of participants and trials."""
    return list(dict.fromkeys((designs(summary)[0], designs(summary)[-1])))


def answer_sheet(summary: Summary) -> Sheet:
    """Every parameter, level, design and method over all truths."""
    names = ("parameter", "of", "participants", "trials", "method")
    lines = {}
    for parameter, level, (people, trials), method in itertools.product(
        summary.parameters, levels_shown(summary), shown_designs(summary), summary.methods
    ):
        line = judged(summary, parameter, Place(level, method, people, trials))
        if line is not None:
            lines[parameter, level, people, trials, method] = {
                "largest bias": line["bias"], "RMSE": line["rmse"],
                "coverage (%)": line["coverage"], "rows with interval": line["with_interval"],
                "rank correlation": line["correlation"],
            }  # fmt: skip
    body = pd.DataFrame.from_dict(lines, orient="index")
    if len(body):
        body.index = pd.MultiIndex.from_tuples(body.index, names=names)
    nominal = f"{100 * (summary.headline_interval or 0):g}"
    return Sheet(
        "Recovery over all true parameter combinations, ± Monte Carlo standard error. Largest bias "
        "is the one furthest from zero of all truths; coverage is that of the "
        f"{nominal} % intervals.",
        body,
    )


def measure_sheet(summary: Summary, measure: str, words: str, scale: float = 1.0) -> Sheet:
    """One measure at every truth; a column per parameter and method, at the finest level."""
    where = {}
    if measure == "coverage":
        where["interval"] = summary.headline_interval
        words = f"{words} of {100 * (summary.headline_interval or 0):g} % intervals (%)"
    table = summary.measure(measure, **where)

    def text(row: Mapping[str, Any]) -> str:
        """A value with its MCSE, or a count."""
        return row_text(row, scale)

    return Sheet(
        f"{words}, ± Monte Carlo standard error, of the estimates of {_levels(summary)}"
        f"{_sizes(summary)}.",
        _by_truth(summary, table, text),
    )


def comparison_sheet(summary: Summary) -> Sheet:
    """RMSE of every method over that of the first, on the same data, at every truth."""
    table = against_first(summary)
    table = table[table["measure"] == "rmse_ratio"] if len(table) else table
    level = next((v for v in summary.levels if len(table) and v in set(table["level"])), None)
    if level is None:
        return Sheet("No two methods estimate the same on the same data.", pd.DataFrame())
    table = table[table["level"] == level]
    return Sheet(
        f"RMSE as a multiple of that of {_references(table)} on the same data, ± Monte Carlo "
        f"standard error, of the estimates of {LEVEL_WORDS[level]}{_sizes(summary)}.",
        _by_truth(summary, table, lambda row: pm(row["value"], row["mcse"]), level),
    )


def _references(table: pd.DataFrame) -> str:
    """The method that all are compared with; of several, each with those compared with it."""
    pairs = table[["reference", "method"]].astype("object").drop_duplicates()
    compared = pairs.groupby("reference", sort=False)["method"].agg(list)
    if len(compared) == 1:
        return str(compared.index[0])
    each = (f"{first} ({enumeration(others)})" for first, others in compared.items())
    return enumeration(list(each))


def selection_sheet(summary: Summary) -> Sheet:
    """Which model wins for whose data, over the whole study."""
    rows, names = {}, ("method", "criterion", "unit", "simulated")
    table = summary.selection
    fitted = list(dict.fromkeys(table["fitted"])) if len(table) else []
    for row in table[table["scope"] == "all"].to_dict("records") if len(table) else ():
        key = tuple(row[name] for name in ("contest", *names[1:]))
        rows.setdefault(key, dict.fromkeys(fitted, "–"))[row["fitted"]] = probability(
            row, "confusion"
        )
    body = pd.DataFrame.from_dict(rows, orient="index")
    if len(body):
        body.index = pd.MultiIndex.from_tuples(body.index, names=names)
        body.columns = pd.MultiIndex.from_product([["best fit"], body.columns])
    return Sheet(
        "Probability that a model (columns) fits best, given the model that simulated (rows), with "
        "95 % intervals.",
        body,
    )


LEVEL_WORDS = {"participant": "single participants", "group": "the group"}


def _levels(summary: Summary) -> str:
    """What the finest level of every method is."""
    whole = [m for m in summary.methods if row_level(summary, m) == "group"]
    if not whole:
        return LEVEL_WORDS["participant"]
    if not methods_with(summary, "participant"):
        return LEVEL_WORDS["group"]
    return f"single participants, or of the group ({', '.join(whole)})"


def _sizes(summary: Summary) -> str:
    """What does not vary over the design, and so has no column."""
    people, trials = summary.participants, summary.trials
    words = [counted(people[0], "participants")] if len(people) == 1 else []
    words += [counted(trials[0], "trials")] if len(trials) == 1 else []
    return f", {' and '.join(words)}" if words else ""


#: Sorts before every value: the place of a parameter that the generating model does not have.
ABSENT = float("-inf")


def _known(value: float) -> float:
    return value if value == value else ABSENT


def _by_truth(
    summary: Summary,
    table: pd.DataFrame,
    text: Callable[[Mapping[str, Any]], str],
    only: str | None = None,
) -> pd.DataFrame:
    """Texts by truth and design, at one level or at the finest of every method."""
    varied = {"participants": summary.participants, "trials": summary.trials}
    keys = [*summary.truths, *(key for key, values in varied.items() if len(values) > 1)]
    keys = keys or ["trials"]
    level = {method: only or row_level(summary, method) for method in summary.methods}
    sizes = shown_designs(summary)
    cells = {
        (tuple(_known(row[key]) for key in keys), (row["parameter"], row["method"])): text(row)
        for row in table.astype({"method": "object"}).to_dict("records")
        if row["level"] == level[row["method"]] and (row["participants"], row["trials"]) in sizes
    }
    rows = sorted({place for place, _ in cells})
    there = {column for _, column in cells}
    columns = [c for c in itertools.product(summary.parameters, summary.methods) if c in there]
    body = pd.DataFrame([[cells.get((r, c), "–") for c in columns] for r in rows])
    if not cells:
        return pd.DataFrame()
    names = [[f"{value:g}" if value > ABSENT else "–" for value in row] for row in rows]
    body.index = pd.MultiIndex.from_tuples([tuple(n) for n in names], names=keys)
    body.columns = pd.MultiIndex.from_tuples(columns, names=[None, None])
    return body


#: Every table, in the order of the report.
SHEETS: dict[str, Callable[[Summary], Sheet]] = {
    "answer": answer_sheet,
    "bias": lambda summary: measure_sheet(summary, "bias", "Bias"),
    "rmse": lambda summary: measure_sheet(summary, "rmse", "Root mean squared error (RMSE)"),
    "coverage": lambda summary: measure_sheet(summary, "coverage", "Coverage", 100),
    "comparison": comparison_sheet,
    "selection": selection_sheet,
}

_LATEX = str.maketrans(
    {"−": "-", "±": r"\pm", "∞": r"\infty", "%": r"\%", "_": r"\_", "&": r"\&", "#": r"\#"}
)


def _number(text: str) -> str:
    """A number as LaTeX mathematics; words and dashes as text."""
    if text == "–":
        return "--"
    numeric = text[:1].isdigit() or text[:1] in "−∞"
    plain = numeric and not any(letter.isalpha() for letter in text)
    return f"${text.translate(_LATEX)}$" if plain else text.translate(_LATEX)


def latex(name: str, sheet: Sheet) -> str:
    """A sheet as a ``longtable`` with booktabs rules."""
    head = "% Needs \\usepackage{booktabs,longtable} and is read by \\input.\n"
    if sheet.body.empty:
        return (
            f"{head}% {sheet.caption.translate(_LATEX)}\n% This study has nothing to show here.\n"
        )
    styler = sheet.body.map(_number).style
    styler = styler.format_index(escape="latex").format_index(escape="latex", axis=1)
    styler = styler.format_index_names(escape="latex").format_index_names(escape="latex", axis=1)
    caption = sheet.caption.translate(_LATEX | {ord("±"): r"$\pm$"})
    long = styler.to_latex(
        environment="longtable", hrules=True, caption=caption, label=f"tab:{name}",
        column_format="l" * sheet.body.index.nlevels + "r" * sheet.body.shape[1],
        multicol_align="c", multirow_align="naive",
    )  # fmt: skip
    return f"{head}{{\\footnotesize\\setlength{{\\tabcolsep}}{{3pt}}%\n{long}}}\n"


def page(name: str, sheet: Sheet) -> str:
    """A sheet as a page of HTML."""
    rows = [
        [*(index if isinstance(index, tuple) else (index,)), *values]
        for index, values in zip(sheet.body.index, sheet.body.to_numpy(), strict=True)
    ]
    template = environment().get_template("table.html.j2")
    return template.render(name=name, caption=sheet.caption, head=list(_head(sheet)), rows=rows)


def _head(sheet: Sheet) -> Iterator[str]:
    yield from (str(name) for name in sheet.body.index.names)
    for column in sheet.body.columns:
        yield ", ".join(column) if isinstance(column, tuple) else str(column)


def write_tables(summary: str, folder: str) -> None:
    """Typeset every table.

    Parameters
    ----------
    summary : str
        Folder of the summary.
    folder : str
        Folder to write into: each of `SHEETS` as ``.tex`` and ``.html``.
    """
    known = load_summary(summary, ("recovery", "points", "comparison", "selection"))
    for name, make in SHEETS.items():
        sheet = make(known)
        tables.write_text(latex(name, sheet), f"{folder}/{name}.tex")
        tables.write_text(page(name, sheet), f"{folder}/{name}.html")
