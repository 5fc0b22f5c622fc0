"""Tables for the screen, whatever the screen."""

import os
import subprocess
import sys

import pytest

from tests.support.scripts import ROOT

CODE = """
from common.results.console import aligned
print(*aligned(["setting"] * 3 + ["measure"] * 9, [["a word that takes room"] * 3 + ["12.3 [4.5, 67.8]"] * 9], 3), sep="\\n")
"""


@pytest.mark.parametrize("terminal", [{"TERM": "dumb", "FORCE_COLOR": "1"}, {"TERM": "unknown", "FORCE_COLOR": "1"}, {"COLUMNS": "20"}, {}])
def test_no_table_is_cut(terminal):
    environment = {name: value for name, value in os.environ.items() if name not in ("TERM", "FORCE_COLOR", "COLUMNS")} | terminal
    text = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    header, row = text.splitlines()
    assert header.split() == ["setting"] * 3 + ["measure"] * 9
    assert row.split() == ["a", "word", "that", "takes", "room"] * 3 + ["12.3", "[4.5,", "67.8]"] * 9
