"""LogitMonitor: how hard the loss pulls at each sample's logits, and which samples it has given up."""

import numpy as np
import tensorflow as tf

from .core.base import QuantityMonitor
from .core.graphs import map_members, on_each
from .core.loss import batch_loss, predict
from .core.probe import Probe, num_samples


class LogitMonitor(QuantityMonitor):
    """Measures the gradient of each sample's loss with respect to the model's outputs, on a fixed probe, in inference mode.

    Use it to see whether a loss still pulls at the samples that the model gets wrong. The model ends in logits, and its compiled loss
    is the mean over samples, as Keras's losses are by default; targets are integer labels. It measures before training, too, as epoch 0.

    Quantities, float32; the gradient of a sample is the vector `(classes,)` of its own loss's derivatives by its logits:

    - `probe_loss`: the mean loss of the probe, regularisation included (loss).
    - `relative_loss`: `probe_loss` divided by its value before training.
    - `logit_grad_median`, `logit_grad_mean`: of the L2 norms of the samples' gradients (loss per logit unit).
    - `misclassified_fraction`: share of samples whose largest logit is not that of the label.
    - `vanished_fraction`: share of samples that are misclassified although their gradient's norm is below `vanished_share` of the median
      over all samples before training: what remains wrong and is no longer corrected.
    - `logit_mean`, `logit_std`: over samples and classes (logit units).

    Args:
        x, y: the probe: arrays of samples and integer labels, as given to `fit`, or a `tf.data.Dataset` of batches of both.
        every: measure after every so many epochs.
        stages: the epochs whose values are kept sample by sample, for `arrays()`, if they are measured; 0 is before training.
        vanished_share: see `vanished_fraction`.
        logs: whether the values enter `logs`, or patterns of the keys that do.
    """

    measures_before_training = needs_the_start = True

    quantities = (
        "probe_loss",
        "relative_loss",
        "logit_grad_median",
        "logit_grad_mean",
        "misclassified_fraction",
        "vanished_fraction",
        "logit_mean",
        "logit_std",
    )

    def __init__(self, x, y=None, every=1, stages=(), vanished_share=0.01, logs=True):
        super().__init__(Probe(x, y), every, logs=logs)
        if not tf.is_tensor(self.probe.batches[0].get("y")):
            raise ValueError("LogitMonitor needs one array of integer labels")
        self.stages = sorted(set(stages))
        self.vanished_share = vanished_share
        self._kept = []

    @property
    def labels(self):
        """The probe's labels, int `(samples,)`."""
        return np.concatenate([batch["y"].numpy().reshape(-1) for batch in self.probe.batches])

    def on_train_begin(self, logs=None):
        self._kept = []
        super().on_train_begin(logs)

    def build_measure(self):
        labels = self.labels
        share = np.array([num_samples(batch) for batch in self.probe.batches]) / len(self.probe)
        measures = on_each(self.model, self.probe.batches, _measure)

        def measure_against_start(epoch):
            losses, logits, gradients = zip(*([tensor.numpy() for tensor in measure()] for measure in measures), strict=True)
            loss, logits, gradients = np.dot(share, losses), np.concatenate(logits, axis=1), np.concatenate(gradients, axis=1)
            norms = np.linalg.norm(gradients.astype("float64"), axis=-1)
            if epoch == 0:
                self._at_start = loss, self.vanished_share * np.median(norms, axis=1, keepdims=True)
            if epoch in self.stages:
                self._kept.append((epoch, logits, norms.astype("float32")))
            return _quantities(loss, logits, norms, labels, *self._at_start)

        return measure_against_start

    def get_state(self):
        start = dict(zip(("loss_at_start", "vanished_below"), self._at_start, strict=True))
        return {**super().get_state(), **start, **{f"kept/{name}": array for name, array in self.arrays().items()}}

    def set_state(self, state):
        super().set_state(state)
        self._at_start = state["loss_at_start"], state["vanished_below"]
        if "kept/logits" in state:
            epochs = state["kept/epochs"].tolist()
            self._kept = list(zip(epochs, state["kept/logits"], state["kept/gradient_norm"], strict=True))

    def arrays(self):
        """The stages, sample by sample: `epochs` `(stages,)`; `labels` `(samples,)`; and, if there are stages, `logits`, float32 `(stages,
        members, samples, classes)`, and `gradient_norm`, float32 `(stages, members, samples)`."""
        epochs = np.array([epoch for epoch, *_ in self._kept], dtype=np.int64)
        arrays = {"epochs": epochs, "labels": self.labels}
        if self._kept:
            arrays["logits"] = np.stack([logits for _, logits, _ in self._kept])
            arrays["gradient_norm"] = np.stack([norms for *_, norms in self._kept])
        return arrays


def _measure(model, batch):
    """The losses `(members,)`, logits and, sample by sample, gradients `(members, samples, classes)` of all members."""

    def of_member(member):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            logits = predict(member, batch)
            tape.watch(logits)
            loss = batch_loss(model, member, batch, logits)
        gradient = tape.gradient(loss, logits)
        if gradient is None:
            raise ValueError("the loss is not taken from the model's outputs as they are; LogitMonitor needs a model that ends in logits")
        # The loss is a mean, and a sample's logits appear in its own loss alone.
        return loss, tf.cast(logits, tf.float32), num_samples(batch) * tf.cast(gradient, tf.float32)

    return map_members(model, of_member)


def _quantities(loss, logits, norms, labels, first_loss, vanished_below):
    """The quantities `(members, quantities)`, NaN for members whose logits or gradients are not finite."""
    wrong = logits.argmax(axis=-1) != labels
    values = np.stack(
        [
            loss,
            loss / first_loss,
            np.median(norms, axis=1),
            norms.mean(axis=1),
            wrong.mean(axis=1),
            (wrong & (norms < vanished_below)).mean(axis=1),
            logits.mean(axis=(1, 2)),
            logits.std(axis=(1, 2)),
        ],
        axis=1,
    )
    finite = np.isfinite(logits).all(axis=(1, 2)) & np.isfinite(norms).all(axis=1)
    return np.where(finite[:, None], values, np.nan).astype("float32")
