"""The course report is a plug-in: without its folder, an experiment without a report runs, and measures the same."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.support.scripts import ROOT, run_script, tables_of

WORDS = ["--datasets", "moons", "--activations", "relu", "sigmoid", "--epochs", "3", "--seeds", "2"]
OF_THE_REPORT = ("claims.csv", "answers.csv", "controls.csv", "reproduction.csv", "sensitivity.csv", "highlights.csv")


@pytest.mark.slow
def test_an_experiment_without_a_report_runs_where_the_folder_is_deleted(tmp_path):
    copy = tmp_path / "project"
    for package in ("common", "kerascope"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(copy / "common" / "course_report")
    script = (ROOT / "exp_b_activation.py").read_text()
    without, changes = re.subn(r"^from common\.course_report.*\n|^    report=REPORT,\n", "", script, flags=re.MULTILINE)
    assert changes == 2
    (copy / "exp_b_activation.py").write_text(without)

    command = [sys.executable, "exp_b_activation.py", *WORDS, "--out", str(tmp_path / "without")]
    alone = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert alone.returncode == 0, alone.stderr
    reported = run_script("exp_b_activation.py", tmp_path / "with", *WORDS)
    assert reported.stdout.startswith(alone.stdout.rstrip()) and len(reported.stdout) > len(alone.stdout)

    folder, other = tmp_path / "without" / "exp_b_activation", tmp_path / "with" / "exp_b_activation"
    tables = tables_of(other)
    assert all(tables.pop(name) for name in OF_THE_REPORT) and tables_of(folder) == tables
    assert (other / "answers.md").is_file() and not (folder / "answers.md").exists()
    page = (folder / "report.html").read_text()
    assert 'id="results"' in page and 'id="verdicts"' not in page and 'id="answers"' not in page
    assert (tmp_path / "without" / "index.html").is_file()
