"""PredictionMonitor: what the trained model says at given points, on a grid over the plane, say."""

import numpy as np

from .core.base import Monitor
from .core.graphs import map_members, on_each
from .core.loss import predict
from .core.probe import Probe


class PredictionMonitor(Monitor):
    """Keeps the outputs of the model, in inference mode, at fixed points when training ends. The model has one input and one output.

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
        self._attempt(self._keep)

    def _keep(self):
        parts = [predict_batch() for predict_batch in on_each(self.model, self.probe.batches, _predict, seldom=True)]
        self._outputs = np.concatenate([part.numpy() for part in parts], axis=1)

    def arrays(self):
        """`x`, the points `(points, features)`, and `outputs` `(members, points, ...)`; before training has ended `x` alone."""
        outputs = {} if self._outputs is None else {"outputs": self._outputs}
        return {"x": np.concatenate([batch["x"].numpy() for batch in self.probe.batches]), **outputs}


def _predict(model, batch):
    return map_members(model, lambda member: predict(member, batch))
