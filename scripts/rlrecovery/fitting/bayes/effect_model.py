"""The PyMC model of a joint analysis of effects: groups, conditions and a covariate.

The model is that of `rlrecovery.fitting.effects`. Its variables are chosen for efficient sampling,
as in `rlrecovery.fitting.bayes.model`: the location of a group is sampled through the mean of its
participants, a difference of conditions through the mean of the participants' differences, and an
SD through the SD of the participants. Given the standardised deviations of participants, each is an
exact change of variables (a shift or a rescaling), so all priors are those of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.bayes.model import MANY, add_likelihood, data_variables, spread_variable
from rlrecovery.fitting.bayes.settings import BayesSettings
from rlrecovery.fitting.effects import Effect, EffectModel
from rlrecovery.likelihood.scan import TO_NATURAL
from rlrecovery.models.base import Parameter
from rlrecovery.models.distributions import Distribution
from rlrecovery.simulation.task import Floats, Integers

#: Name of the ``pm.Data`` with the standardised covariate, if there is one.
COVARIATE_DATA: Final = "covariate"


def effect_variable(effect: Effect) -> str:
    """Name of the variable of the PyMC model that holds an effect."""
    return f"{effect.parameter}_{effect.kind}_{effect.index}"


@dataclass(frozen=True)
class Layout:
    """Groups, participants and sessions of an effect model, as seen by one parameter.

    Attributes
    ----------
    group : int array, shape (participants,)
        Group of each participant.
    members : dict of int array
        Participants by group with an effect on the parameter; under 0, all others, who have the
        location of the reference.
    sessions : dict of int array
        Rows by condition with an effect on the parameter, in the order of the data set; under 0,
        all other rows.
    participant : int array, shape (rows,)
        Participant of each row.
    has_covariate : bool
        Whether the parameter is correlated with the covariate.
    """

    group: Integers
    members: dict[int, Integers]
    sessions: dict[int, Integers]
    participant: Integers
    has_covariate: bool

    @classmethod
    def of(cls, model: EffectModel, parameter: str) -> Layout:
        """The part of an effect model that concerns one parameter."""
        own = [effect for effect in model.effects if effect.parameter == parameter]

        def split(kind: str, indices: Integers) -> dict[int, Integers]:
            """Positions of each group or condition with an effect; at 0, of all others."""
            affected = [effect.index for effect in own if effect.kind == kind]
            parts = {0: np.flatnonzero(~np.isin(indices, affected))}
            return parts | {index: np.flatnonzero(indices == index) for index in affected}

        return cls(
            group=model.group,
            members=split("group", model.group),
            sessions=split("condition", model.condition),
            participant=model.participant,
            has_covariate=any(effect.kind == "covariate" for effect in own),
        )

    def location_of_participant(self) -> Integers:
        """Position in `members` of each participant's location."""
        positions = np.zeros(len(self.group), dtype=np.int64)
        for position, members in enumerate(self.members.values()):
            positions[members] = position
        return positions

    def order(self) -> Integers:
        """Positions of the rows in `sessions`, one condition after the other."""
        return np.argsort(np.concatenate(list(self.sessions.values())))


def check_layout(model: EffectModel) -> None:
    """Raise a ValueError unless every participant has one session per condition at most."""
    participants = len(model.group)
    if not np.array_equal(np.unique(model.participant), np.arange(participants)):
        raise ValueError("every participant needs a session")
    if len(np.unique(model.participant + participants * model.condition)) < len(model.participant):
        raise ValueError("a participant can have only one session in a condition")
    for effect in model.effects:
        levels = {"group": model.group, "condition": model.condition}.get(effect.kind)
        if levels is not None and effect.index not in levels:
            raise ValueError(f"{effect.kind} {effect.name} has no participants")


def build_effect_model(settings: BayesSettings, setting: Setting, model: EffectModel) -> pm.Model:
    """Build the PyMC model of a joint analysis; its data are replaced for every data set.

    Parameters
    ----------
    settings : BayesSettings
        Settings of the method, with partial pooling.
    setting : Setting
        Model, task and trials.
    model : EffectModel
        Groups, sessions and effects.

    Notes
    -----
    Besides the data of `rlrecovery.fitting.bayes.model.build_model`, whose rows are sessions, there
    is ``covariate``, if there is one: a table of the same shape that holds the value of the row's
    participant in its first column, because all data of a compiled model have one shape.

    Of every parameter, the variables ``<name>_location``, ``<name>_spread`` (one SD per group with
    `own_spreads`), ``<name>_real`` (participants in the reference condition) and, for a condition,
    ``<name>_real_<condition>`` and ``<name>_condition_<condition>_spread`` are on the unconstrained
    scale. Effects are named by `effect_variable`.
    """
    check_layout(model)
    rows = len(model.participant)
    with pm.Model() as pymc_model:
        data = data_variables(setting, rows)
        covariate = None
        if "covariate" in model.kinds:
            table = pm.Data(COVARIATE_DATA, np.zeros((rows, setting.trials)))
            covariate = table[_first_rows(model), 0]
        values = {
            parameter.name: _values(parameter, settings, model, covariate)
            for parameter in setting.model.parameters
        }
        add_likelihood(settings, setting, values, data)
    return pymc_model


