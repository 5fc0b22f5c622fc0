"""The documents keep their word: commands run, Python runs, tables and findings are the gallery's, the worked example works."""

import importlib
import re
import shlex
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from common.course_report import verdicts
from common.results.text import result_blocks
from kerascope import SeedStack
from kerascope.monitors import GradientMonitor
from tests.support import examples
from tests.support.fashion_files import made_up, write_idx
from tests.support.scripts import ROOT

GALLERY = ROOT / "plots" / "gallery"
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), GALLERY / "README.md")
}
BLOCKS = [block for text in DOCUMENTS.values() for block in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]
PROSE = {name: re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL) for name, text in DOCUMENTS.items()}
SCRIPTS = ("exp_a_loss", "exp_b_activation", "exp_c_optimizer")


def commands():
    """All commands in the documents: the lines of shell blocks, those after $, and what stands in the text as code and begins as one."""
    lines = [line for kind, text in BLOCKS if kind in ("sh", "bash") for line in text.splitlines()]
    lines += [line for text in DOCUMENTS.values() for line in re.findall(r"^\$ (.*)$", text, re.MULTILINE)]
    code = [re.sub(r"\s+", " ", words) for prose in PROSE.values() for words in re.findall(r"`([^`]+)`", prose)]
    lines += [words for words in code if re.match(r"(python|pytest|pip|dask|kaggle|source|apt-get|git) ", words)]
    # Where the gallery's commands write is left out: they are the README's.
    return sorted({re.sub(r"\s+#.*| --out gallery$", "", line).strip() for line in lines})


COMMANDS = commands()
OF_SCRIPTS = [line for line in COMMANDS if line.startswith("python exp_") and "tcp://" not in line and "wine" not in line]
SHOWN_BY = {  # how another command begins: what runs it
    "git clone": ".ci/run",
    "python3 -m venv": ".ci/run",
    "source .venv/bin/activate": ".ci/run",
    "apt-get install chromium": ".ci/run",
    'pip install ".[plot]"': ".ci/wheel",
    'pip install -e ".[plot]"': ".ci/wheel",
    "pip install jax": "tests/benchmarks/test_benchmarks.py",
    "python -m pytest": ".ci/run",
    "python -m benchmarks": "tests/benchmarks/test_benchmarks.py",
    "pytest -m slow tests/common/sweep/test_killed.py": "tests/common/sweep/test_killed.py",
    "python plots/gallery/collect.py": "tests/common/page/test_page.py",
    "python examples/fashion_cnn.py": "tests/kerascope/monitors/test_monitors_in_use.py",
    "python kaggle/prepare.py USERNAME": "tests/scripts/test_kaggle.py",
    "kaggle datasets create -p kaggle/upload/code": "tests/scripts/test_kaggle.py",
    "kaggle kernels push -p kaggle/upload/kernel": "tests/scripts/test_kaggle.py",
    "dask scheduler": "tests/common/sweep/test_cluster.py",
    "dask worker tcp://": "tests/common/sweep/test_cluster.py",
    "python exp_c_optimizer.py --cluster tcp://": "tests/common/sweep/test_cluster.py",
    "python exp_c_optimizer.py --datasets wine": "below",
}


def test_the_readme_is_short():
    assert len(DOCUMENTS["README.md"].splitlines()) <= 180


def test_every_command_is_run_somewhere():
    assert len(OF_SCRIPTS) >= 6
    for line in set(COMMANDS) - set(OF_SCRIPTS):
        (shown_by,) = (where for beginning, where in SHOWN_BY.items() if line.startswith(beginning))
        assert shown_by == "below" or (ROOT / shown_by).is_file(), line
    assert [beginning for beginning in SHOWN_BY if not any(line.startswith(beginning) for line in COMMANDS)] == []


@pytest.mark.parametrize("line", OF_SCRIPTS)
def test_a_command_of_a_script_is_understood(line, monkeypatch):
    """Quickly, without training; what the commands do is tested script by script, and, as they stand here, below."""
    _, script, *words = shlex.split(line)
    module = importlib.import_module(script.removesuffix(".py"))
    monkeypatch.setattr(module, "run", lambda experiment, args, arms: len(arms))
    assert module.main(words) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("line", OF_SCRIPTS)
def test_a_command_of_a_script_runs(line, tmp_path, capsys):
    """As it stands there, but for two epochs and two seeds, and with a Fashion-MNIST of 120 images."""
    _, script, *words = shlex.split(line)
    for flag, value in (("--epochs", "2"), ("--seeds", "2")):
        if flag in words:
            words[words.index(flag) + 1] = value
        else:
            words += [flag, value]
    if script != "exp_b_activation.py":
        write_idx(tmp_path / "fashion", made_up())
        words += ["--data-dir", str(tmp_path / "fashion")]
    module = importlib.import_module(script.removesuffix(".py"))
    assert module.main([*words, "--out", str(tmp_path / "out")]) == 0
    assert "test accuracy %" in capsys.readouterr().out and (tmp_path / "out" / "index.html").is_file()


def test_what_the_benchmarks_are_asked_for_exists():
    from benchmarks.__main__ import SECTIONS

    asked = [words.split() for text in DOCUMENTS.values() for words in re.findall(r"--only ([a-z ]+)", text)]
    assert asked and all(set(words) <= set(SECTIONS) for words in asked)


