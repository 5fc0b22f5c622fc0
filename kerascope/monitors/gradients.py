"""GradientMonitor: the size of the gradient, of the weights and of their updates, layer by layer."""

import math

import numpy as np
import tensorflow as tf

from ..per_member import num_samples
from .core.base import QuantityMonitor
from .core.graphs import map_batch, map_members, sum_over_batches, template_of
from .core.layers import weights_by_layer
from .core.loss import gradient_of_loss
from .core.loss_monitor import LossMonitor
from .core.quantity import Quantity
from .core.weights import CHUNK, divide, sums_by_scope


class GradientMonitor(LossMonitor, QuantityMonitor):
    """Measures the gradient of the loss on a fixed probe, of the model, of each layer and of each weight, at the end of epochs.

    Use it to see gradients vanish, explode or settle. The loss is the compiled one in inference mode, with all its terms, sample weights
    and regularisation, or that of `loss=`. For a model in mixed precision the gradient is the unscaled one.

    Example:

    ```python
    gradients = GradientMonitor(x_train[:256], y_train[:256])
    model.fit(x_train, y_train, epochs=20, callbacks=[gradients, keras.callbacks.CSVLogger("log.csv")])
    gradients.frame()  # a row per epoch and layer
    gradients.frame(per="weight")  # kernels and biases apart
    gradients.plot()
    ```

    A model with a `train_step` of its own, such as a variational autoencoder, says by `loss=` what it trains by:

    ```python
    def loss(model, batch):
        mean, log_variance, z = model.encoder(batch["x"])
        return vae_loss(batch["x"], model.decoder(z), mean, log_variance)

    gradients = GradientMonitor(x_train[:256], loss=loss)
    ```

    Quantities, float32, each over all trainable weights of the model, of a layer, or over the values of one weight:

    - `grad_norm`: L2 norm of the gradient of the mean probe loss (loss per weight unit).
    - `grad_mean_abs`: mean of the gradient's absolute values (loss per weight unit).
    - `weight_norm`: L2 norm of the weights (weight units).
    - `update_ratio`: L2 norm of the weights' change since the last measurement, or since training began, divided by their norm then. NaN
      at the first measurement of a model that its first batch builds, and where that norm is 0.

    A measurement costs about one gradient of the probe. The memory that it keeps is a copy of the trainable weights.

    Args:
        x: samples of the probe, as given to `fit`: arrays, tensors (sparse and ragged ones too), a list or dict of them; or a
            `tf.data.Dataset` or `keras.utils.PyDataset` of batches of samples and targets. The loss of several batches is the mean of
            theirs, weighted by number of samples. A Dataset is read once, at once: one that shuffles and is trained on as well goes on in
            another order, so give one of its own. For a SeedStack arrays may stand within `PerMember`, here and in `y` and `sample_weight`:
            each member is then measured on its own.
        y: targets, as given to `fit`; part of the elements if `x` is a Dataset. Defaults to `None`.
        every: measure after every `every` epochs; or a collection of the epochs after which to measure, 0 is before training; or
            `"100 steps"`: after every 100 steps of a training. Defaults to `1`.
        sample_weight: weights of the probe's samples, as given to `fit`. Defaults to `None`.
        layers: names or patterns of the layers to measure; the values of the model are then those of these together. Defaults to `None`:
            all.
        logs: the values that enter `logs`: True for those of the model and of each layer, False for none, or patterns of keys such as
            `"grad_norm/*"`. Defaults to `None`: those of the whole model.
        class_weight: weights of the classes, as given to `fit`. If `fit` gets weights and the probe has none, a warning tells; weights in
            the elements of a `keras.utils.PyDataset` are not seen. Defaults to `None`.
        loss: a function `loss(model, batch)` that returns the mean loss of a batch, a scalar; `batch` is a dict with `x` and, if given, `y`
            and `sample_weight`. It is measured as it is, without weights or regularisation that it does not add itself, and
            traced once: a number that changes during the training must be a variable. `"compiled"`
            stands for the compiled loss of a model with a `train_step` of its own. Defaults to `None`: the compiled loss, which such a
            model is not measured by.
        training: whether to measure in training mode, with the statistics of each of the probe's batches in batch normalisation, and with
            dropout. Statistics and random states of the model are left as they are. Defaults to `False`.
    """

    quantities = (
        Quantity("grad_norm", "gradient norm", "loss per weight unit", "log"),
        Quantity("grad_mean_abs", "mean absolute gradient", "loss per weight unit", "log"),
        Quantity("weight_norm", "weight norm", "weight units"),
        Quantity("update_ratio", "update ratio", "1", "log"),
    )

    scopes = ("model", "layer", "weight")

    def __init__(self, x, y=None, every=1, sample_weight=None, layers=None, logs=None, class_weight=None, loss=None, training=False):
        super().__init__(x, y, sample_weight, class_weight, every, layers, loss, training, logs=logs)

    def build_measure(self):
        before = self.snapshot("weights_before", known=self.built_at_start)
        measure = sum_over_batches(self.model, self.probe.batches, sum_gradients, _sums, **self.settings)
        by_layer = weights_by_layer(self.template, self.layers)
        counts = np.array([[math.prod(v.shape) for variables in by_layer.values() for v in variables]])

        def measure_and_remember(epoch):
            sums = np.moveaxis(measure().numpy(), -1, 0)
            all_sums = np.stack([*np.broadcast_arrays(*sums, *before.advance(), counts)], axis=-1)
            return {scope: _quantities(of_scope) for scope, of_scope in sums_by_scope(all_sums, before.names).items()}

        return measure_and_remember


