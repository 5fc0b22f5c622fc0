"""HistogramMonitor: the distributions of activations and gradients at stages of training."""

import contextlib
import numbers
from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from ..bins import histogram
from .core.activation_recorder import layers_with_activation, record_activations
from .core.graphs import graph_per_batch, map_batch, sum_over_batches, template_of
from .core.layers import NothingToMeasure, matches, weights_by_layer
from .core.loss import predict
from .core.loss_monitor import LossMonitor
from .core.monitor import Monitor
from .core.weights import flatten_members
from .gradients import sum_gradients


class HistogramMonitor(LossMonitor, Monitor):
    """Counts, layer by layer, the values of the activations and of the loss's gradient on a fixed probe, by default in inference mode.

    Use it to see distributions drift, widen or collapse (Glorot & Bengio 2010). It writes nothing to `logs`. Layers with activations are
    those of `ActivationMonitor(x, linear=True)`; if the model has none, or no `call()`, only gradients are counted.

    Example:

    ```python
    histograms = HistogramMonitor(x_train[:256], y_train[:256], every=[0, 10, 20])
    model.fit(x_train, y_train, epochs=20, callbacks=[histograms])
    histograms.plot()
    histograms.frame()  # a row per epoch, layer and bin
    np.savez("histograms.npz", **histograms.arrays())
    ```

    `SummaryWriter` shows them in TensorBoard.

    Args:
        x: samples of the probe, as for `GradientMonitor`.
        y: their targets. Defaults to `None`.
        every: measure before training (if the model is built) and after every `every` epochs; or a collection of the epochs after which to
            measure, 0 is before training; or `"100 steps"`: after every 100 steps of a training. Defaults to `1`.
        bins: number of bins, at least 2. Their width is the smallest power of two at which the values of all members fit into them, and
            their edges are multiples of it: so `kerascope.join_arrays` joins trainings exactly. Defaults to `60`.
        sample_weight: weights of the probe's samples, as given to `fit`. Defaults to `None`.
        layers: names or patterns of the layers to measure. Defaults to `None`: all.
        class_weight: weights of the classes, as given to `fit`. Defaults to `None`.
        loss: see `GradientMonitor`. Without it, only activations are counted for a model with a `train_step` of its own, and a warning
            tells. Defaults to `None`.
        training: see `GradientMonitor`. Defaults to `False`.

    Raises:
        ValueError: for fewer than two bins.
    """

    transient = (*Monitor.transient, "_gradients", "_activations")

    def __init__(self, x, y=None, every=1, bins=60, sample_weight=None, layers=None, class_weight=None, loss=None, training=False):
        super().__init__(x, y, sample_weight, class_weight, every, layers, loss, training)
        if bins < 2:
            raise ValueError(f"bins must be at least 2, got {bins}")
        self.bins = bins
        self.measures_before_training = isinstance(every, numbers.Integral)

    def clear(self):
        """Forget all measurements and problems."""
        super().clear()
        self.stages = []

    def prepare(self):
        batches, settings = self.probe.batches, {"jit_compile": False, **self.settings}
        self._gradients, self._activations, self._candidates = dict, [], []
        has_call = type(self.template).call is not keras.Model.call
        with contextlib.suppress(NothingToMeasure):
            self._candidates = list(layers_with_activation(self.template, self.layers))
            self._activations = graph_per_batch(self.model, batches, _activations, **settings) if has_call else []
        try:
            super().prepare()
            weights_by_layer(self.template, self.layers)
            self._gradients = sum_over_batches(self.model, batches, sum_gradients, _gradients, **settings)
        except ValueError as error:
            if not self._activations:
                raise
            self.warn(f"counts activations alone: {error}")
        if not has_call:
            self.warn(f"counts gradients alone: {type(self.template).__name__} has no call()")

    def record(self, epoch, logs):
        values = {name: tensor.numpy() for name, tensor in self._gradients().items()}
        parts = [measure() for measure in self._activations]
        for name in parts[0] if parts else ():
            values[name] = np.concatenate([part[name].numpy() for part in parts], axis=1)
        left_out = [path for path in self._candidates if parts and f"activation/{path}" not in parts[0]]
        if left_out:
            self.warn(f"leaves out activations of layers that are not called, or only in a loop: {', '.join(left_out)}")
        self._candidates = []  # told once
        histograms = {name: histogram(members, self.bins) for name, members in values.items()}
        self.stages.append(Stage(self.fit, epoch, self.step, self.seeds, histograms))

    def measure(self, model, epoch=None):
        """Measure now, in a training loop without `fit`; see `QuantityMonitor.measure`.

        Args:
            model: the model, built and compiled.
            epoch: the number of completed epochs; 0 is before training. Defaults to `None`: that of the last call for this model + 1.

        Returns:
            The rows of this measurement, as in `frame()`.
        """
        super().measure(model, epoch)
        return _table(self.stages[-1:])

    def frame(self):
        """All histograms as a tidy DataFrame: a row per seed, epoch, kind, layer and bin.

        Columns: `seed`, only if the model has seeds; `fit`, from 1, only after several trainings; `epoch`, the number of completed epochs;
        `step`, only with steps; `kind`, `activation` or `gradient`; `layer`; `left` and `right`, the edges of the bin, to which the left
        one belongs; and `count`, the number of values in it. `attrs["problems"]` and warnings are as in
        `QuantityMonitor.frame`.
        """
        self.warn_if_empty(self.stages)
        table = _table(self.stages)
        table.attrs["problems"] = list(self.problems)
        return table

    def plot(self, layers=None):
        """Draw the distributions: a panel per layer and kind, a line per epoch, the first dark, the last light; all seeds together.

        Args:
            layers: names or patterns of the layers to draw. Defaults to `None`: all, or ten of them evenly over the model.

        Returns:
            A matplotlib `Figure`, made by pyplot.
        """
        from .core.chart import chart_distributions

        table, patterns = _table(self.stages), (layers,) if isinstance(layers, str) else layers
        chosen = table["layer"].map(lambda name: patterns is None or matches(name, patterns)).astype(bool)
        return chart_distributions(table[chosen], self.problems)

    def arrays(self):
        """The histograms of the last training as `{name: array}`, ready for `np.savez`.

        `epochs`, int64 `(stages,)`; and for each kind (`activation`, `gradient`) and layer `<kind>/<layer>/counts`, int64 `(stages,
        members, bins)`, and `<kind>/<layer>/edges`, float64 `(stages, bins + 1)`, common to all members. Values that are not finite are
        not counted. Around a single value, or none, bins have another width than a power of two. Where a layer
        was not measured (it was frozen later, for example), counts are 0 and edges NaN.
        """
        stages = [stage for stage in self.stages if stage.fit == self.stages[-1].fit]
        arrays = {"epochs": np.array([stage.epoch for stage in stages], dtype=np.int64)}
        for name, (counts, edges) in {name: of for stage in reversed(stages) for name, of in stage.histograms.items()}.items():
            missing = np.zeros_like(counts), np.full_like(edges, np.nan)
            of_stages = [stage.histograms.get(name, missing) for stage in stages]
            arrays[f"{name}/counts"], arrays[f"{name}/edges"] = (np.stack(parts) for parts in zip(*of_stages, strict=True))
        return arrays

    def get_state(self):
        """The measurements of the last training, without the numbers of steps; see `QuantityMonitor.get_state`."""
        return {"fit": np.int64(self.fit), **self.arrays()}

    def set_state(self, state):
        """Take over the result of another monitor's `get_state`."""
        self.fit, self.resumed = int(state["fit"]), True
        names = [name.removesuffix("/counts") for name in state if name.endswith("/counts")]
        self.stages = []
        for i, epoch in enumerate(state["epochs"].tolist()):
            histograms = {name: (state[f"{name}/counts"][i], state[f"{name}/edges"][i]) for name in names}
            measured = {name: of for name, of in histograms.items() if np.isfinite(of[1]).all()}
            self.stages.append(Stage(self.fit, epoch, None, self.seeds, measured))


