"""The library's documentation, docs/site: its pages are those of the public names, and what it names and shows is there and runs."""

import importlib
import inspect
import json
import re
import sys

import keras
import pytest

from kerascope import monitors
from kerascope.monitors.core.base import QuantityMonitor
from tests.support import examples
from tests.support.scripts import ROOT

SITE = ROOT / "docs" / "site"
PAGES = sorted(SITE.glob("*.md"))
CLASSES = {name: getattr(monitors, name) for name in monitors.__all__}
MEASURING = {name: cls for name, cls in CLASSES.items() if issubclass(cls, keras.callbacks.Callback) and hasattr(cls, "quantities")}
QUANTITIES = {quantity.name for cls in CLASSES.values() for quantity in getattr(cls, "quantities", ())}


# A link that is neither an address nor a place in its own page.
LINK = re.compile(r"\]\((?!\w+://|#)([^)#\s]+)")


@pytest.fixture(scope="module")
def pages():
    """The module that writes the reference, as Sphinx's conf.py imports it."""
    sys.path.insert(0, str(SITE))
    yield importlib.import_module("pages")
    sys.path.remove(str(SITE))


def test_every_public_name_stands_once_in_the_reference(pages):
    names = [name for group in pages.groups().values() for name in group]
    assert sorted(names) == sorted(pages.public()) and set(monitors.__all__) <= set(names)


@pytest.mark.parametrize("name", CLASSES)
def test_the_page_of_a_name_has_its_arguments_columns_example_and_picture(name, pages):
    pytest.importorskip("griffe", reason="the pages need what requirements-docs.txt lists")
    page, cls = pages.page(name, picture=True), CLASSES[name]
    arguments = inspect.signature(cls).parameters.values() if cls is not monitors.MonitorWarning else ()
    items = re.findall(r"^- ((?:`\w+`,? ?)+):", page, re.MULTILINE)
    documented = {argument for item in items for argument in re.findall(r"\w+", item)}
    assert {p.name for p in arguments if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)} <= documented
    columns = re.findall(r"^\| `(\w+)` \|", page.partition("## Arguments")[0], re.MULTILINE)
    assert columns == [quantity.name for quantity in getattr(cls, "quantities", ())]
    (code,) = re.findall(r"^## Example\n\n```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    compile(code, name, "exec")
    assert f"{{figure}} {name}.png" in page and "Args:" not in page and page.count("::::{py:") == len(re.findall("^::::$", page, re.M))


@pytest.mark.parametrize("included", ["costs", "stack_costs"])
def test_what_the_pages_include_of_other_documents_links_to_pages_of_the_site(included, pages):
    text = pages.linked({"costs": lambda: pages.between_markers("kerascope.md", "costs"), "stack_costs": pages.stack_costs}[included]())
    made = {f"/api/{name}.md" for name in pages.public()}
    assert [link for link in LINK.findall(text) if link not in made and not (SITE / link.lstrip("/")).is_file()] == []


@pytest.mark.parametrize("name", [name for name, cls in MEASURING.items() if cls.quantities and issubclass(cls, QuantityMonitor)])
def test_what_a_monitor_that_measures_over_epochs_costs_is_the_row_of_the_one_table(name, pages):
    row = pages.cost(name).splitlines()[2]
    assert row in (ROOT / "docs" / "kerascope.md").read_text() and len(row) > len(name) + 20


@pytest.mark.parametrize("name", MEASURING)
def test_a_monitor_answers_to_a_symptom(name):
    assert f"`{name}`" in (SITE / "symptoms.md").read_text()


def test_the_columns_that_symptoms_are_seen_in_exist():
    rows = re.findall(r"^\|[^|]+\|[^|]+\|([^|]+)\|[^|]+\|$", (SITE / "symptoms.md").read_text(), re.MULTILINE)
    named = {name for cell in rows for name in re.findall(r"`([a-z]+(?:_[a-z]+)*)`", cell)}
    assert len(named) > 10 and named <= QUANTITIES


@pytest.mark.parametrize(("path", "code"), [(path, code) for path in PAGES for code in examples.blocks(path, "python")])
def test_the_python_on_a_page_runs(path, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    examples.run(code, path.name)


def test_the_notebook_is_committed_without_outputs():
    cells = json.loads((ROOT / "examples" / "kerascope.ipynb").read_text())["cells"]
    assert [cell for cell in cells if cell["cell_type"] == "code" and (cell["outputs"] or cell["execution_count"])] == []
