"""LogitMonitor: the gradient of each sample's loss by its logits, and the samples whose gradient has vanished."""

import numpy as np
import tensorflow as tf

from ..compat import keras_mask
from ..per_member import Own, num_samples
from .core.base import QuantityMonitor
from .core.classes import binary_threshold, classes_of_targets, loss_config, predicted_classes, rows_of_outputs
from .core.graphs import graph_per_batch, map_batch
from .core.loss import loss_and_logit_gradient
from .core.loss_monitor import LossMonitor
from .core.quantity import Quantity


class LogitMonitor(LossMonitor, QuantityMonitor):
    """Measures the gradient of each sample's loss with respect to the model's logits, on a fixed probe, in inference mode.

    Use it to see whether a loss still corrects the samples that the model gets wrong. The model must have one output. Its
    logits are that output or, if it ends in `keras.activations.softmax` or `sigmoid`, by name or as a layer, what goes into that; what
    goes into a `keras.ops.softmax` is not seen. Its loss must be a mean over samples (the default in Keras), and a sample's part in it
    depend on that sample's logits alone: losses that compare the samples of a batch have no gradients by sample. It also measures before
    training, as epoch 0.

    Targets are classes: whole numbers or one-hot, or 0 and 1 for a single output. Each position of a sequence or an image counts as a
    sample, if it has a target of its own; positions that Keras masks are left out. The axis of the classes is that of the loss
    (`keras.losses.CategoricalCrossentropy(axis=1)`), the last by default. If the targets are numbers (regression) or several labels at a
    time, the shares are NaN, with a warning.

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
    - `misclassified_fraction`: share of samples whose largest logit is not that of the label; for a single output, that are on the wrong
      side of the threshold.
    - `vanished_fraction`: share of samples that are misclassified although their gradient's norm is below `vanished_share` of the median
      over all samples before training: they stay wrong and are no longer corrected.
    - `misclassified_grad_mean`: mean of the norms over the misclassified samples (loss per logit unit), NaN if none is.
    - `logit_mean`, `logit_std`: over samples and classes (logit units).

    All are NaN if a logit or a gradient is not finite.

    Args:
        x: samples of the probe, as given to `fit`, or a `tf.data.Dataset` of batches of samples and targets.
        y: targets, one array; part of the elements if `x` is a Dataset. Defaults to `None`.
        every: measure after every `every` epochs; or a collection of the epochs after which to measure, 0 is before training; or
            `"100 steps"`: after every 100 steps of a training. Defaults to `1`.
        stages: the epochs whose values are kept sample by sample, for `arrays()`, if they are measured; 0 is before training. Defaults to
            `()`.
        vanished_share: see `vanished_fraction`. Defaults to `0.01`.
        logs: whether the values enter `logs`, or patterns of the keys that do, such as `"logit_*"`. Defaults to `None`: they do.
        sample_weight: weights of the probe's samples, as given to `fit`: the loss of a sample is its weighted one. Defaults to `None`.
        class_weight: weights of the classes, as given to `fit`. Defaults to `None`.
        loss: as for `GradientMonitor`; the function must call the model once. Defaults to `None`: the compiled loss.
        threshold: of a single output, above which it means the second class. Defaults to `None`: 0 if the compiled loss is a hinge or a
            binary cross-entropy with `from_logits=True`, 0.5 if it is one without or if the last layer of a functional or sequential model
            is a sigmoid.
    """

    measures_before_training = requires_built_model = True

    quantities = (
        Quantity("probe_loss", "loss of the probe", "loss", "log"),
        Quantity("relative_loss", "probe loss ÷ its value before training", "1", "log"),
        Quantity("logit_grad_median", "gradient by the logits, median", "loss per logit unit", "log"),
        Quantity("logit_grad_mean", "gradient by the logits, mean", "loss per logit unit", "log"),
        Quantity("misclassified_fraction", "misclassified share of the probe", "share", "percent", "unknown"),
        Quantity("vanished_fraction", "wrong with a vanished gradient", "share", "percent", "unknown"),
        Quantity("misclassified_grad_mean", "gradient of misclassified samples, mean", "loss per logit unit", "log", "not measured"),
        Quantity("logit_mean", "mean logit", "logit units"),
        Quantity("logit_std", "standard deviation of the logits", "logit units"),
    )

    needs_mean = True

    def __init__(
        self,
        x,
        y=None,
        every=1,
        stages=(),
        vanished_share=0.01,
        logs=None,
        sample_weight=None,
        class_weight=None,
        loss=None,
        threshold=None,
    ):
        super().__init__(x, y, sample_weight, class_weight, every, None, loss, logs=logs)
        y = self.probe.batches[0].get("y")
        if not isinstance(y.tensors if isinstance(y, Own) else y, tf.Tensor):
            raise ValueError("LogitMonitor needs one array of targets y")
        self.stages = sorted(set(stages))
        self.vanished_share, self.threshold = vanished_share, threshold

    def clear(self):
        """Forget all measurements and problems."""
        super().clear()
        self._stage_values, self._start, self._labels = [], None, None

    @property
    def labels(self):
        """The probe's labels, `(samples,)`, or `(members, samples)` if they are each member's own: classes, int, or numbers, if the
        targets are no classes."""
        if self._labels is not None:
            return self._labels
        targets = [batch["y"] for batch in self.probe.batches]
        if isinstance(targets[0], Own):
            return targets[0].tensors.numpy().reshape(self.probe.members, -1)
        return np.concatenate([y.numpy().reshape(-1) for y in targets])

    def build_measure(self):
        compiled = not callable(self.loss)
        config = loss_config(self.model)[1] if compiled else {}
        axis, ignored = config.get("axis", -1), config.get("ignore_class")
        share = np.array([num_samples(batch) for batch in self.probe.batches]) / len(self.probe)
        measures = graph_per_batch(self.model, self.probe.batches, _measure, loss=self.loss, axis=axis, ignored=ignored)
        threshold = binary_threshold(self.model, self.template, compiled) if self.threshold is None else self.threshold
        known = []  # the classes, from the first measurement on

        def measure_against_start(epoch):
            losses, shapes, *parts = zip(*([tensor.numpy() for tensor in measure()] for measure in measures), strict=True)
            if not known:
                known.append(self._classes([tuple(shape[0]) for shape in shapes], axis, threshold, parts[0]))
            classes = known[0]
            counted, outputs, logits, gradients = (np.concatenate(part, axis=1) for part in parts)
            kept = _kept(counted)
            loss, logits, norms = np.dot(share, losses), logits[:, kept], np.linalg.norm(gradients[:, kept].astype("float64"), axis=-1)
            self._labels = None if classes is None else classes[..., kept]
            if self._start is None or self._start[0] != self.fit:
                self._start = self.fit, loss, self.vanished_share * np.median(norms, axis=1, keepdims=True)
            if epoch in self.stages:
                self._stage_values.append((self.fit, epoch, logits, norms.astype("float32")))
            wrong = None if classes is None else predicted_classes(outputs[:, kept], threshold) != classes[..., kept]
            return {"model": _quantities(loss, logits, norms, wrong, *self._start[1:])[:, np.newaxis]}

        return measure_against_start

    def _classes(self, shapes, axis, threshold, counted):
        """The class of each row of the outputs, `(rows,)` or `(members, rows)`; or None, with a warning."""
        targets = [batch["y"] for batch in self.probe.batches]
        batches = zip(targets, shapes, counted, strict=True)
        classes = [_classes_of_batch(y, shape, axis, threshold, of_batch) for y, shape, of_batch in batches]
        if not any(of_batch is None for of_batch in classes):
            return np.concatenate(classes, axis=-1)
        single = shapes[0][axis] == 1 or len(shapes[0]) == 1
        way_out = "; if they are, threshold= is the output above which it is the second" if single and threshold is None else ""
        self.warn(f"does not measure what it counts of misclassified samples: the targets are no classes{way_out}")
        return None

    def get_state(self):
        start = dict(zip(("loss_at_start", "vanished_below"), (self._start or (0, np.nan, np.nan))[1:], strict=True))
        return {**super().get_state(), **start, **{f"kept/{name}": array for name, array in self.arrays().items()}}

    def set_state(self, state):
        super().set_state(state)
        self._start = self.fit, state["loss_at_start"], state["vanished_below"]
        if "kept/logits" in state:
            epochs = state["kept/epochs"].tolist()
            values = zip(epochs, state["kept/logits"], state["kept/gradient_norm"], strict=True)
            self._stage_values = [(self.fit, *of_stage) for of_stage in values]

    def arrays(self):
        """The values of the last training's stages, sample by sample, as `{name: array}`, ready for `np.savez`.

        `epochs`, int64 `(stages,)`, which the members share; `labels`, `(samples,)`, or `(members, samples)` if they are each member's
        own; and, if there are stages, `logits`, float32 `(stages, members, samples, classes)`, and `gradient_norm`, float32 `(stages,
        members, samples)`. Positions of sequences and images count as samples; those that are masked are left out.
        """
        stages = [values for fit, *values in self._stage_values if fit == self._stage_values[-1][0]]
        arrays = {"epochs": np.array([epoch for epoch, *_ in stages], dtype=np.int64), "labels": self.labels}
        if stages:
            arrays["logits"] = np.stack([logits for _, logits, _ in stages])
            arrays["gradient_norm"] = np.stack([norms for *_, norms in stages])
        return arrays


