"""A script in a process that has more to do: a notebook, its modules, its second `%run`."""

import json
import os
import subprocess
import sys

import pytest

from common.experiment.find import find_experiments
from tests.support.notebooks import run_notebook
from tests.support.scripts import ROOT, files_of
from tests.support.undrawn import run_undrawn

RUN = "import runpy, sys, types\n{before}\nsys.argv = sys.argv[1:]\nrunpy.run_path(sys.argv[0], run_name='__main__')"  # as %run does
WORDS = ["--datasets", "moons", "--activations", "relu", "sigmoid", "--epochs", "1", "--seeds", "1"]
FOREIGN = {
    "a module": "sys.modules['common'] = types.ModuleType('common')",
    "a package": "import common",  # in the current folder
    "another kerascope": "sys.modules['kerascope'] = types.ModuleType('kerascope'); sys.modules['kerascope'].__file__ = '/else/where.py'",
}


def run(before, script, *words, **kwargs):
    call = [sys.executable, "-c", RUN.format(before=before), str(ROOT / script), *map(str, words)]
    return subprocess.run(call, capture_output=True, text=True, **kwargs)


def test_a_module_that_python_itself_loads_at_its_start_is_named(tmp_path):
    """In the process of its own, too: there is no other to try."""
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "__init__.py").touch()
    (tmp_path / "sitecustomize.py").write_text("import common")
    call = [sys.executable, str(ROOT / "exp_a_loss.py"), "--help"]
    process = subprocess.run(call, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert process.returncode == 2 and process.stdout.startswith("exp_a_loss.py: error: Python loads") and str(tmp_path) in process.stdout


@pytest.mark.parametrize("name", find_experiments())
@pytest.mark.parametrize("before", FOREIGN.values(), ids=FOREIGN)
def test_a_module_of_the_same_name_stays_what_it_is_and_the_script_has_its_own(tmp_path, name, before):
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "__init__.py").write_text("")
    help_, mistake = (run(before, f"{name}.py", word, cwd=tmp_path) for word in ("--help", "--nonsense"))
    assert help_.returncode == 0 and f"usage: {name}.py" in help_.stdout, help_.stderr
    assert mistake.returncode == 2 and mistake.stdout.count("\n") == 1, mistake.stdout  # a notebook shows both in one place


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory):
    """The files of an ordinary call."""
    out = tmp_path_factory.mktemp("ordinary")
    process = run_undrawn("exp_b_activation.py", out, *WORDS)
    assert process.returncode == 0, process.stderr
    return files_of(out)


@pytest.mark.slow
def test_what_is_called_from_python_records_the_words_that_give_the_same_on_a_command_line(tmp_path):
    words = ["exp_b_activation.py", *WORDS, "--out", str(tmp_path)]
    code = f"import exp_b_activation; raise SystemExit(exp_b_activation.main({words[1:]}))"
    process = subprocess.run([sys.executable, "-c", code, "words", "of another"], cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    records = [json.loads(path.read_text()) for path in tmp_path.rglob("cell.json")]
    assert len(records) == 2 and all(record["command"] == words for record in records)
    assert " ".join(words) in (tmp_path / "exp_b_activation" / "report.html").read_text()


@pytest.mark.slow
def test_a_notebook_runs_a_script_twice_then_in_several_processes_and_beside_a_module_called_common(tmp_path, ordinary):
    """IPython empties the namespace of a file that it runs for the second time, and multiprocessing looks for `__spec__` there."""
    nbformat = pytest.importorskip("nbformat")
    (tmp_path / "common.py").write_text("mine = 42\n")
    script = f"%run {ROOT / 'exp_b_activation.py'} {' '.join(WORDS)} --out"
    sources = [f"{script} {tmp_path / 'first'}", f"{script} {tmp_path / 'second'} --jobs 2"]
    other = [f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import common", f"{script} {tmp_path / 'own'}", "print(common.mine)"]
    for cells in (sources, other):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        run_notebook(notebook, tmp_path)
        assert {output.output_type for cell in notebook.cells for output in cell.outputs} == {"stream"}  # no empty displays of a bar
        shown = ["".join(output.get("text", "") for output in cell.outputs) for cell in notebook.cells]
        ran = [text for cell, text in zip(notebook.cells, shown, strict=True) if "%run" in cell.source]
        assert ran and all("Two moons" in text and "Traceback" not in text for text in ran), shown
    assert shown[-1] == "42\n"
    assert files_of(tmp_path / "first") == files_of(tmp_path / "second") == files_of(tmp_path / "own") == ordinary
    assert os.listdir(tmp_path / "own")


def without_shared_memory(options):
    """The words before a command that give it another /dev/shm."""
    return ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs {options} none /dev/shm && exec "$@"', "sh"]


@pytest.mark.slow
@pytest.mark.parametrize(("options", "jobs"), [("-o ro", "2"), ("-o nr_inodes=1", "1")])
def test_without_semaphores_one_process_trains_and_a_line_says_so(tmp_path, options, jobs, ordinary):
    prefix = without_shared_memory(options)
    if subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("this system lets nobody mount")
    call = [*prefix, sys.executable, str(ROOT / "exp_b_activation.py"), "--out", str(tmp_path / "one"), "--jobs", jobs, *WORDS]
    process = subprocess.run(call, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    lines = process.stderr.splitlines()
    assert all(line.startswith("exp_b_activation.py: ") for line in lines), lines
    assert ["--jobs 2: the system has no semaphores" in line for line in lines].count(True) == (jobs == "2")
    assert files_of(tmp_path / "one") == ordinary


@pytest.mark.slow
@pytest.mark.parametrize(("options", "variable", "words"), [(["-W", "error::Warning"], "", []), ([], "error", ["--jobs", "2"])])
def test_warnings_of_packages_that_are_made_errors_fail_no_cell(tmp_path, options, variable, words):
    call = [sys.executable, *options, str(ROOT / "exp_b_activation.py"), "--out", str(tmp_path), *words, *WORDS]
    process = subprocess.run(call, env={**os.environ, "PYTHONWARNINGS": variable}, capture_output=True, text=True)
    assert process.returncode == 0 and "Traceback" not in process.stderr, process.stderr
