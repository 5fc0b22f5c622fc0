"""The public API documents arguments and defaults, and has an example each that runs; each measured column has a `Quantity`."""

import ast
import inspect
import re
import types
from pathlib import Path

import keras
import numpy as np
import pytest

import kerascope
from kerascope import interventions, monitors, seed_stack
from tests.support import examples

PUBLIC = {
    name: getattr(module, name)
    for module in (kerascope, interventions, monitors, seed_stack)
    for name in module.__all__
    if not isinstance(getattr(module, name), types.ModuleType)
}
METHODS = {
    f"{name}.{method}": function
    for name, cls in PUBLIC.items()
    for method, function in vars(cls).items()
    if inspect.isfunction(function) and function.__doc__ and not method.startswith("_")
}
MEASURING = {name: cls for name, cls in PUBLIC.items() if getattr(cls, "quantities", ())}


def parameters(documented):
    if isinstance(documented, type) and issubclass(documented, Exception):
        return []
    variadic = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
    return [p for p in inspect.signature(documented).parameters.values() if p.kind not in variadic and p.name != "self"]


def documented_arguments(docstring):
    """`{argument: its text}` of the Args section."""
    section = re.search(r"^Args:\n((?: .*\n)+)", f"{docstring}\n", re.MULTILINE)
    entries = re.findall(r"^    ([\w*, ]+): (.*(?:\n     .*)*)", section[1], re.MULTILINE) if section else []
    return {name.strip("* "): text for names, text in entries for name in names.split(",")}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_argument_is_documented(name):
    assert {p.name for p in parameters(PUBLIC[name])} <= set(documented_arguments(inspect.getdoc(PUBLIC[name])))


@pytest.mark.parametrize("name", [*PUBLIC, *METHODS])
def test_every_default_is_documented(name):
    thing = {**PUBLIC, **METHODS}[name]
    arguments = documented_arguments(inspect.getdoc(thing))
    for p in parameters(thing):
        if p.default is not p.empty:
            default = f'"{p.default}"' if isinstance(p.default, str) else p.default
            assert f"Defaults to `{default}`" in re.sub(r"\s+", " ", arguments[p.name]), p.name


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setattr("warnings.simplefilter", lambda *args: None)  # of the example of MonitorWarning
    (code,) = re.findall(r"^Example:\n\n```python\n(.*?)^```$", inspect.getdoc(PUBLIC[name]), re.MULTILINE | re.DOTALL)
    given = {**examples.names(), **PUBLIC, "keras": keras, "np": np}
    given |= {"x_train": given["x"], "y_train": given["y"], "build": lambda: keras.models.clone_model(given["model"])}
    monkeypatch.setattr(examples, "names", lambda: dict(given))
    examples.run(code, name)


FILES = [path for folder in (Path(kerascope.__file__).parent, Path(__file__).parent) for path in folder.rglob("*.py")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[path.parts.index("kerascope") :]))
def test_a_docstring_says_what_the_thing_is(path):
    kinds = ast.Module, ast.ClassDef, ast.FunctionDef
    docstrings = [ast.get_docstring(node) or "" for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kinds)]
    assert [text for text in docstrings if re.match(r"(What|How|Of|Which|Where|Why|When|Who)\b", text)] == []


@pytest.fixture(scope="module")
def frames():
    """The frame of each class with quantities, after a training of two epochs."""
    keras.utils.set_random_seed(0)
    given = examples.names()
    x, y = given["x_probe"], given["y_probe"]
    arguments = {"ActivationMonitor": (x, 1, True), "PredictionMonitor": (x,), "UpdateMonitor": ()}
    sources = {name: cls(*arguments.get(name, (x, y))) for name, cls in MEASURING.items() if issubclass(cls, keras.callbacks.Callback)}
    given["model"].fit(given["x"], given["y"], epochs=2, verbose=0, callbacks=list(sources.values()))
    sources["UnitActivity"] = sources["ActivationMonitor"].units
    return {name: source.frame() for name, source in sources.items() if hasattr(source, "frame")}


@pytest.mark.parametrize("name", MEASURING)
def test_every_measured_column_has_a_quantity_and_no_quantity_is_without_a_column(name, frames):
    quantities = MEASURING[name].quantities
    columns = [column for column in frames.get(name, ()) if column not in ("seed", "epoch", "rewound_to", "layer", "unit")]
    assert [quantity.name for quantity in quantities] == columns
    assert len({quantity.label for quantity in quantities}) == len(quantities)
    for quantity in quantities:
        assert quantity.scale in ("linear", "log", "percent") and quantity.label
        assert quantity.missing in ("not measured", "unknown", "infinite", "never")
        assert (quantity.unit == "share") == (quantity.scale == "percent") == quantity.name.endswith(("_fraction", "_accuracy"))
        assert f"`{quantity.name}`" in MEASURING[name].__doc__ + (MEASURING[name].frame.__doc__ or "")
