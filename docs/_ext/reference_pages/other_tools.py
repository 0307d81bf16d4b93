"""Names of the models and their parameters in other tools.

Only what was read in the source of these tools is listed. A model without an entry has no
counterpart that we found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: When the tools were looked at.
LOOKED_AT = "28 November 2026"


@dataclass(frozen=True)
class Tool:
    """A tool: the version that was looked at, and where its models are defined."""

    version: str
    source: str
    url: str


@dataclass(frozen=True)
class Counterpart:
    """A model of another tool.

    Attributes
    ----------
    tool : str
        Key of `TOOLS`.
    model : str
        Name of its function, class or preset.
    parameters : dict of str
        From our names of parameters to those of the tool.
    differs : str
        How it differs from our model, in Markdown.
    """

    tool: str
    model: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    differs: str = ""


#: Tools with models of this kind.
TOOLS = {
    "hBayesDM": Tool(
        "2.0.0.9000 (commit 6a637a8, May 2026)",
        "`commons/stan_files`",
        "https://github.com/CCS-Lab/hBayesDM",
    ),
    "HSSM": Tool(
        "0.4.0, with ssm-simulators 0.13",
        "presets of `ssms.rl`, for `hssm.RLSSM`",
        "https://github.com/lnccbrown/HSSM",
    ),
    "pyEM": Tool(
        "0.2.0 (commit ddc915e)", "`pyem.models.rl_mf`", "https://github.com/shawnrhoads/pyEM"
    ),
}

#: Languages without models of their own.
LANGUAGES = ("Stan", "PyMC")

_ZERO = "Values start at 0, and rewards are 1 and -1"

#: Models of other tools by the name of ours.
COUNTERPARTS: dict[str, tuple[Counterpart, ...]] = {
    "rescorla_wagner": (
        Counterpart(
            "hBayesDM",
            "bandit2arm_delta",
            {"alpha": "A", "beta": "tau"},
            f"{_ZERO}; `tau` is at most 5.",
        ),
        Counterpart(
            "hBayesDM",
            "banditNarm_delta",
            {"alpha": "A", "beta": "tau"},
            "Any number of arms; a gain and a loss per trial.",
        ),
        Counterpart(
            "HSSM",
            "2AB_RW_InvTempSoftmax",
            {"alpha": "rl_alpha", "beta": "beta"},
            "Values start at 0.5. `3AB_RW_InvTempSoftmax` and `4AB_RW_InvTempSoftmax` have more "
            "arms.",
        ),
        Counterpart(
            "pyEM",
            "rw1a1b",
            {"alpha": "alpha", "beta": "beta"},
            "Values start at 0.5; `beta` is at most 20.",
        ),
    ),
    "rescorla_wagner_two_rates": (
        Counterpart(
            "hBayesDM",
            "prl_rp",
            {"alpha_positive": "Arew", "alpha_negative": "Apun", "beta": "beta"},
            f"The rate depends on the sign of the reward, not of the error. {_ZERO}; `beta` is at "
            "most 10.",
        ),
        Counterpart(
            "hBayesDM",
            "pst_gainloss_Q",
            {"alpha_positive": "alpha_pos", "alpha_negative": "alpha_neg", "beta": "beta"},
            "For pairs of up to six stimuli; values start at 0 and `beta` is at most 10.",
        ),
        Counterpart(
            "HSSM",
            "2AB_RW_DualAlpha_InvTempSoftmax",
            {"alpha_positive": "rl_alpha", "alpha_negative": "rl_alpha_neg", "beta": "beta"},
        ),
        Counterpart(
            "pyEM",
            "rw2a1b",
            {"alpha_positive": "alpha_pos", "alpha_negative": "alpha_neg", "beta": "beta"},
            "Values start at 0.5; `beta` is at most 20.",
        ),
    ),
    "rescorla_wagner_forgetting": (
        Counterpart(
            "hBayesDM",
            "bandit4arm_lapse_decay",
            {"alpha": "Arew, Apun", "forgetting": "d", "beta": "R, P"},
            "Values of gains and losses are learnt apart, each with a rate (`Arew`, `Apun`) and a "
            "sensitivity (`R`, `P`) in place of an inverse temperature; they decay to 0, and "
            "there is a lapse rate (`xi`).",
        ),
    ),
    "rescorla_wagner_counterfactual": (
        Counterpart(
            "hBayesDM",
            "prl_fictitious_woa",
            {"alpha": "eta", "alpha_other": "eta", "beta": "beta"},
            f"One rate for both arms. {_ZERO}; `beta` is at most 10. `prl_fictitious` adds an "
            "indecision point, which it calls `alpha`.",
        ),
    ),
    "kalman_filter": (
        Counterpart(
            "hBayesDM",
            "banditNarm_kalman_filter",
            {"prior_variance": "s0", "drift": "sD", "beta": "beta"},
            "`s0` and `sD` are SDs, and outcomes have SD 4: `prior_variance` is `s0`² / 16 and "
            "`drift` is `sD`² / 16. It has three more parameters: decay (`lambda`), its centre "
            "(`theta`) and the initial mean (`mu0`). Without decay, `lambda` is 1.",
        ),
    ),
}

#: Parameters that variants add, in other tools.
ADDED: dict[str, tuple[Counterpart, ...]] = {
    "lapse": (
        Counterpart(
            "hBayesDM",
            "bandit4arm_lapse_decay",
            {"lapse": "xi"},
            "The same form: (1 - xi) times the softmax, plus xi divided by the number of arms.",
        ),
    ),
}
