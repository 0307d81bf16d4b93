"""What is measured: each function yields rows of the table of speeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import fits
import numpy as np
from arviz_stats.base import array_stats
from fits import POPULATION, QUADRATURE, START, bayes_settings, learner, setting

from benchmarks import baselines
from benchmarks.clock import Timing, measure
from rlrecovery.fitting.bayes.fitter import Bayes
from rlrecovery.fitting.bayes.settings import BayesSettings
from rlrecovery.fitting.quadrature.fitter import Quadrature
from rlrecovery.fitting.quadrature.settings import QuadratureSettings
from rlrecovery.likelihood.data import Observations, observations
from rlrecovery.likelihood.evaluate import value_and_gradient
from rlrecovery.simulation.behaviour import behave
from rlrecovery.simulation.task import Task

Row = dict[str, Any]

TRIALS = 150
CHAINS, TUNE, DRAWS, ACCEPT = 4, 1000, 1000, 0.9


def row(what: str, form: str, size: str, timing: Timing, **more: Any) -> Row:
    """A row of the table: seconds per call, and what else was seen."""
    return {
        "what": what, "form": form, "size": size, "cpu_seconds": timing.cpu,
        "wall_seconds": timing.wall, "repeats": timing.repeats, **more,
    }  # fmt: skip


def nuts(pooling: str) -> BayesSettings:
    """A method that samples."""
    return bayes_settings(pooling, tune=TUNE, draws=DRAWS, chains=CHAINS, target_accept=ACCEPT)


def data(participants: int, trials: int = TRIALS, arms: int = 2, seed: int = 1) -> Observations:
    """A population around alpha 0.5 and beta 5."""
    rng = np.random.default_rng(seed)
    values = {
        "alpha": 1 / (1 + np.exp(-0.5 * rng.normal(size=participants))),
        "beta": 5 * np.exp(0.3 * rng.normal(size=participants)),
    }
    task = Task(tuple(np.linspace(0.4, 0.6, arms)), start_value=START)
    uniform = rng.random((participants, trials, task.n_uniforms))
    behaviour = behave(learner(n_arms=arms), values, task, uniform)
    return observations(behaviour.choices, behaviour.rewards, np.zeros((participants, trials)))


def theta(participants: int) -> Any:
    """Points at which gradients are taken."""
    return np.tile([0.5, 5.0], (participants, 1))


def gradients() -> Iterator[Row]:
    """Value and gradient of 1, 20 and 100 participants."""
    forms = {f: value_and_gradient(learner(), f) for f in ("compiled", "scan")}
    notebook = baselines.subtensor_gradient()
    for count in (1, 20, 100):
        seen, point = data(count), theta(count)
        for form, evaluate in forms.items():
            timing = measure(partial(evaluate, seen, point))
            yield row("gradient", form, f"N = {count}", timing)
        if count == 1:
            choices, rewards = seen.choices[0], seen.rewards[0]
            timing = measure(partial(notebook, 0.5, 5.0, choices, rewards))
            yield row("gradient", "notebook's scan", "N = 1", timing)
        if baselines.HAVE_NUMPYRO:
            jitted = baselines.numpyro_gradient(seen.choices, seen.rewards)
            timing = measure(partial(jitted, *point.T))
            yield row("gradient", "NumPyro", f"N = {count}", timing)


def growth() -> Iterator[Row]:
    """The compiled gradient against trials, participants and arms."""
    sizes = [(f"T = {t}", 1, t, 2) for t in (50, 150, 500, 1500)]
    sizes += [(f"N = {n}", n, TRIALS, 2) for n in (1, 10, 100, 300)]
    sizes += [(f"K = {k}", 1, TRIALS, k) for k in (2, 3, 4, 6)]
    for size, count, trials, arms in sizes:
        evaluate = value_and_gradient(learner(n_arms=arms), "compiled")
        seen, point = data(count, trials, arms), theta(count)
        timing = measure(partial(evaluate, seen, point))
        yield row("growth of the gradient", "compiled", size, timing)


def maximum_likelihood() -> Iterator[Row]:
    """One participant's maximum with its interval."""
    count = 20
    fitter, seen = fits.maximum_likelihood(count), data(count)
    timing = measure(partial(fitter.fit, seen, np.random.SeedSequence(1)))
    each = Timing(timing.cpu / count, timing.wall / count, timing.repeats)
    yield row("maximum likelihood", "rlrecovery", "one participant", each)
    choices, rewards = seen.choices[0], seen.rewards[0]
    timing = measure(partial(baselines.numpy_fit, choices, rewards), repeats=3)
    yield row("maximum likelihood", "NumPy loop, logsumexp, BFGS", "one participant", timing)


