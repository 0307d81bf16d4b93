"""Parameter-recovery studies for reinforcement-learning models of behaviour."""

__version__ = "0.2.0"
