"""The design: grid to cells, cells to keys, replicates to batches, and everything to seeds."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from rlrecovery.models.library import find_model

#: What a cell is called where a study has no names for its models and its tasks.
UNNAMED = ""
#: How methods that sample pool participants, in the order in which a single posterior tells most;
#: and all methods that have posteriors.
POOLINGS = ("none", "partial", "complete")
POSTERIORS = (*POOLINGS, "quadrature")
#: Shares of the trials that participants complete where all complete them.
ALL = (1.0,)
#: What may tell cells apart besides truth, participants and trials.
FACTORS = ("model", "task", "missing", "completed")
#: Shares that take more characters than this stand in a cell's key as their number and a hash.
MOST_OF_SHARES = 40


@dataclass(frozen=True)
class Cell:
    """One combination of generating model, truth, participants, trials and task.

    Attributes
    ----------
    truth : tuple of (str, float)
        Value of each parameter on the grid, natural scale, in the order of the config.
    participants : int
        People per data set.
    trials : int
        Trials per participant, over all blocks; who completes fewer has a share of these.
    missing : float
        Probability that a trial has no response.
    completed : tuple of float
        Shares of the trials that participants complete, in turn.
    task, model : str
        Names of the task and of the generating model, where a study has several.
    """

    truth: tuple[tuple[str, float], ...]
    participants: int
    trials: int
    missing: float = 0.0
    completed: tuple[float, ...] = ALL
    task: str = UNNAMED
    model: str = UNNAMED

    @property
    def key(self) -> str:
        """Name of the cell in paths and tables; made here only, and never parsed."""
        parts = [f"{name}-{_plain(value)}" for name, value in self.truth]
        return "_".join([*self._names(), *parts, *self._sizes()])

    @property
    def size_key(self) -> str:
        """All but the truths: names what the cells of one design have in common."""
        return "_".join([*self._names(), *self._sizes()])

    def _names(self) -> list[str]:
        """A name may hold `_` but not `-`: without the words in front, names could run together."""
        names = {"model": self.model, "task": self.task}
        return [f"{kind}-{name}" for kind, name in names.items() if name]

    def _sizes(self) -> list[str]:
        gone = [f"missing-{_plain(self.missing)}"] if self.missing else []
        part = [f"completed-{_shares(self.completed)}"] if self.completed != ALL else []
        return [f"n-{self.participants}", f"t-{self.trials}", *gone, *part]

    def values(self) -> dict[str, Any]:
        """The cell as plain values, for a job's parameters; what is as usual is left out."""
        values: dict[str, Any] = {
            "truth": dict(self.truth),
            "participants": self.participants,
            "trials": self.trials,
        }
        if self.missing:
            values["missing"] = self.missing
        if self.completed != ALL:
            values["completed"] = list(self.completed)
        return values | {k: v for k, v in (("task", self.task), ("model", self.model)) if v}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Cell:
        """The cell of `values`, the inverse of `Cell.values`."""
        return cls(
            truth=tuple((name, float(value)) for name, value in values["truth"].items()),
            participants=int(values["participants"]),
            trials=int(values["trials"]),
            missing=float(values.get("missing", 0)),
            completed=tuple(float(share) for share in values.get("completed", ALL)),
            task=values.get("task", UNNAMED),
            model=values.get("model", UNNAMED),
        )


def _plain(value: float) -> str:
    """Shortest decimal that reads back as the same number, without an exponent."""
    return np.format_float_positional(float(value), trim="0")


def _shares(shares: Sequence[float]) -> str:
    """Shares as part of a key: one per participant of a real sample would be no file name."""
    text = "-".join(map(_plain, shares))
    if len(text) <= MOST_OF_SHARES:
        return text
    return f"{len(shares)}-shares-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def sources(experiment: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What generates data, by name: model, truth and population; one without a name, or several."""
    several = experiment.get("models")
    if not several:
        return {UNNAMED: {key: experiment[key] for key in ("model", "truth", "population")}}
    return {name: {"model": name, **entry} for name, entry in several["simulate"].items()}


