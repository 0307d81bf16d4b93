"""Without a home folder that can be written to, everything works, and one sentence says where."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
VARIABLES = ("PYTENSOR_FLAGS", "MPLCONFIGDIR", "PYTENSORRC", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
#: A study that is computed in seconds.
STUDY = """
run: small
seed: 1
task: {arms: [0.4, 0.6], blocks: 1, start_value: 0.5}
model: rescorla_wagner
truth: {alpha: [0.3], beta: [3]}
population: {alpha: {spread: 0.5}, beta: {spread: 0.3}}
participants: [3]
trials: [30]
replicates: 2
batch_size: 2
interval_levels: [0.5, 0.95]
methods: {mle: {estimator: mle}}
"""
PRINTED = "import os; print(os.environ.get('PYTENSOR_FLAGS'), os.environ.get('MPLCONFIGDIR'))"


def python(code, temporary, home="/dev/null", **variables):
    """Run code in a process of its own; a file as home is not writable even for root."""
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    given = {"HOME": str(home), "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT / "scripts")}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=kept | given | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_whole_fit_works_and_one_sentence_says_where_code_is_kept(tmp_path):
    code = (
        "import rlrecovery, matplotlib.pyplot\n"
        "truth = {'alpha': 0.3, 'beta': 3}\n"
        "data = rlrecovery.simulate(truth=truth, participants=2, trials=20, seed=1)\n"
        "print(len(rlrecovery.fit(data).estimates))\n"
    )
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
    folder = tmp_path / f"rlrecovery-{os.getuid()}"
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith(
        f"note: ~/.pytensor cannot be written to, so that compiled code is kept in {folder}; "
    )
    assert (folder / "pytensor").is_dir()
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_a_run_of_the_workflow_works(tmp_path):
    config = tmp_path / "study.yaml"
    config.write_text(STUDY)
    words = ["results/small/summary/recovery.csv", "--snakefile", str(ROOT / "Snakefile")]
    words += ["--directory", str(tmp_path), "--cores", "1", "--configfile", str(config)]
    code = f"import sys; from rlrecovery.commands.run import main; sys.exit(main({words}))"
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "results/small/summary/recovery.csv").is_file()
    assert done.stderr.count("cannot be written to") == 1  # jobs know the other folder


def test_what_can_be_written_to_is_used(tmp_path):
    done = python(f"import rlrecovery; {PRINTED}", tmp_path, home=tmp_path / "home")
    assert (done.stdout, done.stderr) == ("None None\n", "")
    (made,) = (tmp_path / "home").iterdir()
    assert made.name == ".pytensor"
    assert list(made.iterdir()) == []  # and nothing else is made before it is needed
    flags = f"floatX=float64,base_compiledir={tmp_path}/code"
    done = python(f"import rlrecovery; {PRINTED}", tmp_path, PYTENSOR_FLAGS=flags)
    assert (done.stdout, done.stderr) == (f"{flags} None\n", "")


def test_other_settings_of_pytensor_are_kept(tmp_path):
    flags = "floatX=float64,base_compiledir=/dev/null/code"
    done = python(f"import rlrecovery; {PRINTED}", tmp_path, PYTENSOR_FLAGS=flags)
    folder = tmp_path / f"rlrecovery-{os.getuid()}"
    expected = f"floatX=float64,base_compiledir={folder}/pytensor {folder}/matplotlib\n"
    assert done.stdout == expected
    assert "/dev/null/code cannot be written to" in done.stderr


@pytest.mark.parametrize("trap", ["open", "link"])
def test_a_folder_that_others_can_write_to_is_not_used(tmp_path, trap):
    expected = tmp_path / f"rlrecovery-{os.getuid()}"
    if trap == "open":
        expected.mkdir()
        expected.chmod(0o777)
    else:
        (tmp_path / "elsewhere").mkdir(mode=0o777)
        expected.symlink_to(tmp_path / "elsewhere")
    done = python(f"import rlrecovery; {PRINTED}", tmp_path)
    folder = done.stdout.split()[0].removeprefix("base_compiledir=").removesuffix("/pytensor")
    assert folder != str(expected)
    assert Path(folder).parent == tmp_path
    assert Path(folder).stat().st_mode & 0o777 == 0o700


SUBFOLDERS = ["", "rlrecovery", "numba", "compiledir_here"]


class TestCodeThatOthersCanChange:
    """A folder of compiled code is the user's own, or nothing is run."""

    def imported(self, base, umask=0o022, **variables):
        code = f"import os; os.umask({umask}); import rlrecovery; print('imported')"
        flags = {"PYTENSOR_FLAGS": f"base_compiledir={base}"}
        return python(code, base.parent, **flags | variables)

    def refused(self, base, folder, **variables):
        done = self.imported(base, **variables)
        assert (done.returncode, done.stdout) == (1, "")
        (sentence,) = done.stderr.splitlines()
        assert str(folder) in sentence
        return sentence

    @pytest.mark.parametrize("inner", SUBFOLDERS)
    @pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
    def test_one_in_which_others_can_write_is_refused(self, tmp_path, inner, mode):
        folder = tmp_path / "code" / inner
        folder.mkdir(parents=True)
        (tmp_path / "code").chmod(0o755)
        folder.chmod(mode)
        sentence = self.refused(tmp_path / "code", folder)
        assert sentence.startswith(f"error: other users can write to {folder} (d")
        assert "delete it, and it is made again" in sentence
        folder.rmdir()
        done = self.imported(tmp_path / "code")
        assert (done.stdout, done.stderr) == ("imported\n", "")

    @pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
    @pytest.mark.parametrize("inner", SUBFOLDERS)
    def test_one_of_somebody_else_is_refused(self, tmp_path, inner):
        folder = tmp_path / "code" / inner
        folder.mkdir(parents=True)
        (tmp_path / "code").chmod(0o755)
        os.chown(folder, 54321, 54321)
        sentence = self.refused(tmp_path / "code", folder)
        assert sentence.startswith(f"error: {folder} belongs to user 54321, ")
        assert "PYTENSOR_FLAGS=base_compiledir=FOLDER" in sentence

    def test_a_link_into_an_open_folder_is_refused(self, tmp_path):
        (tmp_path / "open").mkdir()
        (tmp_path / "open").chmod(0o777)
        (tmp_path / "code").mkdir(mode=0o700)
        (tmp_path / "code/numba").symlink_to(tmp_path / "open")
        self.refused(tmp_path / "code", tmp_path / "code/numba")

    @pytest.mark.parametrize("variable", ["NUMBA_CACHE_DIR", "PYTENSOR_FLAGS"])
    def test_so_are_folders_that_are_named_apart(self, tmp_path, variable):
        (tmp_path / "open").mkdir()
        (tmp_path / "open").chmod(0o777)
        value = str(tmp_path / "open")
        if variable == "PYTENSOR_FLAGS":
            value = f"base_compiledir={tmp_path}/code,compiledir={value}"
        self.refused(tmp_path / "code", tmp_path / "open", **{variable: value})

    @pytest.mark.parametrize("name", ["base_compiledir", "compiledir"])
    def test_so_are_folders_that_the_files_of_pytensor_name(self, tmp_path, name):
        """Of a list of files the last one holds, as PyTensor reads them."""
        (tmp_path / "open").mkdir()
        (tmp_path / "open").chmod(0o777)
        files = [tmp_path / "first", tmp_path / ".pytensorrc"]
        files[0].write_text(f"[global]\n{name} = {tmp_path}/good\n")
        files[1].write_text(f"[global]\n{name} = %(TMPDIR)s/open\n")
        code = f"import rlrecovery, pytensor; print(pytensor.config.{name})"
        done = python(code, tmp_path, home=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"error: other users can write to {tmp_path}/open (d")
        (tmp_path / "open").chmod(0o700)
        assert python(code, tmp_path, home=tmp_path).stdout == f"{tmp_path}/open\n"
        files[1].chmod(0o600)
        names = ":".join(map(str, reversed(files)))
        done = python(code, tmp_path, home=tmp_path, PYTENSORRC=names)
        assert done.stdout == f"{tmp_path}/good\n"

    def test_a_folder_named_in_a_file_that_cannot_be_written_to_is_replaced(self, tmp_path):
        (tmp_path / ".pytensorrc").write_text("[global]\nbase_compiledir = /dev/null/code\n")
        code = "import rlrecovery, pytensor; print(pytensor.config.base_compiledir)"
        done = python(code, tmp_path, home=tmp_path)
        assert done.stdout == f"{tmp_path}/rlrecovery-{os.getuid()}/pytensor\n"
        assert "/dev/null/code cannot be written to" in done.stderr

    @pytest.mark.parametrize("mode", [0o700, 0o750, 0o755])
    def test_one_that_others_can_only_read_is_used_also_below_tmp(self, tmp_path, mode):
        (tmp_path / "tmp").mkdir()
        (tmp_path / "tmp").chmod(0o1777)
        folder = tmp_path / "tmp/code/numba"
        folder.mkdir(parents=True)
        folder.chmod(mode)
        folder.parent.chmod(mode)
        done = self.imported(folder.parent)
        assert (done.stdout, done.stderr) == ("imported\n", "")

    def test_new_ones_are_the_users_own_whatever_the_umask_is(self, tmp_path):
        base = tmp_path / "new/code"
        assert self.imported(base, umask=0o002).stdout == "imported\n"
        assert base.stat().st_mode & 0o777 == 0o700
        # PyTensor makes its own folders as the umask says; nobody else reaches them there.
        (base / "numba").mkdir()
        (base / "numba").chmod(0o775)
        assert self.imported(base, umask=0o002).stdout == "imported\n"
