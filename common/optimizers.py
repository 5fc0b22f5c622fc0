"""Optimizers that differ from Keras's in one part, so that a training with them shows what that part does.

`TensorAdam` and `Grafted` compute over whole weights. Their attribute `leading_axes` is the number of axes in front of a weight's own that
tell members apart: a `kerascope.SeedStack` sets it to 1 while it trains.
"""

import keras
from keras import ops


class _Moments(keras.optimizers.Optimizer):
    """Base of optimizers with the two moments of Adam, and its correction of their bias.

    Args:
        learning_rate: a number or a `LearningRateSchedule`. Defaults to `0.001`.
        beta_1: decay of the mean of gradients. Defaults to `0.9`.
        beta_2: decay of the mean of squared gradients. Defaults to `0.999`.
        epsilon: is added to the root of that mean. Defaults to `1e-7`.
        **kwargs: as for `keras.optimizers.Optimizer`.
    """

    leading_axes = 0

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def build(self, variables):
        if not self.built:
            super().build(variables)
            self.first = [self.add_variable_from_reference(variable, name="first_moment") for variable in variables]
            self.second = [self.add_variable_from_reference(variable, name="second_moment") for variable in variables]

    def update_step(self, gradient, variable, learning_rate):
        gradient = ops.cast(ops.convert_to_tensor(gradient), variable.dtype)
        first, second = (moments[self._get_variable_index(variable)] for moments in (self.first, self.second))
        step = ops.cast(self.iterations + 1, variable.dtype)
        beta_1, beta_2 = (ops.cast(beta, variable.dtype) for beta in (self.beta_1, self.beta_2))
        rate = ops.cast(learning_rate, variable.dtype) * ops.sqrt(1 - ops.power(beta_2, step)) / (1 - ops.power(beta_1, step))
        self.assign_add(first, (gradient - first) * (1 - beta_1))
        self.assign_add(second, (self.square(gradient) - second) * (1 - beta_2))
        self.assign_sub(variable, self.direct(rate * first / (ops.sqrt(second) + self.epsilon), gradient))

    def square(self, gradient):
        """The values that the second moment is the mean of over time, of the gradient's shape."""
        return ops.square(gradient)

    def direct(self, step, gradient):
        """The step that is subtracted from the weight, from that of Adam."""
        return step

    def own_axes(self, values):
        """The axes of a weight's own values: all but the leading ones."""
        return tuple(range(self.leading_axes, len(values.shape)))

    def get_config(self):
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="small_networks")
class TensorAdam(_Moments):
    """Adam with one second moment for each weight tensor, the mean of its squared gradients, in place of one for each single weight.

    All values of a kernel or bias then share a rate; what is left of Adam is momentum and the scale of whole tensors.

    Example:

    ```python
    model.compile(TensorAdam(0.001), loss="sparse_categorical_crossentropy")
    ```

    Args:
        learning_rate, beta_1, beta_2, epsilon, **kwargs: as for `keras.optimizers.Adam`, with its defaults.
    """

    def square(self, gradient):
        axes, squares = self.own_axes(gradient), ops.square(gradient)
        return ops.broadcast_to(ops.mean(squares, axes, keepdims=True), ops.shape(squares)) if axes else squares


@keras.saving.register_keras_serializable(package="small_networks")
class Grafted(_Moments):
    """A step in the direction of SGD and of the length that Adam's has, tensor by tensor (Agarwal et al. 2020, arXiv:2002.11803).

    With `g` the gradient of a weight tensor the step is `-g ‖Adam's step‖ / ‖g‖`, and 0 where `g` is 0. It shows how much of Adam is the
    length of its steps, which a schedule for each tensor could give SGD too.

    Example:

    ```python
    model.compile(Grafted(0.001), loss="sparse_categorical_crossentropy")
    ```

    Args:
        learning_rate, beta_1, beta_2, epsilon, **kwargs: those of the Adam whose steps are as long, with the defaults of
            `keras.optimizers.Adam`.
    """

    def direct(self, step, gradient):
        # Relative to the largest value, whose square is 1: squares of a vanishing gradient are 0 in float32.
        axes = self.own_axes(gradient)
        if not axes:
            return ops.sign(gradient) * ops.abs(step)
        return _direction(gradient, axes)[0] * _direction(step, axes)[1]


@keras.saving.register_keras_serializable(package="small_networks")
class SignDescent(keras.optimizers.Optimizer):
    """A step of one length for every weight, the learning rate, against the sign of its gradient; none where that is 0.

    In exact arithmetic it is Adam with both betas 0, up to epsilon. Keras's Adam is not: its new second moment is `v + (g² - v)`, which
    rounds to multiples of the last digit of `v`. Where a gradient falls to less than about 1/4000 of the one before, that may be 0, and
    the step is the gradient divided by epsilon.

    Example:

    ```python
    model.compile(SignDescent(0.0001), loss="sparse_categorical_crossentropy")
    ```

    Args:
        learning_rate: a number or a `LearningRateSchedule`.
        **kwargs: as for `keras.optimizers.Optimizer`.
    """

    def update_step(self, gradient, variable, learning_rate):
        gradient = ops.cast(ops.convert_to_tensor(gradient), variable.dtype)
        self.assign_sub(variable, ops.cast(learning_rate, variable.dtype) * ops.sign(gradient))


def _direction(values, axes):
    """The values divided by their L2 norm over `axes`, 0 where that is 0; and the norm."""
    largest = ops.max(ops.abs(values), axes, keepdims=True)
    relative = values / ops.where(largest == 0, ops.ones_like(largest), largest)
    norm = ops.sqrt(ops.sum(ops.square(relative), axes, keepdims=True))  # 0, or at least 1
    return relative / ops.where(norm == 0, ops.ones_like(norm), norm), largest * norm
