"""What is measured: each function yields rows of the table of speeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from arviz_stats.base import array_stats
from fits import MLE, QUADRATURE, START, bayes_method, setting

from benchmarks import baselines
from benchmarks.clock import Timing, measure
from rlrecovery.fit.bayes import Bayes
from rlrecovery.fit.mle import MaximumLikelihood
from rlrecovery.fit.quadrature import Quadrature
from rlrecovery.likelihood.scan import Observations, observations, value_and_gradient
from rlrecovery.models.library import RESCORLA_WAGNER
from rlrecovery.simulate.batch import behave
from rlrecovery.simulate.task import Task

Row = dict[str, Any]

TRIALS = 150
CHAINS, TUNE, DRAWS, ACCEPT = 4, 1000, 1000, 0.9


def row(what: str, form: str, size: str, timing: Timing, **more: Any) -> Row:
    """A row of the table: seconds per call, and what else was seen."""
    return {
        "what": what, "form": form, "size": size, "cpu_seconds": timing.cpu,
        "wall_seconds": timing.wall, "repeats": timing.repeats, **more,
    }  # fmt: skip


def nuts(pooling: str) -> dict[str, Any]:
    """A method that samples."""
    return bayes_method(pooling, tune=TUNE, draws=DRAWS, chains=CHAINS, target_accept=ACCEPT)


def data(people: int, trials: int = TRIALS, arms: int = 2, seed: int = 1) -> Observations:
    """A population around alpha 0.5 and beta 5."""
    rng = np.random.default_rng(seed)
    values = {
        "alpha": 1 / (1 + np.exp(-0.5 * rng.normal(size=people))),
        "beta": 5 * np.exp(0.3 * rng.normal(size=people)),
    }
    task = Task(tuple(np.linspace(0.4, 0.6, arms)), start_value=START)
    seen = behave(RESCORLA_WAGNER, values, task, rng.random((people, trials, task.numbers)))
    return observations(seen.choices, seen.rewards, np.zeros((people, trials)))


def theta(people: int) -> Any:
    """Points at which gradients are taken."""
    return np.tile([0.5, 5.0], (people, 1))


def gradients() -> Iterator[Row]:
    """Value and gradient of 1, 20 and 100 participants."""
    forms = {f: value_and_gradient(RESCORLA_WAGNER, 2, START, f) for f in ("compiled", "scan")}
    notebook = baselines.subtensor_gradient()
    for people in (1, 20, 100):
        seen, point = data(people), theta(people)
        for form, evaluate in forms.items():
            timing = measure(partial(evaluate, seen, point))
            yield row("gradient", form, f"N = {people}", timing)
        if people == 1:
            choices, rewards = seen.choices[0], seen.rewards[0]
            timing = measure(partial(notebook, 0.5, 5.0, choices, rewards))
            yield row("gradient", "notebook's scan", "N = 1", timing)
        if baselines.HAVE_NUMPYRO:
            jitted = baselines.numpyro_gradient(seen.choices, seen.rewards)
            timing = measure(partial(jitted, *point.T))
            yield row("gradient", "NumPyro", f"N = {people}", timing)


def growth() -> Iterator[Row]:
    """The compiled gradient against trials, participants and arms."""
    sizes = [(f"T = {t}", 1, t, 2) for t in (50, 150, 500, 1500)]
    sizes += [(f"N = {n}", n, TRIALS, 2) for n in (1, 10, 100, 300)]
    sizes += [(f"K = {k}", 1, TRIALS, k) for k in (2, 3, 4, 6)]
    for size, people, trials, arms in sizes:
        evaluate = value_and_gradient(RESCORLA_WAGNER, arms, START, "compiled")
        seen, point = data(people, trials, arms), theta(people)
        timing = measure(partial(evaluate, seen, point))
        yield row("growth of the gradient", "compiled", size, timing)


def maximum_likelihood() -> Iterator[Row]:
    """One participant's maximum with its interval."""
    people = 20
    fitter, seen = MaximumLikelihood.of(MLE, setting(people)), data(people)
    timing = measure(partial(fitter.fit, seen, np.random.SeedSequence(1)))
    each = Timing(timing.cpu / people, timing.wall / people, timing.repeats)
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
    exact = Quadrature.of(QUADRATURE, setting())
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
    found: list[Any] = []
    timing = measure(lambda: found.append(sample(len(found))), repeats=repeats, warm=False)
    return timing, found


def seeded_fit(fitter: Bayes, seen: Observations, seed: int) -> list[Row]:
    """The rows of a fit."""
    return fitter.fit(seen, np.random.SeedSequence(seed))


def hierarchical() -> Iterator[Row]:
    """Partial pooling of 20 and 100 participants; the smallest effective sample size."""
    for people in (20, 100):
        seen = data(people)
        fitter = Bayes.of(nuts("partial"), setting(people))
        timing, found = repeated(partial(seeded_fit, fitter, seen), repeats=3)
        smallest = float(np.median([min(r["ess_bulk"] for r in rows) for rows in found]))
        yield row("hierarchical", "rlrecovery", f"N = {people}", timing, ess=smallest)
        if baselines.HAVE_NUMPYRO and people == 20:
            yield _numpyro_hierarchical(seen, people)


def _numpyro_hierarchical(seen: Observations, people: int) -> Row:
    """One run of minutes; its compilation, some seconds of it, is included."""
    run = baselines.numpyro_sampler(seen.choices, seen.rewards, True, DRAWS, TUNE, ACCEPT)
    timing, (drawn,) = repeated(run, repeats=1)
    return row("hierarchical", "NumPyro", f"N = {people}", timing, ess=_smallest_ess(drawn))


def _smallest_ess(drawn: dict[str, Any]) -> float:
    columns = []
    for name in ("alpha", "beta"):
        location, spread = drawn[f"{name}_location"], drawn[f"{name}_spread"]
        participants = location[..., None] + spread[..., None] * drawn[f"{name}_deviation"]
        columns += [location, spread, *np.moveaxis(participants, -1, 0)]
    return min(float(array_stats.ess(column, method="bulk")) for column in columns)
