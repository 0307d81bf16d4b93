"""The exact posterior of each participant alone, by summing over a grid.

A model with up to three free parameters has a posterior that a computer can simply add up: the
density stands on a rectangular grid over the unconstrained scale, which is first moved to where
the mass is and then made finer until halving its number of nodes changes nothing that matters.
Nodes are dense around the highest density and thin out exponentially towards the tails, which are
those of the prior and may be long. In such a variable the density falls off to nothing on all
sides, so that plain sums converge faster than any power of the step (Takahasi & Mori 1974, Publ.
RIMS 9:721; Trefethen & Weideman 2014, SIAM Review 56:385). There is no Monte Carlo error, and the
error that there is, is reported.

Priors and likelihood are those of the sampler without pooling.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import interpolate, special

from rlrecovery.fit.base import Row, Setting, Target, failed, row, sentence
from rlrecovery.likelihood.scan import Evaluator, Observations, values_only
from rlrecovery.models.distributions import Distribution
from rlrecovery.simulate.task import Floats
from rlrecovery.storage.files import MACHINE

#: Prior mass that lies beyond each end of the first grid, which is widened where data want it.
TAIL = 1e-8

#: Nodes per axis of a look at where the mass is; how far (natural logarithm of the density) below
#: the highest node a node still counts; how many looks are taken at most.
LOOK_NODES, LOOK_DEPTH, LOOKS = 17, 35.0, 12

#: The same for the final grid: beyond it lies 1e-9 of the highest density.
DEPTH = 21.0

#: The same for the ends of the first look. They are moved on where more than 1e-6 of the highest
#: density is there, as no prior has it: the data have drawn the mass far into its tail.
REACH = 13.0

#: Difference between the grid and every second of its nodes that counts as none, in posterior SDs.
#: The grid's own error is smaller by a factor of 16 or more: that of a cubic spline.
TOLERANCE = 0.03

#: Nodes per axis of the first final grid (odd, so that every second one is a grid between the same
#: ends); refining doubles their number, up to this many in all.
FIRST_NODES = 33
MOST_NODES = 1_500_000


@dataclass(frozen=True)
class Axis:
    """One parameter with its prior, on a line on which the density falls off on both sides.

    A point y of the line is ``x = centre + scale * sinh(y)`` on the real line, and that is mapped
    to the prior's support. `natural` and `log_slope` are those of both steps together.

    Attributes
    ----------
    name : str
        The parameter.
    prior : Distribution
        On the natural scale.
    lower, upper : float
        Ends of the prior's support, natural scale; both may be infinite.
    centre, scale : float
        Where nodes are dense, and how wide; an infinite scale leaves out the first step.
    """

    name: str
    prior: Distribution
    lower: float
    upper: float
    centre: float = 0.0
    scale: float = math.inf

    @classmethod
    def of(cls, name: str, prior: Distribution) -> Axis:
        """Axis of a parameter with a prior."""
        return cls(name, prior, *prior.support())

    def to_real(self, natural: Floats) -> Floats:
        """From the prior's support to the real line."""
        if math.isfinite(self.lower) and math.isfinite(self.upper):
            return special.logit((natural - self.lower) / (self.upper - self.lower))
        return np.log(natural - self.lower) if math.isfinite(self.lower) else natural

    def real(self, line: Floats) -> Floats:
        """Points of the line on the real line."""
        stretched = math.isfinite(self.scale)
        return self.centre + self.scale * np.sinh(line) if stretched else line

    def natural(self, line: Floats) -> Floats:
        """Points of the line on the natural scale."""
        real = self.real(line)
        if math.isfinite(self.lower) and math.isfinite(self.upper):
            return self.lower + (self.upper - self.lower) * special.expit(real)
        return self.lower + np.exp(real) if math.isfinite(self.lower) else real

    def log_slope(self, line: Floats) -> Floats:
        """Logarithm of the derivative of `natural`."""
        real, slope = self.real(line), np.zeros_like(line)
        if math.isfinite(self.scale):
            slope = slope + np.log(self.scale * np.cosh(line))
        if math.isfinite(self.lower) and math.isfinite(self.upper):
            width = math.log(self.upper - self.lower)
            return slope + width + special.log_expit(real) + special.log_expit(-real)
        return slope + real if math.isfinite(self.lower) else slope

    def ends(self) -> tuple[float, float]:
        """Where all but `TAIL` of the prior's mass lies on either side, on the real line."""
        lower, upper = self.to_real(np.array(self.prior.tails(TAIL)))
        return float(lower), float(upper)

    def around(self, centre: float, scale: float) -> Axis:
        """The same parameter with nodes dense around a point of the real line."""
        return replace(self, centre=centre, scale=scale)


