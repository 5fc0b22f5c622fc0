"""SeedStack: one Keras model trained for many seeds at once.

A small network leaves the machine idle: most of a training step is overhead. SeedStack stacks each weight of a model along a new leading
axis, one slice per seed, and maps the loss and gradient of the single model over that axis. Each member has its own initial weights, batch
order, gradients and slice of the optimizer's state, so it ends with the weights that training it alone would give.
"""

import inspect

import keras
import numpy as np
import tensorflow as tf

from ..compat import allow_vectorized_bitcast, exclude_stacked_from_weight_decay, learning_rate_schedule, set_untracked
from ..layers import outputs_of
from ..per_member import of_members, slice_samples
from . import evaluation
from .fitting import Fitting
from .graph import CompiledGraph
from .inherited import Refusals
from .learning_rates import accurate_float
from .mapping import map_slices
from .member_loss import member_loss
from .member_scope import MemberScope, NotStackable
from .members import build_member, further_seeds, stack_variables, validate_seeds
from .same_model import require_same_model
from .separability import require_separable
from .swapped_activations import SwappedActivations


class SeedStack(Fitting, Refusals, keras.Model):
    """Trains one model for many seeds at once. Each member ends as it would if trained alone.

    `compile`, `fit`, `evaluate`, `predict`, `save_weights`, callbacks and `History` work as for any `keras.Model`. One Keras step is one
    epoch: the minibatches and the evaluation of the validation data run inside one graph, so callbacks see one batch per epoch. The values
    in `logs` and `History` are means over the members that have not diverged; `frame()` has those of each seed.

    What a stack cannot train as training alone does is refused with `NotStackable`; `verify(x, y)` tries it for a model of your own.

    Example:

    ```python
    def build():
        return keras.Sequential([keras.Input((64,)), keras.layers.Dense(256, "relu"), keras.layers.Dense(10)])

    stack = SeedStack(build, seeds=range(10))
    stack.compile(keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    print(stack.verify(x, y))  # trains a member alone for a few steps, and compares
    stack.fit(x, y, batch_size=64, epochs=100, validation_data=(x_test, y_test))
    stack.frame()  # a row per seed and epoch
    stack.member(3)  # the ordinary model of the fourth seed, with its trained weights
    ```

    Built and compiled within `strategy.scope()` of a `tf.distribute.MirroredStrategy`, it shares each batch out to the replicas.
    `batch_size` stays that of the whole batch. The results stay the same, except for batch normalisation, whose statistics are those of
    each replica, and for dropout and noise, which each replica draws.

    Args:
        build: function without arguments that returns a built model, the same each time but for its weights. It is called once per seed,
            right after `keras.utils.set_random_seed(seed)`.
        seeds: distinct integers in `[0, 2**32)`. A seed names a member, and fixes its initial weights, its batch order and its dropout
            masks. Keras's initializers use Python's global generator, so no other thread may use it meanwhile; its state, and NumPy's, is
            restored.
        weight_seeds: the seeds of initial weights and dropout masks, an integer for each member; members may share one. Defaults to
            `None`: `seeds`.
        order_seeds: likewise those of the members' batch orders. Defaults to `None`: `seeds`.
        **kwargs: as for `keras.Model`, such as `name`.

    Attributes:
        template: an ordinary model, with whose layers all members are computed. Its weights are not trained.
        records: list of the measurements of each epoch, `{name: array (members,)}`; see `frame()`.
        compile_arguments: dict of the arguments of `compile` but for the optimizer.
        member_logs: those of the last epoch, and what callbacks measured of each member then.
        member_learning_rates: float `(members,)`; `ReduceLROnPlateau` sets it.
        is_training: bool `(members,)`; False for members that `stop_members` has stopped.
        activations: the activation functions that replaced others since; `kerascope.interventions.SwapActivation` swaps them.

    Raises:
        ValueError: for no seeds, or repeated or unusable ones.
        NotStackable: a ValueError, for a model that cannot be stacked.
    """

    def __init__(self, build, seeds, weight_seeds=None, order_seeds=None, **kwargs):
        super().__init__(**kwargs)
        allow_vectorized_bitcast()
        self.seeds = validate_seeds(seeds)
        self.weight_seeds = further_seeds(self.seeds, weight_seeds=weight_seeds)
        self.order_seeds = further_seeds(self.seeds, order_seeds=order_seeds)
        members = [build_member(build, seed) for seed in self.weight_seeds]
        require_same_model(members)
        # All members are computed with the layers of the template; its variables are not this model's.
        set_untracked(self, "template", members[0])
        set_untracked(self, "build_function", build)
        set_untracked(self, "activations", SwappedActivations(self))
        self._stacked = [stack_variables(variables) for variables in zip(*(member.variables for member in members), strict=True)]
        self._position = {id(variable): i for i, variable in enumerate(self.template.variables)}
        self._forget_training()
        self._forget_graphs()
        self.built = True

    def _forget_training(self):
        self.records = []
        self._forget_callbacks()

    def _forget_callbacks(self):
        self.member_logs, self._member_learning_rates, self._learning_rate_of_all = {}, None, None
        self.is_training, self._stopped_state, self._stopped_at = np.ones(len(self.seeds), bool), [], set()

    def _forget_graphs(self):
        self._graphs, self._not_vectorised = {}, set()
        self._vectorises, self._prepared, self.has_sparse_gradients, self._compile_if_worthwhile = True, False, False, False

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
        return self._map(fn, args, (), ())[0]

    def map_and_track(self, fn, args, losses):
        """`map_members` for the training itself, in which `compute_loss` updates the variables of several losses.

        Args:
            fn, args: see `map_members`.
            losses: values `(members,)` of `loss_variables`.

        Returns:
            The results of `fn`; and the new values of `loss_variables`.
        """
        results, losses, vectorises = self._map(fn, args, self.loss_variables, losses)
        self._vectorises &= vectorises
        return results, losses

    def _map(self, fn, args, variables, values):
        metrics = [variable for metric in self.metrics for variable in metric.variables]

        def one(slices):
            weights, values, args_i = slices
            tracked = list(zip(variables, values, strict=True))
            with MemberScope(self.template.variables, weights, tracked, ignored=metrics) as scope:
                return fn(self.template, *args_i), [scope.get_current_value(variable) for variable in variables]

        # A try to vectorise takes seconds for a large model: a model that failed is not tried again, nor is a function.
        key = getattr(inspect.unwrap(fn), "__code__", fn)
        slices = [tf.convert_to_tensor(v.value) for v in self._stacked], list(values), args
        (results, updated), vectorised = map_slices(one, slices, self._vectorises and key not in self._not_vectorised)
        if not vectorised:
            self._not_vectorised.add(key)
        return results, updated, vectorised

    def member_loss(self, member, batch, y_pred, training=False, weight=1.0):
        """The loss of a member, with all its terms, within `map_members`: a scalar.

        Args:
            member: the model that `map_members` gives, called just before on `batch["x"]`.
            batch: dict with the keys `x` and, if there are any, `y` and `sample_weight`.
            y_pred: its outputs.
            training: as for `keras.Model.compute_loss`. Defaults to `False`.
            weight: the share of the whole batch that these samples are, of which other replicas have the rest. Defaults to `1.0`.

        Raises:
            NotStackable: if there is no loss, or it is not one number.
        """
        return member_loss(self, member, batch, y_pred, training, weight)

    def call(self, inputs, training=False):
        """Outputs of all members on the same inputs.

        Args:
            inputs: tensor `(samples, ...)`, or a structure of them for a model of several inputs.
            training: as for a layer. Defaults to `False`.

        Returns:
            A tensor `(samples, members, ...)`, or a structure of them. `predict(x)` returns arrays of that shape: the classes that the
            members predict are `predict(x).argmax(axis=-1)`, `(samples, members)`.
        """
        return tf.nest.map_structure(lambda t: keras.ops.moveaxis(t, 0, 1), evaluation.outputs(self, {"x": inputs}, training))

    def member(self, index):
        """An ordinary model with the present weights and activation functions of one member: a copy, as `build` made it, which can be
        trained, saved or changed.

        Args:
            index: position in `seeds` (not the seed itself).
        """
        model = build_member(self.build_function, self.weight_seeds[index])
        for variable, stacked in zip(model.variables, self._stacked, strict=True):
            variable.assign(stacked[index])
        self.activations.give(model)
        return model

    @property
    def output_names(self):
        """The names of the outputs, by which losses and metrics may be given; of functional models alone."""
        return self.template.output_names

    def compile(self, optimizer="rmsprop", loss=None, loss_weights=None, metrics=None, *, jit_compile="auto", **kwargs):
        """Configure the training, as `keras.Model.compile`.

        Args:
            optimizer: as for `keras.Model.compile`. It must update each weight elementwise; clipping by norms is by each member's own.
                Defaults to `"rmsprop"`.
            loss: as for `keras.Model.compile`. Defaults to `None`: only what layers add with `add_loss`.
            loss_weights: as for `keras.Model.compile`. Defaults to `None`.
            metrics: as for `keras.Model.compile`, each one number. Defaults to `None`: none.
            jit_compile: True, False or `"auto"`. With `"auto"`, XLA compiles on a GPU what it compiles for any Keras model. On a CPU it
                compiles trainings that are long enough to save the time that compilation takes, which an optimizer without moments never
                is, unless the model draws random numbers (XLA would draw others) or convolves. Defaults to `"auto"`.
            **kwargs: as for `keras.Model.compile`.

        Raises:
            NotStackable: if the optimizer couples the members; the message has the reason.
        """
        arguments = {"loss": loss, "loss_weights": loss_weights, "metrics": metrics, "jit_compile": jit_compile, **kwargs}
        super().compile(optimizer=optimizer, **arguments)
        set_untracked(self, "compile_arguments", arguments)
        scales_loss = kwargs.get("auto_scale_loss", True) and self.template.dtype_policy.name == "mixed_float16"
        require_separable(self.optimizer, scales_loss)
        exclude_stacked_from_weight_decay(self.optimizer, self.template.variables, self._stacked)
        self._forget_callbacks()
        self._forget_graphs()
        self._compile_if_worthwhile = jit_compile == "auto" and not (self.jit_compile or self.run_eagerly)

    def restart(self, other, optimizer):
        """Begin a new training, and keep the traced and compiled graphs.

        Args:
            other: a SeedStack of the same seeds and architecture, not trained yet. Its weights are taken over, and its other seeds.
            optimizer: an optimizer that differs from the compiled one only in its learning rate, which is taken over; both are constant, or
                both a schedule.
        """
        for variable, value in zip(self._stacked, other._stacked, strict=True):
            variable.assign(value)
        set_untracked(self, "build_function", other.build_function)
        self.weight_seeds, self.order_seeds = other.weight_seeds, other.order_seeds
        self._forget_training()
        self.activations.reset()
        if learning_rate_schedule(optimizer):
            self.optimizer.learning_rate = learning_rate_schedule(optimizer)
        optimizer.build(other.trainable_variables)
        for variable, value in zip(self.optimizer.variables, optimizer.variables, strict=True):
            variable.assign(value)

    def begin_training(self):
        """Train all members again, stopped ones too; NotStackable if their optimizers have taken different numbers of steps."""
        others = {int(self.optimizer.iterations)} if self._stopped_at and self.is_training.any() else set()
        if len(self._stopped_at | others) > 1:
            raise NotStackable("members were stopped at different epochs: go on with member(i), or build a new stack")
        self.is_training, self._stopped_at, self.stop_training = np.ones(len(self.seeds), bool), set(), False

    def choose_compilation(self, is_worthwhile):
        """Whether XLA compiles the training on a CPU, if that was left open."""
        if self._compile_if_worthwhile:
            self.jit_compile = bool(is_worthwhile)

    @property
    def compiles_measurements(self):
        """Whether XLA compiles what callbacks measure, if it compiles the training. Not on a CPU, if that was left open: there a probe is
        measured no faster for it (`benchmarks/`), and compilation takes a second or two."""
        return not self._compile_if_worthwhile

    def graph(self, function, *args, jit_compile=True, traced=False, **settings):
        """A function of the stack as a TensorFlow graph, made once and kept until the next `compile`.

        Args:
            function: function of a module, `function(stack, *args, **settings)`; graphs are kept by its identity.
            *args: structures of tensors, or of their specs, for their shapes and types.
            jit_compile: whether XLA compiles it if it compiles the training; False for a function so rare that compilation does not pay.
                Defaults to `True`.
            traced: whether it is a graph even if the stack was compiled with `run_eagerly`. Defaults to `False`.
            **settings: hashable, constants of the graph.

        Returns:
            A function of `args`.
        """

        def run(*args):
            return function(self, *args, **settings)

        if self.run_eagerly and not traced:
            return run
        # XLA compiles for one device: as in Keras, replicas do without it.
        jit_compile = jit_compile and bool(self.jit_compile) and self.distribute_strategy.num_replicas_in_sync == 1
        key = function, _structure_of(args), tuple(sorted(settings.items())), jit_compile, self.activations.key
        if key not in self._graphs:
            self._graphs[key] = CompiledGraph(run, args, "auto" if jit_compile and self._compile_if_worthwhile else jit_compile)
        return self._graphs[key]

    def evaluation_graph(self, batch, batch_size):
        """A function of samples that evaluates all members; in batches of `batch_size` if the batches matter."""
        return self.graph(evaluation.evaluate, batch, batch_size=self.size_that_matters(batch, batch_size))

    def size_that_matters(self, batch, batch_size):
        """`batch_size` if the loss of samples depends on the batch that they are in, else None."""
        structure = "size that matters", _structure_of(batch)
        if structure not in self._graphs:
            # Keras weighs all batches alike in the losses of several outputs.
            self._graphs[structure] = bool(self.loss_metrics) or evaluation.batches_matter(self, batch)
        return batch_size if self._graphs[structure] else None

    @property
    def member_metrics(self):
        """The compiled metrics. They compute the metrics of all members; the graph of an epoch holds each member's state."""
        return [metric for metric in self.metrics if metric.name != "loss" and metric not in self.loss_metrics]

    @property
    def loss_metrics(self):
        """Means of the losses of several outputs, `<output>_loss`, which `compute_loss` updates."""
        return [metric for metric in self.metrics[1:] if type(metric) is keras.metrics.Mean]

    @property
    def loss_variables(self):
        """The variables of `loss_metrics`, in order: the sum and the number of samples of each."""
        return [variable for metric in self.loss_metrics for variable in metric.variables]

    @property
    def float_type(self):
        """See `accurate_float`."""
        return accurate_float()

    def prepare(self, batch):
        """Build loss, metrics and optimizer before anything is traced: none of them can create variables inside a loop."""
        if self._prepared:
            return
        one = slice_samples(of_members(batch, 0), slice(1))
        y_pred = self.in_template(lambda: outputs_of(self.template, one["x"], training=False))
        if self.loss is not None:
            self.compute_loss(one["x"], one.get("y"), y_pred, one.get("sample_weight"), training=False)
        if "y" in one:
            self.compute_metrics(one["x"], one["y"], y_pred, one.get("sample_weight"))
        self.reset_metrics()
        if not self.optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)
        self._prepared = True

    def in_template(self, function):
        """The result of a function that calls the template with its own weights; state that it changes is dropped."""
        variables = self.template.variables
        metrics = [variable for metric in self.metrics for variable in metric.variables]
        with MemberScope(variables, [tf.convert_to_tensor(v.value) for v in variables], ignored=metrics):
            return function()


def _structure_of(tensors):
    """The structure of tensors, with their shapes and types, in words."""
    return str(tf.nest.map_structure(lambda t: (tuple(t.shape), t.dtype), tensors))
