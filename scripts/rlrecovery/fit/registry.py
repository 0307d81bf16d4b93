"""The estimators, each registered once, and methods: an estimator with its model and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Self, cast

from rlrecovery.fit.base import Fitter, MethodSettings, Pooling, Setting
from rlrecovery.fit.bayes.settings import BayesSettings
from rlrecovery.fit.mle.settings import MleSettings
from rlrecovery.fit.mock.settings import MockSettings
from rlrecovery.fit.quadrature.settings import QuadratureSettings
from rlrecovery.models.base import Model
from rlrecovery.models.variants import ModelSpec

#: Settings class of every estimator, by the estimator's name.
ESTIMATORS: dict[str, type[MethodSettings]] = {
    "mle": MleSettings,
    "bayes": BayesSettings,
    "quadrature": QuadratureSettings,
    "mock": MockSettings,
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
            settings=ESTIMATORS[plain["estimator"]].of(own),
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


def fitter_module(settings: MethodSettings) -> str:
    """Name of the module of an estimator's fitter, within the package."""
    return settings.fitter.split(":")[0].removeprefix("rlrecovery.")


def make_fitter(settings: MethodSettings, setting: Setting) -> Fitter:
    """Prepare a method's fitter for one cell.

    The module of the estimator is imported here and not before, so that maximum likelihood does
    not load PyMC, and a change of one estimator's code does not count as a change of another's.
    """
    module, name = settings.fitter.split(":")
    return cast(Fitter, getattr(import_module(module), name).of(settings, setting))
