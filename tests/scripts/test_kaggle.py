"""The kernel as Kaggle runs it: code and data in input folders that cannot be written, results in the working folder."""

import base64
import html
import json
import os
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from tests.support.fashion_files import made_up, write
from tests.support.notebooks import run_notebook
from tests.support.scripts import ROOT, copy_of_project

FOURTH = "exp_d_of_a_stranger"
KERNEL_FIELDS = {
    *("id", "title", "code_file", "language", "kernel_type", "is_private", "enable_gpu", "machine_shape", "enable_internet"),
    *("dataset_sources", "competition_sources", "kernel_sources", "model_sources"),
}


def prepare(folder):
    """Have all laid out in a folder; gives the metadata of the kernel, of the notebook and of the dataset."""
    subprocess.run([sys.executable, ROOT / "kaggle" / "prepare.py", "somebody", folder], check=True)
    names = ("kernel/kernel-metadata.json", "notebook/kernel-metadata.json", "code/dataset-metadata.json")
    return [json.loads((folder / name).read_text()) for name in names]


def test_the_metadata_are_as_kaggles_documentation_asks(tmp_path):
    """github.com/Kaggle/kaggle-api, docs/kernels_metadata.md and docs/datasets_metadata.md."""
    kernel, notebook, dataset = prepare(tmp_path)
    for folder, metadata, kind in (("kernel", kernel, "script"), ("notebook", notebook, "notebook")):
        assert set(metadata) == KERNEL_FIELDS
        owner, slug = metadata["id"].split("/")
        assert owner == "somebody" and slug == metadata["title"].lower().replace(" ", "-") and 5 <= len(slug) <= 50
        assert (tmp_path / folder / metadata["code_file"]).is_file()
        assert (metadata["language"], metadata["kernel_type"]) == ("python", kind)
        # Named, because a kernel without it has been given a P100, which TensorFlow has no code for: kaggle-cli issues 490 and 821.
        assert metadata["enable_gpu"] is True and metadata["machine_shape"] == "NvidiaTeslaT4"
        assert metadata["enable_internet"] is False
        assert metadata["dataset_sources"] == [dataset["id"], "zalando-research/fashionmnist"]
    assert kernel["id"] != notebook["id"]
    assert 6 <= len(dataset["title"]) <= 50 and 20 <= len(dataset["subtitle"]) <= 80
    assert re.fullmatch(r"somebody/[a-z0-9-]{3,50}", dataset["id"])
    assert dataset["licenses"] == [{"name": "other"}]  # of the names allowed, none is MIT


def test_only_the_code_is_sent(tmp_path):
    prepare(tmp_path)
    sent = {path.name for path in (tmp_path / "code").iterdir()}
    assert sent == {"common", "kerascope", "kaggle", "dataset-metadata.json", "LICENSE", *(path.name for path in ROOT.glob("exp_*.py"))}
    assert [path.name for path in (tmp_path / "code" / "kaggle").iterdir()] == ["kernel.py"]
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


