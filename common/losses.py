"""Mean squared error for classification, as Keras losses of integer labels and logits.

Pass one to `compile(loss=...)`; Keras takes the mean over samples. With `z` the logits of a sample, `p` their softmax, `y` the one-hot
label and `K` the number of classes, the gradients by the logits are

- cross-entropy (Keras's own): `p - y`;
- `mse_softmax`: `(2 / K) p_j [(p_j - y_j) - sum_k p_k (p_k - y_k)]`, which goes to 0 as `p` goes to any corner, the wrong ones too;
- `mse_linear`: `(2 / K) (z - y)`.
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="small_networks")
def mse_softmax(y_true, y_pred):
    """Mean over the classes of `(softmax(z) - onehot)**2`.

    Args:
        y_true: integer labels `(samples,)` or `(samples, 1)`.
        y_pred: logits `(samples, classes)`.

    Returns:
        The loss of each sample `(samples,)`, from 0 to 2 / classes.
    """
    return mse_linear(y_true, ops.softmax(y_pred, axis=-1))


@keras.saving.register_keras_serializable(package="small_networks")
def mse_linear(y_true, y_pred):
    """Mean over the classes of `(z - onehot)**2`: regression on the labels, without softmax.

    Args and return value as those of `mse_softmax`, but for the range, which has no upper end.
    """
    labels = ops.reshape(y_true, ops.shape(y_pred)[:-1])
    targets = ops.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype)
    return ops.mean(ops.square(y_pred - targets), axis=-1)


@keras.saving.register_keras_serializable(package="small_networks")
class ScaledSquaredError(keras.losses.Loss):
    """A squared error whose own scale, or that of its targets, is changed: what controls of the two losses above train on.

    The loss of a sample is `factor` times the mean over the classes of `(p - onehot)**2`, with `p` the softmax of the logits `z`, or
    `z / target` without softmax. To divide the outputs by `target` is to regress on `target` times the labels, with `1 / target**2` of
    that loss.

    Args:
        softmax: whether on softmax outputs. Defaults to `True`.
        factor: of the loss. Defaults to 1.
        target: the output that the label's class shall have, without softmax. Defaults to 1.
        **kwargs: of `keras.losses.Loss`.

    Example:

    ```python
    ScaledSquaredError(factor=matching_factor(10))  # its first steps are those of cross-entropy
    ```
    """

    def __init__(self, softmax=True, factor=1.0, target=1.0, name="scaled_squared_error", **kwargs):
        super().__init__(name=name, **kwargs)
        self.softmax, self.factor, self.target = softmax, factor, target

    def call(self, y_true, y_pred):
        """The loss of each sample `(samples,)`; arguments as those of `mse_softmax`."""
        loss = mse_softmax(y_true, y_pred) if self.softmax else mse_linear(y_true, y_pred / self.target)
        return self.factor * loss

    def get_config(self):
        """The arguments."""
        return {**super().get_config(), "softmax": self.softmax, "factor": self.factor, "target": self.target}


def matching_factor(classes):
    """The factor with which MSE on softmax outputs has the gradient of cross-entropy where all classes are equally probable, as nearly
    before training: with `p = 1 / K` the gradient of MSE by the logits is `(2 / K**2) (p - y)`, that of cross-entropy `p - y`.

    Args:
        classes: their number `K`.

    Returns:
        `K**2 / 2`.
    """
    return classes**2 / 2
