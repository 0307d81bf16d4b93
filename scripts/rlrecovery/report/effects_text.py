"""Effects of groups, conditions and a covariate in sentences and tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from rlrecovery.config.effects import design_of, has_effects, settings_of
from rlrecovery.config.settings import Experiment
from rlrecovery.figures.uncertainty import Z
from rlrecovery.report.effect_results import (
    ENOUGH,
    KNOWN,
    Results,
    largest_design,
    results_of,
)
from rlrecovery.report.effects_mixed import mistaken_effects
from rlrecovery.report.effects_words import (
    Row,
    about,
    cell_text,
    natural_values,
    noun,
    on_natural_scale,
    people,
    share,
    share_cell,
    share_with_error,
    the,
)
from rlrecovery.report.lines import select
from rlrecovery.report.numbers import enumeration, rounded
from rlrecovery.report.reliability_text import ceiling_rows, ceilings
from rlrecovery.score.analyses import Analysis, designs_of, effects_of
from rlrecovery.score.results import Summary

#: A smaller bias, relative to the true size, is not mentioned.
SMALL: Final = 0.1
#: Most true values whose natural scale is listed.
MOST_TRUTHS: Final = 6


def effects_section(summary: Summary, experiment: Experiment) -> dict[str, Any] | None:
    """Compute the template variables of the section; None without effects."""
    is_empty = summary.effects.empty and summary.reliability.empty
    if not has_effects(experiment) or is_empty:
        return None
    # A retest alone has no effects.
    design = largest_design(summary.reliability if summary.effects.empty else summary.effects)
    every = [
        results_of(summary, experiment, effect, design) for effect in effects_of(summary.effects)
    ]
    return {
        "people": people(experiment, *design),
        **_data_sets(summary),
        "has_smaller": len(designs_of(summary.effects)) > 1,
        "significance": f"{100 * settings_of(experiment).significance:g}",
        "effects": [_of_effect(results) for results in every if results.sizes],
        "mistaken": mistaken_effects(summary, experiment, design),
        "ceilings": list(ceilings(summary, design, len(design_of(experiment).conditions))),
        "ceiling_rows": list(ceiling_rows(summary)),
    }


def _data_sets(summary: Summary) -> dict[str, Any]:
    """Largest number of data sets of a combination of effects, and methods with fewer."""
    table = summary.reliability if summary.effects.empty else summary.effects
    rows = select(table, measure="share_failed").astype({"method": "object"})
    numbers = rows.groupby("method", sort=False)["n"].max()
    fewer = [
        f"{method} analyses the first {n}" for method, n in numbers[numbers < numbers.max()].items()
    ]
    return {"data_sets": int(numbers.max()), "fewer": enumeration(fewer) if fewer else ""}


def _of_effect(results: Results) -> dict[str, Any]:
    """Template variables of one effect."""
    best = next(iter(results.eligible()), None)
    words = about(results.experiment, results.effect)
    return {
        "title": _capital(words),
        "verdict": verdict(results),
        "answer": " ".join(answer(results)),
        "warnings": list(warnings(results)),
        "scales": scales(results),
        "head": head(results),
        "rows": [_table_row(results, analysis, analysis == best) for analysis in results.analyses],
    }


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def verdict(results: Results) -> tuple[str, str]:
    """Class and text of the verdict: whether the effect is found often enough."""
    eligible = results.eligible()
    if not eligible:
        return "no", "no valid test"
    row = results.rows[eligible[0], "power", results.decisive]
    distance = (row["value"] - ENOUGH) / max(float(row["mcse"]), 1e-12)
    if abs(distance) < Z:
        return "partly", f"about {100 * ENOUGH:g} % power"
    return ("yes", f"above {100 * ENOUGH:g} % power") if distance > 0 else (
        "no", f"below {100 * ENOUGH:g} % power"
    )  # fmt: skip


def answer(results: Results) -> Iterator[str]:
    """Sentences: how often the effect is found, and which size has enough power."""
    with_people, size = people(results.experiment, *results.design), results.decisive
    what = about(results.experiment, results.effect, size, _natural(results, size))
    eligible = results.eligible()
    if not eligible:
        yield (
            f"With {with_people}, no analysis of {what} can be recommended: each finds effects "
            "too often where there are none, or failed."
        )
        return
    best, row = eligible[0], results.rows[eligible[0], "power", size]
    cells = results.cells["cell"][results.cells["method"] == best.method]
    mean = ", on average over the true values," if cells.nunique() > 1 else ""
    failed = results.row(best, "share_failed", size)
    is_whole = failed is None or failed["value"] == 0
    of = "data sets" if is_whole else "the data sets that could be analysed"
    found = f"is found{mean} in {share_with_error(row, of)}"
    yield f"With {with_people}, {what} {found} by {the(results.label(best))}."
    yield from _detected(results, best)
    yield from _distorted(results, best)
    others = [a for a in eligible[1:] if results.is_close(best, a)]
    if others:
        names = "; ".join(the(results.label(a)) for a in others)
        yield f"Not clearly more or less often: by {names}."
    others_found = [
        f"{rounded(s)}{_natural(results, s)} in {share(power)}"
        for s in results.sizes
        if s != size and (power := results.row(best, "power", s)) is not None
    ]
    if others_found:
        yield f"The same analysis finds a {noun(results.effect)} of {'; '.join(others_found)}."


def _distorted(results: Results, best: Analysis) -> Iterator[str]:
    """State the bias of the analysis, and its coverage, where the bias is known and not small."""
    size = results.decisive
    bias, coverage = (results.row(best, name, size) for name in ("bias", "coverage"))
    if bias is None or not abs(bias["value"]) > max(KNOWN * bias["mcse"], SMALL * abs(size)):
        return
    text = f"Its estimate of this {noun(results.effect)} has a bias of {cell_text(bias)}"
    if coverage is not None:
        text += f", and its interval contains the {noun(results.effect)} in {share(coverage)}"
    yield f"{text}."


def _natural(results: Results, size: float) -> str:
    """A simulated size on the natural scale, in brackets."""
    cells = results.cells[results.cells["size"] == size].drop_duplicates("cell")
    return on_natural_scale(cells, results.effect, results.experiment)


def _detected(results: Results, best: Analysis) -> Iterator[str]:
    """State the size that is found with enough power."""
    row = results.detectable.get(best)
    if row is None:
        return
    power, what = f"{100 * row['power']:g} % power", noun(results.effect)
    note = str(row["note"]) if isinstance(row["note"], str) else ""
    if not np.isfinite(row["size"]):
        reason = f": {note}" if note else ""
        yield f"The {what} for {power} is not known{_interval(row)}{reason}."
        return
    natural = _detected_natural(results, row)
    in_brackets = f" ({note})" if note else ""
    yield (
        f"{power} needs a {what} of {rounded(row['size'])}{_interval(row)}{natural}{in_brackets}."
    )


def _interval(row: Row) -> str:
    """The 95 % interval of a size, in brackets."""
    ends = float(row["lower"]), float(row["upper"])
    if np.isnan(ends).any():
        return ""
    if np.isinf(ends[1]):
        return f" (95 % interval: from {rounded(ends[0])} on)"
    return f" (95 % interval: {rounded(ends[0])} to {rounded(ends[1])})"


def _detected_natural(results: Results, row: Row) -> str:
    """A size with enough power on the natural scale, where there is one true value."""
    truths = _truths(results)
    if len(truths) != 1 or not np.isfinite(row["natural"]):
        return ""
    return f", {rounded(truths[0])} to {rounded(truths[0] + row['natural'])}"


def _truths(results: Results) -> list[float]:
    """True values of the parameter on the grid."""
    if results.effect.parameter not in results.cells or results.effect.kind == "covariate":
        return []
    return [float(v) for v in results.cells[results.effect.parameter].dropna().unique()]


def warnings(results: Results) -> Iterator[str]:
    """Name analyses that find what is not there, or fail."""
    for analysis in results.analyses:
        row = results.row(analysis, "type_1", 0.0)
        if row is not None and results.is_known_above(analysis):
            what = f"a {noun(results.effect)} where there is none"
            yield (
                f"{_capital(the(results.label(analysis)))} finds {what} "
                f"in {share(row)} (nominal {100 * results.nominal:g} %), and is not considered."
            )
    for analysis in results.analyses:
        shares = {
            "failed": results.row(analysis, "share_failed", results.decisive),
            "was flagged": results.row(analysis, "share_flagged", results.decisive),
        }
        parts = [f"{what} in {share(r)}" for what, r in shares.items() if r and r["value"] > 0]
        if parts:
            yield f"{_capital(the(results.label(analysis)))} {' and '.join(parts)}."


def scales(results: Results) -> list[str]:
    """Sizes on the natural scale, one text per size; empty if no other scale is used."""
    if results.effect.kind == "covariate":
        return []
    texts = []
    for size in results.sizes[::-1]:
        cells = results.cells[results.cells["size"] == size]
        pairs = natural_values(cells, results.effect)[:MOST_TRUTHS]
        if pairs and on_natural_scale(cells, results.effect, results.experiment):
            listed = ", ".join(f"{rounded(a)} to {rounded(b)}" for a, b in pairs)
            texts.append(f"{rounded(size)}: {listed}")
    return texts


def head(results: Results) -> list[str]:
    """Column heads of the table of an effect."""
    decisive = rounded(results.decisive)
    powers = [f"power at {rounded(size)} (%)" for size in results.sizes[::-1]]
    at = [f"{name} at {decisive}" for name in ("bias", "coverage (%)", "type S (%)", "type M")]
    power = next((row["power"] for row in results.detectable.values()), ENOUGH)
    enough = f"{noun(results.effect)} for {100 * power:g} % power"
    return ["analysis", "type I error (%)", *powers, *at, enough]


def _table_row(results: Results, analysis: Analysis, is_best: bool) -> dict[str, Any]:
    """Texts of a row of the table of an effect."""
    size = results.decisive
    texts = [
        share_cell(results.row(analysis, "type_1", 0.0)),
        *(share_cell(results.row(analysis, "power", s)) for s in results.sizes[::-1]),
        cell_text(results.row(analysis, "bias", size)),
        share_cell(results.row(analysis, "coverage", size)),
        share_cell(results.row(analysis, "type_s", size)),
        cell_text(results.row(analysis, "type_m", size)),
        _detected_cell(results.detectable.get(analysis)),
    ]
    return {
        "label": results.label(analysis),
        "texts": texts,
        "is_best": is_best,
        "is_wrong": results.is_known_above(analysis),
    }


def _detected_cell(row: Row | None) -> str:
    """The size with enough power, in a table."""
    if row is None or not np.isfinite(row["size"]):
        return "–"
    return rounded(row["size"]) + _interval(row).replace("95 % interval: ", "")
