"""The project's folder. No other module counts folders upwards."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CODE = ("*.py", "common/**/*.py", "kerascope/**/*.py")  # that a training runs, as patterns below ROOT


def code_files():
    """The files of `CODE`, sorted."""
    return sorted(path for pattern in CODE for path in ROOT.glob(pattern))
