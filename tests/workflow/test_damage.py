"""Files of a finished study that were damaged: each is found and named by the job that reads it.

Bits are flipped, files are cut and exchanged with others. Nothing of this is read in silence, and
nothing ends with a traceback.
"""

import contextlib
import random
import re
from pathlib import Path

import pytest
from settings import MOCK, study

from rlrecovery.storage.files import BrokenFile, read_table
from workflow.inprocess import execute, run_here

EXPERIMENT = study(methods={"guess": MOCK, "other": MOCK}, trials=[20, 30], batch_size=2)
BASE = Path("results/small")
#: Files that jobs read, by the rule of the first of these jobs.
READ = {
    "fit": ("trials",),
    "score": ("truth", "estimates"),
    "summarise": ("scores", "begun.json"),
    "report": ("summary", "design.csv", "config.yaml", "provenance.json"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A finished study: its folder, and the jobs that were done."""
    folder = tmp_path_factory.mktemp("damage")
    return folder, run_here(folder, EXPERIMENT, figures=False).jobs


def files_read(folder):
    """All files that jobs read, with the rule of such a job, relative to the folder."""
    pairs = []
    for rule, parts in READ.items():
        for part in parts:
            found = [folder / BASE / part, *(folder / BASE / part).rglob("*")]
            pairs += [(path.relative_to(folder), rule) for path in found if path.is_file()]
    assert len(pairs) > 60
    return pairs


def read_by_a_job(path, rule, jobs):
    """Run the job that reads a file; what it says."""
    if path.suffix == ".parquet" and rule == "report":  # read in notebooks, and at the end of a run
        read_table(path)
        return "nothing"
    text_of = str(path).removesuffix(".sha256")
    job = next(j for j in jobs if j.rule.name == rule and (rule == "report" or text_of in j.input
               or text_of in map(str, j.input)))  # fmt: skip
    execute(job, figures=False)
    return "nothing"


def damaged(content, others, rng):
    """Content with a bit flipped (most often), cut, or that of another file."""
    kind = rng.choices(("flipped", "cut", "exchanged"), (8, 1, 1))[0]
    if kind == "cut":
        return kind, content[: rng.randrange(len(content))]
    others = [other for other in others if other != content]
    if kind == "exchanged" and others:
        return kind, rng.choice(others)
    changed = bytearray(content)
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return "flipped", bytes(changed)


def damage(whole, times, seed):
    """Damage as many files, one after the other; what was not found."""
    folder, jobs = whole
    rng, missed = random.Random(seed), []
    with contextlib.chdir(folder):
        pairs = [(path, rule) for path, rule in files_read(Path()) if path.stat().st_size]
        by_suffix = {}
        for path, _ in pairs:
            by_suffix.setdefault(path.suffix, []).append(path.read_bytes())
        by_rule = {rule: [pair for pair in pairs if pair[1] == rule] for rule in READ}
        for _ in range(times):
            path, rule = rng.choice(by_rule[rng.choice([*READ])])
            content, when = path.read_bytes(), path.stat()
            kind, bad = damaged(content, by_suffix[path.suffix], rng)
            path.write_bytes(bad)
            try:
                said = read_by_a_job(path, rule, jobs)
            except (BrokenFile, SystemExit) as error:
                said = str(error)
            except Exception as error:  # a traceback
                said = repr(error)
            path.write_bytes(content)
            assert path.stat().st_size == when.st_size
            named = re.escape(str(path).removesuffix(".sha256"))
            if not re.search(rf"{named} cannot be read", said) or "delete it" not in said:
                missed.append((str(path), kind, said))
    return missed


def test_damage_is_found_and_named(whole):
    assert damage(whole, 60, seed=1) == []


@pytest.mark.slow
def test_two_thousand_damages_are_found_and_named(whole):
    assert damage(whole, 2000, seed=2) == []


def test_the_files_are_read_when_they_are_whole(whole):
    folder, jobs = whole
    with contextlib.chdir(folder):
        for rule in READ:
            execute(next(job for job in jobs if job.rule.name == rule), figures=False)