def run_kaggle_notebook(folder, words, environment, **replaced):
    """Run the notebook with words for the kernel, in a folder; gives the outputs of its three code cells."""
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(ROOT / "kaggle" / "notebook.ipynb", as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for name, value in {"WORDS": words, **replaced}.items():
        (cell,) = [cell for cell in cells if f'{name} = ""' in cell.source]
        cell.source = cell.source.replace(f'{name} = ""', f"{name} = {value!r}")
    run_notebook(notebook, folder, PIP_NO_INDEX="1", KERAS_BACKEND="jax", **environment)
    return [cell.outputs for cell in cells]


def check_shown(outputs, folder):
    """The last cell shows the answers of an experiment, and each of its figures, to the byte, inline."""
    shown = [output.data for output in outputs if output.output_type == "display_data"]
    images = [base64.b64decode(data["image/png"]) for data in shown if "image/png" in data]
    assert images == [path.read_bytes() for path in sorted(folder.glob("*.png"))] and len(images) > 2
    answers = pd.read_csv(folder / "answers.csv")["answer"]
    table = "".join(data["text/html"] for data in shown if "text/html" in data)
    assert len(answers) > 2 and all(html.escape(answer, quote=False) in table for answer in answers)


@pytest.mark.slow
def test_the_notebook_runs_on_kaggle_and_shows_answers_and_figures(tmp_path):
    kaggle = tmp_path / "kaggle"
    before = read_only_tree(kaggle, "csv", "datasets/somebody/how-a-small-network-trains-code")
    words = "exp_a_loss --epochs 1 --seeds 1 --losses cross_entropy"
    _, ran, shown = run_kaggle_notebook(kaggle / "working", words, {"KAGGLE_ROOT": str(kaggle)})
    folder, datasets = results_of(kaggle, "exp_a_loss")
    assert datasets == {"fashion_mnist", "digits"} and "test accuracy %" in "".join(output.text for output in ran)
    assert snapshot(kaggle / "input") == before
    check_shown(shown, folder)


@pytest.fixture
def checkout(tmp_path):
    """A checkout of all that the notebook needs."""
    checkout = copy_of_project(tmp_path / "checkout" / "small-network-main")
    shutil.copytree(ROOT / "kaggle", checkout / "kaggle", ignore=shutil.ignore_patterns("upload", "__pycache__"))
    return checkout


@pytest.mark.slow
def test_the_notebook_runs_on_colab_from_a_git_address(checkout, tmp_path):
    content = tmp_path / "content"
    content.mkdir()
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all"]):
        subprocess.run(["git", "-C", checkout, *words], check=True)
    environment = {"KAGGLE_ROOT": str(tmp_path / "none"), "KERAS_HOME": str(tmp_path / "no-keras-home")}
    words = "exp_b_activation --epochs 1 --seeds 1 --datasets moons --activations relu"
    _, _, shown = run_kaggle_notebook(content, words, environment, ADDRESS=checkout.as_uri())
    folder, datasets = results_of(content / "networks", "exp_b_activation")
    assert datasets == {"moons"}
    check_shown(shown, folder)


@pytest.mark.slow
def test_a_notebook_without_code_says_so_and_runs_the_script_of_an_uploaded_archive_and_stops_where_that_does(checkout, tmp_path):
    nowhere = {"KAGGLE_ROOT": str(tmp_path / "none")}
    content = tmp_path / "content"
    content.mkdir()
    (content / "archive.zip").write_bytes(b"no ZIP file")
    shutil.make_archive(content / "another", "zip", ROOT / "docs")  # of something else
    with pytest.raises(Exception, match="upload the repository's ZIP file"):
        run_kaggle_notebook(content, "", nowhere)
    shutil.make_archive(content / "small-network-main", "zip", checkout.parent)
    with pytest.raises(Exception, match="ended with status 2"):
        run_kaggle_notebook(content, "exp_b_activation --sedes 3", nowhere)


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


def records_of(folder):
    """The records of an experiment's cells, `{path: bytes}`."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.glob("cells/*/*/cell.json")}


def without_commands(stdout):
    """The lines but for those of commands, which name the minutes that are left."""
    return [line for line in stdout.splitlines() if not line.startswith("+ ")]


@pytest.mark.slow
def test_the_kernel_runs_experiments_that_it_finds_and_the_next_session_goes_on_from_the_output_of_the_last(tmp_path):
    kaggle = tmp_path / "kaggle"
    before = read_only_tree(kaggle, "idx", "how-a-small-network-trains-code")
    words = ("exp_a_loss", FOURTH, "--epochs", "1", "--seeds", "1", "--losses", "cross_entropy", "--datasets", "digits")
    process = run_kernel(kaggle, *words)
    assert process.returncode == 0, process.stderr
    assert snapshot(kaggle / "input") == before
    assert results_of(kaggle, "exp_a_loss")[1] == results_of(kaggle, FOURTH)[1] == {"digits"}
    assert f'href="{FOURTH}/report.html"' in (kaggle / "working" / "plots" / "index.html").read_text()
    for path in (kaggle / "input", *(kaggle / "input").iterdir()):
        path.chmod(0o755)
    (kaggle / "working" / "plots").rename(kaggle / "input" / "plots")
    trained = records_of(kaggle / "input" / "plots" / FOURTH)
    again = run_kernel(kaggle, *words)
    assert again.returncode == 0 and without_commands(again.stdout) == without_commands(process.stdout)
    folder, _ = results_of(kaggle, FOURTH)
    assert records_of(folder) == trained and len(trained) == 1
    words = words[1:]
    assert run_kernel(kaggle, *words, "--fresh").returncode == 0
    newer = {path: path.stat().st_mtime_ns for path in folder.glob("cells/*/*/cell.json")}
    third = run_kernel(kaggle, *words)  # in the same session, which has gone further than what is attached
    assert third.returncode == 0 and newer == {path: path.stat().st_mtime_ns for path in folder.glob("cells/*/*/cell.json")}


@pytest.mark.parametrize(("end", "status"), [("os.kill(os.getpid(), 9)", 137), ("sys.exit(2)", 2), ("pass", 0)])
def test_the_kernel_ends_as_its_scripts_do(end, status, tmp_path):
    kaggle = tmp_path / "kaggle"
    read_only_tree(kaggle, "csv", "code")
    script = kaggle / "input" / "code" / "exp_b_activation.py"
    script.chmod(0o644)
    guarded = 'if __name__ == "__main__":\n'
    script.write_text(script.read_text().replace(guarded, f"{guarded}    import os\n    {end}\n    sys.exit(0)\n"))
    assert run_kernel(kaggle, "exp_b_activation").returncode == status


def test_folders_that_hold_something_else_stay(tmp_path):
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel" / "mine.c").touch()
    command = [sys.executable, ROOT / "kaggle" / "prepare.py", "somebody", tmp_path]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1 and str(tmp_path / "kernel") in refused.stderr
    assert [path.name for path in tmp_path.rglob("*")] == ["kernel", "mine.c"]
    (tmp_path / "kernel" / "mine.c").unlink()
    (tmp_path / "kernel").rmdir()
    for _ in range(2):  # what it has laid out itself is replaced
        prepare(tmp_path)


def test_a_kernel_without_its_code_says_so_in_a_line(tmp_path):
    prepare(tmp_path / "upload")
    kaggle = tmp_path / "kaggle"
    for folder in ("working", "input"):
        (kaggle / folder).mkdir(parents=True)
    process = run_kernel(kaggle)
    assert process.returncode == 1 and process.stderr.count("\n") == 1 and str(kaggle / "input") in process.stderr
