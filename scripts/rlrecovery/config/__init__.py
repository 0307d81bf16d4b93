"""The experiment as ``config.yaml`` describes it: strict, frozen, and explained key by key.

All mistakes are found in one go, one sentence each. The rooms, each of which imports only from
those above it:

=============  ====================================================================
fields         what single keys may hold
distributions  distributions of populations and of priors
settings       the keys, with what each means and may be (pydantic models)
schema         their JSON schema, and the way through it to a place
words          values and the schema in words
sentences      wrong keys and values: pydantic's errors in our words
draft          the sound parts of a config that has mistakes in it
phrases        sentences that several checks have in common
check_tasks    what the keys of a task get wrong together
check_models   what models, variants, truths and populations do
check_methods  what methods do together with models and truths
checks         all that only several keys together get wrong
reading        strict YAML; from a file or mapping to an experiment or its mistakes
help           the manual
command        ``python -m rlrecovery.config help``, ``schema`` and ``check FILE``
=============  ====================================================================
"""

from __future__ import annotations

from rlrecovery.config.checks.size import MOST_CELLS
from rlrecovery.config.cli import main
from rlrecovery.config.json_schema import json_schema
from rlrecovery.config.manual import manual
from rlrecovery.config.priors import (
    DistributionSettings,
    Population,
    PopulationPrior,
    Spread,
)
from rlrecovery.config.reader import ConfigError, load, parse
from rlrecovery.config.settings import (
    BayesMethod,
    Convergence,
    Experiment,
    MleMethod,
    MockMethod,
    QuadratureMethod,
    Task,
)

__all__ = [
    "MOST_CELLS",
    "BayesMethod",
    "ConfigError",
    "Convergence",
    "DistributionSettings",
    "Experiment",
    "MleMethod",
    "MockMethod",
    "Population",
    "PopulationPrior",
    "QuadratureMethod",
    "Spread",
    "Task",
    "json_schema",
    "load",
    "main",
    "manual",
    "parse",
]
