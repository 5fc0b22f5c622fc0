"""SeedStack: one Keras model trained for many seeds at once, exactly.

A small network leaves the machine idle: most of a training step is overhead. SeedStack stacks each weight of a model along a new leading
axis, one slice per seed, and maps the single-model loss and gradient over that axis. The members never meet: each has its own initial
weights, its own batch order, its own gradients and its own slice of the optimizer's state, so it ends where training it alone would end.
"""

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from . import train_epoch
from .graph import CompiledGraph, without_conversion_chatter
from .learning_rates import learning_rates, schedule_of
from .members import build_member, checked_seeds, stacked_variable
from .metrics import accuracy_metric
from .separability import require_separable

# What XLA saves on a CPU, measured on two cores: seconds per epoch, and per weight, sample and epoch; and what it must save in all, for it
# takes that long to compile.
SAVED_PER_EPOCH, SAVED_PER_WEIGHT, COMPILATION = 0.012, 8e-11, 1.5


def batch_order(seed, epoch, num_samples):
    """The order in which a seed sees the training samples in an epoch: a pure function of its arguments.

    It depends neither on what is compared, nor on how many seeds are stacked, nor on where a resumed training began.

    Args:
        seed: int >= 0.
        epoch: int >= 0, counted from 0 as Keras counts.
        num_samples: int, the number of training samples.

    Returns:
        int32 array of shape `(num_samples,)`, a permutation of `range(num_samples)`.
    """
    return np.random.default_rng((seed, epoch)).permutation(num_samples).astype(np.int32)


