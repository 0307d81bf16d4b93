"""Cognitive models and probability distributions.

base             the model contract: parameters, hidden state, learning rule, choice rule
library          the models, each defined once
variants         a model with a lapse rate, a free start value or fixed parameters
distributions    named distributions: populations and priors
settings         base class of all settings, and types of config values
prior_settings   settings of populations and priors
"""
