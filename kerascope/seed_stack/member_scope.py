"""MemberScope: one member's weights and state in the layers of a template, within a function that is mapped over all members."""

import inspect

import keras
import tensorflow as tf

from ..compat import without_call_info


class NotStackable(ValueError):
    """A model, optimizer, callback or call that a SeedStack would not treat as training alone does. The message has the way out.

    Example:

    ```python
    try:
        SeedStack(build, seeds=range(10))
    except NotStackable as reason:
        print(reason)
    ```
    """


class MemberScope(keras.StatelessScope):
    """A `keras.StatelessScope` in which assignments have the gradients that they have in `keras.Model.fit`.

    There a variable cuts the gradient: what is assigned is a number. If the variable is trainable, its gradient is by the assigned value as
    well as by the value before. Here the values are tensors, through which gradients would pass.

    Args:
        variables: the variables of the template.
        values: the member's values, tensors.
        tracked: other variables whose values the caller keeps, `[(variable, tensor)]`, such as those of metrics. Defaults to `()`.
        ignored: variables whose new values nobody needs. Defaults to `()`.

    Raises:
        NotStackable: if state is assigned that is none of these.
    """

    def __init__(self, variables, values, tracked=(), ignored=()):
        super().__init__(state_mapping=[*zip(variables, values, strict=True), *tracked], collect_losses=True)
        self._begin = dict(self.state_mapping)
        self._ignored = {id(variable) for variable in ignored}

    def add_update(self, update):
        variable, value = update
        if id(variable) not in self._begin and id(variable) not in self._ignored:
            message = (
                f"{calling_layer()} changes {variable.path}, which is not among the weights and state of the model: a SeedStack would "
                "share it between members. Give the layer a keras.random.SeedGenerator of its own, or keep its state with add_weight()"
            )
            raise without_call_info(NotStackable(message))
        value = tf.stop_gradient(value)
        if variable.trainable and value.dtype.is_floating and id(variable) in self._begin:
            begin = self._begin[id(variable)]
            value += begin - tf.stop_gradient(begin)  # 0, with the gradient of the assigned value
        super().add_update((variable, value))


def calling_layer():
    """The innermost layer whose code is being run, in words."""
    frame = inspect.currentframe()
    while frame is not None:
        layer = frame.f_locals.get("self")
        if isinstance(layer, keras.Layer):
            return f"layer {layer.name} ({type(layer).__name__})"
        frame = frame.f_back
    return "the model"
