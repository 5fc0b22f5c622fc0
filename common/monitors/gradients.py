"""GradientMonitor: how large the gradient is in each layer, and how far the layer's weights move."""

import tensorflow as tf

from common.monitors.probe import ProbeMonitor, graph, map_members, measured_layers


class GradientMonitor(ProbeMonitor):
    """Measures the gradient of the loss on a fixed probe, layer by layer, at the end of epochs.

    Use it to see gradients vanish, explode or settle. It takes the loss that the model was compiled with, regularisation included, in
    inference mode.

    Example:

    ```python
    gradients = GradientMonitor(x_train[:256], y_train[:256])
    model.fit(x_train, y_train, epochs=20, callbacks=[gradients, keras.callbacks.CSVLogger("log.csv")])
    gradients.frame()
    ```

    Quantities, of a layer's trainable weights taken together, float32:

    - `grad_norm`: L2 norm of the gradient of the mean probe loss (loss per weight unit).
    - `grad_mean_abs`: mean of the gradient's absolute values (loss per weight unit).
    - `weight_norm`: L2 norm of the weights (weight units).
    - `update_ratio`: L2 norm of the weights' change since the last measurement, or since training began, divided by their norm then.

    Args:
        x, y: the probe: arrays of samples and targets, as given to `fit`.
        every: measure after every so many epochs.
    """

    quantities = ("grad_norm", "grad_mean_abs", "weight_norm", "update_ratio")

    def __init__(self, x, y, every=1):
        super().__init__(every)
        self.x, self.y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)

    def layer_names(self):
        return list(layers_with_weights(self.template))

    def build_measure(self):
        layers = list(layers_with_weights(self.template).values())

        def weights_of(member):
            return [[tf.cast(v.value, tf.float32) for v in layer.trainable_variables] for layer in layers]

        def measure(member, weights_before):
            gradients = probe_gradients(self.model, member, layers, self.x, self.y)
            weights = weights_of(member)
            rows = [_quantities(*of_layer) for of_layer in zip(gradients, weights, weights_before, strict=True)]
            return tf.stack(rows), weights

        weights_before = graph(lambda: map_members(self.model, weights_of))()
        signature = tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape, t.dtype), weights_before)
        measure_all = graph(lambda before: map_members(self.model, measure, before), signature)

        def measure_and_remember(epoch):
            nonlocal weights_before
            values, weights_before = measure_all(weights_before)
            return values

        return measure_and_remember


def layers_with_weights(model):
    """The layers that training changes, `{name: layer}`."""
    return measured_layers(model, lambda layer: layer.trainable_variables)


def probe_loss(model, member, x, y, y_pred):
    """The compiled loss of a member's outputs, regularisation included, in inference mode; `member` may be the model itself."""
    loss = model.compute_loss(x, y, y_pred, training=False)
    # A model counts its own regularisation; one that trains others does not count theirs.
    return loss if member is model else tf.add_n([loss, *member.losses])


def probe_gradients(model, member, layers, x, y):
    """The gradient of the compiled loss, regularisation included, with respect to the layers' trainable weights, in inference mode.

    Args:
        model: the compiled model.
        member: the model itself, or one of the members that it trains.
        layers: layers of `member`.
        x, y: samples and targets.

    Returns:
        For each layer a list of tensors shaped as its weights; zeros where the loss does not depend on a weight.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        weights = [[v.value for v in layer.trainable_variables] for layer in layers]
        tape.watch(weights)
        loss = probe_loss(model, member, x, y, member(x, training=False))
    return tape.gradient(loss, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def _quantities(gradients, weights, weights_before):
    gradient, weight, before = (
        tf.concat([tf.reshape(tf.cast(t, tf.float32), [-1]) for t in ts], 0) for ts in (gradients, weights, weights_before)
    )
    return tf.stack(
        [
            _norm(gradient),
            tf.reduce_mean(tf.abs(gradient)),
            _norm(weight),
            _norm(weight - before) / _norm(before),
        ]
    )


def _norm(vector):
    return tf.sqrt(tf.reduce_sum(tf.square(vector)))
