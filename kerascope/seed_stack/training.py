"""Training: one call of `SeedStack.fit`."""

import math
import numbers
import warnings

import keras
import numpy as np
import tensorflow as tf

from ..compat import restored_epoch
from ..per_member import PerMember, num_samples
from . import train_epoch
from .callbacks import validate_callbacks
from .evaluation import batches_matter
from .learning_rates import upcoming_learning_rates
from .member_scope import NotStackable
from .own_state import require_own_state
from .samples import source_of
from .separability import squares_unsummed_rows
from .stack_warning import StackWarning

# Seconds that XLA saves on a CPU, measured on two cores, per step and number that the optimizer keeps of the weights: it fuses the update
# of these, which is a pass through memory for each operation, and makes nothing else faster. And the seconds that it takes to compile.
SAVED_PER_NUMBER, COMPILE_SECONDS = 5e-10, 1.0


def batch_order(seed, epoch, num_samples):
    """The order in which a seed sees the training samples in an epoch: a pure function of its arguments.

    It depends neither on the model, nor on the number of stacked seeds, nor on where a resumed training began.

    Example:

    ```python
    order = batch_order(seed=3, epoch=0, num_samples=len(x))
    model.fit(x[order], y[order], shuffle=False)  # the first epoch of seed 3
    ```

    Args:
        seed: int >= 0.
        epoch: int >= 0, counted from 0 as Keras counts.
        num_samples: int, the number of training samples.

    Returns:
        int32 array of shape `(num_samples,)`, a permutation of `range(num_samples)`.
    """
    return np.random.default_rng((seed, epoch)).permutation(num_samples).astype(np.int32)


