"""The documents keep their word: commands run, Python runs, tables and findings are the gallery's."""

import importlib
import re
import shlex

import numpy as np
import pandas as pd
import pytest

from common import cli
from common.course_report import formula, verdicts
from common.data import DATASETS
from common.experiment import Cell, grid
from common.experiment.find import find_experiments
from common.experiment.measures import registry
from common.results.results import Results
from common.results.text import result_blocks
from kerascope import SeedStack
from kerascope.monitors import GradientMonitor
from tests.support import examples
from tests.support.scripts import ROOT

GALLERY = ROOT / "plots" / "gallery"
FOLDERS = (GALLERY, GALLERY / "fashion_mnist")  # of its outputs
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), GALLERY / "README.md")
}
BLOCKS = [block for text in DOCUMENTS.values() for block in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]
PROSE = {name: re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL) for name, text in DOCUMENTS.items()}
EXPERIMENTS = find_experiments()


def commands():
    """All commands in the documents: the lines of shell blocks, those after $, and what stands in the text as code and begins as one."""
    lines = [line for kind, text in BLOCKS if kind in ("sh", "bash") for line in text.splitlines()]
    lines += [line for text in DOCUMENTS.values() for line in re.findall(r"^\$ (.*)$", text, re.MULTILINE)]
    code = [re.sub(r"\s+", " ", words) for prose in PROSE.values() for words in re.findall(r"`([^`]+)`", prose)]
    lines += [words for words in code if re.match(r"(python|pytest|pip|dask|kaggle|source|apt-get|git) ", words)]
    # Where the gallery's commands write is left out: they are the README's.
    return sorted({re.sub(r"\s+#.*| --out gallery(/fashion_mnist)?$", "", line).strip() for line in lines})


COMMANDS = commands()
ONE_ARM = {  # of each script, and a dataset
    "exp_a_loss": ("digits", {"--losses": ["cross_entropy"]}),
    "exp_b_activation": ("moons", {"--activations": ["relu"]}),
    "exp_c_optimizer": ("digits", {"--optimizers": ["sgd"], "--schedules": ["constant"], "--lr": ["0.01"]}),
}
OF_SCRIPTS = [line for line in COMMANDS if line.startswith("python exp_") and not re.search("tcp://|wine|rmsprop|exp_d_", line)]


def test_the_readme_is_short():
    assert len(DOCUMENTS["README.md"].splitlines()) <= 180


