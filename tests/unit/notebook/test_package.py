"""The public names of the package, which are imported when they are used."""

import doctest
import importlib
import subprocess
import sys

import pytest
from settings import ROOT

import rlrecovery
from rlrecovery.storage import fingerprint

#: What `import rlrecovery` must not load: everything that a job does not need.
SLOW = ("numpy", "pandas", "pydantic", "pymc", "pytensor", "matplotlib", "scipy", "rlrecovery.")
#: Before PyTensor is imported, a folder for what it compiles is chosen.
NEEDED = ("rlrecovery.storage", "rlrecovery.storage.caches")
CODE = f"""
import sys
import rlrecovery
loaded = [name for name in sys.modules if name.startswith({SLOW!r}) and name not in {NEEDED!r}]
assert not loaded, loaded
from rlrecovery import {{names}}
print(*(name for name in ("pymc", "matplotlib", "arviz") if name in sys.modules))
"""


@pytest.mark.parametrize("names", ["load_study", "simulate, fit, recover"])
def test_the_package_is_imported_without_anything_else(names):
    command = [sys.executable, "-c", CODE.format(names=names)]
    environment = {"PYTHONPATH": str(ROOT / "scripts"), "PATH": ""}
    loaded = subprocess.check_output(command, env=environment, text=True)
    assert loaded.split() == []


@pytest.mark.parametrize("name", rlrecovery.__all__)
def test_every_public_name_exists_and_is_documented(name):
    value = getattr(rlrecovery, name)
    assert value.__doc__
    assert name in dir(rlrecovery)
    assert value.__module__.startswith("rlrecovery.notebook.")


@pytest.mark.parametrize("module", ["simulate", "fit", "recover", "study"])
def test_examples_in_docstrings(module):
    result = doctest.testmod(importlib.import_module(f"rlrecovery.notebook.{module}"))
    assert result.attempted > 0
    assert result.failed == 0


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'simulat'"):
        _ = rlrecovery.simulat


RULES = ["design", "simulate", "fit", "score", "summarise", "example", "predict", "figure"]


@pytest.mark.parametrize("rule", [*RULES, "typeset", "report"])
def test_no_job_depends_on_the_code_for_notebooks(rule):
    code = fingerprint.code_behind(f"door.{rule}")
    assert len(code) > 3
    assert [name for name in code if name.startswith("rlrecovery.notebook")] == []
    assert "rlrecovery" not in code