@dataclass(frozen=True)
class Marginal:
    """One parameter's marginal posterior on a grid.

    Attributes
    ----------
    axis : Axis
        The parameter.
    line, natural : float array, shape (nodes,)
        Nodes on the axis, and on the natural scale.
    weights : float array, shape (nodes,)
        Share of the mass at each node.
    """

    axis: Axis
    line: Floats
    natural: Floats
    weights: Floats

    @property
    def mean(self) -> float:
        """Posterior mean, natural scale."""
        return float(self.weights @ self.natural)

    @property
    def sd(self) -> float:
        """Posterior SD, natural scale."""
        return float(np.sqrt(self.weights @ (self.natural - self.mean) ** 2))

    def places(self, probabilities: Floats) -> Floats:
        """Quantiles on the axis, by a cubic spline through the density."""
        below = interpolate.CubicSpline(self.line, self.weights).antiderivative()
        dense = np.linspace(self.line[0], self.line[-1], 20 * (len(self.line) - 1) + 1)
        mass = np.maximum.accumulate(below(dense))
        return np.interp(probabilities, mass / mass[-1], dense)

    def quantiles(self, probabilities: Floats) -> Floats:
        """Quantiles on the natural scale."""
        return self.axis.natural(self.places(probabilities))

    def summary(self, levels: tuple[float, ...]) -> Floats:
        """Mean, SD, median, and the ends of the equal-tailed intervals at the levels."""
        tails = [0.5, *[end for level in levels for end in ((1 - level) / 2, (1 + level) / 2)]]
        return np.array([self.mean, self.sd, *self.quantiles(np.array(tails))])


