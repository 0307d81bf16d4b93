"""Named probability distributions, for populations and priors.

The names and arguments are those of PyMC (except ``ShiftedExponential``, which PyMC lacks). NumPy
code (drawing a population, evaluating a prior on a grid) uses SciPy or the closed forms below; only
the Bayesian estimator asks PyMC for the same distribution.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import scipy  # scipy.stats, a slow import, is loaded when it is first used
from scipy import special


class _Family(NamedTuple):
    """One family of distributions; its functions take the arguments by name.

    Their first argument is, for `log_density`, values inside the support; for `quantiles`,
    probabilities; and for `tails`, a mass, for the quantiles at the mass and at 1 - the mass.
    `quantiles` are those of SciPy to the last bit, because participants are drawn with them.
    `support` is None where it depends on the arguments.
    """

    arguments: tuple[str, ...]
    frozen: Callable[..., Any]
    log_density: Callable[..., Any]
    quantiles: Callable[..., Any]
    tails: Callable[..., tuple[float, float]]
    support: tuple[float, float] | None


_POSITIVE, _REAL = (0.0, math.inf), (-math.inf, math.inf)

_FAMILIES: dict[str, _Family] = {
    "Beta": _Family(
        ("alpha", "beta"),
        lambda alpha, beta: scipy.stats.beta(alpha, beta),
        lambda x, alpha, beta: (
            special.xlogy(alpha - 1, x)
            + special.xlog1py(beta - 1, -x)
            - special.betaln(alpha, beta)
        ),
        lambda u, alpha, beta: special.betaincinv(alpha, beta, u),
        lambda m, alpha, beta: (
            special.betaincinv(alpha, beta, m),
            special.betainccinv(alpha, beta, m),
        ),
        (0.0, 1.0),
    ),
    "Exponential": _Family(
        ("lam",),
        lambda lam: scipy.stats.expon(scale=1 / lam),
        lambda x, lam: math.log(lam) - lam * x,
        lambda u, lam: -special.log1p(-u) * (1 / lam),
        lambda m, lam: (-math.log1p(-m) / lam, -math.log(m) / lam),
        _POSITIVE,
    ),
    "Gamma": _Family(
        ("alpha", "beta"),
        lambda alpha, beta: scipy.stats.gamma(alpha, scale=1 / beta),
        lambda x, alpha, beta: (
            special.xlogy(alpha - 1, x) - beta * x + alpha * math.log(beta) - special.gammaln(alpha)
        ),
        lambda u, alpha, beta: special.gammaincinv(alpha, u) * (1 / beta),
        lambda m, alpha, beta: (
            special.gammaincinv(alpha, m) / beta,
            special.gammainccinv(alpha, m) / beta,
        ),
        _POSITIVE,
    ),
    "HalfNormal": _Family(
        ("sigma",),
        lambda sigma: scipy.stats.halfnorm(scale=sigma),
        lambda x, sigma: 0.5 * math.log(2 / math.pi) - math.log(sigma) - 0.5 * (x / sigma) ** 2,
        lambda u, sigma: special.ndtri((1 + u) / 2) * sigma,
        lambda m, sigma: (
            sigma * math.sqrt(2) * special.erfinv(m),
            -sigma * special.ndtri(m / 2),
        ),
        _POSITIVE,
    ),
    "LogNormal": _Family(
        ("mu", "sigma"),
        lambda mu, sigma: scipy.stats.lognorm(sigma, scale=math.exp(mu)),
        lambda x, mu, sigma: (
            -0.5 * ((np.log(x) - mu) / sigma) ** 2
            - np.log(x)
            - math.log(sigma * math.sqrt(2 * math.pi))
        ),
        lambda u, mu, sigma: np.exp(sigma * special.ndtri(u)) * math.exp(mu),
        lambda m, mu, sigma: (
            math.exp(mu + sigma * special.ndtri(m)),
            math.exp(mu - sigma * special.ndtri(m)),
        ),
        _POSITIVE,
    ),
    "Normal": _Family(
        ("mu", "sigma"),
        lambda mu, sigma: scipy.stats.norm(mu, sigma),
        lambda x, mu, sigma: (
            -0.5 * ((x - mu) / sigma) ** 2 - math.log(sigma * math.sqrt(2 * math.pi))
        ),
        lambda u, mu, sigma: special.ndtri(u) * sigma + mu,
        lambda m, mu, sigma: (mu + sigma * special.ndtri(m), mu - sigma * special.ndtri(m)),
        _REAL,
    ),
    "ShiftedExponential": _Family(
        ("lower", "lam"),
        lambda lower, lam: scipy.stats.expon(loc=lower, scale=1 / lam),
        lambda x, lower, lam: math.log(lam) - lam * (x - lower),
        lambda u, lower, lam: -special.log1p(-u) * (1 / lam) + lower,
        lambda m, lower, lam: (lower - math.log1p(-m) / lam, lower - math.log(m) / lam),
        None,
    ),
    "Uniform": _Family(
        ("lower", "upper"),
        lambda lower, upper: scipy.stats.uniform(lower, upper - lower),
        lambda x, lower, upper: np.full_like(x, -math.log(upper - lower)),
        lambda u, lower, upper: u * (upper - lower) + lower,
        lambda m, lower, upper: (lower + m * (upper - lower), upper - m * (upper - lower)),
        None,
    ),
}

#: Scales, SciPy's, that can overflow or vanish.
_SCALES: dict[str, Callable[..., float]] = {
    "Exponential": lambda lam: 1 / lam,
    "Gamma": lambda alpha, beta: 1 / beta,
    "LogNormal": lambda mu, sigma: math.exp(mu),
    "ShiftedExponential": lambda lower, lam: 1 / lam,
    "Uniform": lambda lower, upper: upper - lower,
}

#: Arguments that can be any real number; all others must be positive.
LOCATIONS = {"mu", "lower", "upper"}


def families() -> dict[str, tuple[str, ...]]:
    """Names of the available distributions, each with its argument names in order."""
    return {name: family.arguments for name, family in _FAMILIES.items()}


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
            raise ValueError(f"unknown distribution {self.name!r}; choose from {', '.join(known)}")
        given, needed = [k for k, _ in self.arguments], known[self.name]
        if sorted(given) != sorted(needed):
            raise ValueError(
                f"{self.name} expects the arguments {', '.join(needed)}, got "
                f"{', '.join(given) or 'none'}"
            )
        for key, value in self.arguments:
            if not math.isfinite(value):
                raise ValueError(f"{self.name}.{key} is {value}, but must be a finite number")
            if key not in LOCATIONS and value <= 0:
                raise ValueError(f"{self.name}.{key} is {value}, but must be greater than 0")
        if self.name == "Uniform" and not self.as_dict()["lower"] < self.as_dict()["upper"]:
            raise ValueError("Uniform.lower must be less than Uniform.upper")

    @classmethod
    def of(cls, name: str, arguments: Mapping[str, float]) -> Self:
        """Build from a mapping of argument names to numbers, in any order."""
        order = families().get(name, ())
        ranked = sorted(arguments, key=lambda k: order.index(k) if k in order else len(order))
        return cls(name, tuple((key, float(arguments[key])) for key in ranked))

    def as_dict(self) -> dict[str, float]:
        """Arguments by name."""
        return dict(self.arguments)

    def is_computable(self) -> bool:
        """Whether the arguments are neither too large nor too small to compute with."""
        try:
            scale = _SCALES[self.name](**self.as_dict()) if self.name in _SCALES else 1.0
        except OverflowError:
            return False
        return 0 < scale < math.inf

    def frozen(self) -> Any:
        """The distribution as a frozen SciPy distribution."""
        return _FAMILIES[self.name].frozen(**self.as_dict())

    def log_density(self, values: Any) -> Any:
        """Log-density at values inside the support, elementwise."""
        return _FAMILIES[self.name].log_density(values, **self.as_dict())

    def quantiles(self, probabilities: Any) -> Any:
        """Quantiles at probabilities in [0, 1), elementwise."""
        return _FAMILIES[self.name].quantiles(probabilities, **self.as_dict())

    def tails(self, mass: float) -> tuple[float, float]:
        """Quantiles at `mass` and at 1 - `mass`."""
        lower, upper = _FAMILIES[self.name].tails(mass, **self.as_dict())
        return float(lower), float(upper)

    def support(self) -> tuple[float, float]:
        """Smallest and largest possible value."""
        if self.name == "ShiftedExponential":
            return self.as_dict()["lower"], math.inf
        lower, upper = _FAMILIES[self.name].support or (value for _, value in self.arguments)
        return float(lower), float(upper)

    def variable(self, name: str) -> Any:
        """A PyMC random variable with this distribution, inside a ``pm.Model`` context."""
        import pymc as pm  # imported here because only Bayesian estimation needs it

        arguments = self.as_dict()
        if self.name == "ShiftedExponential":
            lower = arguments.pop("lower")
            return pm.Deterministic(name, lower + pm.Exponential(f"{name}_above", **arguments))
        return getattr(pm, self.name)(name, **arguments)

    def __str__(self) -> str:
        inside = ", ".join(f"{key}={value:g}" for key, value in self.arguments)
        return f"{self.name}({inside})"
