"""Parameter-recovery studies for reinforcement-learning models of behaviour."""

import os

__version__ = "0.1.0"

# Exact IEEE arithmetic in compiled code. PyTensor's default lets the compiler reorder sums, and how
# it does depends on whether a function was just compiled or came from the cache: last digits would
# differ between the first job on a machine and the next, and a sampler makes other draws of that.
_FLAGS = os.environ.get("PYTENSOR_FLAGS", "")
if "numba__fastmath" not in _FLAGS:
    os.environ["PYTENSOR_FLAGS"] = ",".join(filter(None, [_FLAGS, "numba__fastmath=False"]))
