"""Estimates and posterior draws from a data set."""

from __future__ import annotations

import contextlib
import itertools
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import methods_of, tasks
from rlrecovery.design.cells import UNNAMED
from rlrecovery.design.seeds import seed_sequence
from rlrecovery.fitting.base import Fitter, JointFitter, Setting
from rlrecovery.fitting.batch import fit_data_sets
from rlrecovery.fitting.estimates import WHOLE, Row
from rlrecovery.fitting.registry import ESTIMATORS, Method, make_fitter
from rlrecovery.likelihood.data import Observations
from rlrecovery.models.base import Parameter
from rlrecovery.models.library import RESCORLA_WAGNER
from rlrecovery.models.prior_settings import Population
from rlrecovery.notebook.errors import as_value_errors, check_choice, check_count, section
from rlrecovery.notebook.observed import Data, Observed, Table
from rlrecovery.notebook.own_models import compiling
from rlrecovery.notebook.short import DEFAULTS, experiment_of, models_of, plain
from rlrecovery.notebook.simulate import (
    ModelLike,
    Simulated,
    parameters_of,
    with_model,
)
from rlrecovery.simulation.generator import learner_in
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import estimates_columns

if TYPE_CHECKING:
    from xarray import DataTree

#: Messages of failed fits are logged with their tracebacks, which a notebook would print.
logging.getLogger("rlrecovery").addHandler(logging.NullHandler())


class Fitted(NamedTuple):
    """One fitted data set: names of participants, observations, seed and the fitter."""

    names: list[Any]
    data: Observations
    seed: np.random.SeedSequence
    fitter: Fitter


@dataclass(frozen=True, repr=False, eq=False)
class Fit:
    """Estimates from one or more data sets, as returned by `fit`.

    Attributes
    ----------
    estimates : DataFrame
        One row per estimate: ``replicate``, ``participant`` (as in the data; -1 in rows about a
        population), ``level``, ``parameter``, ``estimate``, ``se``, the ends of the intervals
        (``lower_95``, ``upper_95``, ...), ``status`` and diagnostics, as in the files of a study.
    method : Method
        The estimator with its model and settings, defaults included.
    """

    estimates: pd.DataFrame
    method: Method
    _fitted: Mapping[int, Fitted] = field(repr=False)

    def posterior(self, replicate: int | None = None, draws: int = 1000) -> DataTree:
        """Posterior draws of one data set, for ArviZ.

        Parameters
        ----------
        replicate : int, optional
            Number of the data set; by default the only one.
        draws : int
            Number of independent draws from an exact posterior (``quadrature``). A sampled
            posterior (``bayes``) has the chains and draws of the method.

        Returns
        -------
        xarray.DataTree
            Group ``posterior``: a variable per parameter, natural scale, with the dimensions
            ``chain``, ``draw`` and ``participant``. With partial pooling also ``<name>_group``
            (location of the population, natural scale) and ``<name>_spread`` (its SD on the
            unconstrained scale); with complete pooling parameters have no participants. A sampled
            posterior also has the group ``sample_stats``.

        Raises
        ------
        ValueError
            If the method has no posterior, there is no such data set, or ``draws`` is no number of
            draws.

        Notes
        -----
        A posterior is sampled again, with the seed of the fit: the draws are those that
        ``estimates`` summarises.

        Examples
        --------
        >>> import arviz as az  # doctest: +SKIP
        >>> az.summary(fit(data, "quadrature").posterior())  # doctest: +SKIP
        """
        from rlrecovery.notebook.posterior import posterior_tree

        if self.method.settings.posterior is None:
            raise ValueError(
                f"{self.method.estimator} has no posterior; fit with bayes or quadrature instead"
            )
        if replicate is None and len(self._fitted) > 1:
            raise ValueError(
                f"there are {len(self._fitted)} data sets; choose one, as in posterior(replicate=0)"
            )
        number = next(iter(self._fitted)) if replicate is None else replicate
        check_choice("replicate", number, [*self._fitted])
        check_count("draws", draws)
        names, data, sampler_seed, fitter = self._fitted[number]
        with threadpool_limits(1):
            return posterior_tree(fitter, data, sampler_seed, names, draws)

    def __repr__(self) -> str:
        flagged = int((self.estimates["status"] != "ok").sum())
        return (
            f"<fit of {self.method.model.name} by {self.method.estimator}: "
            f"{len(self.estimates)} estimates, {flagged} flagged>"
        )


