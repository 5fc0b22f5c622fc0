"""The origin of outputs changes with all that they are made of, and with nothing else."""

import importlib.metadata
import subprocess
import sys
from dataclasses import replace

import pytest

import exp_b_activation
import exp_c_optimizer
from common.results import origin
from common.results.trained import Trained
from common.store import cells
from common.store.stacks import Stacks
from tests.support import sweeps
from tests.support.scripts import ROOT, copy_of_project
from tests.support.sweeps import cell

EXPERIMENT = exp_c_optimizer.EXPERIMENT


def in_a_process_of_its_own(folder, cwd=ROOT):
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); import exp_c_optimizer as script\n"
        "from common.results import origin; print(origin.of_making(script.EXPERIMENT))"
    )
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def style(tmp_path, monkeypatch):
    """A folder, in which one is at work; matplotlib has no settings anywhere."""
    for name in ("MATPLOTLIBRC", "MPLCONFIGDIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_another_process_finds_the_same_wherever_the_project_lies(style):
    here = origin.of_making(EXPERIMENT)
    assert here == in_a_process_of_its_own(ROOT) == in_a_process_of_its_own(copy_of_project(style / "elsewhere"), style)


CODE = (
    "common/figures/drawing.py",
    "common/figures/curves.py",
    "common/page/templates/page.css",
    "common/page/templates/page.html",
    "common/course_report/templates/answers.html",
    "common/course_report/values.csv",
    "common/results/console.py",
    "kerascope/__init__.py",
    "exp_c_optimizer.py",
)


def test_every_change_of_code_templates_or_values_is_another_origin(tmp_path):
    """In one process for all, which takes the files as they are when it asks."""
    code = "from pathlib import Path\nfrom common.results.origin import _of_code\nfound = [_of_code()]\n"
    for name in CODE:
        code += f"path = Path({name!r}); path.write_bytes(path.read_bytes() + b' '); found.append(_of_code())\n"
    code += f"assert len(set(found)) == len(found) == {len(CODE) + 1}"
    subprocess.run([sys.executable, "-c", code], cwd=copy_of_project(tmp_path / "copy"), check=True)


def test_code_that_was_changed_since_it_was_loaded_has_no_origin(monkeypatch):
    monkeypatch.setattr(origin, "AT_START", "of another hour")
    assert origin.of_making(EXPERIMENT) is None and origin.of_results(None, None) is None


@pytest.mark.parametrize(
    "place",
    [
        "matplotlibrc",
        "home/.config/matplotlib/matplotlibrc",
        "home/.matplotlib/matplotlibrc",
        "a/matplotlibrc",
        "a/my.rc",
        "b/matplotlib/matplotlibrc",
    ],
)
def test_a_changed_style_of_matplotlib_is_another_origin(place, style, monkeypatch):
    for name, value in {
        "a/matplotlibrc": ("MPLCONFIGDIR", "a"),
        "a/my.rc": ("MATPLOTLIBRC", "a/my.rc"),
        "b/matplotlib/matplotlibrc": ("XDG_CONFIG_HOME", "b"),
    }.items():
        if name == place:
            monkeypatch.setenv(value[0], str(style / value[1]))
    found = [origin.of_making(EXPERIMENT)]
    path = style / place
    path.parent.mkdir(parents=True, exist_ok=True)
    for content in ("", "font.size: 20\n", "font.size: 21\n"):
        path.write_text(content)
        found.append(origin.of_making(EXPERIMENT))
    assert len(set(found)) == 4 and None not in found


def test_where_no_style_lies_does_not_matter(style, monkeypatch):
    found = {origin.of_making(EXPERIMENT)}
    for name in ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "MATPLOTLIBRC", "HOME"):
        monkeypatch.setenv(name, str(style / "empty"))
        found.add(origin.of_making(EXPERIMENT))
    assert len(found) == 1 and None not in found


@pytest.mark.parametrize("package", ["numpy", "matplotlib", "pandas", "jinja2"])
def test_another_version_of_a_package_is_another_origin(package, monkeypatch):
    before, version = origin.of_making(EXPERIMENT), importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.0" if name == package else version(name))
    assert origin.of_making(EXPERIMENT) not in (before, None)


def test_what_is_compared_or_shown_belongs_to_the_origin():
    others = [replace(EXPERIMENT, curves=EXPERIMENT.curves[:2]), EXPERIMENT.comparing(["dropout"]), exp_b_activation.EXPERIMENT]
    others += [replace(EXPERIMENT, title="Another"), replace(EXPERIMENT, report=exp_b_activation.EXPERIMENT.report)]
    assert len({origin.of_making(one) for one in (EXPERIMENT, *others)}) == 6


@pytest.mark.parametrize("own", [{"draw": lambda results: []}, {"measure": sweeps.build_model}, {"report": type("Mine", (), {})()}])
def test_an_experiment_with_code_of_somebody_elses_has_no_origin(own):
    assert origin.of_making(replace(EXPERIMENT, **own)) is None and origin.of_making(sweeps.EXPERIMENT) is None


OWN = """
{imported}
from dataclasses import replace
import exp_c_optimizer

def draw(results):
    return {drawn}

EXPERIMENT = replace(exp_c_optimizer.EXPERIMENT, draw=draw)
"""


@pytest.mark.parametrize(
    ("imported", "drawn", "known"),
    [
        ("import json, math, numpy as np", "[np, math, json]", True),
        ("from common.lazy import LazyModule\nkeras = LazyModule('keras')", "[keras]", True),
        ("import my_figures", "my_figures.all_of(results)", False),
        ("from my_figures import all_of", "all_of(results)", False),
        ("from my_figures import COLORS", "[COLORS]", False),
        ("def later():\n    import my_figures.part", "[later]", False),
        ("from common.lazy import LazyModule\nmy_figures = LazyModule('my_figures')", "my_figures.all_of(results)", False),
    ],
)
def test_an_experiment_that_uses_modules_from_elsewhere_has_no_origin(imported, drawn, known, tmp_path):
    """A file of its own beside the scripts, as docs/extending.md adds one."""
    project = copy_of_project(tmp_path / "project")
    (project / "exp_d.py").write_text(OWN.format(imported=imported, drawn=drawn))
    (tmp_path / "my_figures.py").write_text("COLORS = []\n\ndef all_of(results):\n    return COLORS\n")
    code = f"import sys; sys.path[:0] = [{str(project)!r}, {str(tmp_path)!r}]; import exp_d; from common.results import origin\n"
    code += "print(origin.of_making(exp_d.EXPERIMENT))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert (found != "None") == known


def test_the_records_of_the_cells_and_their_order_belong_to_the_origin(tmp_path):
    two = [cell("sgd"), cell("adam")]
    for one in two:
        cells.write(one, tmp_path, {"history.csv": b"epoch\n1\n"}, {})

    def of(making, some, looks=1):
        return origin.of_results(making, Trained(EXPERIMENT, Stacks.to_train(some, tmp_path), tmp_path, {}, looks))

    found = [of("m", some) for some in (two, two[::-1], two[:1], [cell("sgd", seeds=(0,)), two[1]])]
    found += [of("n", two), of("m", two, looks=4)]
    cells.write(two[1], tmp_path, {"history.csv": b"epoch\n2\n"}, {})
    found.append(of("m", two))
    assert len(set(found)) == 7
