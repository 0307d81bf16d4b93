"""Description of a task for the methods section of the report."""

from __future__ import annotations

from rlrecovery.report.numbers import enumeration, plural
from rlrecovery.simulation.changes import DriftSettings, ReversalSettings
from rlrecovery.simulation.settings import TaskSettings
from rlrecovery.simulation.task import Task


def task_text(settings: TaskSettings) -> str:
    """Describe a task in sentences."""
    task = settings.task()
    learning = "learning starts again" if task.reset else "learning is carried over"
    sentences = [
        f"{task.n_arms}-armed bandit; {_rewards_text(task, settings)}. Trials are divided into "
        f"{plural(task.blocks, 'block')}; at the start of a block, the arms have their initial "
        f"means and {learning}.",
        f"The value of every arm before the first trial is {task.start_value:g}, unless the start "
        "value is a parameter of the model.",
    ]
    if task.reversals:
        sentences.append(_reversals_text(task.reversals))
    if task.drift:
        sentences.append(_drift_text(task.drift))
    if task.full_feedback:
        sentences.append("The outcomes of all arms are shown.")
    if task.missing_trials:
        sentences.append("Trials without a response are listed in the config.")
    return " ".join(sentences)


def _rewards_text(task: Task, settings: TaskSettings) -> str:
    means = ", ".join(f"{mean:g}" for mean in task.arms)
    if settings.schedule is not None:
        schedule = settings.schedule
        return f"the {schedule.holds} of the arms on every trial are read from {schedule.file}"
    if task.sd is None:
        return f"rewards are 1 or 0, and the arms’ reward probabilities are {means}"
    return f"rewards are normally distributed, with the arms’ means {means} and SD {task.sd:g}"


def _reversals_text(reversals: ReversalSettings) -> str:
    conditions = []
    if reversals.after:
        conditions.append(f"after trial {', '.join(map(str, reversals.after))} of a block")
    if reversals.every:
        conditions.append(f"every {reversals.every} trials of a block")
    if reversals.correct:
        conditions.append(
            f"as soon as the best arm has been chosen in {reversals.correct} of the last "
            f"{reversals.within} responses"
        )
    when = enumeration(conditions)
    return (
        f"The arms’ means rotate by one arm {when}: each arm takes the mean of its left neighbour."
    )


def _drift_text(drift: DriftSettings) -> str:
    decay = ""
    if drift.decay < 1:
        decay = f" and decay {drift.decay:g} towards {drift.centre:g} (as in Daw et al., 2006)"
    return (
        f"The arms’ means follow random walks with SD {drift.sd:g} per trial{decay}, reflected at "
        f"{drift.lower:g} and {drift.upper:g}, drawn for each participant and block."
    )
