"""GradientMonitor: the size of the gradient, of the weights and of their updates, layer by layer."""

import tensorflow as tf

from .core.base import QuantityMonitor
from .core.graphs import map_members, sum_over_batches, template_of
from .core.layers import weights_by_layer
from .core.loss import gradient_of_loss
from .core.probe import Probe, num_samples
from .core.quantity import Quantity
from .core.weights import WeightSnapshot, flatten_members, read_weights


class GradientMonitor(QuantityMonitor):
    """Measures the gradient of the loss on a fixed probe, layer by layer, at the end of epochs.

    Use it to see gradients vanish, explode or settle. The loss is the compiled one in inference mode, with all its terms, sample weights
    and regularisation. For a model in mixed precision the gradient is the unscaled one.

    Example:

    ```python
    gradients = GradientMonitor(x_train[:256], y_train[:256])
    model.fit(x_train, y_train, epochs=20, callbacks=[gradients, keras.callbacks.CSVLogger("log.csv")])
    gradients.frame()
    gradients.plot()
    ```

    Quantities, float32, each over all trainable weights of a layer:

    - `grad_norm`: L2 norm of the gradient of the mean probe loss (loss per weight unit).
    - `grad_mean_abs`: mean of the gradient's absolute values (loss per weight unit).
    - `weight_norm`: L2 norm of the weights (weight units).
    - `update_ratio`: L2 norm of the weights' change since the last measurement, or since training began, divided by their norm then. NaN
      at the first measurement of a model that its first batch builds.

    Args:
        x: samples of the probe, as given to `fit`, or a `tf.data.Dataset` of batches of samples and targets. The loss of several batches is
            the mean of theirs, weighted by number of samples.
        y: targets, as given to `fit`; part of the elements if `x` is a Dataset. Defaults to `None`.
        every: measure after every `every` epochs, or a collection of the epochs after which to measure; 0 is before training. Defaults to
            `1`.
        sample_weight: weights of the probe's samples, as given to `fit`. Defaults to `None`.
        layers: names or patterns of the layers to measure. Defaults to `None`: all.
        logs: whether the values enter `logs`, or patterns of the keys that do. Defaults to `True`.
    """

    quantities = (
        Quantity("grad_norm", "gradient norm", "loss per weight unit", "log"),
        Quantity("grad_mean_abs", "mean absolute gradient", "loss per weight unit", "log"),
        Quantity("weight_norm", "weight norm", "weight units"),
        Quantity("update_ratio", "update ratio", "1", "log"),
    )

    def __init__(self, x, y=None, every=1, sample_weight=None, layers=None, logs=True):
        super().__init__(Probe(x, y, sample_weight), every, layers, logs)

    def layer_names(self):
        return list(weights_by_layer(self.template, self.layers))

    def build_measure(self):
        before = WeightSnapshot(self.model, self.layers, known=self.built_at_start)
        measure = sum_over_batches(self.model, self.probe.batches, sum_gradients, _finalize, before.values, layers=self.layers)
        self.state = {"weights_before": before}

        def measure_and_remember(epoch):
            quantities, before.values = measure(before.values)
            return quantities

        return measure_and_remember


def sum_gradients(model, batch, *_, layers):
    """For all members and layers: the gradients by the layer's weights, times the number of samples; and that number."""
    samples = float(num_samples(batch))

    def sum_member(member):
        weights = [[v.value for v in variables] for variables in weights_by_layer(template_of(model), layers).values()]
        gradients = gradient_of_loss(model, member, tf.nest.flatten(weights), batch)
        return tf.nest.pack_sequence_as(weights, [samples * gradient for gradient in gradients])

    return map_members(model, sum_member), tf.constant(samples)


def _finalize(model, totals, weights_before, layers):
    """The quantities `(members, layers, quantities)`, and the weights."""
    gradient_sums, samples = totals
    weights = read_weights(model, layers)
    rows = [_quantities(*tensors, samples) for tensors in zip(gradient_sums, weights, weights_before, strict=True)]
    return tf.stack(rows, axis=1), weights


def _quantities(gradient_sum, weights, weights_before, samples):
    """The quantities of one layer, `(members, quantities)`."""
    gradient, weights, before = flatten_members(gradient_sum) / samples, flatten_members(weights), flatten_members(weights_before)
    ratio = tf.norm(weights - before, axis=1) / tf.norm(before, axis=1)
    mean_abs = tf.reduce_mean(tf.abs(gradient), axis=1)
    return tf.stack([tf.norm(gradient, axis=1), mean_abs, tf.norm(weights, axis=1), ratio], axis=1)
