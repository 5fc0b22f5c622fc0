"""Made-up arrays and tables, of the shapes that figures take, and figures of them."""

import numpy as np
import pandas as pd

from common import figures
from kerascope.bins import histogram
from tests.support.frames import every

ARMS = "ABCDE"
SHARES = [figures.Panel(name, name.replace("_", " "), "percent") for name in ("misclassified_fraction", "vanished_fraction")]


def units_arms():
    """An arm whose units switch off, of two seeds, and one that saturates."""
    on = np.array([[0.5, 0.5, 0.5, 0.0], [0.25, 0.0, 1.0, 0.0], [0.125, 0.0, 0.75, 0.0]])
    fates = pd.DataFrame({"layer": "hidden_1", "off_epochs": (on == 0).sum(axis=0), "revivals": 0, "off_at_end": on[-1] == 0})
    units = pd.concat([fates.assign(seed=4), fates.assign(seed=5, off_epochs=3, revivals=3, off_at_end=True)])
    layers = every(seed=[4, 5], epoch=[1, 2], layer=["hidden_1", "logits"])
    saturated = layers.assign(saturated_fraction=[0.25, np.nan, 0.5, np.nan, 0.9, np.nan, 0.9, np.nan])
    epochs, never = np.array([0, 1, 2]), units.assign(off_epochs=0, off_at_end=False)
    return [
        ("ReLU", {"epochs": epochs, "hidden_1": np.stack([on, 1 - on])}, units, layers.assign(saturated_fraction=np.nan)),
        ("Sigmoid", {"epochs": epochs, "hidden_1": np.ones((2, 3, 4))}, never, saturated),
    ]


def logits_arrays(diverged=False, stages=2, seeds=3):
    """The arrays of logits.npz of random logits; if `diverged`, the first run is not finite at the second stage."""
    random = np.random.default_rng(1)
    logits, norms = random.normal(size=(stages, seeds, 50, 3)), random.lognormal(size=(stages, seeds, 50))
    if diverged:
        logits[1, 0], norms[1, 0] = np.nan, np.nan
    return {"epochs": 9 * np.arange(stages), "labels": random.integers(0, 3, 50), "logits": logits, "gradient_norm": norms}


def logits_table(losses=("cross_entropy", "mse_softmax"), seeds=range(4), epochs=range(4)):
    """Made-up rows of logits.csv."""
    table = every(loss=list(losses), seed=list(seeds), epoch=list(epochs))
    random = np.random.default_rng(0)
    scale = np.where(table["loss"] == "mse_softmax", 0.01, 1.0) * np.exp(-table["epoch"])
    table["logit_grad_median"], table["logit_grad_mean"] = (scale * random.lognormal(sigma=0.1, size=len(table)) for _ in range(2))
    return table.assign(misclassified_fraction=0.5 * np.exp(-table["epoch"]), vanished_fraction=0.0)


def histograms_of(*stages, bins=60):
    """The arrays of histograms.npz of a layer's outputs at several stages, each an array `(seeds, values)`."""
    counts, edges = zip(*(histogram(list(stage), bins) for stage in stages), strict=True)
    epochs = np.arange(len(stages)) * 5
    return {"epochs": epochs, "activation/hidden_1/counts": np.stack(counts), "activation/hidden_1/edges": np.stack(edges)}


def outputs(scale, shape=(3, 400), seed=0):
    """Outputs of ReLUs at one stage, array `(seeds, values)`."""
    return scale * np.maximum(np.random.default_rng(seed).normal(size=shape), 0)


def activations(*arms):
    """The figure of arms, whose stages are arrays `(seeds, values)`, and its panels, row by row."""
    drawing = figures.activations_figure([(f"arm {ARMS[i]}", histograms_of(*stages)) for i, stages in enumerate(arms)], "hidden_1")
    return drawing, np.reshape(drawing.figure.axes, (len(arms), -1))


def boundaries_of(*runs_by_arm):
    """The figure of runs whose boundary is a vertical line, on a 3 x 3 grid; a run without a boundary has diverged."""
    x = np.stack(np.meshgrid([0.0, 1, 2], [0.0, 1, 2]), -1).reshape(-1, 2)
    arms = []
    for i, runs in enumerate(runs_by_arm):
        logits = np.stack([np.stack([np.zeros(9), 5 * (x[:, 0] - at)], -1) for at in runs])
        arms.append((f"arm {ARMS[i]}", range(len(runs)), {"x": x, "outputs": logits}))
    return figures.boundaries_figure(arms, np.array([[0.2, 0.2], [1.8, 1.0]]), np.array([0, 1]))


def shares_by_layer(seed=0):
    """Rows of layers.csv with a random share."""
    table = every(seed=range(5), epoch=range(1, 5), layer=["hidden_1", "hidden_2"])
    return table.assign(fraction=np.random.default_rng(seed).random(len(table)))
