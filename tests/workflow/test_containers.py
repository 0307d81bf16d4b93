"""The container has the locked environment and nothing else; no registry here to build it from."""

import re

from workflow.runs import ROOT

TEXT = (ROOT / "envs/Containerfile").read_text()
STEPS = [
    line for line in TEXT.replace("\\\n", " ").splitlines() if line and not line.startswith("#")
]


def steps(kind):
    return [line.removeprefix(kind).split() for line in STEPS if line.startswith(f"{kind} ")]


def test_it_starts_from_the_projects_python_by_name():
    version = (ROOT / ".python-version").read_text().strip()
    assert steps("FROM") == [[f"python:{version}-slim"]]


def test_it_installs_exactly_the_lock():
    assert steps("COPY") == [["envs/requirements.lock", "/opt/requirements.lock"]]
    (install,) = steps("RUN")
    assert install[:4] == ["python", "-m", "pip", "install"]
    assert {"--require-hashes", "--no-deps"} <= set(install)
    assert install[-2:] == ["--requirement", "/opt/requirements.lock"]
    assert not [word for word in install[4:-1] if not word.startswith("--")]


def test_it_names_no_registry():
    assert "://" not in TEXT
    assert not re.search(r"--(extra-)?index|--find-links", TEXT)
