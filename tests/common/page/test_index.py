"""The index of the pages is written whatever state other experiments' folders are in."""

import pytest

from common.page import index


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        (
            b"dataset,id,verdict\ndigits,A,supported\ndigits,B,supported\ndigits,C,contradicted\n",
            "Claims on Digits: 2 supported, 1 contradicted.",
        ),
        (None, "A: the loss"),
        (b"", "A: the loss"),
        (b"\xff\xfe\x00", "A: the loss"),
        (b"dataset\n1\n", "A: the loss"),
        (b"dataset,verdict\n,\n<b>,<script>\n", "A: the loss"),
    ],
)
def test_the_index_says_what_it_can(claims, says, tmp_path):
    folder = tmp_path / "exp_a_loss"
    folder.mkdir()
    (folder / "report.html").write_text("")
    if claims is not None:
        (folder / "claims.csv").write_bytes(claims)
    index.write_index(tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert says in page and 'href="exp_a_loss/report.html"' in page and "<script>" not in page and "<b>" not in page