def test_the_file_that_a_command_runs_is_there():
    """What it does is tested elsewhere: the README's first block and the wheel in .ci, the rest in the tests of the wings."""
    assert len(OF_SCRIPTS) >= 6
    run = [path for line in COMMANDS for path in re.findall(r"[\w/]+\.py", line)]
    assert [path for path in run if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("line", OF_SCRIPTS)
def test_a_command_of_a_script_is_understood(line):
    """Quickly, without training; what the commands do is tested script by script, and, where they compare settings, below."""
    _, script, *words = shlex.split(line)
    experiment = EXPERIMENTS[script.removesuffix(".py")]
    _, values = grid.compared(experiment, cli.parse(experiment, words))
    assert all(values[setting.name] for setting in experiment.settings if setting.default)


def comparing():
    """The commands that compare settings, on one dataset, with one arm but for these settings, two epochs and two seeds: as
    `(script, *words)`. What those with datasets alone do is tested script by script."""
    for line in OF_SCRIPTS:
        _, script, *words = shlex.split(line)
        flags = {}
        for word in words:
            flags.update({word: []}) if word.startswith("--") else flags[[*flags][-1]].append(word)
        if not {*flags} <= {"--datasets", "--epochs", "--seeds"}:
            dataset, arm = ONE_ARM[script.removesuffix(".py")]
            flags = {**arm, **flags, "--datasets": [dataset], "--epochs": ["2"], "--seeds": ["2"]}
            yield script.removesuffix(".py"), *(word for flag in sorted(flags) for word in (flag, *flags[flag]))


@pytest.mark.slow
@pytest.mark.parametrize("call", sorted({*comparing()}), ids=" ".join)
def test_a_command_that_compares_settings_runs(call, tmp_path, capsys):
    script, *words = call
    assert importlib.import_module(script).main([*words, "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out and (tmp_path / "out" / "index.html").is_file()


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
    for target in re.findall(r"\]\((?!http)([^)\s]+)\)", PROSE[name]):
        path, _, anchor = target.partition("#")
        file = ((ROOT / name).parent / path if path else ROOT / name).resolve()
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", PROSE[file.relative_to(ROOT).as_posix()], re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}, target


def test_the_numbers_of_seeds_on_the_page_are_those_of_the_datasets():
    fashion_mnist, *others = (dataset.seeds for dataset in DATASETS.values())
    (other,) = set(others)
    assert f"{fashion_mnist} on Fashion-MNIST, {other} on the others" in " ".join(PROSE["docs/running.md"].split())


def table_of(folder, script, name):
    """A table of an experiment in a folder of the gallery, which may be compressed there; None if it has none."""
    return next((pd.read_csv(path) for path in (folder / script).glob(f"{name}.csv*")), None)


def tables_of_the_gallery(script, name):
    """A table of an experiment in each folder of the gallery that has it, list of DataFrame."""
    return [table for folder in FOLDERS if (table := table_of(folder, script, name)) is not None]


def rows_of_the_gallery(name):
    """The result rows of an experiment in the gallery, as the screen shows them: tuples of words."""
    measures, found = registry(EXPERIMENTS[name]), []
    for folder in FOLDERS:
        table, groups = (table_of(folder, name, of) for of in ("table", "groups"))
        if table is None:
            continue
        tables = {"table": table, "groups": table[:0] if groups is None else groups}
        cells = [Cell(name, dataset, {}, (0,), EXPERIMENTS[name].epochs, "") for dataset in table["dataset"].unique()]
        blocks = result_blocks(Results(EXPERIMENTS[name], cells, tables, measures, "", {}))
        found += [tuple(row) for block in blocks for row in block["rows"]]
    return found


def claims_of_the_gallery(name, table="claims"):
    """The claims, or the controls, of an experiment in the gallery, as the screen shows them: `{(dataset, id): words}`."""
    known, measures = getattr(EXPERIMENTS[name].report, table), registry(EXPERIMENTS[name])
    decided = [one for rows in tables_of_the_gallery(name, table) for one in verdicts.from_table(known, rows)]
    return {(one.dataset, one.claim.id): [*verdicts.in_words(one, measures), one.verdict] for one in decided}


def shown_rows():
    """The rows of result tables on the page that come from the gallery's commands: those of blocks without a $ of their own."""
    for kind, text in BLOCKS:
        if kind == "text" and "test accuracy %" in text and "$" not in text:
            lines = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if "[" in line]
            yield from (tuple(line) for line in lines)


def test_the_tables_on_the_page_are_the_gallerys():
    known = {row for name in EXPERIMENTS for row in rows_of_the_gallery(name)}
    rows = list(shown_rows())
    assert len(rows) >= 15
    assert [row for row in rows if row not in known] == []


NUMBER = r"(?:[<>] )?-?[\d.]+(?: %| x| epochs?| points?| decades?)? \[-?[\d.]+, (?:-?[\d.]+|inf)\]"


@pytest.mark.parametrize(("name", "least"), [("README.md", 8), ("docs/experiments.md", 7)])
def test_a_number_with_an_interval_is_one_of_a_claim_or_of_a_result_table(name, least):
    found = re.findall(NUMBER, " ".join(PROSE[name].split()))
    known = {
        words[0].removeprefix("median ")
        for script in EXPERIMENTS
        for table in ("claims", "controls")
        for words in claims_of_the_gallery(script, table).values()
    }
    known |= {word.replace(" [", " % [") for script in EXPERIMENTS for row in rows_of_the_gallery(script) for word in row if "[" in word}
    assert len(found) >= least
    assert [number for number in found if number not in known] == []


def highlights():
    """The highlights of the gallery: `{sentence: their rows, list of dicts}`, with the path of each one's figure."""
    found = {}
    for folder in FOLDERS:
        for name in EXPERIMENTS:
            table = table_of(folder, name, "highlights")
            for row in [] if table is None else table.to_dict("records"):
                figure = (folder / name / row["figure"]).relative_to(ROOT).as_posix()
                found.setdefault(row["sentence"], []).append({**row, "figure": figure})
    return found


def test_the_findings_of_the_readme_are_the_highlights_of_the_gallery_with_their_numbers_and_a_figure():
    text = DOCUMENTS["README.md"]
    section = text[text.index("## Findings") : text.index("## How to read")]
    found = {
        " ".join(re.search(r"\*\*(.*?)\.\*\*", part, re.DOTALL)[1].split()): " ".join(part.split()) for part in section.split("\n- ")[1:]
    }
    assert found.keys() == highlights().keys() and 1 <= len(found) <= 5
    for sentence, rows in highlights().items():
        numbers = {number for row in rows for number in re.findall(NUMBER, row["numbers"])}
        assert numbers and [number for number in numbers if number not in found[sentence]] == []
        assert {*re.findall(r"\(([^()]+\.png)\)", found[sentence])} & {row["figure"] for row in rows}


def test_the_verdicts_on_the_page_are_the_gallerys():
    (text,) = (text for kind, text in BLOCKS if kind == "text" and text.startswith("Claims on Two moons"))
    claims = {name: words for (dataset, name), words in claims_of_the_gallery("exp_b_activation").items() if dataset == "moons"}
    verdict, shown = "", []
    for line in text[text.index("claim  ") :].splitlines()[1:]:
        if line.startswith("  "):
            name, *numbers = re.split(r"\s{2,}", line.strip())
            shown.append(name)
            assert [*numbers, verdict] == [word for word in claims[name] if word]
        else:
            verdict = line.removesuffix(":")
    assert sorted(shown) == sorted(name for name, words in claims.items() if words[-1] != "not run")


def test_how_near_sharpness_comes_to_its_limit_is_the_gallerys():
    for table in tables_of_the_gallery("exp_c_optimizer", "sharpness"):
        table["log"] = np.log(table["sharpness"].where(table["sharpness"] > 0))
        means = (
            table.dropna(subset="stability_limit")
            .groupby(["optimizer", "base_learning_rate", "schedule", "epoch"])[["log", "stability_limit"]]
            .mean()
        )
        (*_, epoch), (log, limit) = max(means.iterrows(), key=lambda row: np.exp(row[1]["log"]) / row[1]["stability_limit"])
        assert f"{np.exp(log):.1f} of {limit:.1f} after {epoch} epochs" in " ".join(PROSE["docs/experiments.md"].split())


def test_the_error_of_the_reports_formula_on_the_page_is_the_gallerys():
    table = pd.concat(tables_of_the_gallery("exp_a_loss", "formula"))
    corrections = {name: dataset.correction for name, dataset in DATASETS.items()}
    assert all(line in " ".join(PROSE["docs/experiments.md"].split()) for line in formula.in_words(table, corrections))


def test_the_reproduced_numbers_and_their_checks_on_the_page_are_the_gallerys():
    text, of_all = DOCUMENTS["docs/experiments.md"], []
    for letter, name in zip("ABC", EXPERIMENTS, strict=True):
        numbers, checks = (pd.concat(tables_of_the_gallery(name, table)) for table in ("reproduction", "sensitivity"))
        informative = numbers[numbers["informative"]]
        reproduced = informative["verdict"] == "reproduced"
        sums = checks.groupby("check")[["passed", "of"]].sum()
        shares = (100 * sums["passed"] / sums["of"]).reindex(["shuffled", "10 % higher", "10 % lower", "wrong schedule", "run left out"])
        cells = ["" if pd.isna(share) else f"{share:.0f} %" for share in shares]
        row = f"| {' | '.join([letter, str(len(informative)), f'{100 * reproduced.mean():.0f} %', *cells])} |".replace("|  |", "| |")
        assert row in text, row
        of_all.append((len(informative), len(numbers), reproduced.sum()))
    informative, numbers, reproduced = map(sum, zip(*of_all, strict=True))
    assert f"{informative} of {numbers} numbers are informative, and {reproduced} of those reproduced" in " ".join(text.split())
