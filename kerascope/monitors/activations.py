"""ActivationMonitor: active, dead, dormant and saturated units, layer by layer."""

import tensorflow as tf

from .core.activation_recorder import is_linear, layers_with_activation, record_activations
from .core.base import QuantityMonitor
from .core.graphs import add_structures, map_members, sum_over_batches, template_of
from .core.loss import predict
from .core.probe import Probe
from .core.quantity import Quantity
from .units import UnitActivity

# A unit is dormant if its mean absolute output is at most this share of its layer's mean (Sokar et al. 2023, arXiv:2302.12902).
DORMANT_SHARE = 0.025
# A pair is saturated if the activation's derivative is below this share of the largest that it can be.
SATURATED_SHARE = 0.01
# The largest derivative of the activation functions that saturate; for softmax that of an output by its own logit, p (1 - p).
LARGEST_DERIVATIVE = {"sigmoid": 0.25, "tanh": 1.0, "softmax": 0.25}


class ActivationMonitor(QuantityMonitor):
    """Measures the activations of each layer on a fixed probe, in inference mode, at the end of epochs.

    It measures every layer that applies an activation function, wherever it is: layers with an `activation` argument, activation layers
    such as `keras.layers.ReLU`, and, in functional models, operations such as `keras.ops.relu`. A unit is an entry of the last axis; for a
    convolution that is a channel, and each position counts as a sample, as does each further call of a shared layer. Layers that are called
    in a loop (the cells of recurrent layers), or not at all in inference, are left out with a warning. Activation functions that a model's
    own code calls are not seen.

    Example:

    ```python
    activations = ActivationMonitor(x_train[:256], units=True)
    model.fit(x_train, y_train, epochs=20, callbacks=[activations])
    activations.frame()  # a row per epoch and layer
    activations.units.frame()  # a row per unit
    ```

    Quantities, float32:

    - `dead_fraction`: share of units whose activation has derivative exactly 0 (in float32) at every probe sample: they learn nothing.
    - `always_off_fraction`: share of units with output <= 0 at every probe sample. For ReLU the same as `dead_fraction`.
    - `inactive_fraction`: share of (sample, unit) pairs with output <= 0.
    - `dormant_fraction`: share of units with mean absolute output <= 0.025 of the layer's mean (Sokar et al. 2023, arXiv:2302.12902).
    - `saturated_fraction`: sigmoid, tanh, softmax: share of pairs where the derivative is below 1 % of its maximum; NaN for others.
    - `activation_mean`, `activation_std`: over samples and units (output units).

    All are NaN if an output is not finite.

    Args:
        x: the probe: samples as given to `fit`, or a `tf.data.Dataset` of batches, with or without targets.
        every: measure after every `every` epochs, or a collection of the epochs after which to measure; 0 is before training. Defaults to
            `1`.
        units: whether to keep the activity of every single unit as well, before training (if the model is built) and at each
            measurement; `.units` is then a `UnitActivity`. Defaults to `False`.
        layers: names or patterns of the layers to measure. Defaults to `None`: all.
        logs: whether the values enter `logs`, or patterns of the keys that do. Defaults to `True`.
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

    def __init__(self, x, every=1, units=False, layers=None, logs=True):
        super().__init__(Probe(x).without_targets(), every, layers, logs)
        self.units = UnitActivity() if units else None
        self.state = {"units": self.units} if units else {}
        self.measures_before_training = units

    def layer_names(self):
        return self._layer_names

    def on_train_begin(self, logs=None):
        if self.units is not None:
            self.units.begin(getattr(self.model, "seeds", None))
        super().on_train_begin(logs)

    def build_measure(self):
        candidates = layers_with_activation(self.template, self.layers)
        measure = sum_over_batches(self.model, self.probe.batches, _sum_batch, _finalize, layers=self.layers)
        # The graph returns the layers that can be measured.
        reached, _ = measure()
        self._layer_names = [path for path in candidates if path in reached]
        left_out = [path for path in candidates if path not in reached]
        if left_out:
            self.warn(f"leaves out layers that are not called in inference, or only in a loop: {', '.join(left_out)}")
        if not self._layer_names:
            raise ValueError("none of the layers with an activation function can be measured")

        def measure_and_keep(epoch):
            quantities, active = measure()
            if self.units is not None:
                self.units.add(epoch, {path: active[path].numpy() for path in self._layer_names if not is_linear(candidates[path])})
            return tf.stack([quantities[path] for path in self._layer_names], axis=1)

        return measure_and_keep

    def record(self, epoch, logs):
        if epoch > 0 or (isinstance(self.every, frozenset) and epoch in self.every):
            super().record(epoch, logs)
        else:
            self.measure(epoch)  # Before training, only the units are kept.


def _sum_batch(model, batch, layers):
    """For all members and layers that can be measured, the sums over calls and samples of `_sums`."""
    found = layers_with_activation(template_of(model), layers)

    def sum_member(member):
        with record_activations(found) as calls_by_path:
            predict(member, batch)
        return {path: add_structures([_sums(call) for call in calls]) for path, calls in calls_by_path.items()}

    return map_members(model, sum_member)


def _sums(call):
    """For one call of a layer: float64 scalars, and `(units,)` for the sums by unit."""
    outputs, derivative = _by_unit(call.outputs), _by_unit(call.derivative)
    samples = tf.cast(tf.shape(outputs)[0], tf.float64)
    pairs = samples * outputs.shape[1]
    mean = tf.reduce_mean(outputs)
    # Squares around the mean in float32, around zero in float64: they can be added up without loss.
    squares = tf.cast(tf.reduce_mean(tf.square(outputs - mean)), tf.float64) + tf.square(tf.cast(mean, tf.float64))
    sums = {
        "samples": samples,
        "alive": _count(derivative != 0, axis=0),
        "on": _count(outputs > 0, axis=0),
        "abs": tf.cast(tf.reduce_sum(tf.abs(outputs), axis=0), tf.float64),
        "sum": pairs * tf.cast(mean, tf.float64),
        "squares": pairs * squares,
    }
    if call.function in LARGEST_DERIVATIVE:
        sums["saturated"] = _count(tf.abs(derivative) < SATURATED_SHARE * LARGEST_DERIVATIVE[call.function])
    return sums


def _finalize(model, totals, layers):
    """The quantities `{path: (members, quantities)}`, and the share of samples that switch each unit on, `{path: (members, units)}`."""
    return {path: _quantities(sums) for path, sums in totals.items()}, {path: _active_share(sums) for path, sums in totals.items()}


def _quantities(sums):
    samples, units = sums["samples"], sums["on"].shape[-1]
    pairs = samples * units
    mean, mean_abs = sums["sum"] / pairs, sums["abs"] / samples[:, tf.newaxis]
    dormant = mean_abs <= DORMANT_SHARE * tf.reduce_mean(mean_abs, axis=-1, keepdims=True)
    fractions = [
        _count(sums["alive"] == 0, axis=-1) / units,
        _count(sums["on"] == 0, axis=-1) / units,
        1 - tf.reduce_sum(sums["on"], axis=-1) / pairs,
        _count(dormant, axis=-1) / units,
        sums["saturated"] / pairs if "saturated" in sums else float("nan") * mean,
    ]
    std = tf.sqrt(tf.maximum(sums["squares"] / pairs - tf.square(mean), 0))
    not_finite = tf.abs(0 * mean)  # 0, or NaN if an output is not finite, which a comparison does not tell
    return tf.cast(tf.stack([*(fraction + not_finite for fraction in fractions), mean, std + not_finite], axis=-1), tf.float32)


def _active_share(sums):
    """The share of samples with output above 0, unit by unit; NaN if one of the unit's outputs is not finite."""
    return tf.cast(sums["on"] / sums["samples"][:, tf.newaxis] + 0 * sums["abs"], tf.float32)


def _by_unit(values):
    """Values `(..., units)` as float32 `(samples, units)`."""
    return tf.reshape(tf.cast(values, tf.float32), [-1, values.shape[-1]])


def _count(condition, axis=None):
    return tf.cast(tf.reduce_sum(tf.cast(condition, tf.float32), axis=axis), tf.float64)