def fit(
    data: Data | Simulated,
    method: str | Mapping[str, Any] = "mle",
    *,
    model: ModelLike | None = None,
    task: Mapping[str, Any] | None = None,
    levels: Sequence[float] = tuple(DEFAULTS["interval_levels"]),
    seed: int | None = None,
) -> Fit:
    """Estimate the parameters of the participants of a data set.

    Parameters
    ----------
    data : DataFrame, path or Simulated
        A table, or a CSV file, with the columns ``participant`` (any names), ``trial`` (whole
        numbers that count through all blocks), ``choice`` (from 0; missing or -1 without a
        response) and ``reward``, and perhaps ``block`` and ``replicate`` (several data sets). Or
        the result of `simulate`.
    method : str or mapping
        An estimator with its default settings (``"mle"``, ``"bayes"``, ``"quadrature"``), or a
        method as in a config, such as ``{"estimator": "quadrature", "pooling": "partial"}``. Its
        key ``replicates`` is ignored: all data sets are fitted.
    model : str, Model or mapping, optional
        The fitted model, as for `simulate`. By default that of simulated data, otherwise
        ``"rescorla_wagner"``.
    task : mapping, optional
        What participants know of the task, as in a config: ``start_value``, ``feedback``,
        ``rewards``, and ``arms`` (also their number). By default that of simulated data, otherwise
        rewards 0 or 1, a start value of 0.5, as many arms as the choices show, and full feedback if
        there are columns ``reward_0``, ``reward_1``, ... A method that simulates the task (``mle``
        with ``interval: bootstrap``) needs all of it, as in a config.
    levels : sequence of float
        Nominal levels of the intervals.
    seed : int, optional
        Root seed of a sampler. By default that of simulated data, for which the estimates are then
        those of a study, otherwise 0.

    Returns
    -------
    Fit
        Estimates, and posterior draws if the method has a posterior.

    Raises
    ------
    ValueError
        If an argument or the data are wrong, with one sentence per mistake.

    Examples
    --------
    >>> from rlrecovery import fit, simulate
    >>> data = simulate(truth={"alpha": 0.3, "beta": 5}, participants=2, seed=1)
    >>> fit(data, "mle").estimates[["participant", "parameter", "estimate"]].shape
    (6, 3)
    """
    if isinstance(data, Simulated):
        model, task = model or data.model, data.task if task is None else task
    model = RESCORLA_WAGNER.name if model is None else model
    with models_of(model, method) as own_models, as_value_errors():
        table = Table(data.trials if isinstance(data, Simulated) else data)
        options = {"interval_levels": levels, "seed": 0 if seed is None else seed}
        experiment = _experiment(method, model, _task(task, table), table.trials(), options)
        (fitted_method,) = methods_of(experiment).values()
        if fitted_method.settings.simulates_task():
            _check_rewards(task)
        observed = list(table.data_sets(tasks(experiment)[UNNAMED].task()))
        seeds = {o.replicate: _seed(seed, data, experiment, o.replicate) for o in observed}
        with compiling(own_models):
            fitted, rows = _fit_all(fitted_method, experiment, observed, seeds)
    estimates = conform(rows, estimates_columns(experiment.interval_levels))
    _warn_of_failures(estimates)
    return Fit(_with_names(estimates, fitted), fitted_method, fitted)


def _task(given: Mapping[str, Any] | None, table: Table) -> dict[str, Any]:
    """A task as in a config, completed by what the data show."""
    task: dict[str, Any] = plain(section("task", given, '{"arms": 2, "start_value": 0}'))
    if not {"arms", "schedule"} & set(task):
        task["arms"] = table.arms()
    if isinstance(task.get("arms"), int) and not isinstance(task["arms"], bool):
        task["arms"] = [0.5] * task["arms"]  # fits do not depend on mean rewards
    if task.get("rewards") == "gaussian":
        task.setdefault("sd", 1.0)  # nor on their SD
    if "feedback" not in task and isinstance(task.get("arms"), list):
        task["feedback"] = "full" if table.has_outcomes(len(task["arms"])) else "partial"
    return task


def _check_rewards(given: Mapping[str, Any] | None) -> None:
    """Check that the rewards of the task are given and not made up by `_task`."""
    task = {} if given is None else plain(given)
    if "schedule" not in task and not isinstance(task.get("arms"), list):
        raise ValueError(
            "this method simulates the task, so it needs the mean rewards of the arms, as in "
            'task={"arms": [0.3, 0.7]}'
        )
    if task.get("rewards") == "gaussian" and "sd" not in task:
        raise ValueError(
            "this method simulates the task, so it needs the SD of the rewards, as in "
            'task={"arms": [0, 1], "rewards": "gaussian", "sd": 1}'
        )


