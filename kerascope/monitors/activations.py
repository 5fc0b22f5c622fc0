"""ActivationMonitor: active, dead, dormant and saturated units, layer by layer."""

import numpy as np
import tensorflow as tf

from .core.activation_recorder import is_linear, layers_by_name, layers_with_activation, record_activations
from .core.base import QuantityMonitor
from .core.graphs import add_structures, map_batch, sum_over_batches, template_of
from .core.layers import NothingToMeasure
from .core.loss import predict
from .core.probe import Probe
from .core.quantity import Quantity
from .core.weights import divide
from .units import UnitActivity

# A unit is dormant if its mean absolute output is at most this share of its layer's mean (Sokar et al. 2023, arXiv:2302.12902).
DORMANT_SHARE = 0.025
# A pair is saturated if the activation's derivative is below this share of the largest that it can be.
SATURATED_SHARE = 0.01
# The largest derivative of the activation functions that saturate; for softmax that of an output by its own logit, p (1 - p).
LARGEST_DERIVATIVE = {"sigmoid": 0.25, "tanh": 1.0, "softmax": 0.25}


class ActivationMonitor(QuantityMonitor):
    """Measures the activations of each layer on a fixed probe, by default in inference mode, at the end of epochs.

    It measures every layer that applies an activation function, wherever it is: layers with an `activation` argument, activation layers
    such as `keras.layers.ReLU`, and, in functional models, operations such as `keras.ops.relu`; those of the identity only with
    `linear=True`. A unit is an entry of the last axis; for a convolution that is a channel, and each position counts as a sample, padded
    and masked ones too, as does each further call of a shared layer. Layers that are called in a loop (the cells of recurrent layers), or
    not at all, are left out with a warning; `outputs=` measures a recurrent layer from outside. Activation functions that a model's own
    code calls are not seen.

    Example:

    ```python
    activations = ActivationMonitor(x_train[:256], units=True)
    model.fit(x_train, y_train, epochs=20, callbacks=[activations])
    activations.frame()  # a row per epoch and layer
    activations.frame(per="model")  # all units together
    activations.units.frame()  # a row per unit
    ```

    Quantities, float32, of a layer, or of all measured units of the model together:

    - `dead_fraction`: share of units whose activation has derivative exactly 0 (in float32) at every probe sample: they learn nothing. NaN
      for layers of `outputs=`, and for functions that mix units (log-softmax, sparsemax, gated linear units).
    - `always_off_fraction`: share of units with output <= 0 at every probe sample. For ReLU the same as `dead_fraction`.
    - `inactive_fraction`: share of (sample, unit) pairs with output <= 0.
    - `dormant_fraction`: share of units with mean absolute output <= 0.025 of the layer's mean (Sokar et al. 2023, arXiv:2302.12902).
    - `saturated_fraction`: sigmoid, tanh, softmax: share of pairs where the derivative is below 1 % of its maximum; NaN for others.
    - `activation_mean`, `activation_std`: over samples and units (output units).

    All are NaN if an output is not finite. A measurement costs about one forward pass of the probe, and more with `linear=True`: the many
    convolutions before a normalisation are then measured, too.

    Args:
        x: the probe: samples as given to `fit`, or a `tf.data.Dataset` or `keras.utils.PyDataset` of batches, with or without targets.
            For a SeedStack arrays may stand within `PerMember`: each member is then measured on its own.
        every: measure after every `every` epochs; or a collection of the epochs after which to measure, 0 is before training; or
            `"100 steps"`: after every 100 steps of a training. Defaults to `1`.
        units: whether to keep the activity of every single unit as well, before training (if the model is built) and at each
            measurement; `.units` is then a `UnitActivity`. Not with `every="100 steps"`. Defaults to `False`.
        layers: names or patterns of the layers to measure. Defaults to `None`: all.
        logs: the values that enter `logs`: True for those of the model and of each layer, False for none, or patterns of keys such as
            `"dead_fraction/*"`. Defaults to `None`: those of the whole model.
        linear: whether layers whose activation function is the identity are measured, such as one that ends in logits. Defaults to
            `False`.
        outputs: names or patterns of further layers whose outputs are measured, whatever they compute: recurrent and attention layers,
            normalisation. Of several outputs of a layer, the first. Defaults to `None`.
        training: whether to measure in training mode, with the statistics of each of the probe's batches in batch normalisation, and with
            dropout. Statistics and random states of the model are left as they are. Defaults to `False`.

    Raises:
        ValueError: for `units=True` with steps.
    """

    quantities = (
        Quantity("dead_fraction", "dead units", "share", "percent", "unknown"),
        Quantity("always_off_fraction", "always-off units", "share", "percent", "unknown"),
        Quantity("inactive_fraction", "inactive outputs", "share", "percent", "unknown"),
        Quantity("dormant_fraction", "dormant units", "share", "percent", "unknown"),
        Quantity("saturated_fraction", "saturated outputs", "share", "percent", "not measured"),
        Quantity("activation_mean", "mean activation", "output units"),
        Quantity("activation_std", "standard deviation of the activations", "output units"),
    )

    scopes = ("model", "layer")
    transient = (*QuantityMonitor.transient, "_rows")

    def __init__(self, x, every=1, units=False, layers=None, logs=None, linear=False, outputs=None, training=False):
        super().__init__(Probe(x).without_targets(), every, layers, logs)
        if units and self.every_steps:
            raise ValueError(f"units=True keeps units by epoch, not with every={every!r}: give epochs, or another monitor for the units")
        self.units = UnitActivity() if units else None
        self.state = {"units": self.units} if units else {}
        self.measures_before_training = units
        self.linear, self.training = linear, training
        self.outputs = (outputs,) if isinstance(outputs, str) else None if outputs is None else tuple(outputs)

    def clear(self):
        """Forget all measurements and problems, and the activity of the units."""
        super().clear()
        for part in self.state.values():
            part.clear()

    def row_names(self, scope):
        return self._rows

    def build_measure(self):
        settings = {"layers": self.layers, "linear": self.linear, "outputs": self.outputs}
        candidates = {path: layer for chosen in _choose(self.template, **settings) for path, layer in chosen.items()}
        measure = sum_over_batches(self.model, self.probe.batches, _sum_batch, _finalize, training=self.training, **settings)
        # The graph returns the layers that can be measured.
        reached, active = measure()
        self._rows = [path for path in candidates if path in reached]
        left_out = [path for path in candidates if path not in reached]
        if left_out:
            reason = f"layers that are not called, or only in a loop (outputs= is for those): {', '.join(left_out)}"
            if not self._rows:
                raise ValueError(f"all layers with an activation function are {reason}")
            self.warn(f"leaves out {reason}")
        with_units = [path for path in self._rows if path in active and not is_linear(candidates[path])]

        def measure_and_keep(epoch):
            counts, active = measure()
            if self.units is not None:
                self.units.add(epoch, {path: active[path].numpy() for path in with_units}, self.fit, self.seeds)
            of_layers = np.stack([counts[path].numpy() for path in self._rows], axis=1)
            return {"layer": _quantities(of_layers), "model": _quantities(of_layers.sum(axis=1, keepdims=True))}

        return measure_and_keep

    def record(self, epoch, logs):
        if self.starting and not (isinstance(self.every, frozenset) and epoch in self.every):
            self._measure(epoch)  # Before training, only the units are kept.
        else:
            super().record(epoch, logs)


