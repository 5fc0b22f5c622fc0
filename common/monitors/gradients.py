"""GradientMonitor: how large the gradient is in each layer, and how far the layer's weights move."""

import tensorflow as tf

from common.monitors.probe import ProbeMonitor, graph, map_members, measured_layers, template_of


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
        self._weights_before = graph(self.model, _weights, seldom=True)()
        measure = graph(self.model, _measure, self.x, self.y, self._weights_before)

        def measure_and_remember(epoch):
            values, self._weights_before = measure(self.x, self.y, self._weights_before)
            return values

        return measure_and_remember

    def get_state(self):
        weights = tf.nest.flatten(self._weights_before)
        return {**super().get_state(), **{f"weights_before/{i}": weight.numpy() for i, weight in enumerate(weights)}}

    def set_state(self, state):
        super().set_state(state)
        weights = [tf.constant(state[f"weights_before/{i}"]) for i in range(len(tf.nest.flatten(self._weights_before)))]
        self._weights_before = tf.nest.pack_sequence_as(self._weights_before, weights)


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


def _weights(model):
    """The weights of all members, layer by layer."""
    layers = layers_with_weights(template_of(model)).values()
    return map_members(model, lambda member: _weights_of(layers))


def _weights_of(layers):
    return [[tf.cast(v.value, tf.float32) for v in layer.trainable_variables] for layer in layers]


def _measure(model, x, y, weights_before):
    """The quantities of all members and layers, and the weights."""
    layers = layers_with_weights(template_of(model)).values()

    def of_member(member, weights_before):
        gradients = probe_gradients(model, member, layers, x, y)
        weights = _weights_of(layers)
        return tf.stack([_quantities(*of_layer) for of_layer in zip(gradients, weights, weights_before, strict=True)]), weights

    return map_members(model, of_member, weights_before)


def _quantities(gradients, weights, weights_before):
    gradients = [tf.cast(gradient, tf.float32) for gradient in gradients]
    changes = [weight - before for weight, before in zip(weights, weights_before, strict=True)]
    size = sum(gradient.shape.num_elements() for gradient in gradients)
    mean_abs = tf.add_n([tf.reduce_sum(tf.abs(gradient)) for gradient in gradients]) / size
    return tf.stack([_norm(gradients), mean_abs, _norm(weights), _norm(changes) / _norm(weights_before)])


def _norm(tensors):
    """The L2 norm of several tensors taken together."""
    return tf.sqrt(tf.add_n([tf.reduce_sum(tf.square(tensor)) for tensor in tensors]))
