"""The estimators, each registered once, and methods: an estimator with its model and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Self, cast

from rlrecovery.fit.base import Fitter, MethodSettings, Pooling, Setting
from rlrecovery.models.base import Model
from rlrecovery.models.variants import ModelSpec

#: Every estimator by name, with the import path of its settings class. A class is imported when it
#: is needed: a fit depends on no other estimator's code.
ESTIMATORS = {
    "mle": "rlrecovery.fit.mle.settings:MleSettings",
    "bayes": "rlrecovery.fit.bayes.settings:BayesSettings",
    "quadrature": "rlrecovery.fit.quadrature.settings:QuadratureSettings",
    "mock": "rlrecovery.fit.mock.settings:MockSettings",
}

#: Keys of a method's plain values that are not settings of its estimator.
_OWN_KEYS = ("name", "model", "fitted", "contest")


@dataclass(frozen=True)
class Method:
    """A named way to estimate: estimator, model, pooling and settings.

    Attributes
    ----------
    name : str
        Name of the method.
    settings : MethodSettings
        Settings of its estimator, for the parameters of `model`.
    model : ModelSpec
        The fitted model.
    contest : str
        Name of the config's method that is fitted with several competing models; empty for a
        method that names its model.
    fitted : str
        Name of the fitted model among the competing ones; empty without a contest.
    """

    name: str
    settings: MethodSettings
    model: ModelSpec
    contest: str = ""
    fitted: str = ""

    @classmethod
    def of(cls, plain: Mapping[str, Any], name: str = "") -> Self:
        """Inverse of `plain`."""
        own = {key: value for key, value in plain.items() if key not in _OWN_KEYS}
        return cls(
            name=plain.get("name", name),
            settings=settings_class(plain["estimator"]).of(own),
            model=ModelSpec.of(plain["model"]),
            contest=plain.get("contest", ""),
            fitted=plain.get("fitted", ""),
        )

    def plain(self) -> dict[str, Any]:
        """Plain values, for the parameters of a job; the name is not among them."""
        contest = {"contest": self.contest, "fitted": self.fitted} if self.contest else {}
        return self.settings.plain() | {"model": self.model.plain()} | contest

    @property
    def estimator(self) -> str:
        """Name of the estimator."""
        return self.settings.estimator

    @property
    def pooling(self) -> Pooling:
        """How the data of participants are combined."""
        return self.settings.pooling_of_participants()

    def fitted_model(self) -> Model:
        """The model that is fitted."""
        return self.model.model()


def settings_class(estimator: str) -> type[MethodSettings]:
    """Settings class of an estimator."""
    return cast(type[MethodSettings], _imported(ESTIMATORS[estimator]))


def _imported(path: str) -> Any:
    """The object that an import path ``module:name`` refers to."""
    module, name = path.split(":")
    return getattr(import_module(module), name)


def fitter_module(settings: MethodSettings) -> str:
    """Name of the module of an estimator's fitter, within the package."""
    return settings.fitter.split(":")[0].removeprefix("rlrecovery.")


def make_fitter(settings: MethodSettings, setting: Setting) -> Fitter:
    """Prepare a method's fitter for one cell.

    The module of the estimator is imported here and not before, so that maximum likelihood does
    not load PyMC, and a change of one estimator's code does not count as a change of another's.
    """
    return cast(Fitter, _imported(settings.fitter).of(settings, setting))
