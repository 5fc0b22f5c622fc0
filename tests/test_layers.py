"""The house has floors, and imports only go down: what trains knows nothing of tables, what draws nothing of training."""

import ast
from graphlib import TopologicalSorter

import pytest

from tests.scripts import ROOT

FLOORS = {  # from the top
    "scripts": "exp_a_loss exp_b_activation exp_c_optimizer",
    "from flags to page": "script cli preflight",
    "page and screen": "page page_curves screen",
    "figures": "figures plots",
    "tables": "tables summary unit_measures wording verdicts answers reproduction",
    "many cells": "sweep parallel local_workers cluster project_code shared_cells progress witness",
    "one training": "workplace training checkpoint task",
    "cells on disk": "cells",
    "the protocol, as data": "experiment claims questions course_report columns curves names",
    "data and devices": "data fashion_mnist devices",
    "what can be lifted out": "seed_stack members stacked_training learning_rates metrics optimizer_check compiled_graph stack_pool "
    "monitors stats models losses",
    "the ground": "errors files locks provenance termination",
}
FLOOR_OF = {module: floor for floor, modules in enumerate(FLOORS.values()) for module in modules.split()}
LIFTED_OUT = list(FLOORS).index("what can be lifted out")


def modules():
    """`{module or package of the product: names of those it imports}`, imports within functions included."""
    found = {}
    for path in [*ROOT.glob("exp_*.py"), *(ROOT / "common").rglob("*.py")]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = parts[1] if parts[0] == "common" else parts[0]
        if name == "__init__":
            continue
        imported = found.setdefault(name, set())
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and not node.level and node.module.split(".")[0] == "common":
                imported |= {node.module.split(".")[1]} if "." in node.module else {alias.name for alias in node.names}
            elif isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("common.")}
        imported.discard(name)
    return found


MODULES = modules()


def test_every_module_has_its_floor():
    assert set(FLOOR_OF) == set(MODULES)
    assert len(FLOOR_OF) == sum(len(names.split()) for names in FLOORS.values())


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_only_go_down(module):
    upwards = [name for name in MODULES[module] if FLOOR_OF[name] < FLOOR_OF[module]]
    assert not upwards, f"{module} stands below {', '.join(upwards)}, and imports it"


def test_nothing_imports_in_a_circle():
    list(TopologicalSorter(MODULES).static_order())


@pytest.mark.parametrize("module", sorted(name for name, floor in FLOOR_OF.items() if floor == LIFTED_OUT))
def test_what_can_be_lifted_out_knows_nothing_of_experiments_files_or_flags(module):
    assert all(FLOOR_OF[name] == LIFTED_OUT for name in MODULES[module])
