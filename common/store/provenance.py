"""The origin of a cell: the code, the packages and the environment that produced it."""

import functools
import os
import re
import subprocess
from pathlib import Path

from common import paths
from common.lazy import imported

PACKAGES = {"tensorflow": "tensorflow", "keras": "keras", "numpy": "numpy", "scikit-learn": "sklearn", "pandas": "pandas"}
SECONDS_FOR_GIT = 10

# Variables that choose among kernels, precisions, orders of addition or devices: those that TensorFlow 2.21 reads, and those of oneDNN,
# OpenMP, NumPy and NVIDIA's libraries. No prefix that is anybody's: secrets of Terraform begin with TF_VAR_. Two of OpenMP's
# are left out that scikit-learn sets.
VARIABLES = re.compile(
    r"TF_((DETERMINISTIC|CUDNN|CUBLAS|CUFFT|DEBUG_CUDNN|ONEDNN|SET_ONEDNN|MKL|XLA|GPU|CPU|JIT|FUNCTION_JIT|AUTO_MIXED_PRECISION)_\w+"
    r"|(AUTOTUNE|MATMUL|CONV2D|FP16|ENABLE|DISABLE|USE|FORCE|OVERRIDE)_\w+|NUM_INTEROP_THREADS)|XLA_FLAGS"
    r"|KERAS_(?!HOME$|BACKEND$|DISTRIBUTION_)\w+"
    r"|(OMP|KMP(?!_DUPLICATE_LIB_OK|_INIT_AT_FORK)|GOMP|MKL|ONEDNN|DNNL|ZENDNN|OPENBLAS)_\w+|NPY_\w+_CPU_FEATURES"
    r"|NVIDIA_TF32_OVERRIDE|(CUDNN|CUBLAS)_\w+|CUDA_(VISIBLE_DEVICES|DEVICE_ORDER|LAUNCH_BLOCKING|MODULE_LOADING)|NCCL_(ALGO|PROTO)"
)


@functools.cache
def versions():
    """Versions of the packages that take part in a training, `{name: version}`, as they say themselves; imports them."""
    return {name: imported(module).__version__ for name, module in PACKAGES.items()}


def environment():
    """The environment variables that are set and can change the bytes of results, `{name: value}`, sorted. Words that hold a path are left
    out: they say where something lies, and may be private. So is `TF_NUM_INTRAOP_THREADS`: `cell.json` has `threads`."""
    found = {name: _without_paths(value) for name, value in sorted(os.environ.items()) if VARIABLES.fullmatch(name)}
    return {name: value for name, value in found.items() if value}


@functools.cache
def git_state():
    """The commit of this project's code, and whether code that a training runs differs from it or is not in it, `{"commit": ..., "dirty":
    ...}`; None where it is no checkout."""
    try:
        if Path(_git("rev-parse", "--show-toplevel")).resolve() != paths.ROOT:
            return None
        code = [f":(top,glob){pattern}" for pattern in paths.CODE]
        changed = _git("status", "--porcelain", "--untracked-files=all", "--", *code)
        return {"commit": _git("rev-parse", "HEAD"), "dirty": changed != ""}
    except (OSError, subprocess.SubprocessError):
        return None


def _without_paths(value):
    return " ".join(word for word in value.split() if "/" not in word and "\\" not in word)


def _git(*words):
    command = ["git", "-C", str(paths.ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS_FOR_GIT).stdout.strip()