class Training:
    """One call of `SeedStack.fit`.

    Args:
        stack: the compiled SeedStack.
        source: the training samples, `Arrays` or `Batches`.
        validation_data, validation_split, validation_freq, shuffle, batch_size, validation_batch_size: see `SeedStack.fit`.
    """

    def __init__(
        self, stack, source, validation_data, validation_split, shuffle, batch_size, *, validation_batch_size=None, validation_freq=1
    ):
        if source.batch_size and batch_size:
            raise ValueError("a Dataset has its own batches: leave out batch_size")
        if validation_data is None and validation_split:
            if source.batch_size:
                raise ValueError("validation_split needs arrays: give a Dataset as validation_data")
            source, validation = source.split(validation_split)
        elif isinstance(validation_data, PerMember) and isinstance(validation_data.values, tuple):
            raise ValueError("validation_data is a pair, each part of which may be each member's own: (PerMember(x), PerMember(y))")
        elif validation_data is not None:
            validation = source_of(
                len(stack.seeds), *(validation_data if isinstance(validation_data, tuple | list) else (validation_data,))
            )
        else:
            validation = None
        self.stack, self.source, self.validation_freq = stack, source, validation_freq
        self.samples = num_samples(source.batch)
        batch_size = source.batch_size or 32 if batch_size is None else batch_size
        if int(batch_size) < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        self.batch_size = min(int(batch_size), self.samples)
        self.shuffle = shuffle and self.batch_size < self.samples and not source.in_given_order
        if shuffle and source.keras_shuffles:
            message = (
                "a SeedStack takes the batches of a PyDataset in their order; fit() alone would shuffle them, unless it has shuffle=False"
            )
            warnings.warn(message, StackWarning, stacklevel=4)
        if not stack.template.trainable_variables:
            raise NotStackable("the model has no trainable weights: a SeedStack has nothing to train")
        stack.prepare(source.batch)
        replicas = stack.distribute_strategy.num_replicas_in_sync
        if replicas > 1 and batches_matter(stack, source.batch, with_metrics=False):
            raise NotStackable(
                "the loss is no mean over samples (a sum, a mask, pairs within a batch): replicas, which see parts of a batch, would train "
                "otherwise than one device. Build and compile it outside strategy.scope()"
            )
        self.validation, self.validation_batch_size = (), None
        if validation is not None:
            size = validation_batch_size or validation.batch_size or int(batch_size)
            self.validation = (validation.batch,)
            self.validation_batch_size = stack.size_that_matters(validation.batch, size)

    def run(self, callbacks, verbose, initial_epoch, epochs, log_members):
        """Train; arguments and result as of `SeedStack.fit`."""
        stack = self.stack
        given = callbacks.callbacks if isinstance(callbacks, keras.callbacks.CallbackList) else keras.tree.flatten(callbacks or [])
        validate_callbacks(given, resumed=False)  # before any callback opens a file
        self.changes = [callback for callback in given if hasattr(callback, "changes_gradients")]
        for change in self.changes:
            change.choose_layers(stack)
        stack.begin_training()
        kept = sum(math.prod(variable.shape) for variable in stack.optimizer.variables if len(variable.shape) > 0)
        steps = epochs * -(-self.samples // self.batch_size)
        stack.choose_compilation(steps * kept * SAVED_PER_NUMBER >= COMPILE_SECONDS)
        self._begin_learning_rates()
        self._trace()
        callbacks = _callback_list(callbacks, verbose=verbose, epochs=epochs, model=stack)
        logs = {}
        callbacks.on_train_begin()
        if resumed := restored_epoch(stack):
            validate_callbacks(given, resumed=True)
        initial_epoch = resumed or initial_epoch
        stack.records = [record for record in stack.records if record["epoch"] <= initial_epoch]
        self.told_of_divergence = False
        for epoch in range(initial_epoch, epochs):
            callbacks.on_epoch_begin(epoch)
            callbacks.on_train_batch_begin(0)
            stack.member_logs = self._run_epoch(epoch)
            stack.restore_stopped_members()
            stopped = {} if stack.is_training.all() else {"is_training": stack.is_training.copy()}
            stack.records.append({"epoch": epoch + 1, **stopped, **stack.member_logs})
            logs = self._logs(log_members)
            callbacks.on_train_batch_end(0, logs)
            callbacks.on_epoch_end(epoch, logs)
            if stack.stop_training:
                break
        stack.optimizer.finalize_variable_values(stack.trainable_variables)
        callbacks.on_train_end(logs)
        return stack.history

    def _begin_learning_rates(self):
        self.upcoming_learning_rates = upcoming_learning_rates(self.stack.optimizer, -(-self.samples // self.batch_size))

    def _learning_rates(self):
        """The learning rates of the next epoch, `(steps,)`; `(steps, members)` once a callback has given each member its own."""
        rates = self.upcoming_learning_rates()
        if self.stack.has_member_learning_rates:
            self.stack.forget_member_learning_rates_unless(float(rates[0]))
        if self.stack.has_member_learning_rates:
            return tf.tile(tf.cast(self.stack.member_learning_rates, rates.dtype)[tf.newaxis], [len(rates), 1])
        return rates

    def _graph(self, amounts, *args, traced=False):
        settings = {"batch_size": self.batch_size, "validation_batch_size": self.validation_batch_size, "traced": traced}
        if not amounts:
            return self.stack.graph(train_epoch.train_epoch, *args, **settings)
        settings["changes"] = tuple((change.changes_gradients, change.positions) for change in self.changes)
        return self.stack.graph(train_epoch.train_epoch_with_changes, *args, **settings)

    def _amounts(self, epoch):
        """The amounts of the changes of gradients in an epoch, as one more input of its graph: a tuple, empty if none is due."""
        if not any(change.is_active(epoch + 1) for change in self.changes):
            return ()
        steps = range(1, -(-self.samples // self.batch_size) + 1)
        return ([tf.constant(change.amounts(epoch + 1, steps), self.stack.float_type) for change in self.changes],)

    def _trace(self):
        """Trace the first epoch before any callback measures: what cannot be vectorised, or trained as alone, shows here."""
        stack = self.stack
        order = tf.TensorSpec((len(stack.seeds), self.samples) if self.shuffle else (self.samples,), tf.int32)
        validation, amounts = self.validation if self._is_validated(0) else (), self._amounts(0)
        graph = self._graph(amounts, order, self._learning_rates(), *amounts, self.source.batch, *validation, traced=True)
        require_own_state(graph, stack)
        if stack.has_sparse_gradients and squares_unsummed_rows(stack.optimizer):
            name = type(stack.optimizer).__name__
            message = (
                f"Keras's {name} squares (or clips by) the gradients of an Embedding token by token, before it adds up those of a token "
                "that is repeated in a batch; a SeedStack takes their sum, as other backends do. With Embedding(..., "
                "embeddings_regularizer=keras.regularizers.L2(0.0)) Keras too adds up first, and members end exactly as alone"
            )
            warnings.warn(message, StackWarning, stacklevel=4)
            stack.has_sparse_gradients = False  # told once

    def _is_validated(self, epoch):
        frequency = self.validation_freq
        return (epoch + 1) % frequency == 0 if isinstance(frequency, numbers.Integral) else epoch + 1 in frequency

    def _run_epoch(self, epoch):
        """Train all members for an epoch; its results `{name: array (members,)}`."""
        batch = self.source.of_epoch()
        if num_samples(batch) != self.samples:  # a dataset that filters
            self.samples = num_samples(batch)
            self._begin_learning_rates()
        if self.shuffle:
            order = np.stack([batch_order(seed, epoch, self.samples) for seed in self.stack.order_seeds])
        else:
            order = np.arange(self.samples, dtype=np.int32)
        validation, amounts = self.validation if self._is_validated(epoch) else (), self._amounts(epoch)
        args = tf.convert_to_tensor(order), self._learning_rates(), *amounts, batch, *validation
        results = self._graph(amounts, *args)(*args)
        # A rate that all share is one number in the graph; a callback may give each member its own in a later epoch.
        return {name: np.broadcast_to(value.numpy(), len(self.stack.seeds)) for name, value in results.items()}

    def _logs(self, log_members):
        """Means over the members that are being trained and have not diverged; all NaN or infinite if all have."""
        stack, values = self.stack, self.stack.member_logs
        healthy = stack.is_training & np.isfinite(values["loss"]) & np.isfinite(values.get("val_loss", 0))
        if (diverged := stack.is_training & ~healthy).any() and not self.told_of_divergence:
            self.told_of_divergence = True
            seeds = ", ".join(str(stack.seeds[i]) for i in np.flatnonzero(diverged))
            message = f"diverged, with a loss that is not finite: seeds {seeds}. Logs are means over the others"
            warnings.warn(message, StackWarning, stacklevel=4)
        counted = healthy if healthy.any() else stack.is_training
        members = {name: np.broadcast_to(value, len(stack.seeds)) for name, value in values.items()}
        logs = {name: float(np.mean(value[counted])) for name, value in members.items()}
        if log_members:
            shown = {name: np.where(stack.is_training, value, np.nan) for name, value in members.items()}
            logs |= {f"{name}/seed_{seed}": float(value[i]) for name, value in shown.items() for i, seed in enumerate(stack.seeds)}
        return logs


def _callback_list(callbacks, verbose, epochs, model):
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks.set_model(model)
        return callbacks
    return keras.callbacks.CallbackList(
        callbacks, add_history=True, add_progbar=verbose != 0, verbose=verbose, epochs=epochs, steps=1, model=model
    )
