"""LogitMonitor: the gradient of each sample's loss by its logits, and the samples whose gradient has vanished."""

import numpy as np
import tensorflow as tf

from .core.base import QuantityMonitor
from .core.graphs import graph_per_batch, map_members
from .core.loss import batch_loss, predict
from .core.probe import Probe, num_samples
from .core.quantity import Quantity


class LogitMonitor(QuantityMonitor):
    """Measures the gradient of each sample's loss with respect to the model's outputs, on a fixed probe, in inference mode.

    Use it to see whether a loss still corrects the samples that the model gets wrong. The model must end in logits, its compiled loss be a
    mean over samples (the default in Keras), and its targets integer labels. It also measures before training, as epoch 0.

    Example:

    ```python
    logits = LogitMonitor(x_train[:256], y_train[:256], stages=[0, 20])
    model.fit(x_train, y_train, epochs=20, callbacks=[logits])
    logits.frame()
    logits.arrays()["gradient_norm"]  # sample by sample, before and after training
    ```

    Quantities, float32; the gradient of a sample is the vector `(classes,)` of its own loss's derivatives by its logits:

    - `probe_loss`: the mean loss of the probe, regularisation included (loss).
    - `relative_loss`: `probe_loss` divided by its value before training.
    - `logit_grad_median`, `logit_grad_mean`: median and mean of the L2 norms of the samples' gradients (loss per logit unit).
    - `misclassified_fraction`: share of samples whose largest logit is not that of the label.
    - `vanished_fraction`: share of samples that are misclassified although their gradient's norm is below `vanished_share` of the median
      over all samples before training: they stay wrong and are no longer corrected.
    - `logit_mean`, `logit_std`: over samples and classes (logit units).

    All are NaN if a logit or a gradient is not finite.

    Args:
        x: samples of the probe, as given to `fit`, or a `tf.data.Dataset` of batches of samples and labels.
        y: integer labels; part of the elements if `x` is a Dataset. Defaults to `None`.
        every: measure after every `every` epochs, or a collection of the epochs after which to measure; 0 is before training. Defaults to
            `1`.
        stages: the epochs whose values are kept sample by sample, for `arrays()`, if they are measured; 0 is before training. Defaults to
            `()`.
        vanished_share: see `vanished_fraction`. Defaults to `0.01`.
        logs: whether the values enter `logs`, or patterns of the keys that do. Defaults to `True`.
    """

    measures_before_training = requires_built_model = True

    quantities = (
        Quantity("probe_loss", "loss of the probe", "loss", "log"),
        Quantity("relative_loss", "probe loss ÷ its value before training", "1", "log"),
        Quantity("logit_grad_median", "gradient by the logits, median", "loss per logit unit", "log"),
        Quantity("logit_grad_mean", "gradient by the logits, mean", "loss per logit unit", "log"),
        Quantity("misclassified_fraction", "misclassified share of the probe", "share", "percent", "unknown"),
        Quantity("vanished_fraction", "wrong with a vanished gradient", "share", "percent", "unknown"),
        Quantity("logit_mean", "mean logit", "logit units"),
        Quantity("logit_std", "standard deviation of the logits", "logit units"),
    )

    def __init__(self, x, y=None, every=1, stages=(), vanished_share=0.01, logs=True):
        super().__init__(Probe(x, y), every, logs=logs)
        if not tf.is_tensor(self.probe.batches[0].get("y")):
            raise ValueError("LogitMonitor needs one array of integer labels")
        self.stages = sorted(set(stages))
        self.vanished_share = vanished_share
        self._stage_values = []

    @property
    def labels(self):
        """The probe's labels, int `(samples,)`."""
        return np.concatenate([batch["y"].numpy().reshape(-1) for batch in self.probe.batches])

    def on_train_begin(self, logs=None):
        self._stage_values = []
        super().on_train_begin(logs)

    def build_measure(self):
        labels = self.labels
        share = np.array([num_samples(batch) for batch in self.probe.batches]) / len(self.probe)
        measures = graph_per_batch(self.model, self.probe.batches, _measure)

        def measure_against_start(epoch):
            losses, logits, gradients = zip(*([tensor.numpy() for tensor in measure()] for measure in measures), strict=True)
            loss, logits, gradients = np.dot(share, losses), np.concatenate(logits, axis=1), np.concatenate(gradients, axis=1)
            norms = np.linalg.norm(gradients.astype("float64"), axis=-1)
            if epoch == 0:
                self._start = loss, self.vanished_share * np.median(norms, axis=1, keepdims=True)
            if epoch in self.stages:
                self._stage_values.append((epoch, logits, norms.astype("float32")))
            return _quantities(loss, logits, norms, labels, *self._start)

        return measure_against_start

    def get_state(self):
        start = dict(zip(("loss_at_start", "vanished_below"), self._start, strict=True))
        return {**super().get_state(), **start, **{f"kept/{name}": array for name, array in self.arrays().items()}}

    def set_state(self, state):
        super().set_state(state)
        self._start = state["loss_at_start"], state["vanished_below"]
        if "kept/logits" in state:
            epochs = state["kept/epochs"].tolist()
            self._stage_values = list(zip(epochs, state["kept/logits"], state["kept/gradient_norm"], strict=True))

    def arrays(self):
        """The values of the stages, sample by sample, as `{name: array}`, ready for `np.savez`.

        `epochs`, int64 `(stages,)`; `labels`, int `(samples,)`; and, if there are stages, `logits`, float32 `(stages, members, samples,
        classes)`, and `gradient_norm`, float32 `(stages, members, samples)`.
        """
        epochs = np.array([epoch for epoch, *_ in self._stage_values], dtype=np.int64)
        arrays = {"epochs": epochs, "labels": self.labels}
        if self._stage_values:
            arrays["logits"] = np.stack([logits for _, logits, _ in self._stage_values])
            arrays["gradient_norm"] = np.stack([norms for *_, norms in self._stage_values])
        return arrays


def _measure(model, batch):
    """The losses `(members,)`, and the logits and gradients of the samples `(members, samples, classes)`, of all members."""

    def measure_member(member):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            logits = predict(member, batch)
            tape.watch(logits)
            loss = batch_loss(model, member, batch, logits)
        gradient = tape.gradient(loss, logits)
        if gradient is None:
            raise ValueError("the loss does not depend on the model's outputs directly; LogitMonitor needs a model that ends in logits")
        # The loss is a mean, and a sample's logits appear only in its own loss.
        return loss, tf.cast(logits, tf.float32), num_samples(batch) * tf.cast(gradient, tf.float32)

    return map_members(model, measure_member)


def _quantities(loss, logits, norms, labels, first_loss, vanished_below):
    """The quantities `(members, quantities)`; NaN for members with logits or gradients that are not finite."""
    wrong = logits.argmax(axis=-1) != labels
    vanished = wrong & (norms < vanished_below)
    of_loss = [loss, loss / first_loss, np.median(norms, axis=1), norms.mean(axis=1)]
    of_logits = [wrong.mean(axis=1), vanished.mean(axis=1), logits.mean(axis=(1, 2)), logits.std(axis=(1, 2))]
    finite = np.isfinite(logits).all(axis=(1, 2)) & np.isfinite(norms).all(axis=1)
    return np.where(finite[:, None], np.stack([*of_loss, *of_logits], axis=1), np.nan).astype("float32")
