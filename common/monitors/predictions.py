"""PredictionMonitor: what the trained model says at given points, on a grid over the plane, say."""

import keras
import numpy as np
import tensorflow as tf

from common.monitors.probe import graph, map_members


class PredictionMonitor(keras.callbacks.Callback):
    """Keeps the outputs of the model, in inference mode, at fixed points when training ends.

    Args:
        x: the points: an array of samples, as given to `fit`.
    """

    def __init__(self, x):
        super().__init__()
        self.x = tf.convert_to_tensor(x)
        self._outputs = None

    def on_train_end(self, logs=None):
        self._outputs = graph(self.model, _predict, self.x, seldom=True)(self.x).numpy()

    def arrays(self):
        """`x`, the points `(points, features)`, and `outputs` `(members, points, ...)`; before training has ended `x` alone."""
        outputs = {} if self._outputs is None else {"outputs": self._outputs}
        return {"x": np.asarray(self.x), **outputs}


def _predict(model, x):
    return map_members(model, lambda member: member(x, training=False))
