"""The index of the pages is written whatever state other experiments' folders are in."""

import re

import pytest

from common.experiment.find import find_experiments
from common.page import index

EXPERIMENTS = find_experiments()
VERDICTS = b"dataset,id,verdict\ndigits,A,supported\ndigits,B,supported\ndigits,C,contradicted\n"
DAMAGED = (None, b"", b"\xff\xfe\x00", b"dataset\n1\n", b"dataset,verdict\n,\n<b>,<script>\n")


@pytest.mark.parametrize("claims", [VERDICTS, *DAMAGED])
def test_the_index_links_what_was_run_and_counts_the_verdicts_that_it_can_read(claims, tmp_path):
    folder = tmp_path / "exp_a_loss"
    folder.mkdir()
    (folder / "report.html").touch()
    if claims is not None:
        (folder / "claims.csv").write_bytes(claims)
    index.write_index(tmp_path, EXPERIMENTS)
    page = (tmp_path / "index.html").read_text()
    assert re.findall('<a href="(.*?)"', page) == ["exp_a_loss/report.html"] and "python exp_c_optimizer.py" in page
    assert ("2 supported, 1 contradicted" in page) == (claims == VERDICTS) and "<script>" not in page and "<b>" not in page


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_index_and_the_help_ask_the_same_question(name, tmp_path):
    index.write_index(tmp_path, EXPERIMENTS)
    question = EXPERIMENTS[name].question
    assert f"<p>{question}</p>" in (tmp_path / "index.html").read_text()
    assert question[1:] in " ".join(EXPERIMENTS[name].description.split())
