"""The kernel that runs the experiments on Kaggle: code from an attached dataset, Fashion-MNIST from another, results to the output.

The notebook beside it runs it too, on Colab in folders of its own.

Any arguments are names of scripts (default: all), then flags for them.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

KAGGLE = Path(os.environ.get("KAGGLE_ROOT", "/kaggle"))  # the tests lay the same tree out elsewhere
INPUT, WORKING = KAGGLE / "input", KAGGLE / "working"
FLAGS = {"exp_c_optimizer": {"--lr": "0.01"}}  # of its 36 cells those of one rate, as many as a session holds
MINUTES = 11 * 60  # a session ends after 12 hours; the next one does the rest
SEARCH_DEPTH = 5  # folders from INPUT down to the code: Kaggle has put datasets at more than one level


def main(words):
    began = time.monotonic()
    code = find_code()
    sys.dont_write_bytecode = True  # the input is read-only: Python must not try to keep compiled modules there
    sys.path.insert(0, str(code))
    from common.data.fashion_mnist import find_fashion_mnist
    from common.errors import BadInput
    from common.experiment.find import find_experiments

    try:
        data = {"--data-dir": INPUT} if find_fashion_mnist(INPUT) else {}
    except BadInput as error:
        print(f"kernel.py: note: {error}; without it those datasets are used that are at hand", flush=True)
        data = {}

    experiments = find_experiments()
    take_over_earlier_results(experiments)
    names = [word for word in words if word in experiments] or list(experiments)
    flags = [word for word in words if word not in experiments]
    status = 0
    for name in names:
        left = max(MINUTES - (time.monotonic() - began) / 60, 0.01)
        ours = {"--out": WORKING / "plots", "--jobs": max(1, number_of_gpus()), "--max-minutes": left, **FLAGS.get(name, {})}
        if "fashion_mnist" in experiments[name].datasets:
            ours |= data
        given = {word.split("=")[0] for word in flags}
        ours = [str(part) for flag, value in ours.items() if flag not in given for part in (flag, value)]
        command = [sys.executable, str(code / f"{name}.py"), *ours, *flags]
        print("+", *command, flush=True)
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "KERAS_BACKEND": "tensorflow"}  # whatever the server chose
        ended = subprocess.run(command, cwd=WORKING, env=environment).returncode
        status = max(status, ended if ended >= 0 else 128 - ended)  # one that a signal ended, as a shell counts it
    return status


def find_code():
    """The folder with the project's code."""
    for depth in range(SEARCH_DEPTH):
        for script in sorted(INPUT.glob("/".join(["*"] * depth + ["exp_*.py"]))):
            if all((script.parent / package).is_dir() for package in ("common", "kerascope")):
                return script.parent
    sys.exit(
        f"kernel.py: error: no exp_*.py with its folders common and kerascope in {INPUT}; attach the dataset with the code to this kernel"
    )


def take_over_earlier_results(experiments):
    """Copy the results of an earlier run of this kernel, where one is attached as input and this session has none yet; the scripts go on
    from there."""
    plots, unfinished = WORKING / "plots", WORKING / ".plots"
    if plots.exists():
        return
    shutil.rmtree(unfinished, ignore_errors=True)  # of a copy that was interrupted
    for depth in range(SEARCH_DEPTH):
        for earlier in sorted(INPUT.glob("/".join(["*"] * depth + ["plots"]))):
            if any((earlier / name / "cells").is_dir() for name in experiments):
                shutil.copytree(earlier, unfinished, dirs_exist_ok=True, copy_function=shutil.copyfile)
    if unfinished.exists():
        unfinished.rename(plots)


def number_of_gpus():
    try:
        listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True).stdout
    except OSError:
        return 0
    return listing.count("GPU ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