def sum_gradients(model, batch, *_, layers, loss=None, training=False):
    """For all members and layers: the gradients by the layer's weights, times the number of samples; and that number.

    Args:
        model: the model.
        batch: a batch of a probe.
        layers: patterns of layers, or None for all.
        loss, training: see `batch_loss`.
    """
    samples = float(num_samples(batch))

    def sum_member(member, batch):
        weights = [[v.value for v in variables] for variables in weights_by_layer(template_of(model), layers).values()]
        gradients = gradient_of_loss(model, member, tf.nest.flatten(weights), batch, loss, training)
        return tf.nest.pack_sequence_as(weights, [samples * gradient for gradient in gradients])

    return map_batch(model, sum_member, batch), tf.constant(samples)


def _sums(model, totals, layers, loss, training):
    """Sums over the values of each weight, `(members, weights, 3)`: the gradient's squares and absolute values, the weight's squares."""
    gradient_sums, samples = totals
    by_layer = weights_by_layer(template_of(model), layers).values()
    weights = map_members(model, lambda member: [tf.cast(v.value, tf.float32) for variables in by_layer for v in variables])
    samples = tf.cast(samples, tf.float64)
    sums = [
        [_sum_of_squares(g) / samples**2, tf.cast(tf.reduce_sum(tf.abs(_flat(g)), axis=1), tf.float64) / samples, _sum_of_squares(w)]
        for g, w in zip(tf.nest.flatten(gradient_sums), weights, strict=True)
    ]
    return tf.stack([tf.stack(of_weight, axis=-1) for of_weight in sums], axis=1)


def _flat(tensor):
    return tf.reshape(tensor, [tensor.shape[0], -1])


def _sum_of_squares(tensor):
    """The sum over the values of each member, float64 `(members,)`."""
    rows = _flat(tensor)
    if tensor.shape.num_elements() <= CHUNK:
        return tf.cast(tf.reduce_sum(tf.square(rows), axis=1), tf.float64)
    # A product of matrices is slower, but needs no memory for the squares.
    return tf.cast(tf.matmul(rows[:, tf.newaxis], rows[:, :, tf.newaxis])[:, 0, 0], tf.float64)


def _quantities(sums):
    """The quantities `(members, rows, 4)` from sums `(members, rows, 6)`: those of `_sums`, the squares of the weight's change and of the
    weight before, and the number of values."""
    grad_squares, grad_abs, squares, change, before, count = np.moveaxis(sums, -1, 0)
    ratio = divide(np.sqrt(change), np.sqrt(before))
    return np.stack([np.sqrt(grad_squares), grad_abs / count, np.sqrt(squares), ratio], axis=-1)
