"""Page of the measures: formulas, Monte Carlo standard errors, ranges, good values, verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import indent
from typing import get_args

from reference_pages import measures_table as table
from reference_pages.markdown import anchored, bullets, code, definitions, equation, page, prose
from reference_pages.measures_table import Measure
from rlrecovery.config.limits import Limits
from rlrecovery.score.criteria import CERTAIN, RANK, Verdict
from rlrecovery.score.over_truths import POOLED
from rlrecovery.score.standing import CLEAR_DIFFERENCE

_AFTER = """\
After this page you know what each value of the column `measure` is: its formula, its Monte Carlo
standard error (MCSE), its range, and which values are good.

A test evaluates the formula of every measure, as it stands here in Python, and compares it with the
code."""

_NOTATION = (
    "$x_i$ is the true value, $y_i$ the estimate and $e_i = y_i - x_i$ the error of row $i$ "
    "(`truth`, `estimate`, `errors`). A bar is a mean over rows.",
    r"$\mathrm{SE}_i$ is the standard error (`ses`), and $l_i$ and $u_i$ are the ends of the "
    "interval (`lower`, `upper`).",
    "$n$ is the number of data sets. Equations with sums over $i$ are written for one row per data "
    "set, as at level `group`.",
    "$s_x$, $s_y$ and $s_{xy}$ are SDs and covariance of true values and estimates of all rows "
    "(`grid_truth`, `grid_estimate`); the divisor is the number of rows.",
    "$r$ numbers data sets; $x_r$ and $y_r$ are the true values and estimates of the participants "
    "of one (`data_sets`). $S_{xy}$ (`S(0, 1)`, with `S(0, 0)` for $S_{xx}$ and `S(1, 1)` for "
    "$S_{yy}$) is the covariance of deviations from the means of their data set, and $D$ the "
    "squared difference of these means, each averaged over all rows.",
    "A term in square brackets is 1 if it is true and otherwise 0.",
)

_MCSE = """\
The independent unit is the data set (replicate), not the participant: participants of one data set
share a fit or a group estimate. Where every data set has one row, the MCSE is the closed form given
below with the measure. Where data sets have several rows, or no closed form is given, it is the
delete-one jackknife over data sets"""

_JACKKNIFE = r"\sqrt{\frac{n - 1}{n}\sum_r (v_{-r} - \bar{v})^2}"

_JACKKNIFE_IS = """\
where $v_{{-r}}$ is the measure without data set $r$ (Efron & Stein 1981, Annals of Statistics
9:586). Measures and closed forms follow {morris}. An MCSE is missing where it cannot be estimated,
as with fewer than two data sets."""

#: Title, label, introduction and measures of the sections.
SECTIONS: tuple[tuple[str, str, str, Mapping[str, Measure]], ...] = (
    (
        "Errors",
        "measures-errors",
        "Rows `all` (every row with an estimate) and rows `ok` (those with status `ok`), scope "
        "`cell`.",
        table.ERRORS,
    ),
    (
        "Intervals",
        "measures-intervals",
        "Rows `all` and `ok`, of the estimates with an interval; one row per nominal level, in the "
        "column `interval`.",
        table.INTERVALS,
    ),
    (
        "Agreement with the truth",
        "measures-agreement",
        "Only where the true values differ: within a cell, or with scope `grid` over all cells of "
        "one size.",
        table.AGREEMENT,
    ),
    (
        "Individual differences",
        "measures-individual",
        "Level `participant`, where the participants of a data set have different true values. "
        "`relative_rmse` is also given for levels `group` and `spread` where true values differ, "
        "which is with scope `grid`.",
        table.INDIVIDUAL,
    ),
    (
        "Flags and diagnostics",
        "measures-diagnostics",
        "Rows `all`. A value of R-hat, effective sample size or grid error is there only for "
        "methods that have it.",
        table.DIAGNOSTICS,
    ),
    (
        "Two methods on the same data",
        "measures-paired",
        "Table `comparison`: a method, and in the column `reference` one that is before it in the "
        "config. $e'_i$ (`errors_reference`) and $\\mathrm{EmpSE}'$ are those of the reference.",
        table.PAIRED,
    ),
    (
        "Model comparison",
        "measures-selection",
        "Table `selection`; these are columns. $w_{gf}$ (`wins`) is the number of units from "
        "generating model $g$ for which model $f$ fits best, of $n_g$.",
        table.SELECTION,
    ),
)

#: Criteria by their key in `limits`: from which measure, and how.
CRITERIA = {
    "rank_correlation": "Rank correlation: {ranks}.",
    "relative_rmse": "`relative_rmse`; for groups in a cell, the RMSE divided by the SD of the "
    "true values of the grid.",
    "undercoverage": "Nominal level minus `coverage`, at the nominal level 0.95 or else the "
    "largest.",
    "flagged": "Share of rows whose status is not `ok`.",
}

#: Verdicts in words.
VERDICTS: dict[str, str] = {
    "yes": "all criteria are certainly met",
    "partly": "none is certainly missed, but one is certainly not met in full",
    "no": "one is certainly missed, or a cell has no estimate",
    "undecided": "one may not be met, within the Monte Carlo error",
    "not asked": "the study has no different true values at this level",
}


def measures() -> dict[str, Measure]:
    """All measures by name."""
    return {name: one for *_, group in SECTIONS for name, one in group.items()}


def measures_page() -> str:
    """The page."""
    return page(
        "Measures",
        "reference-measures",
        _AFTER,
        anchored(2, "Notation", "measures-notation"),
        bullets(_NOTATION),
        anchored(2, "Monte Carlo standard errors", "measures-mcse"),
        _MCSE,
        equation(_JACKKNIFE),
        _JACKKNIFE_IS.format(morris=table.MORRIS),
        *(part for section in SECTIONS for part in _section(*section)),
        anchored(2, "Scores of models", "measures-scores"),
        "Column `criterion` of `selection`. The model with the highest score wins; the score of a "
        "data set is the sum of those of its participants. $L$ is the maximum of the likelihood, "
        "$k$ the number of parameters and $m$ the number of choices.",
        *(part for name, score in table.SCORES.items() for part in _score(name, *score)),
        anchored(2, "Over all true values", "measures-over-truths"),
        _over_truths(),
        anchored(2, "Verdicts", "measures-verdicts"),
        *_verdicts(),
    )


def _section(title: str, label: str, about: str, group: Mapping[str, Measure]) -> Iterator[str]:
    yield anchored(2, title, label)
    yield about
    for name, one in group.items():
        yield anchored(3, code(name), f"measure-{name}")
        yield f"{one.meaning[0].upper()}{one.meaning[1:]}."
        yield equation(one.latex)
        yield bullets(_facts(one))


def _facts(one: Measure) -> Iterator[str]:
    yield f"Python: {code(one.python)}"
    yield f"Range: {one.bounds}"
    if one.good:
        yield f"Good: {one.good}"
    if one.mcse:
        yield "MCSE:\n\n" + indent(equation(one.mcse), "  ")
    else:
        yield "MCSE: none" if one.no_mcse else "MCSE: jackknife"
    if one.source:
        yield f"Source: {one.source}"


def _score(name: str, about: str, latex: str, python: str, source: str) -> Iterator[str]:
    yield anchored(3, code(name), f"score-{name}")
    yield f"{about[0].upper()}{about[1:]}."
    yield equation(latex)
    yield bullets([f"Python: {code(python)}", *([f"Source: {source}"] if source else [])])


def _over_truths() -> str:
    names = ", ".join(map(code, POOLED))
    return (
        f"With scope `grid`, {names} are means over the cells of one size, each with the same "
        "weight; `rmse` is the root of the mean `mse`. The variances of Monte Carlo errors add: "
        "the MCSE of a mean over $C$ cells is $\\frac{1}{C}\\sqrt{\\sum_c \\mathrm{MCSE}_c^2}$. A "
        "value is missing if it is missing in a cell."
    )


def _verdicts() -> Iterator[str]:
    ranks = ", ".join(f"{code(measure)} at level {code(level)}" for level, measure in RANK.items())
    yield (
        "Table `verdicts`: whether a parameter is recovered, for every method, level and "
        "parameter. Each criterion has two limits in {ref}`limits <config-limits>`: up to the "
        "first the criterion is met, beyond the second it is missed. It is certain if its value is "
        f"{CERTAIN:g} MCSEs beyond the limit."
    )
    fields = Limits.model_fields
    yield definitions(
        (code(key), [text.format(ranks=ranks), f"By default {_pair(fields[key].default)}"])
        for key, text in CRITERIA.items()
    )
    yield "Values of `verdict`:"
    yield definitions((code(name), [VERDICTS[name]]) for name in get_args(Verdict))
    yield (
        "Values of `standing`: `best` has the smallest RMSE over all true values; `worse` has a "
        f"larger one by more than {CLEAR_DIFFERENCE:g} standard errors of the difference; "
        "`similar` does not; `fewer` fits fewer data sets than others. `recommended` marks the "
        "method that the config lists first, of those with the best verdict among `best` and "
        "`similar`."
    )


def _pair(limits: tuple[float, float]) -> str:
    return prose(f"[{limits[0]:g}, {limits[1]:g}]")