@dataclass(frozen=True)
class Grid:
    """A posterior on a rectangular grid.

    Attributes
    ----------
    axes : tuple of Axis
        The parameters.
    nodes : list of float array
        Nodes per axis, evenly spaced.
    density : float array, one axis per parameter
        Logarithm of likelihood times prior density with respect to the axes.
    """

    axes: tuple[Axis, ...]
    nodes: list[Floats]
    density: Floats

    def region(self, depth: float) -> list[tuple[float, float]]:
        """Per axis, the ends of the nodes less than `depth` below the highest, one node wider."""
        inside = self.density > self.density.max() - depth
        ends = []
        for axis, nodes in enumerate(self.nodes):
            others = tuple(i for i in range(inside.ndim) if i != axis)
            places = np.flatnonzero(inside.any(axis=others))
            first, last = max(places[0] - 1, 0), min(places[-1] + 1, len(nodes) - 1)
            ends.append((float(nodes[first]), float(nodes[last])))
        return ends

    def ends(self) -> list[tuple[float, float]]:
        """First and last node of each axis."""
        return [(float(nodes[0]), float(nodes[-1])) for nodes in self.nodes]

    def widened(self, depth: float) -> list[tuple[float, float]]:
        """Its ends, half of its width further out where the density is less than `depth` lower."""
        inside, region = self.density > self.density.max() - depth, []
        for axis, (low, high) in enumerate(self.ends()):
            others = tuple(i for i in range(inside.ndim) if i != axis)
            first, *_, last = inside.any(axis=others)
            further = (high - low) / 2
            region.append((low - further * bool(first), high + further * bool(last)))
        return region

    def halved(self) -> Grid:
        """Every second node, both ends kept."""
        every = tuple(slice(None, None, 2) for _ in self.axes)
        return Grid(self.axes, [nodes[::2] for nodes in self.nodes], self.density[every])

    def marginals(self) -> list[Marginal]:
        """Marginal posterior of each parameter."""
        mass = np.exp(self.density - self.density.max())
        mass /= mass.sum()
        found = []
        for i, (axis, nodes) in enumerate(zip(self.axes, self.nodes, strict=True)):
            others = tuple(j for j in range(mass.ndim) if j != i)
            weights = mass.sum(axis=others)
            found.append(Marginal(axis, nodes, axis.natural(nodes), weights))
        return found

    def log_evidence(self) -> float:
        """Logarithm of the marginal likelihood: the integral of likelihood times prior."""
        steps = sum(math.log(nodes[1] - nodes[0]) for nodes in self.nodes)
        return float(special.logsumexp(self.density)) + steps

    def draws(self, count: int, rng: np.random.Generator) -> Floats:
        """Posterior draws, natural scale, shape (count, parameters).

        Nodes are drawn by their mass and moved evenly within their own cell of the grid.
        """
        mass = np.exp(self.density - self.density.max()).ravel()
        picked = rng.choice(mass.size, size=count, p=mass / mass.sum())
        places = np.unravel_index(picked, self.density.shape)
        columns = []
        for axis, nodes, place in zip(self.axes, self.nodes, places, strict=True):
            within = (rng.random(count) - 0.5) * (nodes[1] - nodes[0])
            columns.append(axis.natural(nodes[place] + within))
        return np.stack(columns, axis=1)

    def summaries(self, levels: tuple[float, ...]) -> Floats:
        """`Marginal.summary` of each parameter, shape (parameters, numbers)."""
        return np.array([marginal.summary(levels) for marginal in self.marginals()])


