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