def unpooled() -> Iterator[Row]:
    """One participant's posterior, from data to summary."""
    seen, seed = data(1), np.random.SeedSequence(1)
    fitter = Bayes.of(nuts("none"), setting())
    timing = measure(partial(fitter.fit, seen, seed))
    smallest = min(r["ess_bulk"] for r in fitter.fit(seen, seed))
    yield row("one posterior", "rlrecovery, NUTS", "4 x (1000 + 1000)", timing, ess=smallest)
    exact = Quadrature.of(QuadratureSettings.of(QUADRATURE), setting())
    timing = measure(partial(exact.fit, seen, seed))
    yield row("one posterior", "rlrecovery, quadrature", "exact", timing)
    choices, rewards = seen.choices[0], seen.rewards[0]
    sample = partial(baselines.pymc_sample, choices, rewards, DRAWS, TUNE, CHAINS)
    timing = measure(sample, repeats=3, warm=False)
    yield row("one posterior", "pm.sample of the notebook's scan", "4 x (1000 + 1000)", timing)
    if baselines.HAVE_NUMPYRO:
        run = baselines.numpyro_sampler(seen.choices, seen.rewards, False, DRAWS, TUNE, ACCEPT)
        timing = measure(partial(run, 0), repeats=3)
        yield row("one posterior", "NumPyro, compiled before", "4 x (1000 + 1000)", timing)


def repeated(sample: Callable[[int], Any], repeats: int) -> tuple[Timing, list[Any]]:
    """Time a function of a seed, another one each time; its results are kept."""
    results: list[Any] = []
    timing = measure(lambda: results.append(sample(len(results))), repeats=repeats, warm=False)
    return timing, results


def seeded_fit(fitter: Bayes, seen: Observations, seed: int) -> list[Row]:
    """The rows of a fit."""
    return fitter.fit(seen, np.random.SeedSequence(seed))


def hierarchical() -> Iterator[Row]:
    """Partial pooling of 20 and 100 participants; the smallest effective sample size."""
    for count in (20, 100):
        seen = data(count)
        fitter = Bayes.of(nuts("partial"), setting(count))
        timing, results = repeated(partial(seeded_fit, fitter, seen), repeats=3)
        smallest = float(np.median([min(r["ess_bulk"] for r in rows) for rows in results]))
        yield row("hierarchical", "rlrecovery", f"N = {count}", timing, ess=smallest)
        if baselines.HAVE_NUMPYRO and count == 20:
            yield _numpyro_hierarchical(seen, count)


def exact_hierarchical() -> Iterator[Row]:
    """The exact posterior of a hierarchical model; mean over data sets, which differ in work."""
    settings = QuadratureSettings.of(QUADRATURE | {"pooling": "partial", "priors": POPULATION})
    sizes = [(5, 100), *((n, TRIALS) for n in (20, 100, 300)), *((20, t) for t in (50, 500, 1500))]
    for count, trials in sizes:
        fitter = Quadrature.of(settings, setting(count, trials))
        data_sets = [data(count, trials, seed=seed) for seed in range(1, 9 if count < 50 else 3)]

        def fit_all(fitter: Quadrature = fitter, all_data: Any = data_sets) -> None:
            for seen in all_data:
                fitter.fit(seen, np.random.SeedSequence(1))

        timing = measure(fit_all, repeats=3)
        n = len(data_sets)
        each = Timing(timing.cpu / n, timing.wall / n, timing.repeats)
        size = f"N = {count}" if trials == TRIALS else f"N = {count}, T = {trials}"
        yield row("hierarchical", "rlrecovery, exact", size, each)


def _numpyro_hierarchical(seen: Observations, count: int) -> Row:
    """One run of minutes; its compilation, some seconds of it, is included."""
    run = baselines.numpyro_sampler(seen.choices, seen.rewards, True, DRAWS, TUNE, ACCEPT)
    timing, (drawn,) = repeated(run, repeats=1)
    return row("hierarchical", "NumPyro", f"N = {count}", timing, ess=_smallest_ess(drawn))


def _smallest_ess(drawn: dict[str, Any]) -> float:
    columns = []
    for name in ("alpha", "beta"):
        location, spread = drawn[f"{name}_location"], drawn[f"{name}_spread"]
        participants = location[..., None] + spread[..., None] * drawn[f"{name}_deviation"]
        columns += [location, spread, *np.moveaxis(participants, -1, 0)]
    return min(float(array_stats.ess(column, method="bulk")) for column in columns)