def covariate_table(model: EffectModel, covariate: Floats, trials: int) -> Floats:
    """The standardised covariate as the data of the PyMC model."""
    table = np.zeros((len(model.participant), trials))
    table[:, 0] = covariate[model.participant]
    return table


def _first_rows(model: EffectModel) -> Integers:
    """First row of each participant."""
    return np.unique(model.participant, return_index=True)[1]


def _values(
    parameter: Parameter, settings: BayesSettings, model: EffectModel, covariate: Any
) -> Any:
    """Values of one parameter, natural scale, shape (rows,)."""
    name, layout = parameter.name, Layout.of(model, parameter.name)
    location, scale = settings.population_prior(name)
    deviation = pm.Normal(f"{name}_deviation", 0, 1, shape=len(model.group))
    if layout.has_covariate:
        r = pm.Uniform(f"{name}_covariate_0", -1, 1)
        deviation = r * covariate + pt.sqrt(1 - r**2) * deviation
    spread = _spreads(name, scale, deviation, layout, model.own_spreads)
    locations = _locations(name, location, spread * deviation, layout, model.prior)
    real = locations[layout.location_of_participant()] + spread * deviation
    pm.Deterministic(f"{name}_real", real)
    sessions = [real[layout.participant[layout.sessions[0]]]]
    for condition in list(layout.sessions)[1:]:
        participants = layout.participant[layout.sessions[condition]]
        start, count = real[participants], len(participants)
        sessions.append(_in_condition(name, condition, start, count, scale, model.prior))
    return TO_NATURAL[parameter.transform](pt.concatenate(sessions)[layout.order()])


def _spreads(
    name: str, scale: Distribution, deviation: Any, layout: Layout, own_spreads: bool
) -> Any:
    """SD of the population: of all participants, or of the group of each, by participant."""
    means = pt.stack([deviation[members].mean() for members in layout.members.values()])
    squares = (deviation - means[layout.location_of_participant()]) ** 2
    if not own_spreads:
        everybody = np.arange(len(layout.group))
        return spread_variable(name, scale, _scatter(squares, everybody, layout))
    spreads = []
    for group in np.unique(layout.group):
        members = np.flatnonzero(layout.group == group)
        scatter = _scatter(squares, members, layout)
        spreads.append(spread_variable(f"{name}_{group}", scale, scatter))
    return pm.Deterministic(f"{name}_spread", pt.stack(spreads))[layout.group]


def _scatter(squares: Any, members: Integers, layout: Layout) -> Any | None:
    """SD of some participants around the means of their groups; None if they are too few."""
    free = len(members) - len(np.unique(layout.location_of_participant()[members])) + 1
    return pt.sqrt(squares[members].mean()) if free >= MANY else None


def _locations(
    name: str, location: Distribution, deviation: Any, layout: Layout, prior: Distribution
) -> Any:
    """Locations of the reference and of the groups with an effect; shape of `members`."""
    shifts = [deviation[members].mean() for members in layout.members.values()]
    reference = _shifted(f"{name}_location", location, 0.0, shifts[0])
    locations = [reference]
    for level, shift in zip(list(layout.members)[1:], shifts[1:], strict=True):
        difference = _shifted(f"{name}_group_{level}", prior, reference, shift)
        locations.append(reference + difference)
    return pt.stack(locations)


def _shifted(name: str, prior: Distribution, other: Any, shift: Any) -> Any:
    """A variable that, if its prior is normal, is sampled through its sum with two others."""
    if prior.name != "Normal":
        return prior.variable(name)
    mu, sigma = prior.as_dict()["mu"], prior.as_dict()["sigma"]
    centre = pm.Normal(f"{name}_centre", mu + other + shift, sigma)
    return pm.Deterministic(name, centre - other - shift)


def _in_condition(
    name: str, condition: int, start: Any, count: int, scale: Distribution, prior: Distribution
) -> Any:
    """Values of participants in a condition with an effect, given those in the reference."""
    deviation = pm.Normal(f"{name}_deviation_{condition}", 0, 1, shape=count)
    mean = deviation.mean()
    scatter = pt.sqrt(((deviation - mean) ** 2).mean()) if count >= MANY else None
    tau = spread_variable(f"{name}_condition_{condition}", scale, scatter)
    difference = _shifted(f"{name}_condition_{condition}", prior, 0.0, tau * mean)
    return pm.Deterministic(f"{name}_real_{condition}", start + difference + tau * deviation)
