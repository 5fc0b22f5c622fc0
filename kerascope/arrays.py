"""The arrays that monitors keep, of several trainings of one model as those of one training, and of some members. NumPy alone is needed."""

import re

import numpy as np

from .bins import join_histograms

HISTOGRAM = re.compile(r"(activation|gradient)/.*/(counts|edges)")


def member_axes(arrays):
    """The axis of the members of each array that a monitor's `arrays()` gave: `{name: axis}`, None for what the members share.

    The monitor is known by the names: only `PredictionMonitor` has no `epochs`, only `LogitMonitor` has `labels`, and names of histograms
    begin with their kind and end with `/counts` and `/edges`; all else is of `UnitActivity`.

    Args:
        arrays: dict of arrays.
    """
    names = set(arrays) - {"epochs"}
    if "epochs" not in arrays:
        axes = {"x": None, "member_x": 0, "outputs": 0}
    elif names and all(HISTOGRAM.fullmatch(name) for name in names):
        axes = {name: 1 if name.endswith("/counts") else None for name in names}
    elif "labels" in names and arrays["labels"].ndim < 3:  # The arrays of a layer of that name have three axes.
        axes = {"labels": 0 if arrays["labels"].ndim == 2 else None, "logits": 1, "gradient_norm": 1}
    else:
        axes = dict.fromkeys(names, 0)
    return {name: None if name == "epochs" else axes[name] for name in arrays}


def join_arrays(arrays):
    """The arrays of a monitor from several trainings of one model, joined as if all members had been trained in one stack.

    Histograms are counted again in the bins that all their values need, which is exact. All else that the members share, such as epochs
    and points, must be the same in all trainings. Layers are known by their names: those that Keras gives count up, so name them in
    `build`.

    Example:

    ```python
    kept = []
    for seeds in ([0, 1], [2, 3, 4]):
        stack = SeedStack(build, seeds)
        stack.compile("sgd", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        histograms = HistogramMonitor(x[:20], y[:20])
        stack.fit(x, y, epochs=2, verbose=0, callbacks=[histograms])
        kept.append(histograms.arrays())
    of_five = join_arrays(kept)
    of_the_first_and_last = select_members(of_five, [0, 4])
    ```

    Args:
        arrays: list of dicts, results of `arrays()` of the same monitor, or as `np.load` reads them from a file; in the order in which
            the members shall stand.

    Returns:
        A dict of arrays like each of them, with the members of all.

    Raises:
        ValueError: for no dicts, other names in one than in another, or shared arrays that differ.
    """
    parts = [dict(part) for part in arrays]
    if not parts:
        raise ValueError("there are no arrays to join")
    first = parts[0]
    if different := set().union(*parts) - set.intersection(*map(set, parts)):
        raise ValueError(f"the trainings have different arrays: {', '.join(sorted(different))}")
    axes = member_axes(first)
    if any(member_axes(part) != axes for part in parts):
        raise ValueError("labels are the members' own in one training and shared in another")
    counted = [name.removesuffix("/counts") for name, axis in axes.items() if name.endswith("/counts") and axis == 1]
    joined = {}
    for name in first.keys() - {f"{of}/{what}" for of in counted for what in ("counts", "edges")}:
        joined[name] = _join(name, [part[name] for part in parts], axes[name])
    for name in counted:
        of_stages = ([(part[f"{name}/counts"][i], part[f"{name}/edges"][i]) for part in parts] for i in range(len(first["epochs"])))
        stages = map(join_histograms, of_stages)
        joined[f"{name}/counts"], joined[f"{name}/edges"] = map(np.stack, zip(*stages, strict=True))
    return {name: joined[name] for name in first}


def select_members(arrays, positions):
    """The arrays of a monitor for some of the members; histograms keep their bins.

    Example:

    ```python
    histograms = HistogramMonitor(x_probe, y_probe)
    stack = SeedStack(build, seeds=[4, 5, 6])
    stack.compile("sgd", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    stack.fit(x, y, epochs=2, verbose=0, callbacks=[histograms])
    select_members(histograms.arrays(), [2, 0])  # of the seeds 6 and 4
    ```

    Args:
        arrays: a dict, the result of a monitor's `arrays()`, of `join_arrays`, or as `np.load` reads it from a file.
        positions: list of int, the members by their position, in the wanted order.

    Returns:
        A dict of arrays of the same names.

    Raises:
        IndexError: for a position that no member has.
    """
    arrays = dict(arrays)
    axes = member_axes(arrays)
    return {name: array if axes[name] is None else np.take(array, positions, axis=axes[name]) for name, array in arrays.items()}


def _join(name, of_parts, axis):
    if axis is None:
        first = of_parts[0]
        if not all(np.array_equal(first, one, equal_nan=first.dtype.kind == "f") for one in of_parts):
            raise ValueError(f"{name} differ between the trainings, which have to share them")
        return first
    if len({np.delete(part.shape, axis).tobytes() for part in of_parts}) > 1:
        raise ValueError(f"{name} have different shapes in the trainings: {', '.join(str(part.shape) for part in of_parts)}")
    return np.concatenate(of_parts, axis=axis)
