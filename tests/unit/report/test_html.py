"""The page has its sections in order, escapes its inputs and loads no external resources."""

import base64
import hashlib
import html
import json
import re

import pandas as pd
import pytest
import summaries

from rlrecovery.config.study import read_resolved
from rlrecovery.report.html import (
    constant_parameters,
    page_data,
    two_step_methods,
    without_undefined_coverage,
)
from rlrecovery.score.results import load_summary
from rlrecovery.storage.files import BrokenFile
from unit.report.pages import HOSTILE, build, changed, words


def test_sections_are_in_their_order(page):
    names = ["answer", "evidence", "explorer", "figures", "tables", "methods", "reproduce"]
    positions = [page.index(f'<section id="{name}">') for name in [*names, "failures"]]
    assert positions == sorted(positions)


def test_the_page_has_the_config_and_the_reference(page):
    text = words(page)
    assert "10.1002/sim.8086" in text
    assert "Beta(alpha=1, beta=1)" in text
    assert "beta in [0, 50]" in text
    assert "seed: 20220417" in text


def test_the_limits_of_the_verdicts_are_on_the_page(page):
    text = words(page)
    for limit in ("at least 0.75", "below 0.5", "at most 70 %", "more than 100 %"):
        assert limit in text


def test_every_flagged_row_is_on_the_page(run, page):
    text = words(page)
    failures = pd.read_csv(run / "summary/failures.csv")
    counts = failures.groupby(["method", "level", "status", "reason"])["rows"].sum()
    for key, rows in counts.items():
        assert f"{' '.join(key)} {rows} " in text


def test_a_spread_of_zero_has_no_coverage(tmp_path):
    folder = summaries.write_run(
        tmp_path,
        truth={"alpha": [0.3], "beta": [5]},
        population={"alpha": {"spread": 0}, "beta": {"spread": 0.4}},
        methods=("hierarchical",),
        trials=(50,),
        replicates=3,
    )
    summary, experiment = load_summary(folder / "summary"), read_resolved(folder / "config.yaml")
    assert constant_parameters(summary, experiment) == ["alpha"]
    kept = without_undefined_coverage(summary, ["alpha"])
    coverage = kept.measure("coverage")
    rows = set(zip(coverage["parameter"], coverage["level"], strict=True))
    assert ("alpha", "spread") not in rows
    assert {("alpha", "participant"), ("beta", "spread")} <= rows


def test_a_two_step_group_estimate_depends_on_bounds(tiny, tiny_run):
    experiment = read_resolved(tiny_run / "config.yaml")
    assert two_step_methods(tiny, experiment) == ["mle"]
    design = pd.read_csv(tiny_run / "design.csv")
    group = {"measure": "share_at_bound", "level": "group"}
    for share, has_bound in ((0.0, False), (0.2, True)):
        data = page_data(changed(tiny, group, value=share, mcse=share / 2), experiment, design)
        lines = [line for line in data["parameters"][0]["shown"] if line["key"].level == "group"]
        assert [line["has_bound"] for line in lines] == [has_bound]


def test_the_page_says_on_how_many_replicates_each_line_rests(tiny, tiny_run):
    experiment, design = (
        read_resolved(tiny_run / "config.yaml"),
        pd.read_csv(tiny_run / "design.csv"),
    )
    data = page_data(changed(tiny, {"alpha": 0.3}, n=4), experiment, design)
    assert {line["replicates"] for line in data["parameters"][0]["shown"]} == {"4–5"}
    assert {line.replicates for line in data["lights"]} == {"4–5"}


def test_hostile_strings_are_escaped(tiny_folder):
    failure = {"method": "mle", "cell": "alpha-0.3_beta-5_n-3_t-50", "level": "participant"}
    failure |= {"status": "failed", "reason": HOSTILE, "rows": 3}
    pd.DataFrame([failure]).to_csv(tiny_folder / "summary/failures.csv", index=False)
    config = tiny_folder / "config.yaml"
    config.write_text(f"# {HOSTILE}\n{config.read_text()}")
    provenance = json.loads((tiny_folder / "provenance.json").read_text())
    provenance["versions"][HOSTILE] = HOSTILE
    (tiny_folder / "provenance.json").write_text(json.dumps(provenance))
    page = build(tiny_folder)
    assert "<script>alert" not in page
    assert words(page).count(HOSTILE) == 4


def test_a_caption_cannot_include_files_or_raw_html(tiny_folder):
    nasty = tiny_folder / "nasty.rst"
    nasty.write_text(
        ".. raw:: html\n\n   <script>1</script>\n\n.. include:: config.yaml\n\nGood.\n"
    )
    page = build(tiny_folder, captions={"recovery": nasty})
    assert "<script>1" not in page
    assert "Good." in page


def test_nothing_is_loaded_from_outside(page):
    page = re.sub(r"<script.*?</script>", "", page, flags=re.S)  # the browser tests run these
    loads = re.findall(r"(?:src|href|srcset|data|action)=\"([^\"]*)\"", page)
    assert loads
    assert all(load.startswith(("#", "data:image/svg+xml;base64,")) for load in loads)
    assert not re.search(r"<(script|link|iframe|object|embed|base)\b", page)
    assert "@import" not in page
    assert "url(" not in page
    assert "default-src 'none'" in page


