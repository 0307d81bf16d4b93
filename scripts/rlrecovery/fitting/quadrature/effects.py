"""The exact joint analysis of effects of groups and of a covariate, by tabulated likelihoods.

Participants' likelihoods are tabulated as for the model without effects
(`rlrecovery.fitting.quadrature.hierarchical`); groups are integrated apart and coupled by
`rlrecovery.fitting.quadrature.coupling`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.effects import Effect, EffectModel, EffectPosterior
from rlrecovery.fitting.quadrature.adaptive import LOOKS, SETTLED
from rlrecovery.fitting.quadrature.contrast import Contrast, summarised
from rlrecovery.fitting.quadrature.coordinates import Coordinates, Sizes
from rlrecovery.fitting.quadrature.coupling import Coupled, coupled
from rlrecovery.fitting.quadrature.fitter import Quadrature
from rlrecovery.fitting.quadrature.grid import Marginal
from rlrecovery.fitting.quadrature.hierarchical import (
    CHANGE_PER_ERROR,
    DEPTH,
    EDGE_ERROR,
    LOOK_HYPER,
    LOOK_TABLE,
    RESOLUTIONS,
    SD_WEIGHT,
    TOLERANCE,
    Hierarchy,
    Resolution,
)
from rlrecovery.fitting.quadrature.layout import Layout
from rlrecovery.fitting.quadrature.population import Tables
from rlrecovery.fitting.quadrature.settings import QuadratureSettings
from rlrecovery.likelihood.data import Observations
from rlrecovery.simulation.task import Floats

#: Nodes of locations, SDs and correlations by number of correlated parameters, for the resolutions
#: of the model without effects (without correlations, its nodes), and while the mass is located.
CORRELATED = {
    1: (Sizes(9, 13, 11), Sizes(13, 19, 15), Sizes(15, 23, 21)),
    2: (Sizes(7, 11, 9), Sizes(9, 15, 13), Sizes(11, 17, 15)),
}
LOOK_CORRELATION = 7

#: Largest number of parameters of a model with a covariate. Each correlation multiplies the nodes.
MOST_WITH_COVARIATE = 2


@dataclass(frozen=True)
class EffectQuadrature:
    """Joint analysis of one cell: an `rlrecovery.fitting.effects.EffectFitter`.

    Attributes
    ----------
    settings : QuadratureSettings
        Settings of the method.
    model : EffectModel
        The hierarchical model.
    hierarchy : Hierarchy
        The model without its effects.
    nominal_level : float
        Nominal level of the interval whose error is estimated.
    """

    settings: QuadratureSettings
    model: EffectModel
    hierarchy: Hierarchy
    nominal_level: float

    @classmethod
    def of(cls, settings: QuadratureSettings, setting: Setting, model: EffectModel) -> Self:
        """Make the joint analysis of a method in a cell."""
        hierarchy = Quadrature.of(settings, setting).hierarchy()
        return cls(settings, model, hierarchy, max(setting.nominal_levels))

    def fit(
        self, data: Observations, covariate: Floats | None, seed: np.random.SeedSequence
    ) -> list[EffectPosterior]:
        """Estimate all effects; the seed is not used.

        Raises
        ------
        ValueError
            For data or a model that this analysis does not support; see `Layout.of`.
        """
        names = self.hierarchy.model.names
        layout = Layout.of(self.model, names, covariate)
        if len(layout.covariate) != len(data.choices):
            raise ValueError("the data set does not have the rows of the model of effects")
        if layout.correlated.any() and len(names) > MOST_WITH_COVARIATE:
            raise ValueError(
                "quadrature estimates correlations with a covariate for models of at most "
                f"{MOST_WITH_COVARIATE} parameters, and this one has {len(names)}"
            )
        axes, region, tables, funnels = self.hierarchy.located(data)
        first = Coordinates.first(layout, self.model.prior, funnels, axes, region)
        coordinates = self._settled(first, tables)
        (before, sizes), *resolutions = _resolutions(layout)
        table = tables.halved().interpolated(before.interpolated)
        coarse = self._posteriors(coordinates, table, sizes)
        for resolution, sizes in resolutions:
            if tables.size != resolution.tabulated:
                tables = self.hierarchy.tabulated(data, tables.placement, resolution.tabulated)
            table = tables.interpolated(resolution.interpolated)
            fine = self._posteriors(coordinates, table, sizes)
            errors = [
                max(_error(new, old, self.nominal_level), EDGE_ERROR * edge)
                for (new, edge), (old, _) in zip(fine, coarse, strict=True)
            ]
            coarse = fine
            if max(errors) <= TOLERANCE:
                break
        pairs = zip(fine, errors, strict=True)
        return [_judged(posterior, error) for (posterior, _), error in pairs]

    def _settled(self, coordinates: Coordinates, tables: Tables) -> Coordinates:
        """Move all axes to the mass."""
        n_parameters = coordinates.layout.n_parameters
        fine, look = tables.interpolated(LOOK_TABLE[n_parameters]), LOOK_HYPER[n_parameters]
        sizes = Sizes(look, look, LOOK_CORRELATION)
        for _ in range(LOOKS):
            joint = coupled(fine, coordinates, self.model.prior, sizes)
            moved = {
                key: coordinates.spans[key].moved(weights, DEPTH)
                for key, weights in joint.marginals().items()
            }
            spans = {key: span for key, (span, _, _) in moved.items()}
            coordinates = replace(coordinates, spans=spans)
            settled = all(complete and change < SETTLED for _, change, complete in moved.values())
            if settled:
                break
        return coordinates

    def _posteriors(
        self, coordinates: Coordinates, tables: Tables, sizes: Sizes
    ) -> list[tuple[EffectPosterior, float]]:
        """Posterior of each effect, and the largest share of the mass at an end of an axis."""
        joint = coupled(tables, coordinates, self.model.prior, sizes)
        edge = max(weights[[0, -1]].max() for weights in joint.marginals().values())
        return [
            (self._posterior(effect, joint, coordinates, tables, sizes), float(edge))
            for effect in self.model.effects
        ]

    def _posterior(
        self,
        effect: Effect,
        joint: Coupled,
        coordinates: Coordinates,
        tables: Tables,
        sizes: Sizes,
    ) -> EffectPosterior:
        """Posterior of one effect."""
        parameter = self.hierarchy.model.names.index(effect.parameter)
        if effect.kind == "group":
            contrast = Contrast.of(joint, effect.index, parameter)
            grid = contrast.grid(self.model.prior)
            absent = float(contrast.log_likelihood(np.zeros(1))[0])
            return summarised(grid.marginals()[0], grid.log_evidence() - absent)
        span = coordinates.spans["r", 0, parameter]
        weights = joint.marginals()["r", 0, parameter]
        marginal = Marginal(span.axis, span.nodes(len(weights)), weights)
        absent = coupled(tables, coordinates, self.model.prior, sizes, parameter).log_evidence()
        return summarised(marginal, joint.log_evidence() - absent)


def _resolutions(layout: Layout) -> list[tuple[Resolution, Sizes]]:
    """Nodes of tables and of the grid; results of one are compared with those of the one before."""
    resolutions, count = RESOLUTIONS[layout.n_parameters], int(layout.correlated.sum())
    if count:
        return list(zip(resolutions, CORRELATED[count], strict=False))
    return [(own, Sizes(own.location, own.spread, 1)) for own in resolutions]


def _error(new: EffectPosterior, old: EffectPosterior, nominal_level: float) -> float:
    """Estimated error of the worst number of a posterior, in posterior SDs, from two grids."""
    at = ((1 - nominal_level) / 2, 0.5, (1 + nominal_level) / 2)
    quantiles = np.abs(new.quantiles(at) - old.quantiles(at)).max()
    # A change of the mean by one SD changes the log Bayes factor by the distance of 0 in SDs.
    distance = 1 + (new.mean / new.sd) ** 2
    changes = [
        abs(new.mean - old.mean) / new.sd,
        quantiles / new.sd,
        SD_WEIGHT * abs(new.sd - old.sd) / new.sd,
        SD_WEIGHT * abs(new.log_bayes_factor - old.log_bayes_factor) / distance,
    ]
    return float(max(changes)) / CHANGE_PER_ERROR


def _judged(posterior: EffectPosterior, error: float) -> EffectPosterior:
    """The posterior with its status."""
    if error <= TOLERANCE:
        return posterior
    reason = f"two grids differ by {error:.2g} posterior SDs"
    return replace(posterior, status="not_converged", reason=reason)
