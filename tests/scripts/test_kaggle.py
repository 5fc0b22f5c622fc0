"""The kernel as Kaggle runs it: code and data in input folders that cannot be written, results in the working folder."""

import json
import os
import re
import subprocess
import sys

import pandas as pd
import pytest

from tests.support.fashion_files import made_up, write
from tests.support.scripts import ROOT

FOURTH = "exp_d_of_a_stranger"
KERNEL_FIELDS = {
    *("id", "title", "code_file", "language", "kernel_type", "is_private", "enable_gpu", "enable_internet"),
    *("dataset_sources", "competition_sources", "kernel_sources", "model_sources"),
}


def prepare(folder):
    """Have all laid out in a folder; gives the metadata of the kernel and of the dataset."""
    subprocess.run([sys.executable, ROOT / "kaggle" / "prepare.py", "somebody", folder], check=True)
    return [json.loads((folder / path).read_text()) for path in ("kernel/kernel-metadata.json", "code/dataset-metadata.json")]


def test_the_metadata_are_as_kaggles_documentation_asks(tmp_path):
    """github.com/Kaggle/kaggle-api, docs/kernels_metadata.md and docs/datasets_metadata.md."""
    kernel, dataset = prepare(tmp_path)
    assert set(kernel) == KERNEL_FIELDS
    owner, slug = kernel["id"].split("/")
    assert owner == "somebody" and slug == kernel["title"].lower().replace(" ", "-")
    assert (tmp_path / "kernel" / kernel["code_file"]).is_file()
    assert (kernel["language"], kernel["kernel_type"]) == ("python", "script")
    assert kernel["enable_gpu"] is True and kernel["enable_internet"] is False
    assert kernel["dataset_sources"] == [dataset["id"], "zalando-research/fashionmnist"]
    assert 6 <= len(dataset["title"]) <= 50 and 20 <= len(dataset["subtitle"]) <= 80
    assert re.fullmatch(r"somebody/[a-z0-9-]{3,50}", dataset["id"])
    assert dataset["licenses"] == [{"name": "other"}]  # of the names allowed, none is MIT


def test_only_the_code_is_sent(tmp_path):
    prepare(tmp_path)
    sent = {path.name for path in (tmp_path / "code").iterdir()}
    assert sent == {"common", "kerascope", "dataset-metadata.json", "LICENSE", *(path.name for path in ROOT.glob("exp_*.py"))}
    refused = subprocess.run([sys.executable, ROOT / "kaggle" / "prepare.py", "Not A Name"], capture_output=True, text=True)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1


def read_only_tree(kaggle, form, code_at):
    """Code, with a fourth experiment beside the others, and data in the input folder; gives its snapshot."""
    prepare(kaggle.parent / "upload")
    code = kaggle / "input" / code_at
    code.parent.mkdir(parents=True)
    (kaggle.parent / "upload" / "code").rename(code)
    (code / f"{FOURTH}.py").write_text((code / "exp_a_loss.py").read_text().replace("exp_a_loss", FOURTH))
    write(kaggle / "input" / "fashionmnist", made_up(), form)
    (kaggle / "working").mkdir()
    for path in [*(kaggle / "input").rglob("*"), kaggle / "input"]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return snapshot(kaggle / "input")


def snapshot(folder):
    """All that is in a folder; permissions alone do not stop root, who runs the tests on many a machine."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def run_kernel(kaggle, *words):
    environment = {**os.environ, "KAGGLE_ROOT": str(kaggle), "KERAS_HOME": str(kaggle / "no-keras-home"), "PIP_NO_INDEX": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    kernel = kaggle.parent / "upload" / "kernel" / "kernel.py"
    return subprocess.run([sys.executable, kernel, *words], capture_output=True, text=True, env=environment, cwd=kaggle / "working")


def results_of(kaggle, name):
    """The folder of an experiment's results, and the datasets in it."""
    folder = kaggle / "working" / "plots" / name
    assert (folder / "report.html").is_file()
    return folder, set(pd.read_csv(folder / "summary.csv")["dataset"])


@pytest.mark.slow
def test_the_kernel_runs_experiments_that_it_finds_from_read_only_input(tmp_path):
    kaggle = tmp_path / "kaggle"
    before = read_only_tree(kaggle, "csv", "how-a-small-network-trains-code")
    process = run_kernel(kaggle, "exp_b_activation", FOURTH, "--epochs", "1", "--seeds", "1")
    assert process.returncode == 0, process.stderr
    assert snapshot(kaggle / "input") == before
    assert results_of(kaggle, "exp_b_activation")[1] == {"moons", "circles"}
    assert results_of(kaggle, FOURTH)[1] == {"fashion_mnist", "digits"}
    assert f'href="{FOURTH}/report.html"' in (kaggle / "working" / "plots" / "index.html").read_text()


@pytest.mark.slow
def test_the_next_session_goes_on_from_the_output_of_the_last(tmp_path):
    kaggle = tmp_path / "kaggle"
    before = read_only_tree(kaggle, "idx", "datasets/somebody/how-a-small-network-trains-code")
    words = ("exp_c_optimizer", "--epochs", "1", "--seeds", "1", "--lr", "0.01", "--optimizers", "sgd")
    process = run_kernel(kaggle, *words)
    assert process.returncode == 0, process.stderr
    assert snapshot(kaggle / "input") == before and results_of(kaggle, "exp_c_optimizer")[1] == {"fashion_mnist", "digits"}
    for path in (kaggle / "input", *(kaggle / "input").iterdir()):
        path.chmod(0o755)
    (kaggle / "working" / "plots").rename(kaggle / "input" / "plots")
    trained = {path.name: (path / "cell.json").read_bytes() for path in kaggle.glob("input/plots/exp_c_optimizer/cells/*")}
    again = run_kernel(kaggle, *words)
    assert again.returncode == 0 and again.stdout.split("\n", 1)[1] == process.stdout.split("\n", 1)[1]
    folder, _ = results_of(kaggle, "exp_c_optimizer")
    assert {path.name: (path / "cell.json").read_bytes() for path in (folder / "cells").iterdir()} == trained


def test_a_kernel_without_its_code_says_so_in_a_line(tmp_path):
    prepare(tmp_path / "upload")
    kaggle = tmp_path / "kaggle"
    for folder in ("working", "input"):
        (kaggle / folder).mkdir(parents=True)
    process = run_kernel(kaggle)
    assert process.returncode == 1 and process.stderr.count("\n") == 1 and str(kaggle / "input") in process.stderr
