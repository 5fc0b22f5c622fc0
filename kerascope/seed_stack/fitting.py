"""The methods of a SeedStack that train and evaluate all members, and tell what came of it."""

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from ..per_member import PerMember, num_samples, slice_samples
from .evaluation import outputs
from .learning_rates import accurate_float
from .member_scope import NotStackable
from .members import choose_members
from .samples import batch_of, source_of
from .training import Training
from .verification import verify


class Fitting:
    """Training, evaluation and verification, for `SeedStack`; each takes arguments as that of `keras.Model` does."""

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        log_members=False,
        **validation,
    ):
        """Train all members; arguments as of `keras.Model.fit`, except where said.

        Args:
            x, y, sample_weight, class_weight: arrays or structures of them, each shared by all members, or within `PerMember`; or `x` a
                finite `tf.data.Dataset` of batches, which all members see in its order. They stay on the device. Defaults to `None`.
            batch_size: samples per step and member. Defaults to `None`: 32, or the batches of a Dataset.
            epochs: see `keras.Model.fit`. Defaults to `1`.
            verbose: likewise. Defaults to `"auto"`.
            callbacks: those that act on all members by a mean over them are refused. Defaults to `None`.
            validation_split: the share of the samples, the last ones, to validate on. Defaults to `0.0`.
            validation_data: `(x, y)`, `(x, y, sample_weight)`, in which each may be a `PerMember`, or a Dataset, read once; evaluated after
                each epoch. Defaults to `None`.
            shuffle: whether each member sees arrays in its own `batch_order`, or all in the order of `x`. Defaults to `True`.
            initial_epoch: see `keras.Model.fit`. Defaults to `0`.
            log_members: whether `logs` and `History` also have each member's values, as `"<name>/seed_<seed>"`. Defaults to `False`.
            **validation: `validation_batch_size` and `validation_freq`.

        Returns:
            A `History` of means over the members that have not diverged, nor been stopped.

        Raises:
            ValueError: for a `batch_size` below 1, no samples, parts of different lengths, or samples for another number of members.
            NotStackable: for samples of another kind, callbacks that act by means, or a model that cannot be trained as alone.
        """
        for name in ("steps_per_epoch", "validation_steps"):
            if validation.pop(name, None) is not None:
                raise NotStackable(f"a SeedStack takes whole epochs: give dataset.take(steps) in place of {name}")
        self._require_compiled()
        source = source_of(len(self.seeds), x, y, sample_weight, class_weight)
        training = Training(self, source, validation_data, validation_split, shuffle, batch_size, **validation)
        return training.run(callbacks, verbose, initial_epoch, epochs, log_members)

    def stop_members(self, stopping):
        """Train some members no further: their weights and state, and those of the optimizer, stay as they are now.

        Args:
            stopping: bool `(members,)`.
        """
        if np.any(stopping):
            self.is_training = self.is_training & ~np.asarray(stopping)
            self._stopped_at.add(int(self.optimizer.iterations))
            self._stopped_state = [tf.identity(variable.value) for variable in self._state_of_members()]
            self.stop_training = self.stop_training or not self.is_training.any()

    def _state_of_members(self):
        slots = [v for v in self.optimizer.variables if len(v.shape) and v.shape[0] == len(self.seeds)]
        return [*self._stacked, *slots]

    def restore_stopped_members(self):
        """Undo what an epoch did to members that `stop_members` has stopped."""
        if not self.is_training.all():
            for variable, state in zip(self._state_of_members(), self._stopped_state, strict=True):
                variable.assign(choose_members(self.is_training, variable.value, state))

    @property
    def has_member_learning_rates(self):
        """Whether the members have learning rates of their own."""
        return self._member_learning_rates is not None

    @property
    def member_learning_rates(self):
        """The learning rate of each member at this moment, float32 `(members,)`."""
        if self._member_learning_rates is not None:
            return self._member_learning_rates
        return np.full(len(self.seeds), keras.ops.convert_to_numpy(self.optimizer.learning_rate), "float32")

    @member_learning_rates.setter
    def member_learning_rates(self, values):
        self._member_learning_rates = np.asarray(values, "float32")
        self._learning_rate_of_all = float(tf.cast(self.optimizer.learning_rate, accurate_float()))  # as in the training's graph

    def forget_member_learning_rates_unless(self, learning_rate):
        """Train all members at the optimizer's rate again, if that was set to another one since `member_learning_rates` was."""
        if learning_rate != self._learning_rate_of_all:
            self._member_learning_rates = None

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose="auto",
        sample_weight=None,
        steps=None,
        callbacks=None,
        return_dict=False,
        per_member=False,
    ):
        """Loss and metrics of all members, on the same samples or each on its own.

        Args:
            x: samples, as for `fit`, each argument shared or `PerMember`. Defaults to `None`.
            y: their targets. Defaults to `None`.
            batch_size: samples at a time if a loss is no mean over samples; else one graph chooses its own batches. Defaults to `None`: 32.
            verbose: ignored: nothing is printed. Defaults to `"auto"`.
            sample_weight: as for `fit`. Defaults to `None`.
            steps: refused. Defaults to `None`.
            callbacks: refused. Defaults to `None`.
            return_dict: whether to return a dict by name instead of a list. Defaults to `False`.
            per_member: whether to return arrays of shape `(members,)` instead of means over the members. Defaults to `False`.

        Returns:
            The loss and the metrics, as a list or dict; as one number if there are no metrics.

        Raises:
            ValueError: for no samples, parts of different lengths, or samples for another number of members.
            NotStackable: for samples of another kind, `steps` or `callbacks`.
        """
        self._require_compiled()
        if steps is not None or callbacks:
            raise NotStackable("evaluate() of a SeedStack takes no steps and no callbacks: give the samples that are meant")
        source = source_of(len(self.seeds), x, y, sample_weight)
        self.prepare(source.batch)
        graph = self.evaluation_graph(source.batch, batch_size or source.batch_size or 32)
        results = {name: value.numpy() for name, value in graph(source.batch).items()}
        if not per_member:
            results = {name: float(np.mean(value)) for name, value in results.items()}
        values = list(results.values())
        return results if return_dict else values if len(values) > 1 else values[0]

    def __call__(self, *args, **kwargs):
        if any(isinstance(argument, PerMember) for argument in (*args, *kwargs.values())):
            raise NotStackable("a SeedStack is called on samples that its members share: call predict(PerMember(x))")
        return super().__call__(*args, **kwargs)

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Outputs of all members, as `keras.Model.predict`, on the same samples or each on its own.

        Args:
            x: samples, as for `keras.Model.predict`; or arrays within `PerMember`.
            batch_size: samples at a time. Defaults to `None`: 32.
            verbose: as for `keras.Model.predict`; nothing is printed for `PerMember`. Defaults to `"auto"`.
            steps: as for `keras.Model.predict`; refused with `PerMember`. Defaults to `None`.
            callbacks: likewise. Defaults to `None`.

        Returns:
            An array `(samples, members, ...)`, or a structure of them.

        Raises:
            NotStackable: for `PerMember` of other than dense arrays, or with `steps` or `callbacks`.
            ValueError: for samples for another number of members.
        """
        if not isinstance(x, PerMember):
            return super().predict(x, batch_size, verbose, steps, callbacks)
        if steps is not None or callbacks:
            raise NotStackable("predict() of PerMember takes no steps and no callbacks: give the samples that are meant")
        batch, size = batch_of(len(self.seeds), x), batch_size or 32
        parts = [slice_samples(batch, slice(start, start + size)) for start in range(0, num_samples(batch), size)]
        results = [self.graph(outputs, part)(part) for part in parts]
        return tf.nest.map_structure(lambda *of_parts: np.moveaxis(np.concatenate(of_parts, axis=1), 0, 1), *results)

    def verify(self, x, y=None, sample_weight=None, batch_size=32, steps=3, member=-1, tolerance=1e-4):
        """Train one member alone with `keras.Model.fit` for a few steps, and compare it with that member of a stack.

        The stack itself stays as it is. Try it first with a model, loss and optimizer of your own.

        Args:
            x: samples, as arrays, shared or `PerMember`; `steps` batches of them are used.
            y: their targets. Defaults to `None`.
            sample_weight: their weights. Defaults to `None`.
            batch_size: samples per step. Defaults to `32`.
            steps: number of steps. Defaults to `3`.
            member: position in `seeds`. Defaults to `-1`: the last, which is computed with the layers of the first.
            tolerance: the largest difference, relative to the norm of a weight, that counts as the same. Defaults to `0.0001`.

        Returns:
            A `Verification`: `ok`, `frame()` with a row per weight, and a text that says what differs where.
        """
        self._require_compiled()
        return verify(self, x, y, sample_weight, batch_size, steps, member, tolerance)

    def _require_compiled(self):
        if not self.compiled:
            raise ValueError("call compile() of the SeedStack first")

    def frame(self):
        """The measurements of `fit` as a tidy DataFrame: a row per seed and epoch at which it was trained.

        Columns: `seed`; `epoch`, from 1; `learning_rate`, that of the epoch's first step; `train_loss`, `train_accuracy`, means over the
        epoch, while the weights change; `test_loss`, `test_accuracy`, after the epoch; NaN for what is not measured; `train_grad_norm`, the
        mean over the epoch's steps of the L2 norm of the whole minibatch gradient. Other metrics follow as `train_<name>`, `test_<name>`.
        """
        first = ["seed", "epoch", "learning_rate", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "train_grad_norm"]
        rows = [
            {"seed": seed, **{_column(name): np.broadcast_to(value, len(self.seeds))[i] for name, value in record.items()}}
            for i, seed in enumerate(self.seeds)
            for record in self.records
            if record.get("is_training", self.is_training | True)[i]
        ]
        table = pd.DataFrame(rows)
        names = [name for name in table.columns if name not in (*first, "is_training")]
        table = table.reindex(columns=[*first, *names])
        return table.astype({name: accurate_float().name for name in table.columns if name not in ("seed", "epoch")})


def _column(name):
    """The column of `frame()` for a name of Keras's logs (`loss`, `val_accuracy`, ...)."""
    if name in ("epoch", "learning_rate", "train_grad_norm", "is_training"):
        return name
    return f"test_{name.removeprefix('val_')}" if name.startswith("val_") else f"train_{name}"
