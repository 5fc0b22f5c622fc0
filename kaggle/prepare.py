"""Lay out what Kaggle is to be sent: python kaggle/prepare.py USERNAME makes kaggle/upload/code and kaggle/upload/kernel."""

import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def main(words):
    if len(words) not in (1, 2) or not re.fullmatch(r"[a-z0-9-]+", words[0]):
        print("prepare.py: error: give your Kaggle user name as in kaggle.com/NAME, in lower case, and perhaps a folder", file=sys.stderr)
        return 2
    prepare(words[0], Path(words[1]) if len(words) == 2 else HERE / "upload")
    return 0


def prepare(username, upload):
    """Fill `upload/code`, for `kaggle datasets create`, and `upload/kernel`, for `kaggle kernels push`; what was there is replaced."""
    code, kernel = upload / "code", upload / "kernel"
    for folder in (code, kernel):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for path in [*ROOT.glob("exp_*.py"), ROOT / "LICENSE"]:
        shutil.copy(path, code)
    for package in ("common", "kerascope"):
        shutil.copytree(ROOT / package, code / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "kernel.py", kernel)
    for folder, name in ((code, "dataset-metadata.json"), (kernel, "kernel-metadata.json")):
        (folder / name).write_text((HERE / name).read_text(encoding="utf-8").replace("USERNAME", username), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
