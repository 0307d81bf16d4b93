"""A stand-in that ignores the data."""
