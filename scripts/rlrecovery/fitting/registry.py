"""The registry of estimators, and methods: an estimator with its model and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Self, cast

from rlrecovery.fitting.base import Fitter, MethodSettings, Pooling, Setting
from rlrecovery.fitting.effects import EffectFitter, EffectModel
from rlrecovery.models.base import Model
from rlrecovery.models.variants import ModelSpec

#: From the name of an estimator to the import path of its settings class. A class is imported when
#: it is needed, so a fit does not depend on the code of other estimators.
ESTIMATORS = {
    "mle": "rlrecovery.fitting.mle.settings:MleSettings",
    "bayes": "rlrecovery.fitting.bayes.settings:BayesSettings",
    "quadrature": "rlrecovery.fitting.quadrature.settings:QuadratureSettings",
    "mock": "rlrecovery.fitting.mock.settings:MockSettings",
}

#: Keys of a method's plain values that are not settings of its estimator: all except the model,
#: and all of them.
_FIELDS = ("name", "fitted", "contest", "replicates")
_OWN_KEYS = ("model", *_FIELDS)


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
        Name, in the config, of a method that is fitted with several competing models; empty for a
        method that sets its own model.
    fitted : str
        Name of the fitted model in the contest; empty without a contest.
    replicates : int, optional
        Number of replicates of every cell that are fitted, the first ones; by default all.
    """

    name: str
    settings: MethodSettings
    model: ModelSpec
    contest: str = ""
    fitted: str = ""
    replicates: int | None = None

    @classmethod
    def of(cls, plain: Mapping[str, Any], name: str = "") -> Self:
        """Inverse of `plain`."""
        settings = {k: v for k, v in plain.items() if k not in _OWN_KEYS}
        fields = {"name": name} | {k: v for k, v in plain.items() if k in _FIELDS}
        return cls(
            settings=settings_class(plain["estimator"]).of(settings),
            model=ModelSpec.of(plain["model"]),
            **fields,
        )

    def plain(self) -> dict[str, Any]:
        """Plain values of all that the estimates of a data set depend on, for params of a rule.

        Neither the name nor the number of replicates is among them.
        """
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

    def replicates_of(self, replicates: int) -> int:
        """Number of replicates that are fitted of all those of a study."""
        return replicates if self.replicates is None else min(self.replicates, replicates)

    def fitted_model(self) -> Model:
        """The model that is fitted."""
        return self.model.model()


def settings_class(estimator: str) -> type[MethodSettings]:
    """Import the settings class of an estimator."""
    return cast(type[MethodSettings], _imported(ESTIMATORS[estimator]))


def _imported(path: str) -> Any:
    """Import an object by its path ``module:name``."""
    module, name = path.split(":")
    return getattr(import_module(module), name)


def fitter_module(settings: MethodSettings) -> str:
    """Name of the module of an estimator's fitter, within the package."""
    return settings.fitter.split(":")[0].removeprefix("rlrecovery.")


def effect_fitter_module(settings: MethodSettings) -> str | None:
    """Name of the module of an estimator's joint analysis of effects; None if there is none."""
    path = settings.effect_fitter
    return None if path is None else path.split(":")[0].removeprefix("rlrecovery.")


def make_fitter(settings: MethodSettings, setting: Setting) -> Fitter:
    """Prepare a method's fitter for one cell.

    The module of the estimator is imported here, so maximum likelihood does not load PyMC, and the
    fingerprint of one estimator does not depend on the code of another.
    """
    return cast(Fitter, _imported(settings.fitter).of(settings, setting))


def make_effect_fitter(
    settings: MethodSettings, setting: Setting, model: EffectModel
) -> EffectFitter:
    """Prepare a method's joint analysis of effects for one cell.

    `setting` has as many participants as there are rows (sessions) in a data set.
    """
    if settings.effect_fitter is None:
        raise ValueError(f"estimator {settings.estimator} has no joint analysis")
    return cast(EffectFitter, _imported(settings.effect_fitter).of(settings, setting, model))
