"""The record of what was made holds only for files that are exactly those that were made."""

import json

import pytest

from common.store import made

ORIGIN = "0f3a"


@pytest.fixture
def folder(tmp_path):
    for name in ("table.csv", "curves.png", "curves.svg", "report.html", "answers.md"):
        (tmp_path / name).write_bytes(f"content of {name}".encode())
    (tmp_path / ".lock").touch()
    made.keep(tmp_path, ORIGIN, text="a row ±", figures=1)
    return tmp_path


def changed(path, old, new):
    path.write_bytes(path.read_bytes().replace(old, new))


HARM = {
    "a table is altered": lambda folder: changed(folder / "table.csv", b"of", b"0f"),
    "a figure is cut short": lambda folder: (folder / "curves.png").write_bytes(b"content"),
    "a figure's SVG is altered": lambda folder: changed(folder / "curves.svg", b"of", b"0f"),
    "a figure's SVG is gone": lambda folder: (folder / "curves.svg").unlink(),
    "the page is empty": lambda folder: (folder / "report.html").write_bytes(b""),
    "a document is altered": lambda folder: changed(folder / "answers.md", b"of", b"0f"),
    "a table is gone": lambda folder: (folder / "table.csv").unlink(),
    "a figure has another name": lambda folder: (folder / "curves.png").rename(folder / "curve.png"),
    "a figure of another call is there": lambda folder: (folder / "off.png").touch(),
    "a table is a folder": lambda folder: ((folder / "table.csv").unlink(), (folder / "table.csv").mkdir()),
    "the record's text is altered": lambda folder: changed(folder / made.MADE, b"a row", b"no row"),
    "the record's number is altered": lambda folder: changed(folder / made.MADE, b'"figures": 1', b'"figures": 2'),
    "the record is cut short": lambda folder: (folder / made.MADE).write_bytes((folder / made.MADE).read_bytes()[:-9]),
    "the record is a list": lambda folder: (folder / made.MADE).write_text("[]"),
    "the record is a number": lambda folder: (folder / made.MADE).write_text("1"),
    "the record is nested beyond reason": lambda folder: (folder / made.MADE).write_text("[" * 100_000),
    "the record is not UTF-8": lambda folder: (folder / made.MADE).write_bytes(b"\xff\xfe\x00"),
    "the record has no digests": lambda folder: (folder / made.MADE).write_text(json.dumps({"origin": ORIGIN})),
    "there is no record": made.forget,
}


@pytest.mark.parametrize("case", HARM)
def test_what_is_not_as_it_was_made_is_not_kept(case, folder):
    assert made.kept(folder, ORIGIN) is not None
    HARM[case](folder)
    assert made.kept(folder, ORIGIN) is None


def test_the_record_gives_back_what_it_was_given(folder):
    record = made.kept(folder, ORIGIN)
    assert (record["text"], record["figures"]) == ("a row ±", 1)
    (folder / ".lock").write_bytes(b"x")
    (folder / "notes.txt").touch()  # of no kind that is made
    assert made.kept(folder, ORIGIN) == record


@pytest.mark.parametrize("origin", ["0f3b", "", None])
def test_files_of_another_origin_or_of_none_are_not_kept(origin, folder):
    assert made.kept(folder, origin) is None
    made.keep(folder, None)
    assert made.kept(folder, None) is None
