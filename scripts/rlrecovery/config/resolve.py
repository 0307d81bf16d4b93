"""The resolved config: every default written out, so that it describes a study on its own."""

from __future__ import annotations

from rlrecovery.config.checks.models import parameters_of
from rlrecovery.config.checks.sections import Sections
from rlrecovery.config.settings import Experiment


def with_defaults(experiment: Experiment) -> Experiment:
    """Add the default priors of all parameters, and an empty truth where it is left out.

    Parameters
    ----------
    experiment : Experiment
        One without mistakes.
    """
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
