"""Private names of other packages stand in one module of `common`, `compat.py`."""

import ast

import pytest

from tests.support.scripts import ROOT

DOCUMENTED = {"os._exit", "_asdict", "_replace", "_fields"}
HIDDEN = ("joblib.externals", "multiprocessing.resource_tracker", "multiprocessing.util")  # public in spelling only


def is_private(name):
    return name.startswith("_") and not name.endswith("__")


def foreign_private_names(path):
    """The private names in a module that are not of this project, by their spelling."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            for name in [".".join(filter(None, (module, alias.name))) for alias in node.names]:
                if not module.startswith("common") and (any(map(is_private, name.split("."))) or name.startswith(HIDDEN)):
                    yield name
        elif isinstance(node, ast.Attribute) and is_private(node.attr):
            owner = getattr(getattr(node.value, "func", node.value), "id", "")
            if owner not in ("self", "cls", "super") and not {f"{owner}.{node.attr}", node.attr} & DOCUMENTED:
                yield f"{owner}.{node.attr}"


@pytest.mark.parametrize("path", sorted((ROOT / "common").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_compat_uses_private_names_of_others(path):
    found = list(foreign_private_names(path))
    assert bool(found) == (path == ROOT / "common" / "compat.py"), found
