"""The exact hierarchical posterior of pilot data, and what the data added to the prior."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

from rlrecovery.calibration.truths import prior_sd
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import methods_of, specification
from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.estimates import Target
from rlrecovery.fitting.posterior import PosteriorSettings
from rlrecovery.fitting.quadrature.fitter import Quadrature
from rlrecovery.fitting.quadrature.hierarchical import PopulationPosterior
from rlrecovery.fitting.quadrature.posterior import HierarchicalPosterior
from rlrecovery.fitting.quadrature.settings import QuadratureSettings
from rlrecovery.fitting.registry import Method
from rlrecovery.models.base import Model
from rlrecovery.models.variants import ModelSpec
from rlrecovery.pilot.reading import PilotData
from rlrecovery.simulation.generator import learner_in
from rlrecovery.simulation.task import Floats
from rlrecovery.storage.schemas import interval_columns

#: Nominal level of the intervals.
LEVEL = 0.95


@dataclass(frozen=True)
class PilotFit:
    """The fit of pilot data.

    Attributes
    ----------
    method : Method
        The hierarchical method.
    from_config : bool
        Whether the method is one of the config; otherwise it has the model's default priors.
    fitter : Quadrature
        Its fitter.
    posterior : PopulationPosterior
        The joint posterior.
    participants : DataFrame
        One row per participant and parameter: ``participant`` (its name), ``parameter``,
        ``responses``, ``estimate`` with ``lower_95`` and ``upper_95`` (natural scale), the same
        with ``unpooled_`` before it, fitted without the other participants, ``contraction`` and
        ``status``.
    population : DataFrame
        One row per quantity: ``level`` (group or spread), ``parameter``, ``estimate``, ``sd``,
        ``lower_95``, ``upper_95``, ``contraction`` and ``status``.
    """

    method: Method
    from_config: bool
    fitter: Quadrature
    posterior: PopulationPosterior
    participants: pd.DataFrame
    population: pd.DataFrame

    @property
    def model(self) -> Model:
        """The fitted model."""
        return self.fitter.setting.model


class NoFit(Exception):
    """Why pilot data cannot be fitted with a config, in one sentence."""


def fit_pilot(pilot: PilotData, experiment: Experiment) -> PilotFit:
    """Fit pilot data by the exact hierarchical method, and each participant alone.

    Raises
    ------
    NoFit
        If the config has several models or tasks, or a model with too many parameters.
    """
    method, from_config = pilot_method(experiment)
    fitter = _fitter(pilot, method.settings, method.model)
    data = pilot.data.observations(pilot.task)
    posterior, _, _ = fitter.hierarchy().integrate(data, (LEVEL,))
    rows = pd.DataFrame(fitter.fit(data, np.random.SeedSequence(0)))
    alone = _with_defaults("none", method.fitted_model())
    unpooled = pd.DataFrame(
        _fitter(pilot, alone, method.model).fit(data, np.random.SeedSequence(0))
    )
    contraction = contractions(posterior, cast(PosteriorSettings, method.settings), fitter.setting)
    own = rows["level"] == "participant"
    return PilotFit(
        method,
        from_config,
        fitter,
        posterior,
        _participants(pilot, rows[own], unpooled, contraction["participant"]),
        _population(rows[~own], contraction),
    )


def pilot_method(experiment: Experiment) -> tuple[Method, bool]:
    """The method that fits pilot data, and whether it is one of the config.

    It is the first exact hierarchical method of the config that fits the generating model, or one
    with the default priors of that model.
    """
    if experiment.models is not None or experiment.model is None:
        raise NoFit("make pilot needs a config with one model: set model instead of models")
    if experiment.task is None:
        raise NoFit("make pilot needs a config with one task: set task instead of tasks")
    model = specification(experiment, experiment.model)
    for method in methods_of(experiment).values():
        exact = isinstance(method.settings, QuadratureSettings) and method.pooling == "partial"
        if exact and method.model == model:
            return method, True
    most = QuadratureSettings.max_parameters or math.inf
    if len(model.model().names) > most:
        raise NoFit(
            f"make pilot fits models of up to {most} free parameters, but model {experiment.model} "
            f"has {len(model.model().names)}: {', '.join(model.model().names)}; fix some of them "
            "in a variant"
        )
    return Method("pilot", _with_defaults("partial", model.model()), model), False


def _with_defaults(pooling: str, model: Model) -> QuadratureSettings:
    """Settings of the exact posterior with the default priors of a model."""
    plain: dict[str, Any] = {"estimator": "quadrature", "pooling": pooling}
    settings = QuadratureSettings.of(plain)
    priors = {p.name: settings.default_prior(p) for p in model.parameters}
    return QuadratureSettings.of(plain | {"priors": priors})


def _fitter(pilot: PilotData, settings: Any, model: ModelSpec) -> Quadrature:
    """Fitter of all participants."""
    participants, trials = pilot.data.choices.shape
    learner = learner_in(model, pilot.task)
    setting = Setting(learner, participants, trials, (LEVEL,), pilot.task)
    return Quadrature.of(settings, setting)


def contractions(
    posterior: PopulationPosterior, settings: PosteriorSettings, setting: Setting
) -> dict[str, Floats]:
    """Contraction, 1 - posterior variance / prior variance, on the unconstrained scale.

    The prior variance of a participant is that of a new participant of the population before any
    data: the variance of the location plus the mean square of the SD.

    Returns
    -------
    dict
        Levels ``group`` and ``spread``, shape (parameters,), and ``participant``, shape
        (participants, parameters).
    """
    exact = HierarchicalPosterior(setting.model, posterior)

    def contraction(target: Target) -> float:
        """Contraction of one target."""
        prior = prior_sd(settings, setting.model.parameter(target.parameter), target.level)
        return 1 - (exact.moments(target)[1] / prior) ** 2

    own = np.array([contraction(target) for target in setting.each_participant()])
    return {
        "group": np.array([contraction(target) for target in setting.whole("group")]),
        "spread": np.array([contraction(target) for target in setting.whole("spread")]),
        "participant": own.reshape(setting.participants, -1),
    }


def _participants(
    pilot: PilotData, rows: pd.DataFrame, unpooled: pd.DataFrame, contraction: Floats
) -> pd.DataFrame:
    """Table of participants, hierarchical beside unpooled estimates."""
    numbers = ["estimate", *interval_columns(LEVEL)]
    keys = ["participant", "parameter"]
    alone = unpooled[[*keys, *numbers]].rename(columns={n: f"unpooled_{n}" for n in numbers})
    table = rows[[*keys, *numbers, "status"]].merge(alone, on=keys, how="left")
    responses = pilot.data.responded.sum(axis=1)
    table["contraction"] = contraction.ravel()
    table.insert(2, "responses", responses[table["participant"]])
    table["participant"] = [pilot.names[i] for i in table["participant"]]
    return table


def _population(rows: pd.DataFrame, contraction: Mapping[str, Floats]) -> pd.DataFrame:
    """Table of locations and SDs of the population."""
    columns = ["level", "parameter", "estimate", "se", *interval_columns(LEVEL), "status"]
    table = rows[columns].reset_index(drop=True)
    table["contraction"] = np.concatenate([contraction["group"], contraction["spread"]])
    return table.rename(columns={"se": "sd"})


def population_draws(fit: PilotFit, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Joint posterior draws of locations and SDs, unconstrained scale, (count, parameters) each."""
    hyper = fit.posterior.grid.resampled_draws(count, rng)
    locations = [
        funnel.location(hyper[:, 2 * j], hyper[:, 2 * j + 1])
        for j, funnel in enumerate(fit.posterior.coordinates)
    ]
    return np.stack(locations, axis=1), hyper[:, 1::2]


def identity_of(pilot: PilotData, fit: PilotFit) -> dict[str, Any]:
    """Values that the random numbers of a pilot fit depend on: the data and the method."""
    digest = hashlib.sha256()
    for array in (pilot.data.choices, np.nan_to_num(pilot.data.rewards), pilot.data.blocks):
        digest.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
    return {"data": digest.hexdigest(), "method": fit.method.plain()}
