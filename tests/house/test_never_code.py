"""Nothing that is read from a folder is run as code, and no text becomes markup in the page."""

import ast
import html.parser
import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from common.course_report import dot_plot
from common.course_report.intervals import Group, Row
from common.course_report.report import TEMPLATES
from common.experiment import Finding, Section
from common.page.html import render
from common.page.pictures import Group as PictureGroup
from common.page.pictures import Picture
from common.store import cells, checkpoints
from tests.support.scripts import ROOT
from tests.support.sweeps import cell

PRODUCT = [*ROOT.glob("*.py"), *ROOT.glob("common/**/*.py"), *ROOT.glob("kerascope/**/*.py"), *ROOT.glob("kaggle/*.py")]
OWN_PROCESS = """runpy.run_path(os.path.join(os.path.dirname(os.path.realpath(__file__)), "common", "own_process.py"), {"""
MODULES = {"pickle", "cloudpickle", "dill", "marshal", "shelve", "yaml", "runpy"}
CALLS = {"eval", "exec", "compile", "__import__", "read_pickle", "load_model", "model_from_json", "from_string", "literal_eval"}
COMPILE = ("re", "self", "stack", "model", "super", "twin", "alone", "")  # whose `compile` is another


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_can_turn_data_into_code(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = {alias.name.split(".")[0] for alias in node.names} | {(getattr(node, "module", "") or "").split(".")[0]}
            runs_its_own = path.parent == ROOT and path.read_text().count("runpy.") == path.read_text().count(OWN_PROCESS) == 1
            assert not modules & MODULES - ({"runpy"} if runs_its_own else set())
        if isinstance(node, ast.Constant):
            assert node.value not in MODULES  # the name of a LazyModule
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            owner = getattr(getattr(node.func, "value", None), "id", "")
            assert name not in CALLS or (name == "compile" and owner in COMPILE), f"line {node.lineno}"
            if name == "load" and owner in ("np", "numpy", "joblib"):
                settings = {keyword.arg: getattr(keyword.value, "value", None) for keyword in node.keywords}
                assert owner != "joblib" and settings.get("allow_pickle") is False, f"line {node.lineno}"


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_pickle_in_place_of_an_array_is_not_opened(tmp_path, caplog):
    sprung = tmp_path / "sprung"
    content = io.BytesIO()
    np.savez(content, origin=np.array(checkpoints.origin(cell())), weights=np.array([Trap(sprung)], dtype=object))
    checkpoints.write(cell(), tmp_path, content.getvalue())
    assert checkpoints.read(cell(), tmp_path) is None and "damaged" in caplog.text
    cells.write(cell(), tmp_path, {"units.npz": content.getvalue()}, {})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        cells.read_arrays(cell(), tmp_path, "units")
    with np.load(io.BytesIO(content.getvalue()), allow_pickle=True) as arrays, arrays["weights"][0]:
        assert sprung.exists()  # the trap would have worked


class Markup(html.parser.HTMLParser):
    """The elements of a page with the names of their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, [name for name, _ in attributes]))

    def handle_data(self, text):
        self.text += text


def page_with(text):
    """The markup of a page in which a text stands wherever a flag, a file name or a table could bring it."""
    block = {"dataset": text, "settings": text, "conditions": text, "header": [text], "rows": [[text, text]]}
    verdict = SimpleNamespace(claim=SimpleNamespace(id=text, reason=text), verdict=text)
    row = Row(verdict, 1, text, text, text, text, text, 0.5, (0.5, 0.1, 0.9, 0.3, 0.2), (False, True))
    verdicts = {**dict.fromkeys(("heading", "counts", "dataset", "seeds", "command", "not_run", "command_to_run"), text), "header": [text]}
    verdicts |= {"remarks": [text], "groups": [Group(text, 0.5, [(0.5, text)], [row])]}
    part = {**dict.fromkeys(("dataset", "anchor", "verdict", "rest", "report_said"), text), "evidence": [text], "became": [text]}
    picture = Picture(1, text, text, text, text, text, 4, 3, 400, 1, frozenset())
    part |= {name: [(text, text)] for name in ("why", "more", "behind")} | {"figures": [picture], "shown": picture}
    card = {"id": text, "question": text, "asks": text, "parts": [part]}
    amounts = ("report", "mean", "sd", "low", "high", "pred_low", "pred_high")
    number = dict.fromkeys(("what", "source", "n", "verdict", "why", "label", *amounts), text)
    strip = dot_plot.Row(text, text, text, text, text, {"mean": 0.5}, {"mean": 50.0})
    dots = {"dataset": text, "parts": [(text, [dot_plot.Group(text, [(50.0, text)], [strip])])]}
    of_report = {
        "verdicts": {"verdicts": [verdicts], "intro": text, "family": text, "what": text},
        "answers": {"cards": [card], "intro": text, "file": text, "waiting": (text, text)},
        "formula": {"lines": [text]},
        "reproduction": {"dots": [dots], "reproduction": [number], "reproduced": [text], "checks": ([text], [[text, text]])},
    }
    assert {f"{name}.html" for name in of_report} == {path.name for path in TEMPLATES.iterdir()}
    sections = [Section(name, text, text, render(f"{name}.html", TEMPLATES, **words), True) for name, words in of_report.items()]
    sections.append(Section(text, text, text, text))  # of a report whose author forgot that it is to be markup
    content = {
        **dict.fromkeys(("title", "question", "means"), text),
        "findings": [("", [Finding(text, text, text, text, text)]), (text, [])],
        "head": [(text, picture)],
        "datasets": [text, text],
        "sections": sections,
        "results": [{**block, "columns": [(text, text), (text, text)]}],
        "glossary": [(text, text, text)],
        "colors": "",
        "spread": [{**block, "heading": text}],
        "words": 1,
        "curves": [{"dataset": text, "arms": [{"label": text}]}],
        "figures": [{"dataset": text, "groups": [PictureGroup(text, [picture], [picture], False)], "missing": [text]}],
        "commands": [text],
        "places": [{"device": text, "python": text, "versions": {text: text}, "git": {"commit": text, "dirty": True}}],
        "seconds": 1,
        "cells": 1,
        "tables": [text],
    }
    return Markup(str(render("page.html", **content)))


def test_the_index_holds_text_only_as_text():
    evil = "</li><script>alert(1)</script>"
    entry = {"name": "exp_a_loss", "title": evil, "question": evil, "page": evil, "lines": [evil]}
    found = {"sentence": evil, "datasets": [(evil, evil)], "page": evil, "png": "AAAA", "figure": Path(evil)}
    assert evil not in render("index.html", experiments=[entry], found=[found])


def test_text_stays_text_in_the_page():
    evil = """<script>alert(1)</script><img src=x onerror=alert(1)>"' onmouseover='alert(1)&lt;{{ 7 * 7 }}"""
    plain, tried = page_with("harmless"), page_with(evil)
    assert tried.tags == plain.tags and evil in tried.text
