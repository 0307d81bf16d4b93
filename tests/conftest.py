"""The package is imported before anything else, because it says how PyTensor compiles."""

import rlrecovery  # noqa: F401
