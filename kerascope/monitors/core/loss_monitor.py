"""The part that the monitors of a loss share: the arguments that say which loss, on which samples, in which mode."""

from ...compat import weights_in_fit
from .loss import check_loss, check_loss_argument, check_mean
from .probe import Probe


class LossMonitor:
    """Mixin of the monitors that measure a loss; stands before `Monitor` or a class derived from it.

    Args:
        x, y, sample_weight, class_weight: the probe, see `Probe`.
        every, layers, **kwargs: see the class after it.
        loss: see `check_loss`. Defaults to `None`.
        training: whether to measure in training mode. Defaults to `False`.
    """

    needs_mean = False  # whether the compiled loss must be a mean over the samples, even on a probe of one batch

    def __init__(self, x, y, sample_weight, class_weight, every, layers, loss=None, training=False, **kwargs):
        super().__init__(Probe(x, y, sample_weight, class_weight), every, layers, **kwargs)
        self.loss, self.training = check_loss_argument(loss), training

    @property
    def settings(self):
        """The constants of a graph that measures the loss."""
        return {"layers": self.layers, "loss": self.loss, "training": self.training}

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        if not (callable(self.loss) or self.probe.has_weights) and weights_in_fit(self.model):
            self.warn("measures the loss without weights, but fit has some: give the probe sample_weight= or class_weight= too")

    def prepare(self):
        check_loss(self.model, self.loss)
        if self.needs_mean or len(self.probe.batches) > 1:
            check_mean(self.model, self.loss)
        super().prepare()
