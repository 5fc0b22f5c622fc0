"""Running the Python blocks of documents: `python tests/support/examples.py FILE...`, away from the checkout too.

It imports nothing of the project but what the blocks themselves import.
"""

import contextlib
import io
import os
import re
import sys
import tempfile
from pathlib import Path


def blocks(path, kind):
    """The code blocks of a kind in a Markdown file."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", Path(path).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def names():
    """The names that the examples take for granted: a compiled model, data for it, and a probe."""
    import keras
    import numpy as np

    random = np.random.default_rng(0)
    x, y = random.normal(size=(80, 64)).astype("float32"), random.integers(0, 10, 80)
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(10)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return {"model": model, "x": x, "y": y, "x_probe": x[:20], "y_probe": y[:20], "x_test": x[:30], "y_test": y[:30]}


def run(code, where):
    """Run a block with few epochs; returns its names."""
    found = names()
    exec(compile(re.sub(r"epochs=\d+", "epochs=2", code), where, "exec"), found)
    return found


def main(paths):
    os.environ |= {"MPLBACKEND": "agg", "TF_CPP_MIN_LOG_LEVEL": "3"}
    examples = [(path, code) for path in paths for code in blocks(path, "python")]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for path, code in examples:
            with contextlib.redirect_stdout(io.StringIO()):  # of progress bars
                run(code, path)
    print(f"{len(examples)} examples of {', '.join(paths)} ran")
    return 0 if examples else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
