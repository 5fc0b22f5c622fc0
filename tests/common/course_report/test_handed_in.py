"""answers.md is a document that a Markdown reader understands: with its figures, and with no text taken for markup."""

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt  # which rich needs

from common.course_report import handed_in
from common.course_report.answers import COLUMNS
from common.course_report.control_runs import MISSING
from common.course_report.questions import Question
from common.course_report.verdicts import Verdict
from common.experiment import Report
from common.results import gather
from common.results.results import Results
from tests.support import sweeps
from tests.support.made_up_controls import control

HARMLESS = "no markup at all"
EVIL = "hidden_1 _a b_ *c* `d` <script>e</script> [f](g) [0.1, 0.2] [h]: i \\ 1 < 2 |log(x)| ![j](k)"


def results(folder, experiment=sweeps.EXPERIMENT):
    return Results(experiment, [sweeps.cell()], {}, {}, folder, {})


def document_with(text, folder):
    """The tokens of the document of two answers whose texts are all `text`: `(tokens, their text)`."""
    row = {**dict.fromkeys(COLUMNS, text), "dataset": "moons", "verdict": "no", "answer": f"No: {text}", "figures": ["x_moons.png"]}
    row |= {"evidence": f"{text}\n{text}"}
    rows = [{**row, "id": f"Q{number}", "outcomes": [text] * number, "figures": row["figures"][number:]} for number in range(3)]
    rows[2]["became"] = ""
    written = handed_in.document(results(folder), rows, ("", ""))
    tokens = [one for token in MarkdownIt("commonmark").enable("table").parse(written) for one in (token, *(token.children or []))]
    return tokens, [token.content for token in tokens if token.type in ("text", "text_special")]


@pytest.mark.parametrize("text", [EVIL, "1. one\n# two".splitlines()[0], "- a list", "word_ _word_ __init__"])
def test_no_text_becomes_markup(text, tmp_path):
    """The same elements as of harmless text; and all the letters of the text are there."""
    (plain, _), (tried, words) = document_with(HARMLESS, tmp_path), document_with(text, tmp_path)
    shapes = [[token.type for token in tokens if token.type not in ("text", "text_special")] for tokens in (plain, tried)]
    assert shapes[0] == shapes[1]
    assert "".join(words).count(text) >= len(COLUMNS) - 4


def test_the_figures_are_images_by_name_and_the_words_stand_in_a_table(tmp_path):
    tokens, _ = document_with(HARMLESS, tmp_path)
    assert [token.attrs["src"] for token in tokens if token.type == "image"] == ["x_moons.png"]
    assert sum(token.type == "tr_open" for token in tokens) == 4 and [token.content for token in tokens if token.content == "no"]


def test_only_figures_that_were_drawn_are_named_those_of_controls_in_front(tmp_path):
    question = Question("Q", "", "", "", figures=("curves_{dataset}", "not_drawn_{dataset}"))
    ran, waits, undrawn = (replace(control(name), datasets=("moons",)) for name in ("ran", "waits", "undrawn"))
    verdicts = [Verdict(ran, "moons", "undecided"), Verdict(waits, "moons", "not run", MISSING), Verdict(undrawn, "moons", "supported")]
    for name in ("curves_moons.png", "ran_moons.png", "waits_moons.png", "ran_digits.png"):
        (tmp_path / name).touch()
    asked = {"dataset": "moons", "id": "Q", "seen": "a is seen.\nb is seen.", "mechanism": "Why a.\n"}
    (row,) = handed_in.with_figures([asked], [question], verdicts, tmp_path)
    assert row["figures"] == ["ran_moons.png", "curves_moons.png"]
    assert row["outcomes"] == ["a is seen. Why a.", "b is seen."]


def test_what_waits_stands_there_with_its_command(tmp_path):
    assert "Waiting for it: `python exp_x.py`" in handed_in.document(results(tmp_path), [], ("Waiting for it:", "python exp_x.py"))


def test_a_reports_files_are_replaced_at_each_call_and_whole(tmp_path, monkeypatch):
    class Told(Report):
        text = "first ±"

        def files(self, results):
            return {"answers.md": self.text}

    report = Told()
    of = results(tmp_path, replace(sweeps.EXPERIMENT, report=report))
    of.folder.mkdir()
    for report.text in ("first ±", "second ±"):
        gather.write_files(of)
        assert [path.name for path in of.folder.iterdir()] == ["answers.md"]
        assert (of.folder / "answers.md").read_text(encoding="utf-8") == report.text