def _choose(template, layers, linear, outputs):
    """The layers whose activation functions are measured, and those whose outputs are: two dicts `{path: layer}`."""
    whole = {} if outputs is None else layers_by_name(template, outputs)
    try:
        found = layers_with_activation(template, layers, linear)
    except NothingToMeasure:
        if not whole:
            raise
        found = {}
    # A layer's outputs are those of its own activation function; but a cell has its layer's path, and its function is not seen.
    outputs = {path: layer for path, layer in whole.items() if found.get(path) is not layer}
    return {path: layer for path, layer in found.items() if path not in outputs}, outputs


def _sum_batch(model, batch, training, **settings):
    """For all members and layers that can be measured, the sums over calls and samples of `_sums`."""
    found, outputs = _choose(template_of(model), **settings)

    def sum_member(member, batch):
        with record_activations(found, outputs) as calls_by_path:
            predict(member, batch, training)
        return {path: add_structures([_sums(call) for call in calls]) for path, calls in calls_by_path.items()}

    return map_batch(model, sum_member, batch)


def _sums(call):
    """For one call of a layer: float64 scalars, and `(units,)` for the sums by unit."""
    outputs = _by_unit(call.outputs)
    samples = tf.cast(tf.shape(outputs)[0], tf.float64)
    pairs = samples * outputs.shape[1]
    mean = tf.reduce_mean(outputs)
    # Squares around the mean in float32, around zero in float64: they can be added up without loss.
    squares = tf.cast(tf.reduce_mean(tf.square(outputs - mean)), tf.float64) + tf.square(tf.cast(mean, tf.float64))
    sums = {
        "samples": samples,
        "on": _count(outputs > 0, axis=0),
        "abs": tf.cast(tf.reduce_sum(tf.abs(outputs), axis=0), tf.float64),
        "sum": pairs * tf.cast(mean, tf.float64),
        "squares": pairs * squares,
    }
    if call.derivative is not None:
        derivative = _by_unit(call.derivative)
        mixes_units = tf.reduce_all(tf.math.is_nan(derivative), axis=0)
        sums["alive"] = tf.where(mixes_units, tf.constant(np.nan, tf.float64), _count(derivative != 0, axis=0))
        if call.function in LARGEST_DERIVATIVE:
            sums["saturated"] = _count(tf.abs(derivative) < SATURATED_SHARE * LARGEST_DERIVATIVE[call.function])
    return sums