def test_only_the_scripts_of_the_page_may_run(page):
    policy = html.unescape(page[: page.index("<title>")])
    allowed = set(re.findall(r"'sha256-([^']+)'", policy))
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.S)
    digests = {base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts}
    assert len(scripts) == 3
    assert digests == allowed


def test_figures_are_embedded_with_their_captions(page):
    assert page.count('src="data:image/svg+xml;base64,') == 2
    assert "<em>recovery</em>" in page
    assert page.count("Second paragraph.") == 2


def test_unfinished_and_mixed_results_are_stated_before_the_answer(tiny_folder):
    assert 'class="warning"' not in build(tiny_folder)
    path = tiny_folder / "provenance.json"
    origin = {"stage": "mle", "files": 1, "source": "fit:1", "versions": {}, "settings_match": True}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"made_by": [origin]}))
    design = pd.read_csv(tiny_folder / "design.csv")
    design.iloc[:1].to_csv(tiny_folder / "design.csv", index=False)
    page = build(tiny_folder)
    warnings = [match.start() for match in re.finditer('class="warning"', page)]
    assert len(warnings) == 2
    assert max(warnings) < page.index('<section id="answer">')
    assert "produced by fit:1" in page


@pytest.mark.parametrize(
    ("git", "state"),
    [
        (None, "not in a git repository"),
        ({"commit": "abc", "dirty": True}, "commit abc, with uncommitted changes"),
        ({"commit": "abc", "dirty": False}, "commit abc, without uncommitted changes"),
    ],
)
def test_the_git_state_is_stated(tiny_folder, git, state):
    path = tiny_folder / "provenance.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"git": git}))
    text = words(build(tiny_folder))
    assert state in text
    assert ("apply the changes that were uncommitted" in text) == bool(git and git["dirty"])


def test_a_page_without_true_values_estimates_and_flags(tmp_path):
    folder = summaries.write_run(
        tmp_path,
        truth={},
        population={
            "alpha": {"distribution": "Beta", "alpha": 2, "beta": 2},
            "beta": {"spread": 0},
        },
        methods=("mle", "bayes"),
        replicates=3,
    )
    recovery, failures = folder / "summary/recovery.csv", folder / "summary/failures.csv"
    table = pd.read_csv(recovery)
    table.loc[~table["measure"].str.startswith("share"), ["value", "mcse"]] = None
    table.to_csv(recovery, index=False)
    pd.read_csv(failures).iloc[:0].to_csv(failures, index=False)
    text = words(build(folder))
    assert not re.search(r"\bnan\b", text)
    assert "No fit failed" in text


def test_a_sampler_is_compared_with_the_exact_posterior(tiny_folder):
    assert "exact posterior" not in words(build(tiny_folder))
    row = {"sampled": "nuts", "exact": "grid", "cell": "a", "parameter": "alpha", "posteriors": 10}
    row |= {"rms_z": 1.1, "largest_difference": 0.05, "sd_ratio": 1.01}
    pd.DataFrame([row]).to_csv(tiny_folder / "summary/witness.csv", index=False)
    text = words(build(tiny_folder))
    assert "nuts versus grid, alpha: over 10 posteriors" in text
    assert "differ by 1.10 Monte Carlo standard errors" in text
    assert "Hierarchical models" not in text
    levels = [row | {"level": level} for level in ("participant", "group", "spread")]
    table = pd.DataFrame(levels).assign(data_sets=5, rms_error=0.0)
    table.to_csv(tiny_folder / "summary/witness.csv", index=False)
    text = words(build(tiny_folder))
    assert "participants of a data set are therefore not separate checks" in text
    assert "nuts versus grid, alpha of the group: over 10 posteriors in 5 data sets" in text


@pytest.mark.parametrize("name", ["config_file", "provenance_file", "design_file"])
def test_a_broken_file_is_named(tiny_folder, name):
    with pytest.raises(BrokenFile, match=r"nowhere"):
        build(tiny_folder, **{name: tiny_folder / "nowhere"})


def test_the_page_is_the_same_twice(tiny_folder):
    assert build(tiny_folder) == build(tiny_folder)


def test_what_to_run_is_on_the_page_of_a_study_with_requirements(tmp_path):
    folder = summaries.write_run(tmp_path, replicates=3, participants=(5,), methods=("mle",))
    assert "What should I run?" not in build(folder)
    section = {"heading": "precise: rmse", "paragraphs": [["mle", "Needs 81 <b>trials</b>."]]}
    text = {"introduction": "Sizes are searched.", "sections": [section]}
    (folder / "summary/advice.json").write_text(json.dumps(text))
    (folder / "designs.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "designs.rst").write_text("Caption of the designs.\n\nSecond paragraph.")
    shown = {"designs": folder / "designs.svg"}
    page = build(folder, figures=shown, captions={"designs": folder / "designs.rst"})
    part = page[page.index('<section id="required">') : page.index('<section id="evidence">')]
    assert "What should I run?" in part
    assert "Needs 81 &lt;b&gt;trials&lt;/b&gt;." in part
    assert "Caption of the designs." in part
    assert page.count("Caption of the designs.") == 1