def tasks(experiment: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The tasks by name; one without a name, or several."""
    return experiment.get("tasks") or {UNNAMED: experiment["task"]}


def cells_of(experiment: Mapping[str, Any]) -> dict[str, Cell]:
    """All cells of a study, by key: truths and sizes vary within what else varies.

    Parameters
    ----------
    experiment : mapping
        The resolved config.
    """
    factors = itertools.product(
        sources(experiment).items(),
        tasks(experiment),
        [float(share) for share in experiment.get("missing", (0.0,))],
        [tuple(map(float, shares)) for shares in experiment.get("completed", (ALL,))],
    )
    cells = [
        replace(cell, missing=missing, completed=completed, task=task, model=name)
        for (name, source), task, missing, completed in factors
        for cell in grid(source["truth"], experiment["participants"], experiment["trials"]).values()
    ]
    return {cell.key: cell for cell in cells}


def grid(
    truth: Mapping[str, Sequence[float]], participants: Sequence[int], trials: Sequence[int]
) -> dict[str, Cell]:
    """Truths crossed with sizes, by key.

    Parameters
    ----------
    truth : mapping
        Values on the grid by parameter; a parameter drawn from a distribution is not in it.
    participants, trials : sequence of int
        Levels of the two size factors.
    """
    names = list(truth)
    combinations = itertools.product(*truth.values(), participants, trials)
    cells = (
        Cell(tuple((n, float(v)) for n, v in zip(names, values, strict=True)), people, length)
        for *values, people, length in combinations
    )
    return {cell.key: cell for cell in cells}


def specification(experiment: Mapping[str, Any], model: str) -> str | dict[str, Any]:
    """A model as `rlrecovery.models.library.find_model` takes it: its name, or the variant of that name."""
    variant = experiment.get("variants", {}).get(model)
    return model if variant is None else {"name": model, **variant}


def generator_of(experiment: Mapping[str, Any], cell: Cell) -> dict[str, Any]:
    """What generated a cell's data: all that a seed or a simulated number depends on.

    Returns
    -------
    dict
        ``seed``, ``model`` (a specification), ``task`` and ``population``.
    """
    source = sources(experiment)[cell.model]
    return {
        "seed": experiment["seed"],
        "model": specification(experiment, source["model"]),
        "task": tasks(experiment)[cell.task],
        "population": source["population"],
    }


def methods_of(experiment: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The methods, each with the one model that it fits, by name.

    A method of the config that names no model is fitted with each of ``models.fit``: it becomes
    one method per model, called ``<method>_<model>``, which knows its ``contest`` (the method's
    name) and the name of the model that it fits, ``fitted``.
    """
    found = {}
    for name, settings in experiment["methods"].items():
        if settings.get("model") is not None:
            model = specification(experiment, settings["model"])
            found[name] = settings | {"model": model}
            continue
        for fitted in experiment["models"]["fit"]:
            model = specification(experiment, fitted)
            names = find_model(model).names
            own = {
                key: {parameter: settings[key][parameter] for parameter in names}
                for key in ("bounds", "priors")
                if key in settings
            }
            told = {"model": model, "contest": name, "fitted": fitted}
            found[f"{name}_{fitted}"] = settings | own | told
    return found


def with_posterior(
    methods: Mapping[str, Mapping[str, Any]], model: str | Mapping[str, Any], kinds: Sequence[str]
) -> str | None:
    """Name of the method whose posterior is looked at; None if no method is of these kinds.

    Parameters
    ----------
    methods : mapping
        `methods_of` the experiment.
    model : str or mapping
        The generating model as in `generator_of`, or its name: methods that fit it go first.
    kinds : sequence of str
        Poolings and estimators (for one that does not pool), the preferred first.
    """
    ranks = {
        name: (model not in (method["model"], method.get("fitted")), kinds.index(kind))
        for name, method in methods.items()
        if (kind := method.get("pooling") or method["estimator"]) in kinds
    }
    return min(ranks, key=lambda name: ranks[name], default=None)


def example_of(cells: Mapping[str, Cell]) -> Cell:
    """The cell that examples are taken from: the middle of the design."""
    return list(cells.values())[len(cells) // 2]


def wrong_fits(methods: Mapping[str, Mapping[str, Any]], cell: Cell) -> list[str]:
    """Methods that fit one of several competing models, and not that which generated the cell."""
    return [name for name, m in methods.items() if m.get("fitted", cell.model) != cell.model]


def varying(cells: Mapping[str, Cell]) -> list[str]:
    """Those of `FACTORS` that have more than one level in a study."""
    return [f for f in FACTORS if len({getattr(cell, f) for cell in cells.values()}) > 1]


def variants(cells: Mapping[str, Cell]) -> dict[str, str]:
    """What tells a cell from the others besides truth, participants and trials, in words, by key.

    Only what varies in the study is said, so that a study of one task has nothing to say.
    """
    factors, shares = varying(cells), _shares_in_words({c.completed for c in cells.values()})

    def words(cell: Cell) -> str:
        """The factors that vary, in words."""
        said = {
            "model": f"from {cell.model}",
            "task": cell.task,
            "missing": f"{_percent(cell.missing)} % missing" if cell.missing else "none missing",
            "completed": f"{shares[cell.completed]} % completed"
            if cell.completed != ALL
            else "all completed",
        }
        return ", ".join(said[factor] for factor in factors)

    return {key: words(cell) for key, cell in cells.items()}


def _percent(share: float) -> str:
    return f"{100 * share:.10g}"


def _shares_in_words(levels: Collection[tuple[float, ...]]) -> dict[tuple[float, ...], str]:
    """Lists of shares in per cent; of long ones the range, where that tells them apart."""
    listed = {shares: "/".join(map(_percent, shares)) for shares in levels}
    short = {
        shares: text if len(shares) <= 4 else f"{_percent(min(shares))} to {_percent(max(shares))}"
        for shares, text in listed.items()
    }
    return short if len(set(short.values())) == len(listed) else listed


def batches(replicates: int, size: int) -> dict[str, tuple[int, int]]:
    """Half-open ranges of replicates by batch key; the last batch may be shorter.

    The key says which replicates it holds (``00000-00019``), so that more replicates are more
    batches and the ones already done stay.
    """
    starts = range(0, replicates, size)
    ranges = [(start, min(start + size, replicates)) for start in starts]
    return {f"{start:05d}-{stop - 1:05d}": (start, stop) for start, stop in ranges}


def seed_sequence(
    root: int, identity: Mapping[str, Any], replicate: int, purpose: str
) -> np.random.SeedSequence:
    """Seed of one stream of random numbers.

    It depends on values alone: never on the order of cells, methods or jobs, nor on batches.

    Parameters
    ----------
    root : int
        The config's seed.
    identity : mapping
        The cell's values with the model, task and population that generated its data; plain
        values that JSON can write.
    replicate : int
        Number of the data set in its cell.
    purpose : str
        What the numbers are for, for instance ``"trials"``.
    """
    text = json.dumps([identity, replicate, purpose], sort_keys=True, allow_nan=False)
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.SeedSequence([root, *np.frombuffer(digest, dtype=np.uint32).tolist()])


def design_table(cells: Mapping[str, Cell], replicates: Mapping[str, int]) -> pd.DataFrame:
    """One row per cell: key, truth per parameter, participants, trials, what varies, replicates."""
    names = list(dict.fromkeys(name for cell in cells.values() for name, _ in cell.truth))
    factors = varying(cells)
    rows = [
        {"cell": key}
        | {name: dict(cell.truth).get(name, float("nan")) for name in names}
        | {"participants": cell.participants, "trials": cell.trials}
        | {factor: _written(getattr(cell, factor)) for factor in factors}
        for key, cell in cells.items()
    ]
    return pd.DataFrame(rows).assign(replicates=[replicates[key] for key in cells])


def _written(level: Any) -> Any:
    """A level of a factor as one entry of a table."""
    return ", ".join(f"{share:.10g}" for share in level) if isinstance(level, tuple) else level
