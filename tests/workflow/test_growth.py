"""What a study does again, and what not: after growth, in other batches, after a crash."""

import pandas as pd

from workflow.runs import BAYES, MEASURES, estimates, jobs, run, snakemake, study, write


def test_one_more_alpha_runs_its_own_cells_and_what_gathers_them(tmp_path):
    run(tmp_path, study(), MEASURES)
    before = {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for kind in ("trials", "truth", "estimates", "scores")
        for path in (tmp_path / "results/small" / kind).rglob("*.parquet")
    }
    grown = study(truth={"alpha": [0.1, 0.3, 0.60], "beta": [3.0]})
    plan = snakemake(tmp_path, MEASURES, "--configfile", write(tmp_path, grown), "-n")
    counts = jobs(plan.stdout + plan.stderr)
    assert counts["simulate"] == 2
    assert counts["fit"] == 2
    assert counts["score"] == 1
    assert counts["summarise"] == 1
    run(tmp_path, grown, MEASURES)
    for path, (content, changed) in before.items():
        assert path.read_bytes() == content
        assert path.stat().st_mtime_ns == changed
    measures = pd.read_csv(tmp_path / "results/small/summary/recovery.csv")
    assert set(measures["alpha"].dropna()) == {0.1, 0.3, 0.6}


def test_batches_change_no_number_of_a_sampler(tmp_path):
    tables = []
    for size in (1, 2):
        folder = tmp_path / str(size)
        folder.mkdir()
        one = study(truth={"alpha": [0.3], "beta": [3]}, replicates=2, batch_size=size)
        methods = {"bayes": BAYES | {"pooling": "partial"}}
        run(folder, one | {"methods": methods}, MEASURES, cores=size)
        tables.append(estimates(folder))
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_a_truncated_file_is_named_and_the_study_goes_on_where_it_stopped(tmp_path):
    config, base = write(tmp_path, study()), "results/small"
    parts = [f"{base}/{kind}/alpha-{alpha}_beta-3.0_n-2_t-20/00000-00001.parquet"
             for kind, alpha in (("estimates/guess", 0.3), ("trials", 0.6))]  # fmt: skip
    finished, broken = (tmp_path / part for part in parts)
    assert snakemake(tmp_path, *parts, "--configfile", config).returncode == 0
    first = finished.stat().st_mtime_ns
    broken.write_bytes(broken.read_bytes()[:100])
    failed = snakemake(tmp_path, MEASURES, "--configfile", config)
    text = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert f"{parts[1]} cannot be read" in text
    assert "delete it and run the workflow again" in text
    assert "Traceback" not in text
    broken.unlink()
    run(tmp_path, study(), MEASURES)
    assert finished.stat().st_mtime_ns == first