def _kept(counted):
    """The rows that count, bool `(rows,)`: positions that are masked have no loss."""
    if not (counted == counted[0]).all():
        raise ValueError("the members' own samples are masked at different positions, which LogitMonitor cannot put side by side")
    return counted[0]


def _classes_of_batch(y, shape, axis, threshold, counted):
    if not isinstance(y, Own):
        return classes_of_targets(y.numpy(), shape, axis, threshold, counted[0])
    members = zip(y.tensors.numpy(), counted, strict=True)
    classes = [classes_of_targets(of_member, shape, axis, threshold, own_counted) for of_member, own_counted in members]
    return None if any(of_member is None for of_member in classes) else np.stack(classes)


def _measure(model, batch, loss, axis, ignored):
    """For all members the loss `(members,)`; the shape of the outputs; and row by row (see `rows_of_outputs`) whether it counts,
    `(members, rows)`, its outputs, logits and gradient, `(members, rows, classes)`."""

    def measure_member(member, batch):
        value, outputs, logits, gradient = loss_and_logit_gradient(model, member, batch, loss)
        if gradient is None:
            raise ValueError("the loss does not depend on the model's output, nor on what goes into its softmax or sigmoid")
        rows, logits, gradient = (rows_of_outputs(tf.cast(tensor, tf.float32), axis) for tensor in (outputs, logits, gradient))
        mask = keras_mask(outputs) if loss is None or loss == "compiled" else None
        counted = tf.ones(logits.shape[0], tf.bool) if mask is None else tf.reshape(mask, [-1])
        if ignored is not None:
            counted &= tf.reshape(tf.cast(batch["y"], tf.int64), [-1]) != ignored
        # The loss is a mean, and a sample's logits appear only in its own loss.
        gradient *= tf.reduce_sum(tf.cast(counted, tf.float32))
        return value, tf.constant(outputs.shape.as_list()), counted, rows, logits, gradient

    return map_batch(model, measure_member, batch)


def _quantities(loss, logits, norms, wrong, first_loss, vanished_below):
    """The quantities `(members, quantities)`; NaN for members with logits or gradients that are not finite."""
    unknown = np.full(len(logits), np.nan)
    of_wrong = [unknown] * 3
    if wrong is not None:
        count, total = wrong.sum(axis=1), np.where(wrong, norms, 0).sum(axis=1)
        of_wrong = [
            wrong.mean(axis=1),
            (wrong & (norms < vanished_below)).mean(axis=1),
            np.where(count, total / np.maximum(count, 1), np.nan),
        ]
    of_loss = [loss, loss / first_loss, np.median(norms, axis=1), norms.mean(axis=1)]
    of_logits = [*of_wrong, logits.mean(axis=(1, 2)), logits.std(axis=(1, 2))]
    finite = np.isfinite(logits).all(axis=(1, 2)) & np.isfinite(norms).all(axis=1)
    return np.where(finite[:, None], np.stack([*of_loss, *of_logits], axis=1), np.nan)
