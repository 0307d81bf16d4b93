"""Mock studies and their figures, each written and drawn once."""

import pytest

from rlrecovery.score.results import load_summary
from unit.figures.pages import DESIGNS, TINY, VARIED, draw, write, write_varied


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Folder of the summary of a small study."""
    return write(tmp_path_factory.mktemp("tiny"), **TINY)


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Summaries by name of the design."""

    class Runs(dict):
        def __missing__(self, name):
            folder = tmp_path_factory.mktemp("run")
            varied = name in VARIED
            path = write_varied(folder, name) if varied else write(folder, **DESIGNS[name])
            self[name] = load_summary(path)
            return self[name]

    return Runs()


@pytest.fixture(scope="session")
def drawn(runs):
    """Figures by name of the design, name of the figure and width; tests must not change them."""

    class Drawn(dict):
        def __missing__(self, key):
            design, name, width = key
            self[key] = draw(name, runs[design], width)
            return self[key]

    return Drawn()
