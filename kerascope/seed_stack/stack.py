"""SeedStack: one Keras model trained for many seeds at once.

A small network leaves the machine idle: most of a training step is overhead. SeedStack stacks each weight of a model along a new leading
axis, one slice per seed, and maps the loss and gradient of the single model over that axis. Each member has its own initial weights, batch
order, gradients and slice of the optimizer's state, so it ends with the weights that training it alone would give.
"""

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from ..compat import learning_rate_schedule, quiet_vectorized_map, restored_epoch, set_untracked
from . import train_epoch
from .graph import CompiledGraph
from .learning_rates import upcoming_learning_rates
from .members import build_member, stack_variables, validate_seeds
from .metrics import accuracy_metric
from .separability import require_separable

# Seconds that XLA saves on a CPU, measured on two cores: per epoch; per weight, sample and epoch. And the seconds that it takes to compile.
SAVED_PER_EPOCH, SAVED_PER_WEIGHT, COMPILE_SECONDS = 0.012, 8e-11, 1.5


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


class SeedStack(keras.Model):
    """Trains one model for many seeds at once. Each member ends as it would if trained alone.

    `compile`, `fit`, `evaluate`, `predict`, `save_weights`, callbacks and `History` work as for any `keras.Model`. One Keras step is one
    epoch: the minibatches and the evaluation of the validation data run inside one graph, so callbacks see one batch per epoch. The values
    in `logs` and `History` are means over the members; `frame()` has those of each seed.

    Example:

    ```python
    def build():
        return keras.Sequential([keras.Input((64,)), keras.layers.Dense(256, "relu"), keras.layers.Dense(10)])

    stack = SeedStack(build, seeds=range(10))
    stack.compile(keras.optimizers.SGD(0.1), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    stack.fit(x, y, batch_size=64, epochs=100, validation_data=(x_test, y_test))
    stack.frame()  # a row per seed and epoch
    stack.member(3)  # the ordinary model of the fourth seed, with its trained weights
    ```

    Built and compiled within `strategy.scope()` of a `tf.distribute.MirroredStrategy`, it shares each batch out to the replicas.
    `batch_size` stays that of the whole batch. The results stay the same, except for batch normalisation, whose statistics are those of
    each replica.

    Args:
        build: function without arguments that returns a built model with one input and one output, of the same architecture each time. It
            is called once per seed, right after `keras.utils.set_random_seed(seed)`.
        seeds: distinct integers in `[0, 2**32)`. A seed fixes a member's initial weights, its batch order and its dropout masks. Keras's
            initializers use Python's global generator, so no other thread may use it meanwhile; its state, and NumPy's, is restored.
        **kwargs: as for `keras.Model`, such as `name`.

    Raises:
        ValueError: for no seeds, repeated or unusable seeds, or a model that cannot be stacked.
    """

    def __init__(self, build, seeds, **kwargs):
        super().__init__(**kwargs)
        self.seeds = validate_seeds(seeds)
        members = [build_member(build, seed) for seed in self.seeds]
        # All members are computed with the layers of the template; its variables are not this model's.
        set_untracked(self, "template", members[0])
        set_untracked(self, "build_function", build)
        self._stacked = [stack_variables(variables) for variables in zip(*(member.variables for member in members), strict=True)]
        self._position = {id(variable): i for i, variable in enumerate(self.template.variables)}
        self.records = []
        self._graphs = {}
        self._prepared = False
        self._compile_if_worthwhile = False
        self.built = True

    def __dir__(self):
        # Keras saves what it finds by dir(). The template's own weights are not part of the stack.
        return [name for name in super().__dir__() if name != "template"]

    def stacked(self, variables):
        """The stacked variables `(members, ...)` of variables of `template`."""
        return [self._stacked[self._position[id(variable)]] for variable in variables]

    def map_members(self, fn, *args):
        """Apply a function to all members at once.

        Args:
            fn: function `fn(member, *args_i)` of TensorFlow operations. `member` is an ordinary model that holds one member's weights
                while `fn` runs. State that it changes (such as normalisation statistics) is dropped unless `fn` returns it.
            *args: structures of tensors with a leading axis of length `len(seeds)`; `fn` gets one slice of each.

        Returns:
            The results of `fn`, each tensor with a leading axis of length `len(seeds)`.
        """

        def one(slices):
            values, args_i = slices
            mapping = list(zip(self.template.variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping, collect_losses=True):
                return fn(self.template, *args_i)

        slices = ([tf.convert_to_tensor(v.value) for v in self._stacked], args)
        try:
            with quiet_vectorized_map():
                return tf.vectorized_map(one, slices, fallback_to_while_loop=False)
        except (ValueError, NotImplementedError):
            # Some operations (convolution by stacked kernels, random numbers) have no vectorised form: the graph then holds the members one
            # by one. An error of `fn` itself is raised again here.
            results = [one(tf.nest.map_structure(lambda t, i=i: t[i], slices)) for i in range(len(self.seeds))]
            return tf.nest.map_structure(lambda *outputs: tf.stack(outputs), *results)

    def call(self, inputs, training=False):
        """Outputs of all members on the same inputs.

        Args:
            inputs: tensor `(samples, ...)`.
            training: as for a layer. Defaults to `False`.

        Returns:
            A tensor `(samples, members, ...)`.
        """
        outputs = self.map_members(lambda member: member(inputs, training=training))
        return keras.ops.moveaxis(outputs, 0, 1)

    def member(self, index):
        """An ordinary model with the present weights of one member: a copy, not compiled, which can be trained, saved or changed.

        Args:
            index: position in `seeds` (not the seed itself).
        """
        model = build_member(self.build_function, self.seeds[index])
        for variable, stacked in zip(model.variables, self._stacked, strict=True):
            variable.assign(stacked[index])
        return model

    def compile(self, optimizer="rmsprop", loss=None, metrics=None, jit_compile="auto", **kwargs):
        """Configure the training, as `keras.Model.compile`.

        Args:
            optimizer: as for `keras.Model.compile`. It must update each weight elementwise. Defaults to `"rmsprop"`.
            loss: as for `keras.Model.compile`. Defaults to `None`.
            metrics: as for `keras.Model.compile`. Defaults to `None`: accuracy on integer labels.
            jit_compile: True, False or `"auto"`. With `"auto"`, XLA compiles on a GPU what it compiles for any Keras model. On a CPU it
                compiles trainings that are long enough to save the time that compilation takes, unless the model draws random numbers
                (XLA would draw others) or convolves. Defaults to `"auto"`.
            **kwargs: as for `keras.Model.compile`.

        Raises:
            ValueError: if the optimizer couples the members; the message has the reason.
        """
        if metrics is None:
            metrics = [accuracy_metric()]
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, jit_compile=jit_compile, **kwargs)
        require_separable(self.optimizer)
        self._graphs.clear()
        self._prepared = False
        self._compile_if_worthwhile = jit_compile == "auto" and not (self.jit_compile or self.run_eagerly)

    def restart(self, other, optimizer):
        """Begin a new training, and keep the traced and compiled graphs.

        Args:
            other: a SeedStack of the same seeds and architecture, not trained yet. Its weights are taken over.
            optimizer: an optimizer that differs from the compiled one only in its learning rate, which is taken over; both are constant, or
                both a schedule.
        """
        for variable, value in zip(self._stacked, other._stacked, strict=True):
            variable.assign(value)
        set_untracked(self, "build_function", other.build_function)
        self.records = []
        if learning_rate_schedule(optimizer):
            self.optimizer.learning_rate = learning_rate_schedule(optimizer)
        optimizer.build(other.trainable_variables)
        for variable, value in zip(self.optimizer.variables, optimizer.variables, strict=True):
            variable.assign(value)

    def fit(self, x, y, batch_size=32, epochs=1, verbose="auto", callbacks=None, validation_data=None, shuffle=True, initial_epoch=0):
        """Train all members.

        Args:
            x, y: arrays of the training samples and their targets, first axis samples. They stay on the device for the whole training.
            batch_size: samples per step and member. A smaller last batch is kept. Defaults to `32`.
            epochs: as in `keras.Model.fit`. Defaults to `1`.
            verbose: as in `keras.Model.fit`. Defaults to `"auto"`.
            callbacks: as in `keras.Model.fit`. Defaults to `None`.
            validation_data: `(x_test, y_test)`, evaluated after every epoch. Defaults to `None`.
            shuffle: whether each member sees the samples in its own `batch_order`, or all in the order of `x`. A batch that holds all
                samples is not shuffled. Defaults to `True`.
            initial_epoch: as in `keras.Model.fit`. Defaults to `0`.

        Returns:
            A `History` of means over the members.

        Raises:
            ValueError: for a `batch_size` below 1, no samples, or different numbers of samples and targets.
        """
        x, y = _samples(x, y)
        batch_size = min(int(batch_size), len(x))
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        self._prepare(x, y)
        data = (x, y, *(() if validation_data is None else _samples(*validation_data)))
        if self._compile_if_worthwhile:
            weights = len(x) * len(self.seeds) * self.template.count_params()
            self.jit_compile = epochs * (SAVED_PER_EPOCH + SAVED_PER_WEIGHT * weights) >= COMPILE_SECONDS
        callbacks = keras.callbacks.CallbackList(
            callbacks, add_history=True, add_progbar=verbose != 0, verbose=verbose, epochs=epochs, steps=1, model=self
        )
        self.stop_training, logs = False, {}
        callbacks.on_train_begin()
        initial_epoch = restored_epoch(self) or initial_epoch
        run_epoch = self._epoch_function(data, batch_size, shuffle and batch_size < len(x))
        self.records = [record for record in self.records if record["epoch"] <= initial_epoch]
        for epoch in range(initial_epoch, epochs):
            callbacks.on_epoch_begin(epoch)
            callbacks.on_train_batch_begin(0)
            per_member = run_epoch(epoch)
            self.records.append({"epoch": epoch + 1, **per_member})
            logs = _means(per_member)
            callbacks.on_train_batch_end(0, logs)
            callbacks.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        self.optimizer.finalize_variable_values(self.trainable_variables)
        callbacks.on_train_end(logs)
        return self.history

    def _epoch_function(self, data, batch_size, shuffle):
        """A function `run_epoch(epoch)` that trains all members for an epoch and returns its results as `{name: array (members,)}`."""
        samples = len(data[0])
        num_steps = -(-samples // batch_size)
        learning_rates = upcoming_learning_rates(self.optimizer, num_steps)
        order_spec = tf.TensorSpec((len(self.seeds), samples) if shuffle else (samples,), tf.int32)
        learning_rates_spec = tf.TensorSpec((num_steps,), tf.float32)
        graph = self.graph(train_epoch.train_epoch, order_spec, learning_rates_spec, *data, batch_size=batch_size)

        def run_epoch(epoch):
            if shuffle:
                order = np.stack([batch_order(seed, epoch, samples) for seed in self.seeds])
            else:
                order = np.arange(samples, dtype=np.int32)
            results = graph(tf.convert_to_tensor(order), learning_rates(), *data)
            return {name: value.numpy() for name, value in results.items()}

        return run_epoch

    def evaluate(self, x, y, batch_size=None, verbose="auto", return_dict=False, per_member=False):
        """Loss and metrics of all members on the same samples.

        Args:
            x: array of samples, first axis samples.
            y: array of targets, likewise.
            batch_size: ignored: one graph chooses its own batches. Defaults to `None`.
            verbose: ignored: nothing is printed. Defaults to `"auto"`.
            return_dict: whether to return a dict by name instead of a list. Defaults to `False`.
            per_member: whether to return arrays of shape `(members,)` instead of means over the members. Defaults to `False`.

        Returns:
            The loss and the metrics, as a list or dict.

        Raises:
            ValueError: for no samples, or different numbers of samples and targets.
        """
        x, y = _samples(x, y)
        self._prepare(x, y)
        evaluate = self.graph(train_epoch.evaluate, x, y)
        results = {name: value.numpy() for name, value in evaluate(x, y).items()}
        if not per_member:
            results = _means(results)
        return results if return_dict else list(results.values())

    def frame(self):
        """The measurements of `fit` as a tidy DataFrame: a row per seed and epoch.

        Columns: `seed`; `epoch`, from 1; `learning_rate`, that of the epoch's first step; `train_loss`, `train_accuracy`, means over the
        epoch, while the weights change; `test_loss`, `test_accuracy`, after the epoch, NaN without validation data; `train_grad_norm`, the
        mean over the epoch's steps of the L2 norm of the whole minibatch gradient. Other metrics follow as `train_<name>`, `test_<name>`.
        """
        first = ["seed", "epoch", "learning_rate", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "train_grad_norm"]
        rows = [
            {"seed": seed, **{_column(name): np.broadcast_to(value, len(self.seeds))[i] for name, value in record.items()}}
            for i, seed in enumerate(self.seeds)
            for record in self.records
        ]
        table = pd.DataFrame(rows)
        table = table.reindex(columns=[*first, *(name for name in table.columns if name not in first)])
        return table.astype({name: "float32" for name in table.columns if name not in ("seed", "epoch")})

    def graph(self, function, *args, jit_compile=True, **settings):
        """A function of the stack as a TensorFlow graph, made once and kept until the next `compile`.

        Args:
            function: function of a module, `function(stack, *args, **settings)`; graphs are kept by its identity.
            *args: structures of tensors, or of their specs, for their shapes and types.
            jit_compile: whether XLA compiles it if it compiles the training; False for a function so rare that compilation does not pay.
                Defaults to `True`.
            **settings: hashable, constants of the graph.

        Returns:
            A function of `args`.
        """

        def run(*args):
            return function(self, *args, **settings)

        if self.run_eagerly:
            return run
        # XLA compiles for one device: as in Keras, replicas do without it.
        jit_compile = jit_compile and bool(self.jit_compile) and self.distribute_strategy.num_replicas_in_sync == 1
        shapes = tuple((tuple(t.shape), t.dtype) for t in tf.nest.flatten(args))
        key = function, shapes, tuple(sorted(settings.items())), jit_compile
        if key not in self._graphs:
            self._graphs[key] = CompiledGraph(run, args, "auto" if jit_compile and self._compile_if_worthwhile else jit_compile)
        return self._graphs[key]

    @property
    def member_metrics(self):
        """The compiled metrics. They compute the metrics of all members; the graph of an epoch holds each member's state."""
        return [metric for metric in self.metrics if metric.name != "loss"]

    def _prepare(self, x, y):
        """Build loss, metrics and optimizer before anything is traced: none of them can create variables inside a loop."""
        if self._prepared:
            return
        y_pred = self.template(x[:1], training=False)
        self.compute_loss(x[:1], y[:1], y_pred, training=False)
        self.compute_metrics(x[:1], y[:1], y_pred)
        self.reset_metrics()
        if not self.optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)
        self._prepared = True


def _samples(x, y):
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    if len(x) != len(y) or not len(x):
        raise ValueError(f"x and y need the same number of samples, at least one; got {len(x)} and {len(y)}")
    return x, y


def _means(per_member):
    return {name: float(np.mean(value)) for name, value in per_member.items()}


def _column(name):
    """The column of `frame()` for a name of Keras's logs (`loss`, `val_accuracy`, ...)."""
    if name in ("epoch", "learning_rate", "train_grad_norm"):
        return name
    return f"test_{name.removeprefix('val_')}" if name.startswith("val_") else f"train_{name}"
