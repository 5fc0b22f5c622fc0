"""A call makes again what is not as it would make it, and nothing else; and a figure that cannot be drawn costs nothing else."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.support.scripts import copy_of_project

pytestmark = pytest.mark.slow
NAME = "exp_b_activation"
WORDS = ("--datasets", "circles", "--activations", "relu", "sigmoid", "--epochs", "3", "--seeds", "2")
HEAVY = ("tensorflow", "keras", "matplotlib", "sklearn", "scipy", "pandas", "joblib", "rich")


def start(project, out, *flags):
    command = [sys.executable, *flags, str(project / f"{NAME}.py"), *WORDS, "--out", str(out)]
    return subprocess.Popen(command, cwd=out.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def call(project, out, *flags):
    """A finished process: its status, stdout and stderr."""
    process = start(project, out, *flags)
    stdout, stderr = process.communicate()
    return process.returncode, stdout, stderr


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A copy of the project, and an output folder that its script has filled."""
    base = tmp_path_factory.mktemp("first")
    project, out = copy_of_project(base / "project"), base / "out"
    out.mkdir()
    status, stdout, stderr = call(project, out)
    assert status == 0, stderr
    return project, out, stdout


@pytest.fixture
def second(first, tmp_path):
    """Copies of both, in which all is as the first call left it."""
    project, out, _ = first
    return [shutil.copytree(folder, tmp_path / folder.name) for folder in (project, out)]


