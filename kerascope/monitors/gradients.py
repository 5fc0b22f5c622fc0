"""GradientMonitor: how large the gradient is in each layer, and how far the layer's weights move."""

import tensorflow as tf

from .core.base import QuantityMonitor
from .core.graphs import map_members, over_batches, template_of
from .core.layers import weights_by_layer
from .core.loss import gradient_of_loss
from .core.probe import Probe, num_samples
from .core.weights import WeightsThen, by_member, read_weights


class GradientMonitor(QuantityMonitor):
    """Measures the gradient of the loss on a fixed probe, layer by layer, at the end of epochs.

    Use it to see gradients vanish, explode or settle. It takes the loss that the model was compiled with, with all its terms, weights of
    samples and regularisation, in inference mode. Of a model in mixed precision it gives the unscaled gradient.

    Example:

    ```python
    gradients = GradientMonitor(x_train[:256], y_train[:256])
    model.fit(x_train, y_train, epochs=20, callbacks=[gradients, keras.callbacks.CSVLogger("log.csv")])
    gradients.frame()
    gradients.plot()
    ```

    Quantities, of a layer's trainable weights taken together, float32:

    - `grad_norm`: L2 norm of the gradient of the mean probe loss (loss per weight unit).
    - `grad_mean_abs`: mean of the gradient's absolute values (loss per weight unit).
    - `weight_norm`: L2 norm of the weights (weight units).
    - `update_ratio`: L2 norm of the weights' change since the last measurement, or since training began, divided by their norm then. NaN
      at first for a model whose first batch builds it.

    Args:
        x, y: the probe: samples and targets as given to `fit`, or a `tf.data.Dataset` of batches of both. A loss of several batches is the
            mean of theirs by number of samples.
        every: measure after every so many epochs; or the epochs after which to measure, a collection of ints, 0 for before training.
        sample_weight: weights of the probe's samples, as given to `fit`.
        layers: names or patterns of the layers to measure; all by default.
        logs: whether the values enter `logs`, or patterns of the keys that do.
    """

    quantities = ("grad_norm", "grad_mean_abs", "weight_norm", "update_ratio")

    def __init__(self, x, y=None, every=1, sample_weight=None, layers=None, logs=True):
        super().__init__(Probe(x, y, sample_weight), every, layers, logs)

    def layer_names(self):
        return list(weights_by_layer(self.template, self.layers))

    def build_measure(self):
        self._before = WeightsThen(self.model, self.layers, known=self.knows_the_start)
        measure = over_batches(self.model, self.probe.batches, add_up_gradients, _finish, self._before.values, layers=self.layers)

        def measure_and_remember(epoch):
            quantities, self._before.values = measure(self._before.values)
            return quantities

        return measure_and_remember

    def get_state(self):
        return {**super().get_state(), **self._before.arrays("weights_before")}

    def set_state(self, state):
        super().set_state(state)
        self._before.set_arrays("weights_before", state)


def add_up_gradients(model, batch, *_, layers):
    """Of all members: for each layer the gradients by its weights, times the number of samples; and that number."""
    samples = float(num_samples(batch))

    def of_member(member):
        weights = [[v.value for v in of_layer] for of_layer in weights_by_layer(template_of(model), layers).values()]
        gradients = gradient_of_loss(model, member, tf.nest.flatten(weights), batch)
        return tf.nest.pack_sequence_as(weights, [samples * gradient for gradient in gradients])

    return map_members(model, of_member), tf.constant(samples)


def _finish(model, totals, weights_before, layers):
    """The quantities `(members, layers, quantities)`, and the weights."""
    summed, samples = totals
    weights = read_weights(model, layers)
    rows = [_quantities(*of_layer, samples) for of_layer in zip(summed, weights, weights_before, strict=True)]
    return tf.stack(rows, axis=1), weights


def _quantities(summed, weights, weights_before, samples):
    """Of a layer, `(members, quantities)`."""
    gradient, weights, before = by_member(summed) / samples, by_member(weights), by_member(weights_before)
    ratio = tf.norm(weights - before, axis=1) / tf.norm(before, axis=1)
    mean_abs = tf.reduce_mean(tf.abs(gradient), axis=1)
    return tf.stack([tf.norm(gradient, axis=1), mean_abs, tf.norm(weights, axis=1), ratio], axis=1)
