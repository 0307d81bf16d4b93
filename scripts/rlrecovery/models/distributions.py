"""Named probability distributions: one name for the population, the prior and the config.

The names and arguments are those of PyMC (but for ``ShiftedExponential``, which it lacks), so
that a prior in ``config.yaml`` reads as it would in a paper's model code. NumPy-side uses (drawing
a population, evaluating a prior on a grid) go through SciPy; only the Bayesian estimator asks PyMC
for the same distribution.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy  # scipy.stats, a slow import, is loaded when a distribution is first used
from scipy import special


def _beta(alpha: float, beta: float) -> Any:
    return scipy.stats.beta(alpha, beta)


def _exponential(lam: float) -> Any:
    return scipy.stats.expon(scale=1 / lam)


def _gamma(alpha: float, beta: float) -> Any:
    return scipy.stats.gamma(alpha, scale=1 / beta)


def _halfnormal(sigma: float) -> Any:
    return scipy.stats.halfnorm(scale=sigma)


def _lognormal(mu: float, sigma: float) -> Any:
    return scipy.stats.lognorm(sigma, scale=math.exp(mu))


def _normal(mu: float, sigma: float) -> Any:
    return scipy.stats.norm(mu, sigma)


def _shifted_exponential(lower: float, lam: float) -> Any:
    return scipy.stats.expon(loc=lower, scale=1 / lam)


def _uniform(lower: float, upper: float) -> Any:
    return scipy.stats.uniform(lower, upper - lower)


_FROZEN: dict[str, Callable[..., Any]] = {
    "Beta": _beta,
    "Exponential": _exponential,
    "Gamma": _gamma,
    "HalfNormal": _halfnormal,
    "LogNormal": _lognormal,
    "Normal": _normal,
    "ShiftedExponential": _shifted_exponential,
    "Uniform": _uniform,
}


def _shifted_variable(name: str, lower: float, lam: float, **keywords: Any) -> Any:
    import pymc as pm

    return pm.Deterministic(name, lower + pm.Exponential(f"{name}_above", lam, **keywords))


#: Families that PyMC does not have under their name: how its own make them.
_VARIABLES: dict[str, Callable[..., Any]] = {"ShiftedExponential": _shifted_variable}


def _normal_tail(mass: float) -> float:
    return -float(special.ndtri(mass))


@dataclass(frozen=True)
class _Form:
    """A family's log-density inside its support and its tails, without the import of scipy.stats.

    Attributes
    ----------
    log_density : callable
        ``(values, **arguments) -> logarithms``.
    tails : callable
        ``(mass, **arguments) -> (lower, upper)``, beyond each of which so much mass lies.
    support : tuple of float
        Lowest and highest value; None where the arguments say it.
    """

    log_density: Callable[..., Any]
    tails: Callable[..., tuple[float, float]]
    support: tuple[float, float] | None


_FORMS: dict[str, _Form] = {
    "Beta": _Form(
        lambda x, alpha, beta: (
            special.xlogy(alpha - 1, x)
            + special.xlog1py(beta - 1, -x)
            - special.betaln(alpha, beta)
        ),
        lambda m, alpha, beta: (
            special.betaincinv(alpha, beta, m),
            special.betainccinv(alpha, beta, m),
        ),
        (0.0, 1.0),
    ),
    "Exponential": _Form(
        lambda x, lam: math.log(lam) - lam * x,
        lambda m, lam: (-math.log1p(-m) / lam, -math.log(m) / lam),
        (0.0, math.inf),
    ),
    "Gamma": _Form(
        lambda x, alpha, beta: (
            special.xlogy(alpha - 1, x) - beta * x + alpha * math.log(beta) - special.gammaln(alpha)
        ),
        lambda m, alpha, beta: (
            special.gammaincinv(alpha, m) / beta,
            special.gammainccinv(alpha, m) / beta,
        ),
        (0.0, math.inf),
    ),
    "HalfNormal": _Form(
        lambda x, sigma: 0.5 * math.log(2 / math.pi) - math.log(sigma) - 0.5 * (x / sigma) ** 2,
        lambda m, sigma: (
            sigma * math.sqrt(2) * float(special.erfinv(m)),
            sigma * _normal_tail(m / 2),
        ),
        (0.0, math.inf),
    ),
    "LogNormal": _Form(
        lambda x, mu, sigma: (
            -0.5 * ((np.log(x) - mu) / sigma) ** 2
            - np.log(x)
            - math.log(sigma * math.sqrt(2 * math.pi))
        ),
        lambda m, mu, sigma: (
            math.exp(mu - sigma * _normal_tail(m)),
            math.exp(mu + sigma * _normal_tail(m)),
        ),
        (0.0, math.inf),
    ),
    "Normal": _Form(
        lambda x, mu, sigma: (
            -0.5 * ((x - mu) / sigma) ** 2 - math.log(sigma * math.sqrt(2 * math.pi))
        ),
        lambda m, mu, sigma: (mu - sigma * _normal_tail(m), mu + sigma * _normal_tail(m)),
        (-math.inf, math.inf),
    ),
    "ShiftedExponential": _Form(
        lambda x, lower, lam: math.log(lam) - lam * (x - lower),
        lambda m, lower, lam: (lower - math.log1p(-m) / lam, lower - math.log(m) / lam),
        None,
    ),
    "Uniform": _Form(
        lambda x, lower, upper: np.full_like(x, -math.log(upper - lower)),
        lambda m, lower, upper: (lower + m * (upper - lower), upper - m * (upper - lower)),
        None,
    ),
}

#: Arguments that may be any real number; every other argument must be positive.
_LOCATIONS = {"mu", "lower", "upper"}


def families() -> dict[str, tuple[str, ...]]:
    """Distributions that a config may name, each with the names of its arguments.

    Returns
    -------
    dict
        From distribution name (as in PyMC) to its argument names, in order.
    """
    return {name: tuple(inspect.signature(f).parameters) for name, f in _FROZEN.items()}


@dataclass(frozen=True)
class Distribution:
    """A named distribution with its arguments.

    Attributes
    ----------
    name : str
        One of `families`, for instance ``"Beta"``.
    arguments : tuple of (str, float)
        Argument names and values, in the order of the family.

    Raises
    ------
    ValueError
        For an unknown name, missing or unknown arguments, or an argument out of range; the message
        names what is allowed.
    """

    name: str
    arguments: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        known = families()
        if self.name not in known:
            raise ValueError(f"unknown distribution {self.name!r}; known are {', '.join(known)}")
        given, needed = [k for k, _ in self.arguments], known[self.name]
        if sorted(given) != sorted(needed):
            raise ValueError(
                f"{self.name} takes exactly {', '.join(needed)}; given were "
                f"{', '.join(given) or 'none'}"
            )
        for key, value in self.arguments:
            if not math.isfinite(value):
                raise ValueError(f"{self.name}.{key} is {value}, but must be a finite number")
            if key not in _LOCATIONS and value <= 0:
                raise ValueError(f"{self.name}.{key} is {value}, but must be greater than 0")
        if self.name == "Uniform" and not self.as_dict()["lower"] < self.as_dict()["upper"]:
            raise ValueError("Uniform.lower must be less than Uniform.upper")

    @classmethod
    def of(cls, name: str, arguments: Mapping[str, float]) -> Distribution:
        """Build from a mapping of argument names to numbers, whatever their order."""
        order = families().get(name, ())
        ranked = sorted(arguments, key=lambda k: order.index(k) if k in order else len(order))
        return cls(name, tuple((key, float(arguments[key])) for key in ranked))

    @classmethod
    def described(cls, entry: Mapping[str, Any]) -> Distribution:
        """Build from an entry of the config: its name under ``distribution``, then arguments."""
        arguments = {key: value for key, value in entry.items() if key != "distribution"}
        return cls.of(entry["distribution"], arguments)

    def as_dict(self) -> dict[str, float]:
        """Arguments as a dictionary."""
        return dict(self.arguments)

    def frozen(self) -> Any:
        """The same distribution as a frozen SciPy one (``pdf``, ``ppf``, ``expect``...)."""
        return _FROZEN[self.name](**self.as_dict())

    def log_density(self, values: Any) -> Any:
        """Logarithm of the density at values inside the support, elementwise."""
        return _FORMS[self.name].log_density(values, **self.as_dict())

    def tails(self, mass: float) -> tuple[float, float]:
        """Values below which and above which so much of the probability lies."""
        lower, upper = _FORMS[self.name].tails(mass, **self.as_dict())
        return float(lower), float(upper)

    def support(self) -> tuple[float, float]:
        """Lower and upper end of the values that it can take."""
        if self.name == "ShiftedExponential":
            return self.as_dict()["lower"], math.inf
        lower, upper = _FORMS[self.name].support or (v for _, v in self.arguments)
        return float(lower), float(upper)

    def variable(self, name: str, **keywords: Any) -> Any:
        """A PyMC random variable of this distribution, inside a ``pm.Model`` context.

        PyMC is imported here and not above, so that simulation, maximum likelihood and scoring
        never pay for it.
        """
        import pymc as pm

        make = _VARIABLES.get(self.name) or getattr(pm, self.name)
        return make(name, **self.as_dict(), **keywords)

    def __str__(self) -> str:
        inside = ", ".join(f"{key}={value:g}" for key, value in self.arguments)
        return f"{self.name}({inside})"
