"""Jobs with known costs, and stages, for tests of planning."""

from rlrecovery.config.study import methods_of
from rlrecovery.design.load import Load
from rlrecovery.fitting.base import Cost
from rlrecovery.planning.costs import Job, job_seconds, kind_of
from rlrecovery.planning.stages import Stage

TRUE = Cost(200, 2.0, 0.5, 1e-6)


def measured_jobs(experiment, name="guess", cost=TRUE):
    """Jobs of many sizes, so that a method's cost is known."""
    kind = kind_of(methods_of(experiment)[name])
    loads = [Load(p, t, r) for p in (2, 20) for t in (20, 500) for r in (1, 4, 30) for _ in "ab"]
    return [Job(kind, 1.0, load, job_seconds(cost, 1.0, load)) for load in loads]


def stage(rule, seconds, n_jobs, n_left, **changes):
    names = [str(i) for i in range(n_jobs)]
    loads = dict.fromkeys(names, Load(0, 0, 0))
    return Stage(
        rule, rule, 1.0, Cost(0, seconds, 0, 0), loads, 500, 1, left=set(names[:n_left]), **changes
    )
