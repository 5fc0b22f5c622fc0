"""The gradients of single samples from the start to the end of a training, by groups of samples that are told apart early."""

from common.results.by_sample import tabulate
from kerascope.monitors import LogitMonitor


class SampleGradients(LogitMonitor):
    """The gradient of each sample's loss by its logits, against its own before training, in groups: see `common.results.by_sample`.

    Args:
        x, y: see `LogitMonitor`.
        epochs: the epochs after which to measure, beside before training and after the first epoch, which tells easy samples from hard.

    Example:

    ```python
    by_sample = SampleGradients(x_train[:256], y_train[:256], epochs=[10, 20])
    model.fit(x_train, y_train, epochs=20, callbacks=[by_sample])
    by_sample.frame()
    ```
    """

    def __init__(self, x, y, epochs):
        stages = {0, 1, *epochs}
        super().__init__(x, y, every=stages, stages=stages, logs=False)

    def frame(self, per=None):
        """The table of `tabulate`; `per`, of which there is no choice here, defaults to None. The seed of an ordinary model is 0."""
        return tabulate(self.arrays(), [0] if self.seeds is None else self.seeds)
