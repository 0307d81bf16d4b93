"""Requirements in a study: what is answered, and that nothing finished is computed again."""

import json

import pandas as pd
import yaml

from rlrecovery.advice.precision import Step
from rlrecovery.commands.next_config import write_next
from rlrecovery.config.reader import load
from workflow.inprocess import plan, run_here
from workflow.runs import FINISHED

TARGETS = {"precise": {"measure": "rmse", "parameter": "alpha", "at_most": 0.2}}
SUMMARY = "results/small/summary"
REQUIRED = FINISHED | {"targets": TARGETS, "cost": {"participant": 1, "trial": 0.1}}


def test_requirements_are_answered_without_new_fits(copied):
    done = run_here(copied, REQUIRED, f"{SUMMARY}/advised.csv")
    assert done.counts == {"design": 1, "summarise": 1, "advise": 1}
    advised = pd.read_csv(copied / SUMMARY / "advised.csv")
    assert set(advised["requirement"]) == {"precise"}
    assert set(advised["kind"]) == {"measured"}
    text = json.loads((copied / SUMMARY / "advice.json").read_text())
    (section,) = text["sections"]
    assert section["heading"].startswith("precise: ")


def test_a_study_with_requirements_has_a_figure_of_them(copied):
    figures = [path for path in plan(copied, REQUIRED).outputs("figure") if "designs" in path]
    assert len(figures) == 1
    assert "advise" not in plan(copied, FINISHED).counts


def test_the_next_designs_are_the_only_new_cells(copied):
    (copied / "study.yaml").write_text(yaml.safe_dump(REQUIRED))
    step = Step("precise", "mle", 0.5, trials=40)
    write_next(copied / "study.yaml", copied / "next.yaml", load(copied / "study.yaml"), step)
    planned = plan(copied, copied / "next.yaml", f"{SUMMARY}/recovery.csv")
    assert all("t-40" in path for rule in ("simulate", "fit") for path in planned.outputs(rule))
    assert planned.counts["simulate"] == 2
