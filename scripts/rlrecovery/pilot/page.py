"""What pilot data say, in sentences for the terminal and as an HTML page."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rlrecovery.calibration.uniformity import SIGNIFICANCE
from rlrecovery.pilot.calibration import FEWEST
from rlrecovery.pilot.fit import PilotFit
from rlrecovery.pilot.reading import PilotData, facts, oddities
from rlrecovery.report.numbers import enumeration, minus, plural
from rlrecovery.report.templating import environment
from rlrecovery.storage.files import write_text

#: Predictive p values outside these limits are mentioned.
EXTREME = (0.025, 0.975)
#: A curve is mentioned if more than this share of its bins is outside them.
FEW_BINS = 0.2
#: Names of statistics in sentences.
_STATISTICS = {
    "learning": "the learning curve",
    "first_arm": "choices of the first arm",
    "win_stay": "win-stay",
    "lose_shift": "lose-shift",
}
_WAYS = {"forward": "simulated forward", "one_step": "one step ahead"}
_LEVELS = {"group": "location", "spread": "SD", "participant": "value of a participant"}


@dataclass(frozen=True)
class Results:
    """All that is said about pilot data.

    Attributes
    ----------
    pilot : PilotData
        The data.
    fit : PilotFit
        Their fit.
    least_contraction : float
        Contraction below which the data say next to nothing.
    predictive : DataFrame
        Columns `rlrecovery.storage.schemas.PREDICTIVE`.
    calibration : DataFrame
        From `rlrecovery.pilot.calibration.uniformity_tests`; no rows without a check.
    """

    pilot: PilotData
    fit: PilotFit
    least_contraction: float
    predictive: pd.DataFrame
    calibration: pd.DataFrame


def sections(results: Results) -> dict[str, list[str]]:
    """Sentences by title, what the data do not say first."""
    return {
        "How much the pilot data say": list(_informative(results)),
        "What was read": facts(results.pilot),
        "What looks odd": oddities(results.pilot) or ["Nothing."],
        "The population": list(_population(results.fit)),
        "The participants": list(_shrinkage(results.fit)),
        "Does the model reproduce the data?": list(_reproduced(results.predictive)),
        "Are the intervals right where these people are?": list(_calibrated(results.calibration)),
    }


def _informative(results: Results) -> Iterator[str]:
    """Contraction of locations and SDs of the population."""
    table, limit = results.fit.population, results.least_contraction
    for row in table[table["contraction"] < limit].to_dict("records"):
        digits = 2 if round(row["contraction"], 2) < limit else 4
        yield (
            f"They say next to nothing about the {_quantity(row)}: contraction "
            f"{minus(f'{row["contraction"]:.{digits}f}')}, below {limit:g}. True values that are "
            "drawn for it are hardly more than draws from the prior."
        )
    told = table[table["contraction"] >= limit]
    if len(told):
        texts = [f"{_quantity(row)} {row['contraction']:.2f}" for row in told.to_dict("records")]
        yield (
            f"Contraction (1 - posterior variance / prior variance): {enumeration(texts)}. At 0 "
            "the posterior is the prior, at 1 the data decide."
        )


def _quantity(row: Mapping[str, object]) -> str:
    return f"{_LEVELS[str(row['level'])]} of {row['parameter']}"


def _population(fit: PilotFit) -> Iterator[str]:
    """Location and SD of each parameter, with intervals."""
    model = fit.model
    source = "the config" if fit.from_config else "the model"
    yield (
        f"The exact posterior of the hierarchical model {model.name}, with the priors of {source}; "
        "95 % intervals."
    )
    for row in fit.population.to_dict("records"):
        scale = model.parameter(row["parameter"]).transform
        on = f" ({scale} scale)" if row["level"] == "spread" and scale != "identity" else ""
        quantity = _quantity(row)
        yield f"{quantity[:1].upper()}{quantity[1:]}{on}: {_interval(row)}.{_flag(row)}"


def _interval(row: Mapping[str, float]) -> str:
    numbers = (minus(f"{row[key]:.3g}") for key in ("estimate", "lower_95", "upper_95"))
    return "{} ({} to {})".format(*numbers)


def _flag(row: Mapping[str, object]) -> str:
    return "" if row["status"] == "ok" else f" Flagged: {row['status']}."


def _shrinkage(fit: PilotFit) -> Iterator[str]:
    """By how much hierarchical estimates differ less than those of each participant alone."""
    for name in fit.model.names:
        own = fit.participants[fit.participants["parameter"] == name]
        to_real = fit.model.parameter(name).to_real
        median = minus(f"{own['contraction'].median():.2f}")
        if len(own) < 2:
            yield f"{name}: the contraction of the only participant is {median}."
            continue
        alone, together = (
            float(np.std(to_real(own[column].to_numpy(float)), ddof=1))
            for column in ("unpooled_estimate", "estimate")
        )
        yield (
            f"{name}: the SD of the estimates is {alone:.2f} if each participant is fitted alone "
            f"and {together:.2f} with all others (unconstrained scale); half of the participants "
            f"have a contraction of {median} or more."
        )


def _reproduced(predictive: pd.DataFrame) -> Iterator[str]:
    """Statistics that the fitted model does not reproduce."""
    rows = predictive[(predictive["of"] == "posterior") & predictive["p"].notna()]
    if rows.empty:
        yield "There is no predictive check: no statistic can be computed."
        return
    extreme = rows[(rows["p"] < EXTREME[0]) | (rows["p"] > EXTREME[1])]
    yield (
        f"{len(extreme)} of {len(rows)} statistics are outside the 95 % intervals of the "
        "predictions; about one in 20 would be if the model were right."
    )
    for (way, statistic), group in extreme.groupby(["way", "statistic"], sort=False):
        every = rows[(rows["way"] == way) & (rows["statistic"] == statistic)]
        if len(group) <= FEW_BINS * len(every):
            continue
        where = f" in {len(group)} of {len(every)} bins of trials" if len(every) > 1 else ""
        worst = group.loc[(group["p"] - 0.5).abs().idxmax()]
        direction = "lower" if worst["observed"] < worst["mean"] else "higher"
        name = _statistic(str(statistic))
        yield (
            f"{name[:1].upper()}{name[1:]} ({_WAYS[str(way)]}) is {direction}{where} than the "
            f"fitted model predicts: {worst['observed']:.2f}, predicted {worst['mean']:.2f} "
            f"({worst['lower_95']:.2f} to {worst['upper_95']:.2f})."
        )


def _statistic(name: str) -> str:
    if name.startswith("side_"):
        return f"the share of choices of arm {int(name.removeprefix('side_')) + 1}"
    return _STATISTICS.get(name, name)


def _calibrated(table: pd.DataFrame) -> Iterator[str]:
    """Verdict of posterior SBC."""
    if table.empty:
        yield "Not checked (pilot.data_sets is 0)."
        return
    n, smallest = int(table["n"].min()), table.loc[table["p_holm"].idxmin()]
    about = (
        f"{n} data sets were simulated at the posterior and fitted together with the pilot data "
        "(posterior SBC);"
    )
    p = f"p = {smallest['p_holm']:.2g} for the {_quantity(smallest)}, the smallest after Holm's "
    p += f"correction over {len(table)} quantities"
    if n < FEWEST:
        yield (
            f"Too few to say: with {plural(n, 'data set')} hardly any error would be found ({p}); "
            "set pilot.data_sets to 100."
        )
    elif smallest["p_holm"] < SIGNIFICANCE:
        yield f"No: {about} the drawn values are not uniform in their posteriors, {p}."
    else:
        yield f"Nothing speaks against it: {about} {p}."


def text(results: Results, next_steps: Sequence[str]) -> str:
    """All sentences for a terminal."""
    lines: list[str] = []
    for title, sentences in (sections(results) | {"Next": list(next_steps)}).items():
        lines += ["", title, *(f"  {sentence}" for sentence in sentences)]
    return "\n".join(lines[1:])


def write_page(
    path: Path, results: Results, next_steps: Sequence[str], figures: Mapping[str, Path]
) -> None:
    """Write the page, a single file; `figures` are SVG files by title of their section."""
    pictures = {title: _uri(file) for title, file in figures.items()}
    columns = ("estimate", "lower_95", "upper_95", "unpooled_estimate", "contraction")
    rows = [
        (
            row["participant"],
            row["parameter"],
            row["responses"],
            *(_number(row[c]) for c in columns),
        )
        for row in results.fit.participants.to_dict("records")
    ]
    page = environment().get_template("pilot.html.j2")
    write_text(
        page.render(
            name=Path(results.pilot.path).name,
            sections=sections(results) | {"Next": list(next_steps)},
            pictures=pictures,
            rows=rows,
        ),
        path,
    )


def _uri(file: Path) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(file.read_bytes()).decode()}"


def _number(value: float) -> str:
    return minus(f"{value:.3g}") if math.isfinite(value) else "–"
