"""ActivationMonitor: which units of each layer are at work, and which are dead, dormant or saturated."""

import contextlib
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from common.monitors.probe import ProbeMonitor, graph, map_members, measured_layers, template_of
from common.monitors.units import UnitActivity

# A unit is dormant if its mean absolute output is at most this share of its layer's mean (Sokar et al. 2023, arXiv:2302.12902).
DORMANT_SHARE = 0.025
# A pair is saturated if the activation's derivative is below this share of the largest that it can be.
SATURATED_SHARE = 0.01
# The largest derivative of the activations that saturate; softmax's is that of an output by its own logit, p (1 - p).
LARGEST_DERIVATIVE = {"sigmoid": 0.25, "tanh": 1.0, "softmax": 0.25}

ACTIVATION_LAYERS = (
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ELU,
    keras.layers.Softmax,
)


class ActivationMonitor(ProbeMonitor):
    """Measures the activations of each layer on a fixed probe, in inference mode, at the end of epochs.

    It looks at every layer that applies an activation function: those with an `activation` argument, and activation layers such as
    `keras.layers.ReLU`. A unit is an entry of the last axis; for a convolution that is a channel, and each position counts as a sample.

    Quantities, float32:

    - `dead_fraction`: share of units whose activation has derivative exactly 0 (in float32) at every probe sample: they learn nothing.
    - `always_off_fraction`: share of units with output <= 0 at every probe sample. For ReLU the same as dead.
    - `inactive_fraction`: share of (sample, unit) pairs with output <= 0.
    - `dormant_fraction`: share of units with mean absolute output <= 0.025 of the layer's mean (Sokar et al. 2023, arXiv:2302.12902).
    - `saturated_fraction`: sigmoid, tanh, softmax: share of pairs where the derivative is below 1 % of its maximum; NaN for others.
    - `activation_mean`, `activation_std`: over samples and units (output units).

    All are NaN where an output is not finite.

    Args:
        x: the probe: an array of samples, as given to `fit`.
        every: measure after every so many epochs.
        units: whether to keep the activity of every single unit as well, before training and whenever it measures; then `.units` is a
            `UnitActivity`.
    """

    quantities = (
        "dead_fraction",
        "always_off_fraction",
        "inactive_fraction",
        "dormant_fraction",
        "saturated_fraction",
        "activation_mean",
        "activation_std",
    )

    def __init__(self, x, every=1, units=False):
        super().__init__(every)
        self.x = tf.convert_to_tensor(x)
        self.units = UnitActivity() if units else None

    def layer_names(self):
        return list(layers_with_activation(self.template))

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        if self.units is not None:
            self.units.begin(self.seeds)
            self.measure(0)

    def get_state(self):
        units = {} if self.units is None else {f"units/{name}": array for name, array in self.units.arrays().items()}
        return {**super().get_state(), **units}

    def set_state(self, state):
        super().set_state(state)
        if self.units is not None:
            self.units.set_arrays({name.removeprefix("units/"): array for name, array in state.items() if name.startswith("units/")})

    def build_measure(self):
        measure = graph(self.model, _measure, self.x, units=self.units is not None)

        def measure_and_keep(epoch):
            quantities, on = measure(self.x)
            if self.units is not None:
                self.units.add(epoch, {name: share.numpy() for name, share in on.items()})
            return quantities

        return measure_and_keep


def layers_with_activation(model):
    """The layers that apply an activation function, `{name: layer}`."""
    return measured_layers(model, lambda layer: _has_activation(layer) or isinstance(layer, ACTIVATION_LAYERS))


def _has_activation(layer):
    # Recurrent layers only show their cell's.
    return callable(vars(layer).get("activation"))


class Recorded(NamedTuple):
    """What an activation function did: its name, what came out, and its elementwise derivative."""

    kind: str
    outputs: Any
    derivative: Any


@contextlib.contextmanager
def recorded_activations(layers):
    """While the block runs, record what each layer's activation function does.

    Yields:
        A dict that fills as the layers are called: `{name: Recorded}`.
    """
    record = {}

    def recorder(name, function):
        def recording(inputs, *args, **kwargs):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                outputs = function(inputs, *args, **kwargs)
            kind = _kind(layers[name], function)
            derivative = outputs * (1 - outputs) if kind == "softmax" else tape.gradient(outputs, inputs)
            record[name] = Recorded(kind, outputs, derivative)
            return outputs

        return recording

    patched = {name: "activation" if _has_activation(layer) else "call" for name, layer in layers.items()}
    originals = {name: getattr(layers[name], attribute) for name, attribute in patched.items()}
    try:
        # Past Keras's attribute tracking: the layers shall not notice.
        for name, attribute in patched.items():
            vars(layers[name])[attribute] = recorder(name, originals[name])
        yield record
    finally:
        for name, attribute in patched.items():
            if attribute == "activation":
                vars(layers[name])[attribute] = originals[name]
            else:
                del vars(layers[name])[attribute]


def _measure(model, x, units):
    """The quantities of all members and layers, and, with `units`, the share of samples that switch each unit on, by layer."""
    layers = layers_with_activation(template_of(model))

    def of_member(member):
        with recorded_activations(layers) as record:
            member(x, training=False)
        on = {name: _on_share(r.outputs) for name, r in record.items() if r.kind != "linear"} if units else {}
        return tf.stack([_quantities(record[name]) for name in layers]), on

    return map_members(model, of_member)


def _kind(layer, function):
    if isinstance(layer, keras.layers.Softmax) or isinstance(function, keras.layers.Softmax):
        return "softmax"
    return getattr(function, "__name__", type(function).__name__)


def _quantities(recorded):
    outputs, derivative, kind = _by_unit(recorded.outputs), _by_unit(recorded.derivative), recorded.kind
    off = outputs <= 0
    mean = tf.reduce_mean(outputs)
    mean_abs = tf.reduce_mean(tf.abs(outputs), axis=0)
    fractions = [
        _share(tf.reduce_all(tf.equal(derivative, 0), axis=0)),
        _share(tf.reduce_all(off, axis=0)),
        _share(off),
        _share(mean_abs <= DORMANT_SHARE * tf.reduce_mean(mean_abs)),
    ]
    if kind in LARGEST_DERIVATIVE:
        fractions.append(_share(tf.abs(derivative) < SATURATED_SHARE * LARGEST_DERIVATIVE[kind]))
    else:
        fractions.append(tf.constant(float("nan")))
    std = tf.sqrt(tf.reduce_mean(tf.square(outputs - mean)))
    not_finite = 0 * mean  # NaN unless every output is finite: a comparison with NaN would count it as "on"
    return tf.stack([*(fraction + not_finite for fraction in fractions), mean, std])


def _by_unit(values):
    """Values `(..., units)` as float32 `(samples, units)`."""
    return tf.reshape(tf.cast(values, tf.float32), [-1, values.shape[-1]])


def _on_share(outputs):
    """The share of samples with output above 0, unit by unit; NaN where one of the unit's outputs is not finite."""
    outputs = _by_unit(outputs)
    return tf.reduce_mean(tf.cast(outputs > 0, tf.float32) + 0 * outputs, axis=0)


def _share(condition):
    return tf.reduce_mean(tf.cast(condition, tf.float32))
