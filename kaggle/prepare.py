"""Lay out what Kaggle is to be sent: python kaggle/prepare.py USERNAME makes code, kernel and notebook in kaggle/upload."""

import json
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
FOLDERS = ("code", "kernel", "notebook")


def main(words):
    if len(words) not in (1, 2) or not re.fullmatch(r"[a-z0-9-]+", words[0]):
        print("prepare.py: error: give your Kaggle user name as in kaggle.com/NAME, in lower case, and perhaps a folder", file=sys.stderr)
        return 2
    upload = Path(words[1]) if len(words) == 2 else HERE / "upload"
    for folder in map(upload.joinpath, FOLDERS):
        if folder.exists() and not list(folder.glob("*-metadata.json")):
            print(f"prepare.py: error: {folder} is there, and not laid out by this program: name another folder", file=sys.stderr)
            return 2
    prepare(words[0], upload)
    return 0


def prepare(username, upload):
    """Fill `upload/code`, for `kaggle datasets create`, and `upload/kernel` and `upload/notebook`, for `kaggle kernels push`; what was
    there is replaced."""
    code, kernel, notebook = map(upload.joinpath, FOLDERS)
    for folder in (code, kernel, notebook):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for path in [*ROOT.glob("exp_*.py"), ROOT / "LICENSE"]:
        shutil.copy(path, code)
    for package in ("common", "kerascope"):
        shutil.copytree(ROOT / package, code / package, ignore=shutil.ignore_patterns("__pycache__"))
    (code / HERE.name).mkdir()
    shutil.copy(HERE / "kernel.py", code / HERE.name)  # which the notebook runs
    shutil.copy(HERE / "kernel.py", kernel)
    shutil.copy(HERE / "notebook.ipynb", notebook)
    write_metadata(code / "dataset-metadata.json", username)
    write_metadata(kernel / "kernel-metadata.json", username)
    of_kernel = json.loads((kernel / "kernel-metadata.json").read_text(encoding="utf-8"))
    names = {"id": f"{of_kernel['id']}-notebook", "title": f"{of_kernel['title']} notebook"}
    of_notebook = {**of_kernel, **names, "code_file": "notebook.ipynb", "kernel_type": "notebook"}
    (notebook / "kernel-metadata.json").write_text(json.dumps(of_notebook, indent=2) + "\n", encoding="utf-8")


def write_metadata(path, username):
    """Copy the metadata of this name, with the user's own."""
    path.write_text((HERE / path.name).read_text(encoding="utf-8").replace("USERNAME", username), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