def _experiment(
    method: str | Mapping[str, Any],
    model: ModelLike,
    task: Mapping[str, Any],
    trials: int,
    options: Mapping[str, Any],
) -> Experiment:
    """The experiment with this one method. Its design is never simulated."""
    if isinstance(method, str):
        check_choice("the method", method, ESTIMATORS)
        method = {"estimator": method}
    settings = section("method", method, '{"estimator": "mle"}')
    settings.pop("replicates", None)
    blocks = task.get("blocks", 1)
    if isinstance(blocks, int) and blocks > 0:
        trials = -(-trials // blocks) * blocks  # blocks of the data may differ from the task's
    config = with_model(model) | {
        **options,
        "task": task,
        "truth": {p.name: _plausible(p, settings) for p in parameters_of(model)},
        "population": {p.name: {"spread": 0.0} for p in parameters_of(model)},
        "participants": 1,
        "trials": trials,
        "replicates": 2,
        "methods": {"method": settings},
    }
    try:
        return experiment_of(config)
    except ValueError as error:
        text = str(error).replace("methods.method", "method").replace("interval_levels", "levels")
        raise ValueError(text) from None


def _plausible(parameter: Parameter, settings: Mapping[str, Any]) -> float:
    """A value of a parameter that the bounds and priors of a method allow."""
    name, bounds = parameter.name, settings.get("bounds")
    if isinstance(bounds, Mapping) and name in bounds:
        with contextlib.suppress(TypeError, ValueError, IndexError):
            return float(bounds[name][0] + bounds[name][1]) / 2
    priors = settings.get("priors")
    if isinstance(priors, Mapping) and name in priors:
        with contextlib.suppress(ValueError):  # a mistake, or a prior of a population
            distribution = Population.of(priors[name]).distribution_object()
            if distribution is not None:
                return float(distribution.quantiles(np.array([0.5]))[0])
    return sum(parameter.bounds) / 2


def _seed(
    seed: int | None, data: Data | Simulated, experiment: Experiment, replicate: int
) -> np.random.SeedSequence:
    """Seed of a sampler on one data set: for simulated data, that of a study."""
    if isinstance(data, Simulated):
        return data.sampling_seed(seed, replicate)
    identity = {"task": tasks(experiment)[UNNAMED].canonical()}
    return seed_sequence(experiment.seed, identity, replicate, "sampling")


def _fit_all(
    method: Method,
    experiment: Experiment,
    observed: Sequence[Observed],
    seeds: Mapping[int, np.random.SeedSequence],
) -> tuple[dict[int, Fitted], list[Row]]:
    """Fit all data sets; those of the same size share a fitter and perhaps a search."""
    task, levels = tasks(experiment)[UNNAMED].task(), experiment.interval_levels
    by_size: dict[tuple[int, ...], list[Observed]] = {}
    for one in observed:
        by_size.setdefault(one.data.choices.shape, []).append(one)
    fitted: dict[int, Fitted] = {}
    rows: list[Row] = []
    with threadpool_limits(1):
        for (participants, trials), of_size in by_size.items():
            learner = learner_in(method.model, task)
            setting = Setting(learner, participants, trials, levels, task)
            fitter = make_fitter(method.settings, setting)
            for one in of_size:
                observations = one.data.observations(task)
                seed = seeds[one.replicate]
                fitted[one.replicate] = Fitted(one.names, observations, seed, fitter)
            size = fitter.data_sets_together if isinstance(fitter, JointFitter) else 1
            for part in itertools.batched([one.replicate for one in of_size], size):
                data_sets = [fitted[replicate].data for replicate in part]
                own_seeds = [seeds[replicate] for replicate in part]
                fits = fit_data_sets(fitter, data_sets, own_seeds, levels)
                pairs = zip(part, fits, strict=True)
                rows += [{"replicate": number, **row} for number, fit in pairs for row in fit]
    return dict(sorted(fitted.items())), sorted(rows, key=lambda row: row["replicate"])


def _with_names(estimates: pd.DataFrame, fitted: Mapping[int, Fitted]) -> pd.DataFrame:
    """Replace the numbers of participants by their names in the data, if they differ."""
    if all(one.names == list(range(len(one.names))) for one in fitted.values()):
        return estimates
    pairs = zip(estimates["replicate"], estimates["participant"], strict=True)
    names = [i if i == WHOLE else fitted[replicate].names[i] for replicate, i in pairs]
    return estimates.assign(participant=names)


def _warn_of_failures(estimates: pd.DataFrame) -> None:
    failed = estimates[estimates["status"] == "failed"]
    if len(failed):
        warnings.warn(
            f"{len(failed)} of {len(estimates)} estimates failed: {failed['reason'].iloc[0]}",
            stacklevel=3,
        )
