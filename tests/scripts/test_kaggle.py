"""The kernel as Kaggle runs it: code and data in input folders that cannot be written, results in the working folder."""

import json
import os
import re
import subprocess
import sys

import pandas as pd
import pytest

from tests.support.fashion_files import made_up, write_csv, write_idx
from tests.support.scripts import ROOT

KERNEL_FIELDS = {
    *("id", "title", "code_file", "language", "kernel_type", "is_private", "enable_gpu", "enable_internet"),
    *("dataset_sources", "competition_sources", "kernel_sources", "model_sources"),
}


def prepare(folder):
    subprocess.run([sys.executable, ROOT / "kaggle" / "prepare.py", "somebody", folder], check=True)
    return json.loads((folder / "kernel" / "kernel-metadata.json").read_text()), json.loads(
        (folder / "code" / "dataset-metadata.json").read_text()
    )


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
    assert sent == {"common", "kerascope", "dataset-metadata.json", "LICENSE", "exp_a_loss.py", "exp_b_activation.py", "exp_c_optimizer.py"}
    refused = subprocess.run([sys.executable, ROOT / "kaggle" / "prepare.py", "Not A Name"], capture_output=True, text=True)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1


def read_only_tree(kaggle, form, code_at):
    prepare(kaggle.parent / "upload")
    code = kaggle / "input" / code_at
    code.parent.mkdir(parents=True)
    (kaggle.parent / "upload" / "code").rename(code)
    data = kaggle / "input" / "fashionmnist"
    write_csv(data, made_up()) if form == "csv" else write_idx(data, made_up())
    (kaggle / "working").mkdir()
    for path in [*(kaggle / "input").rglob("*"), kaggle / "input"]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return snapshot(kaggle / "input")


def snapshot(folder):
    """All that is in a folder; permissions alone do not stop root, who runs the tests on many a machine."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def run_kernel(kaggle, *words):
    environment = {**os.environ, "KAGGLE_ROOT": str(kaggle), "KERAS_HOME": str(kaggle / "no-keras-home"), "PIP_NO_INDEX": "1"}
    kernel = kaggle.parent / "upload" / "kernel" / "kernel.py"
    return subprocess.run([sys.executable, kernel, *words], capture_output=True, text=True, env=environment, cwd=kaggle / "working")


@pytest.mark.parametrize(
    ("form", "code_at", "scripts"),
    [
        pytest.param("csv", "how-a-small-network-trains-code", ["exp_a_loss", "exp_b_activation"], marks=pytest.mark.slow),
        pytest.param("idx", "datasets/somebody/how-a-small-network-trains-code", ["exp_c_optimizer"], marks=pytest.mark.slow),
    ],
)
def test_the_kernel_runs_from_read_only_input(form, code_at, scripts, tmp_path):
    kaggle = tmp_path / "kaggle"
    before = read_only_tree(kaggle, form, code_at)
    words = [
        *scripts,
        "--epochs",
        "1",
        "--seeds",
        "1",
        *(["--lr", "0.01", "--optimizers", "sgd"] if scripts == ["exp_c_optimizer"] else []),
    ]
    process = run_kernel(kaggle, *words)
    assert process.returncode == 0, process.stderr
    assert snapshot(kaggle / "input") == before
    for name in scripts:
        folder = kaggle / "working" / "plots" / name
        datasets = set(pd.read_csv(folder / "summary.csv")["dataset"])
        assert datasets == ({"moons", "circles"} if name == "exp_b_activation" else {"fashion_mnist", "digits"})
        assert (folder / "report.html").is_file()
    if scripts == ["exp_c_optimizer"]:  # the next session, with this one's output attached
        for path in (kaggle / "input").iterdir():
            path.chmod(0o755)
        (kaggle / "input").chmod(0o755)
        (kaggle / "working" / "plots").rename(kaggle / "input" / "plots")
        cell = next((kaggle / "input" / "plots" / "exp_c_optimizer" / "cells").glob("digits-sgd*"))
        trained = (cell / "cell.json").read_bytes()
        again = run_kernel(kaggle, *words)
        assert again.returncode == 0 and again.stdout.split("\n", 1)[1] == process.stdout.split("\n", 1)[1]
        assert (kaggle / "working" / "plots" / "exp_c_optimizer" / "cells" / cell.name / "cell.json").read_bytes() == trained


def test_a_kernel_without_its_code_says_what_to_attach(tmp_path):
    prepare(tmp_path / "upload")
    kaggle = tmp_path / "kaggle"
    (kaggle / "working").mkdir(parents=True)
    (kaggle / "input").mkdir()
    process = run_kernel(kaggle)
    assert process.returncode == 1 and process.stderr.count("\n") == 1 and "attach the dataset with the code" in process.stderr
