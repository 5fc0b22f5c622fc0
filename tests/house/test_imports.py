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
    "stats",
    "flat",  # the other files that lie in common itself
    "kerascope",
]


def modules():
    """`{module: modules of the project that it imports}`, by their full names, imports within functions and lazy ones included."""
    paths = [*ROOT.glob("exp_*.py"), *(ROOT / "common").rglob("*.py"), *(ROOT / "kerascope").rglob("*.py")]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}
    found = {}
    for name, path in names.items():
        imported = set(imported_names(path))
        found[name] = ({*imported, *(full.rpartition(".")[0] for full in imported - set(names))} & set(names)) - {name}
    return found


def imported_names(path):
    """The names that a file imports, as `from a import b` imports `a.b`, and those of its lazy modules."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            yield from (".".join([*above, *filter(None, [node.module]), alias.name]) for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("LazyModule", "lazy_modules"):
            yield from (name for argument in node.args if isinstance(argument, ast.Constant) for name in argument.value.split())


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


def test_the_report_is_reached_only_by_the_scripts_and_itself():
    users = {wing(name) for name, imported in MODULES.items() if "course_report" in map(wing, imported)}
    assert users == {"scripts", "course_report"}


def test_kerascope_imports_its_own_by_relative_names_and_nothing_else_of_the_project():
    absolute = re.compile(r"^\s*(from|import) (kerascope|common|tests|benchmarks)\b", re.MULTILINE)
    for path in (ROOT / "kerascope").rglob("*.py"):
        assert not absolute.search(re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)), path  # examples are a user's


def test_one_module_knows_where_the_projects_root_is():
    upwards = re.compile(r"\.parents|\.parent\.parent")
    texts = {path.name: path.read_text() for path in (ROOT / "common").rglob("*.py")}
    assert [name for name, text in texts.items() if "__file__" in text and upwards.search(text)] == ["paths.py"]


def test_no_test_file_imports_another():
    another = re.compile(r"^\s*(from|import) tests\.(?!support)", re.MULTILINE)
    assert [path.name for path in (ROOT / "tests").rglob("*.py") if another.search(path.read_text())] == []
