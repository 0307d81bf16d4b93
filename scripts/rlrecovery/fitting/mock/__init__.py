"""A mock estimator that ignores the data."""
