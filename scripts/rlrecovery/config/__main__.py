"""``python -m rlrecovery.config help``, ``schema`` or ``check FILE``."""

import sys

from rlrecovery.config.cli import main

if __name__ == "__main__":
    sys.exit(main())
