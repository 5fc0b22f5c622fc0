"""An experiment is found by its file's name and its `EXPERIMENT`."""

import sys

from common.experiment import find
from common.paths import ROOT

SCRIPT = """
from common.experiment import COMMON, Experiment

EXPERIMENT = Experiment("exp_found", "", "", (), 1, COMMON, (), None, None, None)
"""


def test_all_scripts_of_the_project_are_found():
    assert list(find.find_experiments()) == sorted(path.stem for path in ROOT.glob("exp_*.py"))


def test_broken_scripts_are_left_out_with_a_warning_and_others_not_even_imported(tmp_path, monkeypatch, caplog):
    scripts = {
        "exp_found": SCRIPT,
        "exp_broken": f"{SCRIPT}1 / 0",
        "exp_unfinished": f"{SCRIPT}EXPERIMENT = (",
        "exp_ending": f"{SCRIPT}raise SystemExit(2)",
        "exp_of_another_kind": "\nEXPERIMENT = 3",
        "exp_copied": SCRIPT,
        "exp_notes": "raise AssertionError('imported')",
    }
    for name, text in scripts.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr(find, "ROOT", tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name in scripts:
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert list(find.find_experiments()) == ["exp_found"]
    assert all(f"{name}.py" in caplog.text for name in scripts if name not in ("exp_found", "exp_notes"))
    assert "exp_notes" not in caplog.text and "exp_notes" not in sys.modules
