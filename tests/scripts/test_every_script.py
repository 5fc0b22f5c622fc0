"""What every script does, whatever its experiment: rows on stdout, tables, figures, a page."""

import base64
import gzip
import re
import shutil

import matplotlib
import pytest

from common import run as runs
from common.experiment import formatting
from common.experiment.find import find_experiments
from common.figures import draw
from common.figures.drawing import STYLE
from common.figures.saved import png_of
from tests.support.drawn import cut_off, not_drawn, small_texts, titles_that_overlap
from tests.support.scripts import run_without_tensorflow, tables_of

EXPERIMENTS = find_experiments()


MAIN = "exp_c_optimizer"  # the README's first command


@pytest.fixture(params=[name if name == MAIN else pytest.param(name, marks=pytest.mark.slow) for name in EXPERIMENTS])
def name(request):
    return request.param


def test_every_arm_has_its_row_on_stdout(name, short_run):
    run, columns = short_run(name), list(EXPERIMENTS[name].arm_columns)
    assert run.process.returncode == 0, run.process.stderr
    lines = run.process.stdout.splitlines()
    arms = [[*map(formatting.word, arm)] for arm in run.table("table")[columns].itertuples(index=False)]
    shown = [line.split()[: len(columns)] for line in lines]
    assert [words for words in shown if words in arms] == arms
    assert max(map(len, lines)) <= 80


def test_stderr_holds_lines_of_the_script_alone_where_it_is_no_terminal(name, short_run):
    run = short_run(name)
    lines = run.process.stderr.splitlines()
    assert all(line.startswith(f"{name}.py: ") for line in lines), lines  # neither TensorFlow's nor a bar
    assert str(run.folder) in lines[-1]


def test_every_figure_is_on_the_page_which_needs_nothing_else(name, short_run):
    folder = short_run(name).folder
    page, figures = (folder / "report.html").read_text(), {path.stem for path in folder.glob("*.png")}
    drawings = dict(re.findall(r'<script type="application/gzip" id="data-(.+?)">(.+?)</script>', page))
    assert drawings.keys() == set(re.findall(r'<figure id="figure-(.+?)">', page)) == figures and figures
    assert all(b"<svg" in gzip.decompress(base64.b64decode(drawing)) for drawing in drawings.values())
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "")


@pytest.mark.slow
def test_every_number_of_a_caption_is_drawn_and_every_figure_fits_a_page(name, short_run, tmp_path, monkeypatch):
    run, gathered, experiment = short_run(name), [], EXPERIMENTS[name]
    shutil.copytree(run.folder.parent, tmp_path / "out")
    (tmp_path / "out" / name / "made.json").unlink()
    monkeypatch.setattr(draw, "draw", lambda results, *_: gathered.append(results) or {})
    assert runs.run(experiment, ["--out", str(tmp_path / "out"), *run.words]) == 0
    results = draw.DatasetResults(gathered[0], gathered[0].datasets[0])
    planned = [*experiment.draw(results), *experiment.report.figures(results)]
    assert {figure.path.name for figure in planned} == {path.name for path in run.folder.glob("*.png")}
    with matplotlib.rc_context(STYLE):
        for figure in planned:
            drawing = figure.draw()
            png_of(drawing, figure.title, figure.note)
            assert not_drawn(drawing.finding, drawing.figure) == small_texts(drawing.figure) == [], drawing.finding
            assert cut_off(drawing.figure) <= 1 and titles_that_overlap(drawing.figure) == [], figure.title


def test_every_measured_number_is_a_registered_measure(name, short_run):
    run = short_run(name)
    measured = {path.stem for path in run.folder.glob("cells/*/*/*.csv")} | {"summary"}
    keys = {"dataset", *EXPERIMENTS[name].arm_columns, "seed", "epoch", "layer", "unit", "group", "samples"}
    columns = {column for table in measured for column in run.table(table)} - keys
    assert columns >= {"train_loss", "grad_norm", "final_test_accuracy"}
    assert columns - set(run.table("measures")["name"]) == set()


def test_a_second_call_trains_nothing_and_gives_the_same_tables(name, short_run):
    run = short_run(name)
    tables = tables_of(run.folder)
    again = run_without_tensorflow(f"{name}.py", run.folder.parent, *run.words)
    assert again.returncode == 0, again.stderr
    assert again.stdout == run.process.stdout and tables_of(run.folder) == tables
