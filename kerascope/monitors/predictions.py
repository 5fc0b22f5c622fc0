"""PredictionMonitor: the outputs of the trained model at given points, such as a grid over the plane."""

import numpy as np

from .core.base import Monitor
from .core.graphs import graph_per_batch, map_members
from .core.loss import predict
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
        x: the points: an array of samples, as given to `fit`.
    """

    def __init__(self, x):
        super().__init__(Probe(x).without_targets())
        self._outputs = None

    def on_train_begin(self, logs=None):
        self._outputs = None
        super().on_train_begin(logs)

    def prepare(self):
        pass

    def is_due(self, epoch):
        return False

    def on_train_end(self, logs=None):
        self._try(self._keep_outputs)

    def _keep_outputs(self):
        parts = [predict_batch() for predict_batch in graph_per_batch(self.model, self.probe.batches, _predict, jit_compile=False)]
        self._outputs = np.concatenate([part.numpy() for part in parts], axis=1)

    def arrays(self):
        """`x`, the points `(points, features)`, and, once training has ended, `outputs` `(members, points, ...)`."""
        outputs = {} if self._outputs is None else {"outputs": self._outputs}
        return {"x": np.concatenate([batch["x"].numpy() for batch in self.probe.batches]), **outputs}


def _predict(model, batch):
    return map_members(model, lambda member: predict(member, batch))
