"""PredictionMonitor: the outputs of the trained model at given points, such as a grid over the plane."""

import numpy as np
import tensorflow as tf

from ..per_member import Own
from .core.graphs import graph_per_batch, map_batch
from .core.loss import predict
from .core.monitor import Monitor
from .core.probe import Probe


class PredictionMonitor(Monitor):
    """Keeps the outputs of the model, in inference mode, at fixed points when training ends.

    Use it for decision boundaries. The model must have one input and one output.

    Example:

    ```python
    predictions = PredictionMonitor(x_test)
    model.fit(x_train, y_train, epochs=20, callbacks=[predictions])
    predictions.arrays()["outputs"]
    ```

    Args:
        x: the points: an array of samples, as given to `fit`, or a Dataset of batches of them; within `PerMember`, each
            member's own.

    Raises:
        ValueError: for several inputs, sparse or ragged ones.
    """

    def __init__(self, x):
        super().__init__(Probe(x).without_targets())
        x = self.probe.batches[0]["x"]
        x = x.tensors if isinstance(x, Own) else x
        if not isinstance(x, tf.Tensor):
            kind = type(x).__name__
            raise ValueError(f"PredictionMonitor needs the points as one dense array, got {kind}: call the model itself on other inputs")

    def clear(self):
        """Forget the outputs and problems."""
        super().clear()
        self._outputs = None

    def is_due(self, epoch):
        return False

    def on_train_begin(self, logs=None):
        self._outputs = None
        super().on_train_begin(logs)

    def on_train_end(self, logs=None):
        self._try(self.record, None, logs)

    def record(self, epoch, logs):
        parts = [predict_batch() for predict_batch in graph_per_batch(self.model, self.probe.batches, _predict, jit_compile=False)]
        self._outputs = np.concatenate([part.numpy() for part in parts], axis=1)

    def arrays(self):
        """The points and the outputs as `{name: array}`, ready for `np.savez`.

        `x`, the points `(points, ...)`, which the members share, or `member_x`, each member's own, `(members, points, ...)`; and, once a
        training has ended, `outputs` of the last one, `(members, points, ...)`.
        """
        outputs = {} if self._outputs is None else {"outputs": self._outputs}
        if self.probe.members is not None:
            return {"member_x": self.probe.batches[0]["x"].tensors.numpy(), **outputs}
        return {"x": np.concatenate([batch["x"].numpy() for batch in self.probe.batches]), **outputs}


def _predict(model, batch):
    return map_batch(model, lambda member, batch: _single(predict(member, batch)), batch)


def _single(outputs):
    if not isinstance(outputs, tf.Tensor):
        raise ValueError("PredictionMonitor keeps one output, and the model has several: give a model of one of them, or call it itself")
    return outputs
