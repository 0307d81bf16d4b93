"""A model that a notebook defines, and data that is simulated by it."""

from rlrecovery.models.base import Model
from rlrecovery.models.library import ALPHA, BETA, learning_rate

#: As in the documentation.
DECREASING = Model(
    name="decreasing_rate",
    title="Rescorla-Wagner learning at a rate that decreases with every choice of an arm",
    citation="none",
    parameters=(ALPHA, learning_rate("decay", r"\delta", "decrease of the learning rate"), BETA),
    initial=lambda p: {"q": p.start_value, "rate": p.alpha},
    logit=lambda state, p: p.beta * state["q"],
    update=lambda state, chosen, reward, p: {
        "q": state["q"] + chosen * state["rate"] * (reward - state["q"]),
        "rate": state["rate"] * (1 - p.decay * chosen),
    },
)


def learner(name, rate=1.0):
    """A model with the parameters of Rescorla-Wagner, whose learning rate is multiplied."""
    return Model(
        name=name,
        title="a learner",
        citation="none",
        parameters=(ALPHA, BETA),
        initial=lambda p: {"q": p.start_value},
        logit=lambda state, p: p.beta * state["q"],
        update=lambda state, chosen, reward, p: {
            "q": state["q"] + rate * p.alpha * chosen * (reward - state["q"])
        },
    )