@dataclass(frozen=True)
class Quadrature:
    """Fitter of one cell.

    Attributes
    ----------
    setting : Setting
        What is known before data.
    axes : tuple of Axis
        The parameters with their priors.
    point : str
        ``mean`` or ``median``.
    values : callable
        ``(data, natural points) -> log-likelihoods``.
    """

    setting: Setting
    axes: tuple[Axis, ...]
    point: str
    values: Evaluator

    @classmethod
    def of(cls, method: Mapping[str, Any], setting: Setting) -> Quadrature:
        """Fitter of a method in a cell."""
        model, priors = setting.model, method["priors"]
        return cls(
            setting=setting,
            axes=tuple(Axis.of(name, Distribution.described(priors[name])) for name in model.names),
            point=method["point"],
            values=values_only(
                model, setting.n_arms, setting.start_value, method["engine"], setting.full
            ),
        )

    @property
    def targets(self) -> list[Target]:
        """Every participant."""
        return self.setting.each_participant()

    def fit(self, data: Observations, seed: np.random.SeedSequence) -> list[Row]:
        """The posterior of each participant; nothing here is random."""
        rows: list[Row] = []
        for i in range(self.setting.participants):
            started = time.perf_counter()
            mine = [("participant", i, name) for name in self.setting.model.names]
            try:
                grid, error = self.integrate(data.rows(slice(i, i + 1)))
                choices = float((data.choices[i] >= 0).sum())
                seconds = time.perf_counter() - started
                rows += self._rows(mine, grid, error, choices=choices, seconds=seconds)
            except MACHINE:
                raise
            except Exception as failure:
                seconds = time.perf_counter() - started
                rows += failed(mine, sentence(failure), self.setting.levels, seconds)
        return rows

    def integrate(self, data: Observations) -> tuple[Grid, float]:
        """The posterior of one participant.

        Parameters
        ----------
        data : Observations
            One participant: arrays of shape (1, trials).

        Returns
        -------
        grid : Grid
            The final grid.
        error : float
            Largest difference between that grid and its half in any mean, SD, median or interval
            end, in posterior SDs. The grid's own error is far smaller.
        """
        axes, region = self.locate(data)
        size = FIRST_NODES
        while True:
            grid, levels = self.grid(data, axes, region, size), self.setting.levels
            whole, half = grid.summaries(levels), grid.halved().summaries(levels)
            error = float((np.abs(whole - half) / whole[:, 1:2]).max())
            finer = 2 * size - 1
            if error <= TOLERANCE or finer ** len(axes) > MOST_NODES:
                return grid, error
            size = finer

    def locate(self, data: Observations) -> tuple[tuple[Axis, ...], list[tuple[float, float]]]:
        """Axes that are dense where the mass lies, and the ends between which it lies.

        Grids on the real line close in on the mass; quartiles then say where most of it is.
        """
        grid = self.first_look(data)
        for _ in range(LOOKS):
            before, region = grid.ends(), grid.region(LOOK_DEPTH)
            shrunk = max((b - a) / (d - c) for (a, b), (c, d) in zip(region, before, strict=True))
            if shrunk > 0.7:
                break
            grid = self.grid(data, self.axes, region, LOOK_NODES)
        axes, line = [], []
        for marginal, ends in zip(grid.marginals(), region, strict=True):
            first, median, third = marginal.places(np.array([0.25, 0.5, 0.75]))
            axes.append(marginal.axis.around(median, third - first))
            line.append(tuple(float(np.arcsinh((e - median) / (third - first))) for e in ends))
        return tuple(axes), self.grid(data, tuple(axes), line, LOOK_NODES).region(DEPTH)

    def first_look(self, data: Observations) -> Grid:
        """A grid on the real line beyond which there is next to no mass.

        It ends far out in the prior, and further out where data contradict that.
        """
        region = [axis.ends() for axis in self.axes]
        for _ in range(LOOKS):
            grid = self.grid(data, self.axes, region, LOOK_NODES)
            region = grid.widened(REACH)
            if region == grid.ends():
                break
        return grid

    def grid(
        self,
        data: Observations,
        axes: tuple[Axis, ...],
        region: list[tuple[float, float]],
        size: int,
    ) -> Grid:
        """The posterior on `size` nodes per axis between the ends of a region."""
        nodes = [np.linspace(*ends, size) for ends in region]
        natural = [axis.natural(y) for axis, y in zip(axes, nodes, strict=True)]
        points = np.stack([a.ravel() for a in np.meshgrid(*natural, indexing="ij")], axis=1)
        density = self.values(data, points).reshape([size] * len(nodes))
        for place, (axis, y, value) in enumerate(zip(axes, nodes, natural, strict=True)):
            prior = axis.prior.log_density(value) + axis.log_slope(y)
            shape = [-1 if i == place else 1 for i in range(len(nodes))]
            density = density + prior.reshape(shape)
        # A node that rounds to an end of the support may have a prior density of infinity there.
        density = np.where(density < np.inf, density, -np.inf)
        if not np.isfinite(density.max()):
            raise FloatingPointError("the posterior density is not finite anywhere on the grid")
        return Grid(axes, nodes, density)

    def _rows(self, targets: list[Target], grid: Grid, error: float, **facts: float) -> list[Row]:
        rows, good, evidence = [], error <= TOLERANCE, grid.log_evidence()
        numbers = grid.summaries(self.setting.levels)
        reason = "" if good else f"two grids differ by {error:.2g} posterior SDs"
        for target, mine in zip(targets, numbers, strict=True):
            mean, sd, median, *ends = (float(number) for number in mine)
            pairs = zip(ends[::2], ends[1::2], strict=True)
            rows.append(
                row(
                    target,
                    median if self.point == "median" else mean,
                    sd,
                    dict(zip(self.setting.levels, pairs, strict=True)),
                    status="ok" if good else "not_converged",
                    reason=reason,
                    converged=good,
                    grid_error=error,
                    log_evidence=evidence,
                    **facts,
                )
            )
        return rows
