"""The style of the product: docstrings say what a thing is and name defaults, and no function does too much."""

import ast
import re

import pytest

from tests.support.scripts import ROOT

MOST_LINES = 50
PATHS = [*ROOT.glob("exp_*.py"), *(ROOT / "common").rglob("*.py"), *(ROOT / "kerascope").rglob("*.py"), *(ROOT / "benchmarks").glob("*.py")]


def definitions(path):
    """The functions and classes of a file, and the file itself: `(name, node, docstring)`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield getattr(node, "name", path.name), node, ast.get_docstring(node) or ""


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_docstring_says_what_a_thing_is_and_a_function_is_short(path):
    for name, node, doc in definitions(path):
        assert not re.match(r"(What|How|Of|Which|Where|Why|Who|When)\b", doc), name
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < MOST_LINES, name


@pytest.mark.parametrize("path", [path for path in PATHS if "common" in path.parts], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_public_function_says_what_its_arguments_default_to(path):
    for name, node, doc in definitions(path):
        if isinstance(node, ast.FunctionDef) and not name.startswith(("_", "on_")):
            defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            assert not defaults or "default" in doc.lower(), name
