"""The loss along straight lines between the ends of trainings from the same initial weights, and the distances of these ends."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from common.data import DATASETS
from common.lazy import lazy_modules
from common.store.layout import WEIGHTS
from common.store.tables import with_columns_in_front

keras, kerascope = lazy_modules("keras kerascope")

PLACES = 11  # on a line, both ends among them
MOST_SAMPLES = 10_000  # the first ones; on so many a loss is known to a hundredth, and 60,000 would take a minute


class Ends(NamedTuple):
    """The networks of the runs of a cell: their initial and their final weights.

    Attributes:
        start, end: `{seed: list of arrays}`, the weights of each run, in the order of `model.weights`.
        samples: function of a seed that returns its `(x_train, y_train), (x_test, y_test)`.
        model: one of the networks, into which weights can be set.
    """

    start: dict
    end: dict
    samples: Callable
    model: "keras.Model"

    @classmethod
    def of(cls, trained, cell):
        """The Ends of a `Cell` of a `common.results.trained.Trained`, from the weights on disk."""
        samples, classes = trained.data[cell.dataset].samples, DATASETS[cell.dataset].num_classes
        start, end, features = {}, {}, samples.fixed[0][0].shape[1]

        def build():
            return trained.experiment.build_model(cell, features, classes)

        for stack, seeds in trained.stacks.seeds_of(cell):
            networks = kerascope.SeedStack(build, stack.seeds, weight_seeds=stack.seeds_of("weights"))
            start |= _weights(networks, seeds)
            networks.load_weights(stack.folder(trained.root) / WEIGHTS)
            end |= _weights(networks, seeds)
        data_seeds = dict(zip(cell.seeds, cell.seeds_of("data"), strict=True))
        return cls(start, end, lambda seed: samples.of(data_seeds[seed]), networks.member(0))


def _weights(networks, seeds):
    return {seed: [weight.copy() for weight in networks.member(networks.seeds.index(seed)).get_weights()] for seed in seeds}


def line_between(one, other, places=PLACES):
    """The loss along the straight line from the end of one run to that of another of the same seed.

    Args:
        one, other: `Ends` of two cells of one network, whose runs began at the same weights.
        places: number of places on the line, both ends among them. Defaults to 11.

    Returns:
        DataFrame with a row per seed and place; columns `seed`, `share` (of the way, 0 to 1) and `train_loss`, the mean cross-entropy of
        the training samples, of which the first 10,000 are taken.
    """
    rows = []
    for seed in sorted(one.end.keys() & other.end.keys()):
        (x, y), _ = one.samples(seed)
        for share in np.linspace(0, 1, places):
            one.model.set_weights([(1 - share) * a + share * b for a, b in zip(one.end[seed], other.end[seed], strict=True)])
            rows.append({"seed": seed, "share": share, "train_loss": _cross_entropy(one.model, x[:MOST_SAMPLES], y[:MOST_SAMPLES])})
    return pd.DataFrame(rows)


def _cross_entropy(model, x, y):
    logits = keras.ops.convert_to_numpy(model(x, training=False)).astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    return float((np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(y)), y]).mean())


def barrier(losses):
    """Powers of ten by which the highest loss between the ends of a line lies above that of the higher end; negative where it lies below.

    Args:
        losses: array `(places,)`, at least three, both ends among them.

    Example:

    ```python
    barrier(np.array([0.01, 1.0, 0.1]))  # 1.0
    ```
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        height = np.log10(losses[1:-1].max() / max(losses[0], losses[-1]))
    return float(height) if np.isfinite(height) else np.inf


def distances(one, other):
    """The distances of two runs of each seed, L2 norms over all weights: DataFrame with a row per seed; columns `seed`, `from_start`, of
    the first run's end from its initial weights, and `ends_apart`, of the two ends."""
    rows = []
    for seed in sorted(one.end.keys() & other.end.keys()):
        start, end, far = one.start[seed], one.end[seed], other.end[seed]
        rows.append({"seed": seed, "from_start": _distance(end, start), "ends_apart": _distance(end, far)})
    return pd.DataFrame(rows)


def _distance(some, others):
    return float(np.sqrt(sum(((a.astype(np.float64) - b) ** 2).sum() for a, b in zip(some, others, strict=True))))


def tables(trained, reference, arms):
    """The lines from the ends of one arm to those of others, on all datasets that have them.

    Args:
        trained: the `common.results.trained.Trained`.
        reference: settings of the arm at whose ends the lines begin, `{setting: value}`.
        arms: list of settings of those where they end.

    Returns:
        `{name: DataFrame}`: `control_lines`, the rows of `line_between` of each of `arms`; and `control_ends`, a row per run of these and
        of the reference, with `from_start`, `ends_apart`, and the `barrier` of its line, NaN of the reference. Both begin with the dataset
        and the columns of the arm. Empty where no dataset has the arms.
    """
    found = {"control_lines": [], "control_ends": []}
    for dataset in dict.fromkeys(cell.dataset for cell in trained.cells):
        cells = [_cell(trained, dataset, arm) for arm in (reference, *arms)]
        if cells[0] is None or not any(cells[1:]):
            continue
        first, *others = [Ends.of(trained, cell) for cell in cells if cell]
        for cell, other in zip(filter(None, cells), (first, *others), strict=True):
            columns = {"dataset": dataset, **{name: cell[name] for name in trained.experiment.arm_columns}}
            ends = distances(other, first).assign(barrier=np.nan)
            if other is not first:
                line = line_between(first, other)
                ends["barrier"] = [barrier(losses.to_numpy()) for _, losses in line.groupby("seed")["train_loss"]]
                found["control_lines"].append(with_columns_in_front(line, columns))
            found["control_ends"].append(with_columns_in_front(ends, columns))
    return {name: pd.concat(rows, ignore_index=True) for name, rows in found.items() if rows}


def _cell(trained, dataset, arm):
    """The first of the cells on a dataset that have these settings; None if there is none."""
    of_dataset = (cell for cell in trained.cells if cell.dataset == dataset)
    return next((cell for cell in of_dataset if all(cell[name] == value for name, value in arm.items())), None)