class Stage(NamedTuple):
    """The histograms of all layers at one time: `{"<kind>/<layer>": (counts (members, bins), edges (bins + 1,))}`; else as `Record`."""

    fit: int
    epoch: int
    step: Any
    seeds: Any
    histograms: dict


def _table(stages):
    """Stages as a DataFrame, see `HistogramMonitor.frame`."""
    columns = ["seed", "fit", "epoch", "step", "kind", "layer", "left", "right", "count"]
    parts = [] if stages else [pd.DataFrame(columns=columns)]
    for stage in stages:
        for member, seed in enumerate(stage.seeds or [None]):
            for name, (counts, edges) in stage.histograms.items():
                part = seed, stage.fit, stage.epoch, stage.step, *name.split("/", 1), edges[:-1], edges[1:], counts[member]
                parts.append(pd.DataFrame(dict(zip(columns, part, strict=True))))
    table = pd.concat(parts, ignore_index=True)
    several = len({stage.fit for stage in stages}) > 1
    used = {"seed": any(stage.seeds for stage in stages), "fit": several, "step": any(stage.step for stage in stages)}
    table = table.sort_values("seed", kind="stable", ignore_index=True) if used["seed"] else table
    return table.drop(columns=[name for name, is_used in used.items() if not is_used])


def _gradients(model, totals, layers, loss, training):
    """The gradients of all members: `{"gradient/<layer>": (members, weights)}`."""
    gradient_sums, samples = totals
    paths = weights_by_layer(template_of(model), layers)
    return {f"gradient/{path}": flatten_members(sums) / samples for path, sums in zip(paths, gradient_sums, strict=True)}


def _activations(model, batch, layers, loss, training):
    """The activations of all members: `{"activation/<layer>": (members, values)}`."""
    found = layers_with_activation(template_of(model), layers)

    def read_member(member, batch):
        with record_activations(found) as calls_by_path:
            predict(member, batch, training)
        return {
            f"activation/{path}": tf.concat([tf.reshape(tf.cast(call.outputs, tf.float32), [-1]) for call in calls], 0)
            for path, calls in calls_by_path.items()
        }

    return map_batch(model, read_member, batch)