def _finalize(model, totals, **settings):
    """The counts `{path: (members, 11)}`, and the share of samples that switch each unit on, `{path: (members, units)}`, of layers with an
    activation function."""
    with_function = {path: sums for path, sums in totals.items() if "alive" in sums}
    return {path: _counts(sums) for path, sums in totals.items()}, {path: _active_share(sums) for path, sums in with_function.items()}


def _counts(sums):
    """The counts from which `_quantities` are computed, float64 `(members, 11)`: they can be added up over layers."""
    samples, units = sums["samples"], float(sums["on"].shape[-1])
    pairs, nothing = samples * units, tf.zeros_like(samples)
    mean_abs = sums["abs"] / samples[:, tf.newaxis]
    dormant = mean_abs <= DORMANT_SHARE * tf.reduce_mean(mean_abs, axis=-1, keepdims=True)
    with_function, saturating = "alive" in sums, "saturated" in sums
    not_finite = tf.abs(0 * sums["sum"])  # 0, or NaN if an output is not finite, which a comparison does not tell
    derived = tf.cast(~tf.reduce_all(tf.math.is_nan(sums["alive"]), axis=-1), tf.float64) if with_function else nothing
    counts = [
        _count(sums["alive"] == 0, axis=-1) if with_function else nothing,
        units * derived,
        _count(sums["on"] == 0, axis=-1),
        _count(dormant, axis=-1),
        units + nothing,
        pairs - tf.reduce_sum(sums["on"], axis=-1),
        pairs,
        sums["saturated"] if saturating else nothing,
        pairs if saturating else nothing,
    ]
    return tf.stack([*(count + not_finite for count in counts), sums["sum"], sums["squares"] + not_finite], axis=-1)


def _quantities(counts):
    """The quantities `(members, rows, 7)` from counts `(members, rows, 11)`."""
    dead, with_function, off, dormant, units, inactive, pairs, saturated, saturating, total, squares = np.moveaxis(counts, -1, 0)
    mean = total / pairs
    fractions = [divide(dead, with_function), off / units, inactive / pairs, dormant / units, divide(saturated, saturating)]
    return np.stack([*fractions, mean, np.sqrt(np.maximum(squares / pairs - mean**2, 0))], axis=-1)


def _active_share(sums):
    """The share of samples with output above 0, unit by unit; NaN if one of the unit's outputs is not finite."""
    return tf.cast(sums["on"] / sums["samples"][:, tf.newaxis] + 0 * sums["abs"], tf.float32)


def _by_unit(values):
    """Values `(..., units)` as float32 `(samples, units)`."""
    return tf.reshape(tf.cast(values, tf.float32), [-1, values.shape[-1]])


def _count(condition, axis=None):
    return tf.cast(tf.reduce_sum(tf.cast(condition, tf.float32), axis=axis), tf.float64)
