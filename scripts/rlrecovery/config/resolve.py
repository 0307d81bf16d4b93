"""The resolved config, in which all defaults are written out."""

from __future__ import annotations

from rlrecovery.config.checks.models import parameters_of
from rlrecovery.config.checks.sections import Sections
from rlrecovery.config.settings import Experiment


def with_defaults(experiment: Experiment) -> Experiment:
    """Add default priors of all parameters, and an empty truth if there is none."""
    sections = Sections(experiment)
    plain = experiment.resolved()
    if experiment.models is None:
        plain.setdefault("truth", {})
    for name, method in experiment.methods.items():
        entry = plain["methods"][name]
        if "priors" in entry:
            parameters = parameters_of(sections.models_of(method))
            entry["priors"] = {
                key: entry["priors"].get(key, method.default_prior(parameter))
                for key, parameter in parameters.items()
            }
    return Experiment.model_validate(plain)
