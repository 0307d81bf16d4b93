"""Page of the tasks: what the keys of ``task`` do, and the tasks of ``make new``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from reference_pages.config import kind, section
from reference_pages.examples import example
from reference_pages.markdown import anchored, code, definitions, equation, included, page, prose
from rlrecovery.commands.first_config import TASKS
from rlrecovery.commands.new import ALIASES
from rlrecovery.config.manual import entries
from rlrecovery.simulation.settings import TaskSettings

_AFTER = """\
After this page you can describe your own task in the section {ref}`task <config-task>` of a config,
and you know how rewards are drawn and how mean rewards change."""

#: Equations by key of ``task``, with the Python expression that a test compares with the simulator.
#: `m` is the mean reward of an arm, `u` a uniform and `z` a standard normal random number.
FORMULAS: dict[str, tuple[tuple[str, str], ...]] = {
    "rewards": (
        (
            r"r = 1 \text{ if } u < m, \text{ otherwise } 0 \qquad (\mathtt{bernoulli})",
            "1.0 * (u < m)",
        ),
        (
            r"r = m + \mathtt{sd}\,\Phi^{-1}(u) \qquad (\mathtt{gaussian})",
            "m + sd * norm.ppf(u)",
        ),
    ),
    "reversals": (
        (
            r"m'_k = m_{k-1}, \qquad m'_1 = m_K",
            "np.roll(m, 1)",
        ),
    ),
    "drift": (
        (
            r"m' = \mathtt{decay}\,m + (1 - \mathtt{decay})\,\mathtt{centre} + \mathtt{sd}\,z",
            "decay * m + (1 - decay) * centre + sd * z",
        ),
        (
            r"m'' = \mathtt{upper} - |((m' - \mathtt{lower}) \bmod 2w) - w|, "
            r"\qquad w = \mathtt{upper} - \mathtt{lower}",
            "upper - np.abs(np.mod(m - lower, 2 * (upper - lower)) - (upper - lower))",
        ),
    ),
}

#: What the symbols of `FORMULAS` are.
_SYMBOLS = {
    "rewards": "$r$ is the reward, $m$ the mean reward of the arm, $u$ a uniform random number and "
    r"$\Phi^{-1}$ the quantile function of the standard normal distribution.",
    "reversals": "$m_k$ is the mean reward of arm $k$ of $K$ before, and $m'_k$ after a reversal.",
    "drift": "$m$ is the mean reward of an arm, $z$ a standard normal random number of the arm and "
    "trial. The second equation reflects the walk at the bounds, as often as necessary. The walk "
    "is that of Daw, O'Doherty, Dayan, Seymour & Dolan (2006), Nature 441:876.",
}

_NEW = """\
`make new TASK=name` writes a config with one of these tasks; `make new` alone lists the options,
tasks and models. `MODEL` also takes other names: {aliases}."""


def tasks_page(folder: Path) -> str:
    """The page; examples are included from files, relative to the folder."""
    parts = [part for key in TaskSettings.model_fields for part in _key(key, folder)]
    aliases = ", ".join(f"{code(alias)} for {code(name)}" for alias, name in ALIASES.items())
    return page(
        "Tasks",
        "reference-tasks",
        _AFTER,
        *parts,
        anchored(2, "Tasks of make new", "tasks-new"),
        _NEW.format(aliases=aliases),
        definitions((code(name), _new_task(*entry)) for name, entry in TASKS.items()),
    )


def _key(key: str, folder: Path) -> Iterator[str]:
    yield anchored(2, code(key), f"task-{key}")
    path = f"task.{key}"
    for entry in (e for e in entries() if section(e) == "task"):
        if entry.path == path:
            yield f"{prose(entry.meaning)}\n\nType: {kind(entry.kind)}"
        elif entry.path.startswith(f"{path}."):
            name = entry.path.removeprefix(f"{path}.")
            yield definitions([(code(name), (prose(entry.meaning), f"Type: {kind(entry.kind)}"))])
    for latex, _ in FORMULAS.get(key, ()):
        yield equation(latex)
    yield _SYMBOLS.get(key, "")
    found = example("task", key)
    if found is not None:
        yield included(found.file, found.lines, folder)


def _new_task(about: str, task: dict[str, object]) -> Iterator[str]:
    yield prose(about)
    flow = yaml.safe_dump(task, default_flow_style=True, sort_keys=False, width=1000).strip()
    yield code(f"task: {flow}")
