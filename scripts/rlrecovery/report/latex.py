r"""Write the main tables in LaTeX, for ``\input`` in a paper, and in HTML."""

from __future__ import annotations

from collections.abc import Iterator

from rlrecovery.report.sheets import SHEETS, Sheet
from rlrecovery.report.templating import environment
from rlrecovery.score.results import load_summary
from rlrecovery.storage.files import write_text

_LATEX = str.maketrans(
    {"−": "-", "±": r"\pm", "∞": r"\infty", "%": r"\%", "_": r"\_", "&": r"\&", "#": r"\#"}
)


def write_tables(summary: str, folder: str) -> None:
    """Write every table of `SHEETS` to a folder as ``.tex`` and ``.html``."""
    needed = ("recovery", "verdicts", "points", "comparison", "selection", "effects")
    loaded = load_summary(summary, needed)
    for name, content in SHEETS.items():
        sheet = content(loaded)
        write_text(latex(name, sheet), f"{folder}/{name}.tex")
        write_text(page(name, sheet), f"{folder}/{name}.html")


def latex(name: str, sheet: Sheet) -> str:
    """Typeset a sheet as a ``longtable`` with booktabs rules."""
    head = "% Requires \\usepackage{booktabs,longtable}; include it with \\input.\n"
    if sheet.body.empty:
        return f"{head}% {sheet.caption.translate(_LATEX)}\n% This study has no such results.\n"
    styler = sheet.body.map(_number).style
    styler = styler.format_index(escape="latex").format_index(escape="latex", axis=1)
    styler = styler.format_index_names(escape="latex").format_index_names(escape="latex", axis=1)
    table = styler.to_latex(
        environment="longtable",
        hrules=True,
        caption=sheet.caption.translate(_LATEX | {ord("±"): r"$\pm$"}),
        label=f"tab:{name}",
        column_format="l" * sheet.body.index.nlevels + "r" * sheet.body.shape[1],
        multicol_align="c",
        multirow_align="naive",
    )
    return f"{head}{{\\footnotesize\\setlength{{\\tabcolsep}}{{3pt}}%\n{table}}}\n"


def _number(text: str) -> str:
    """Convert a number to LaTeX mathematics, and other text to LaTeX text."""
    if text == "–":
        return "--"
    is_numeric = text[:1].isdigit() or text[:1] in "−∞"
    is_plain = is_numeric and not any(letter.isalpha() for letter in text)
    return f"${text.translate(_LATEX)}$" if is_plain else text.translate(_LATEX)


def page(name: str, sheet: Sheet) -> str:
    """Render a sheet as an HTML page."""
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
