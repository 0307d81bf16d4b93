"""Bayesian estimation by NUTS."""
