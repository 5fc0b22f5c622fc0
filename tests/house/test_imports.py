"""The houses have floors, and imports only go down. The test knows wings, not files: a new file in one needs no entry here."""

import ast
import re
from graphlib import TopologicalSorter

import pytest

from tests.support.scripts import ROOT

FLOORS = [  # from the top; a wing of `common` by its folder
    "scripts",  # exp_*.py
    "run",
    "course_report",
    "sweep",
    "page",
    "figures",
    "training",
    "results",
    "callbacks",
    "data",
    "experiment",
    "cli",
    "store",
    "flat",  # the other files that lie in common itself
    "kerascope",
]


def modules():
    """`{module: modules of the project that it imports}`, by their full names, imports within functions included."""
    paths = [*ROOT.glob("exp_*.py"), *(ROOT / "common").rglob("*.py"), *(ROOT / "kerascope").rglob("*.py")]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}
    found = {}
    for name, path in names.items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        imported = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                above = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
                base = ".".join(filter(None, (above, node.module)))
                imported |= {full if (full := f"{base}.{alias.name}") in names else base for alias in node.names}
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
        found[name] = (imported & set(names)) - {name}
    return found


MODULES = modules()


def wing(module):
    house, *rest = module.split(".")
    if house != "common":
        return "scripts" if house.startswith("exp_") else house
    is_wing = bool(rest) and (rest[0] in ("run", "callbacks") or (ROOT / "common" / rest[0]).is_dir())
    return rest[0] if is_wing else "flat"


def test_every_wing_has_its_floor_and_no_floor_is_empty():
    assert {wing(module) for module in MODULES} == set(FLOORS)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_only_go_down(module):
    floor = FLOORS.index(wing(module))
    upwards = [name for name in MODULES[module] if FLOORS.index(wing(name)) < floor]
    assert not upwards, f"{module} stands below {', '.join(upwards)}, and imports it"


def test_nothing_imports_in_a_circle():
    """A package's `__init__` gathers what its modules define: they do not import from it, or it would be one."""
    list(TopologicalSorter(MODULES).static_order())


@pytest.mark.parametrize("module", sorted(name for name in MODULES if wing(name) == "course_report"))
def test_the_report_is_reached_only_by_the_scripts_and_itself(module):
    users = {wing(name) for name, imported in MODULES.items() if module in imported}
    assert users <= {"scripts", "course_report"}


def test_kerascope_imports_its_own_by_relative_names_and_nothing_else_of_the_project():
    for path in (ROOT / "kerascope").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not {name.split(".")[0] for name in names} & {"kerascope", "common", "tests", "benchmarks"}, path


def test_one_module_knows_where_the_projects_root_is():
    upwards = re.compile(r"\.parents|\.parent\.parent")
    texts = {path.name: path.read_text() for path in (ROOT / "common").rglob("*.py")}
    assert [name for name, text in texts.items() if "__file__" in text and upwards.search(text)] == ["paths.py"]


def test_no_test_file_imports_another():
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests"):
                assert node.module.startswith("tests.support"), path