class SeedStack(keras.Model):
    """Trains one model for many seeds at once; each member ends as it would if trained alone.

    `compile`, `fit`, `evaluate`, `predict`, `save_weights`, callbacks and `History` work as for any `keras.Model`. One Keras step is one
    epoch: the minibatches and the evaluation of the validation data run inside one graph, so callbacks see one batch per epoch. The values
    in `logs` and `History` are means over the members; `frame()` has them seed by seed.

    Example:

    ```python
    def build():
        return keras.Sequential([keras.Input((64,)), keras.layers.Dense(256, "relu"), keras.layers.Dense(10)])

    stack = SeedStack(build, seeds=range(10))
    stack.compile(keras.optimizers.SGD(0.1), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    stack.fit(x, y, batch_size=64, epochs=100, validation_data=(x_test, y_test))
    stack.frame()      # a row per seed and epoch
    stack.member(3)    # the ordinary model of the fourth seed, trained weights in it
    ```

    Built and compiled within `strategy.scope()` of a `tf.distribute.MirroredStrategy`, it shares each batch out to the replicas;
    `batch_size` stays that of the whole batch, and the results stay the same but for batch normalisation, whose statistics are the
    replicas' own.

    Args:
        build: function without arguments that returns a built model with one input and one output, of the same architecture each time. It
            is called once per seed, right after `keras.utils.set_random_seed(seed)`.
        seeds: distinct integers in `[0, 2**32)`. A seed fixes a member's initial weights, its batch order and its dropout masks.
            Keras takes what initialisers draw from Python's global generator, so no other thread may draw from it meanwhile; its state, and
            NumPy's, is left as it was.

    Raises:
        ValueError: for no seeds, repeated or unusable seeds, or a model that cannot be stacked.
    """

    def __init__(self, build, seeds, **kwargs):
        super().__init__(**kwargs)
        self.seeds = checked_seeds(seeds)
        members = [build_member(build, seed) for seed in self.seeds]
        # The template lends its graph to all members. Set past Keras's tracking, for its variables are not this model's.
        object.__setattr__(self, "template", members[0])
        object.__setattr__(self, "_build", build)
        self._stacked = [stacked_variable(variables) for variables in zip(*(member.variables for member in members), strict=True)]
        self._position = {id(variable): i for i, variable in enumerate(self.template.variables)}
        self.records = []
        self._graphs = {}
        self._prepared = False
        self._compile_where_it_pays = False
        self.built = True

    def __dir__(self):
        # What Keras saves it finds by dir(); the template's own weights are nobody's.
        return [name for name in super().__dir__() if name != "template"]

    def stacked(self, variables):
        """The stacked variables `(members, ...)` that belong to variables of `template`."""
        return [self._stacked[self._position[id(variable)]] for variable in variables]

    def map_members(self, fn, *args):
        """Apply a function to all members at once.

        Args:
            fn: function `fn(member, *args_i)` of TensorFlow operations. `member` is an ordinary model that holds one member's weights
                while `fn` runs; state that it changes (normalisation statistics, say) is dropped unless `fn` returns it.
            *args: structures of tensors with a leading axis of length `len(seeds)`; `fn` gets one slice of each.

        Returns:
            What `fn` returns, each tensor with a leading axis of length `len(seeds)`.
        """

        def one(slices):
            values, args_i = slices
            mapping = list(zip(self.template.variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping, collect_losses=True):
                return fn(self.template, *args_i)

        slices = ([tf.convert_to_tensor(v.value) for v in self._stacked], args)
        try:
            with without_conversion_chatter():
                return tf.vectorized_map(one, slices, fallback_to_while_loop=False)
        except (ValueError, NotImplementedError):
            # Some operations (convolution by stacked kernels, random numbers) have no vectorised form: set the members side by side in the
            # graph instead. An error of fn's own comes again here, and is raised.
            each = [one(tf.nest.map_structure(lambda t, i=i: t[i], slices)) for i in range(len(self.seeds))]
            return tf.nest.map_structure(lambda *outputs: tf.stack(outputs), *each)

    def call(self, inputs, training=False):
        """Outputs of all members on the same inputs: `(samples, ...)` in, `(samples, members, ...)` out."""
        outputs = self.map_members(lambda member: member(inputs, training=training))
        return keras.ops.moveaxis(outputs, 0, 1)

    def member(self, index):
        """An ordinary model with the present weights of one member: a copy, not compiled, free to be trained, saved or changed.

        Args:
            index: position in `seeds` (not the seed itself).
        """
        model = build_member(self._build, self.seeds[index])
        for variable, stacked in zip(model.variables, self._stacked, strict=True):
            variable.assign(stacked[index])
        return model

    def compile(self, optimizer="rmsprop", loss=None, metrics=None, jit_compile="auto", **kwargs):
        """As `keras.Model.compile`; without `metrics`, accuracy on integer labels is measured.

        With `jit_compile="auto"`, XLA compiles on a GPU what it compiles for any Keras model. On a CPU it compiles trainings that are long
        enough to pay for it, of models that can be trained in its way: not those that draw random numbers, which XLA draws otherwise, or
        convolve.

        Raises:
            ValueError: if the optimizer couples the members, with the reason.
        """
        if metrics is None:
            metrics = [accuracy_metric()]
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, jit_compile=jit_compile, **kwargs)
        require_separable(self.optimizer)
        self._graphs.clear()
        self._prepared = False
        self._compile_where_it_pays = jit_compile == "auto" and not (self.jit_compile or self.run_eagerly)

    def restart(self, other, optimizer):
        """Begin again, as another stack would: what was traced and compiled is kept.

        Args:
            other: a SeedStack of the same seeds and architecture, not trained yet, whose weights are taken over.
            optimizer: one that differs from the compiled optimizer in its learning rate alone, constant as that one's or scheduled as that
                one's; its rate is taken over.
        """
        for variable, value in zip(self._stacked, other._stacked, strict=True):
            variable.assign(value)
        object.__setattr__(self, "_build", other._build)
        self.records = []
        if schedule_of(optimizer):
            self.optimizer.learning_rate = schedule_of(optimizer)
        optimizer.build(other.trainable_variables)
        for variable, value in zip(self.optimizer.variables, optimizer.variables, strict=True):
            variable.assign(value)

    def fit(self, x, y, batch_size=32, epochs=1, verbose="auto", callbacks=None, validation_data=None, shuffle=True, initial_epoch=0):
        """Train all members.

        Args:
            x, y: arrays of the training samples and their targets, first axis samples. They stay on the device for the whole training.
            batch_size: samples per step and member. The last, smaller batch of an epoch is kept.
            epochs, verbose, callbacks, initial_epoch: as in `keras.Model.fit`.
            validation_data: `(x_test, y_test)`, evaluated after every epoch.
            shuffle: whether each member sees the samples in its own `batch_order`, or all in the order of `x`. A batch that holds all
                samples is not shuffled.

        Returns:
            A `History` of means over the members.
        """
        x, y = _samples(x, y)
        batch_size = min(int(batch_size), len(x))
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        shuffle = shuffle and batch_size < len(x)
        self._prepare(x, y)
        data = (x, y, *(() if validation_data is None else _samples(*validation_data)))
        if self._compile_where_it_pays:
            weights = len(x) * len(self.seeds) * self.template.count_params()
            self.jit_compile = epochs * (SAVED_PER_EPOCH + SAVED_PER_WEIGHT * weights) >= COMPILATION
        callbacks = keras.callbacks.CallbackList(
            callbacks, add_history=True, add_progbar=verbose != 0, verbose=verbose, epochs=epochs, steps=1, model=self
        )
        self.stop_training = False
        callbacks.on_train_begin()
        initial_epoch = getattr(self, "_initial_epoch", 0) or initial_epoch  # set by keras.callbacks.BackupAndRestore
        num_steps = -(-len(x) // batch_size)
        rates = learning_rates(self.optimizer, num_steps)
        order_spec = tf.TensorSpec((len(self.seeds), len(x)) if shuffle else (len(x),), tf.int32)
        rates_spec = tf.TensorSpec((num_steps,), tf.float32)
        run_epoch = self.graph(train_epoch.train_epoch, order_spec, rates_spec, *data, batch_size=batch_size)
        self.records = [record for record in self.records if record["epoch"] <= initial_epoch]
        logs = {}
        for epoch in range(initial_epoch, epochs):
            callbacks.on_epoch_begin(epoch)
            callbacks.on_train_batch_begin(0)
            if shuffle:
                order = np.stack([batch_order(seed, epoch, len(x)) for seed in self.seeds])
            else:
                order = np.arange(len(x), dtype=np.int32)
            results = run_epoch(tf.convert_to_tensor(order), rates(), *data)
            per_member = {name: value.numpy() for name, value in results.items()}
            self.records.append({"epoch": epoch + 1, **per_member})
            logs = _means(per_member)
            callbacks.on_train_batch_end(0, logs)
            callbacks.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        self.optimizer.finalize_variable_values(self.trainable_variables)
        callbacks.on_train_end(logs)
        return self.history

    def evaluate(self, x, y, batch_size=None, verbose="auto", return_dict=False, per_member=False):
        """Loss and metrics of all members on the same samples.

        Args:
            x, y: arrays, first axis samples.
            batch_size, verbose: taken for Keras's sake; it is one graph, which chooses its batches and prints nothing.
            return_dict: a dict by name rather than a list.
            per_member: arrays of shape `(members,)` rather than means over the members.
        """
        x, y = _samples(x, y)
        self._prepare(x, y)
        evaluate = self.graph(train_epoch.evaluate, x, y)
        results = {name: value.numpy() for name, value in evaluate(x, y).items()}
        if not per_member:
            results = _means(results)
        return results if return_dict else list(results.values())

    def frame(self):
        """What `fit` measured, tidy: a DataFrame with one row per seed and epoch.

        Columns: `seed`; `epoch`, from 1; `learning_rate`, the one the epoch began with; `train_loss`, `train_accuracy`, means over the
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
            function: `function(stack, *args, **settings)`, of a module: it is known again by its identity.
            *args: structures of tensors, or of their specs, for their shapes and types.
            jit_compile: whether XLA compiles it if it compiles the training; False for what is called too seldom to pay for that.
            **settings: hashable, fixed in the graph.

        Returns:
            A function of `args`.
        """

        def of_tensors(*args):
            return function(self, *args, **settings)

        if self.run_eagerly:
            return of_tensors
        # XLA compiles for one device: replicas go without it, as they do in Keras.
        jit_compile = jit_compile and bool(self.jit_compile) and self.distribute_strategy.num_replicas_in_sync == 1
        shapes = tuple((tuple(t.shape), t.dtype) for t in tf.nest.flatten(args))
        key = function, shapes, tuple(sorted(settings.items())), jit_compile
        if key not in self._graphs:
            self._graphs[key] = CompiledGraph(
                of_tensors,
                args,
                "auto" if jit_compile and self._compile_where_it_pays else jit_compile,
            )
        return self._graphs[key]

    @property
    def member_metrics(self):
        """The compiled metrics. They lend their arithmetic to all members; the state of each is kept apart."""
        return [metric for metric in self.metrics if metric.name != "loss"]

    def _prepare(self, x, y):
        """Build loss, metrics and optimizer before anything is traced: none of them may create variables inside a loop."""
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
    """The name in `frame()` of what Keras calls `loss`, `val_accuracy`, ..."""
    if name in ("epoch", "learning_rate", "train_grad_norm"):
        return name
    return f"test_{name.removeprefix('val_')}" if name.startswith("val_") else f"train_{name}"