def files(out):
    """`{path: (content, time of writing)}` of all that a call leaves."""
    found = (path for path in out.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(out)): (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


def contents(out):
    return {name: content for name, (content, _) in files(out).items()}


def only_cells(out, at):
    """A copy of an output folder, from which all that was made of the cells is left out."""
    shutil.copytree(out / NAME / "cells", at / NAME / "cells")
    return at


def test_a_call_with_nothing_to_do_imports_nothing_heavy_and_writes_nothing(first):
    project, out, stdout = first
    before = files(out)
    status, again, stderr = call(project, out, "-X", "importtime")
    assert (status, again) == (0, stdout) and files(out) == before
    imported = {match[1].split(".")[0] for match in re.finditer(r"^import time:.*\| +(\S+)$", stderr, re.MULTILINE)}
    assert "common" in imported and not imported & set(HEAVY)


def altered(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def harm_tables(folder):
    altered(folder / "history.csv")
    (folder / "claims.csv").unlink()


def harm_figures(folder):
    shutil.copy(folder / "curves_circles.png", folder / "curves_moons.png")  # one too many
    altered(folder / "units_circles.png")
    shutil.copy(folder / "off_circles.png", folder / "curves_circles.png")
    (folder / "off_circles.png").unlink()


AGAIN = "made.json"  # and all tables, and answers.md
ALTERED = [f"{kind}_circles.{ending}" for kind in ("units", "off", "curves") for ending in ("png", "svg")]
HARM = {  # what happens to the folder, and what of it is written again; tests/common/store/test_made.py has each harm alone
    "tables altered, deleted": (harm_tables, (AGAIN,)),
    "figures altered, deleted, of another, too many": (harm_figures, (AGAIN, *ALTERED)),
    "the page altered": (lambda folder: altered(folder / "report.html"), (AGAIN, "report.html")),
    "the record altered": (lambda folder: altered(folder / "made.json"), (AGAIN,)),
    "the index deleted": (lambda folder: (folder.parent / "index.html").unlink(), ("../index.html",)),
}


@pytest.mark.parametrize("case", HARM)
def test_what_is_not_as_it_was_made_is_made_again_and_no_figure_but_that(case, first, second):
    (project, out), stdout = second, first[2]
    before = files(first[1])
    harm, expected = HARM[case]
    harm(out / NAME)
    status, again, stderr = call(project, out)
    assert (status, again) == (0, stdout), stderr
    after = files(out)
    assert contents(out) == contents(first[1])
    tables = {path.name for pattern in ("*.csv", "*.md") for path in (out / NAME).glob(pattern)}
    assert len(tables) > 5
    written = {name for name in after if after[name][1] != before[name][1]}
    assert written == {os.path.normpath(f"{NAME}/{name}") for name in (*expected, *(tables if AGAIN in expected else ()))}


def test_the_claims_of_another_experiment_get_into_the_index(second):
    project, out = second
    (out / "exp_a_loss").mkdir()
    (out / "exp_a_loss" / "report.html").touch()
    for verdict in ("supported", "contradicted"):
        (out / "exp_a_loss" / "claims.csv").write_text(f"dataset,verdict\ndigits,{verdict}\n")
        before = files(out / NAME)
        assert call(project, out)[0] == 0
        assert f"1 {verdict}" in (out / "index.html").read_text() and files(out / NAME) == before


def changed(path, old, new):
    text, count = re.subn(old, new, path.read_text())
    assert count
    path.write_text(text)


CHANGES = {  # of code of any kind, and of styles, tests/common/results/test_origin.py has more
    "style": lambda project, out: (out.parent / "matplotlibrc").write_text("axes.edgecolor: red\n"),
    "template": lambda project, out: changed(project / "common/page/templates/page.html", "</h2>", " changed</h2>"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_another_style_or_code_gives_what_a_first_call_gives(case, second, tmp_path):
    project, out = second
    before = contents(out)
    CHANGES[case](project, out)
    assert call(project, out)[0] == 0
    fresh = only_cells(out, tmp_path / "fresh")
    assert call(project, fresh)[0] == 0
    assert contents(out) == contents(fresh) and contents(out)[f"{NAME}/report.html"] != before[f"{NAME}/report.html"]


def no_matplotlib(project, out):
    (out / NAME / "made.json").unlink()  # else nothing would be drawn
    (project / "matplotlib").mkdir()
    (project / "matplotlib-3.10.0.dist-info").mkdir()  # a package without a version is imported at the start, to ask it
    (project / "matplotlib" / "__init__.py").write_text("raise ImportError('libfreetype.so.6: cannot open\\nmore')\n")


def broken(project, module, function, how):
    with (project / "common" / "figures" / f"{module}.py").open("a") as file:
        file.write(f"\n\ndef {function}(*args, **kwargs):\n    {how}\n")


def several_broken(project, out):
    broken(project, "heatmaps", "layers_heatmap", "raise ValueError('boom\\nmore')")
    broken(project, "boundaries", "boundaries_figure", "raise MemoryError")
    broken(project, "curves", "layers_figure", "raise SystemExit(0)")


FAILURES = {  # what is broken; the figures that are missing; words of the lines on stderr
    "an error, no memory, an exit": (
        several_broken,
        "(layers|updates|boundaries|gradients|off)_.*",
        ("ValueError: boom)", "MemoryError", "SystemExit"),
    ),
    "a process that dies": (
        lambda project, out: broken(project, "heatmaps", "units_heatmap", "import os; os._exit(0)"),
        "units_.*",
        ("Error",),
    ),
    "a plan that fails": (
        lambda project, out: changed(
            project / f"{NAME}.py", "    tables, figure, starts", "    raise KeyError('gone')\n    tables, figure, starts"
        ),
        ".*",
        ("each figure of the experiment on Two circles cannot be drawn (KeyError: 'gone')",),
    ),
    "no matplotlib": (no_matplotlib, ".*", ("ImportError: libfreetype.so.6: cannot open)",)),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_figure_that_cannot_be_drawn_costs_nothing_else_and_is_drawn_once_it_can_be(case, first, second, tmp_path):
    (project, out), (whole, reference, stdout) = second, first
    harm, missing, words = FAILURES[case]
    harm(project, out)
    all_figures = {path.name for path in (out / NAME).glob("*.png")}
    left = {name for name in all_figures if not re.fullmatch(missing, name)}
    for _ in range(2):  # the second time, those that can be drawn are there
        status, again, stderr = call(project, out)
        assert (status, again) == (1, stdout) and all(word in stderr for word in words) and "Traceback" not in stderr, stderr
        assert all(line.startswith(f"{NAME}.py: ") for line in stderr.splitlines()), stderr
        assert {path.name for path in (out / NAME).glob("*.png")} == left and len(left) < len(all_figures)
        page = (out / NAME / "report.html").read_text()
        assert len(set(re.findall(r'<img src="([^"]+)"', page))) == len(left) and "<p>Missing: " in page
        tables = {name: content for name, content in contents(out).items() if name.endswith((".csv", "cell.json"))}
        assert tables == {name: contents(reference)[name] for name in tables}
    status, again, stderr = call(whole, out)
    assert (status, again) == (0, stdout), stderr
    assert contents(out) == contents(reference)


def test_a_call_that_is_killed_while_it_draws_leaves_what_the_next_one_goes_on_from(first, tmp_path):
    project, reference, stdout = first
    out = only_cells(reference, tmp_path / "out")
    process = start(project, out)
    while not (drawn := list((out / NAME).glob("[!.]*.png"))):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()  # until the processes that it has started, which hold the pipe open, have ended too
    kept = {path.name: path.stat().st_mtime_ns for path in drawn}
    status, again, stderr = call(project, out)
    assert (status, again) == (0, stdout), stderr
    assert contents(out) == contents(reference)
    assert {name: (out / NAME / name).stat().st_mtime_ns for name in kept} == kept


def test_two_calls_at_once_make_what_one_makes(first, tmp_path):
    project, reference, stdout = first
    out = only_cells(reference, tmp_path / "out")
    both = [start(project, out) for _ in range(2)]
    assert [(process.communicate()[0], process.returncode) for process in both] == [(stdout, 0), (stdout, 0)]
    assert contents(out) == contents(reference)
