"""Bayesian estimation by quadrature."""