@pytest.mark.parametrize(("name", "code"), [(name, code) for name in DOCUMENTS for code in examples.blocks(ROOT / name, "python")])
def test_the_python_runs(name, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    found = examples.run(code, name).values()
    measured = [value.frame() for value in found if isinstance(value, SeedStack | GradientMonitor)]
    assert measured and all(len(frame) for frame in measured)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_a_document_names_is_there(name):
    """At the beginning of a code span, of which the rest may be anything: `common/x.py::name`, `plots/gallery/<script>`."""
    paths = set(re.findall(r"`((?:common|kerascope|tests|docs|benchmarks|examples|kaggle|plots|\.ci)/[\w./-]*)", PROSE[name]))
    made = ("kaggle/upload", "plots/exp_", "plots/index")
    assert [path for path in paths if not (ROOT / path).exists() and not path.startswith(made)] == []


def test_what_code_names_in_words_is_there():
    paths = [path for folder in ("common", "kerascope", "benchmarks", "kaggle") for path in (ROOT / folder).rglob("*.py")]
    named = {(path, name) for path in paths for name in re.findall(r"\b(?:common|kerascope|tests)/[\w/]+\.py", path.read_text())}
    assert named and [(path.name, name) for path, name in named if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_link_between_documents_leads_somewhere(name):
    for target in re.findall(r"\]\(([^)\s]+)\)", PROSE[name]):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.exists(), target
        if anchor:
            headings = re.findall(
                r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL), re.MULTILINE
            )
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}, target


def rows_of_the_gallery(name):
    """The result rows of an experiment in the gallery, as the screen shows them: sets of words."""
    experiment = importlib.import_module(name).EXPERIMENT
    table = pd.read_csv(GALLERY / name / "table.csv")
    cells = [_AnyCell(dataset) for dataset in table["dataset"].unique()]
    return [tuple(row) for block in result_blocks(experiment, {"table": table}, cells) for row in block["rows"]]


class _AnyCell:
    """What describes settings; they are not looked at."""

    seeds, epochs, batch_size, init, arm = (0,), 1, 1, "report", {}

    def __init__(self, dataset):
        self.dataset = dataset


def shown_rows():
    """The rows of result tables on the page that come from the gallery's commands: those of blocks without a $ of their own."""
    for kind, text in BLOCKS:
        if kind == "text" and "test accuracy %" in text and "$" not in text:
            lines = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if "[" in line]
            yield from (tuple(line) for line in lines)


def test_the_tables_on_the_page_are_the_gallerys():
    known = {row for name in SCRIPTS for row in rows_of_the_gallery(name)}
    rows = list(shown_rows())
    assert len(rows) >= 15
    assert [row for row in rows if row not in known] == []


def test_the_findings_are_the_gallerys():
    """Every number with an interval is one of a claim, or of a result table."""
    section = DOCUMENTS["README.md"].split("## Three findings")[1].split("\n## ")[0]
    found = re.findall(r"-?[\d.]+(?: %| x| epochs)? \[-?[\d.]+, -?[\d.]+\]", section)
    claims = [row for name in SCRIPTS for row in pd.read_csv(GALLERY / name / "claims.csv").to_dict("records")]
    known = {verdicts.in_words(row)[0] for row in claims}
    known |= {word.replace(" [", " % [") for name in SCRIPTS for row in rows_of_the_gallery(name) for word in row if "[" in word}
    assert len(found) >= 6
    assert [number for number in found if number not in known] == []


def test_the_verdicts_on_the_page_are_the_gallerys():
    (text,) = (text for kind, text in BLOCKS if kind == "text" and text.startswith("Claims on Two moons"))
    claims = pd.read_csv(GALLERY / "exp_b_activation" / "claims.csv").query("dataset == 'moons'").set_index("id")
    lines = [re.split(r"\s{2,}", line) for line in text.splitlines()[2:]]
    assert len(lines) == len(claims)
    for name, *words in lines:
        row = claims.loc[name].to_dict()
        assert words[-1] == row["verdict"]
        if row["n"] > 0:
            assert (words[0], words[1]) == verdicts.in_words(row)


@pytest.mark.slow
def test_the_worked_example_adds_an_optimizer_and_a_dataset(tmp_path):
    copy = tmp_path / "project"
    copy.mkdir()
    for path in ROOT.glob("exp_*.py"):
        shutil.copy(path, copy)
    for package in ("common", "kerascope"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    changed = ("exp_c_optimizer.py", "common/data/datasets.py", "common/results/summary.py")
    texts = {path: path.read_text() for path in map(copy.joinpath, changed)}
    changes = [text for kind, text in BLOCKS if kind == "diff"]
    assert len(changes) == 5
    for change in changes:
        before, after = ("".join(line[1:] + "\n" for line in change.splitlines() if line[0] in signs) for signs in (" -", " +"))
        # The end of a line may be left out.
        before, after = before.rstrip("\n"), after.rstrip("\n")
        (path,) = (path for path, text in texts.items() if before in text)
        assert texts[path].count(before) == 1
        texts[path] = texts[path].replace(before, after)
    for path, text in texts.items():
        path.write_text(text)
    words = [
        "--lr",
        "0.01",
        "--datasets",
        "digits",
        "wine",
        "--epochs",
        "3",
        "--seeds",
        "2",
        "--schedules",
        "constant",
        "--optimizers",
        "sgd",
        "rmsprop",
    ]
    process = subprocess.run([sys.executable, "exp_c_optimizer.py", *words], cwd=copy, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    table = pd.read_csv(copy / "plots/exp_c_optimizer/table.csv")
    for _, rows in table.groupby("dataset"):
        assert set(rows["optimizer"]) == {"sgd", "rmsprop"}
    assert set(table["dataset"]) == {"digits", "wine"}
