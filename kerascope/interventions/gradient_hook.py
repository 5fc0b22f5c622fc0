"""The place between gradient and optimizer: in `keras.Model.fit` a train function of its own, in a SeedStack inputs of the graph."""

import numpy as np
import tensorflow as tf

from ..compat import new_train_function, optimizer_with, set_train_function, set_untracked, train_function
from ..gradient_changes import NO_CHANGE, changed_gradients
from ..monitors.core.graphs import template_of
from ..monitors.core.layers import weights_by_layer
from ..seed_stack.member_monitor import is_stack
from .core import Intervention, counted

HOOK = "kerascope_gradient_hook"


class GradientChange(Intervention):
    """Base of the interventions that change gradients before the optimizer gets them.

    Args:
        amount: the factor or limit.
        layers: names or patterns of layers, or None for all.
        epochs, steps: see `ScaleGradient`.

    Attributes:
        changes_gradients: the kind of change, a key of `FACTORS`.
        positions: tuple of the positions of each layer's weights among the trainable variables, of all layers of the model.
    """

    changes_gradients = None

    def __init__(self, amount, layers, epochs, steps):
        super().__init__(layers)
        self.amount, self.epochs, self.steps = amount, counted("epochs", epochs), counted("steps", steps)
        self.positions = ()

    def choose_layers(self, model):
        """Find the chosen layers; ValueError if there are none."""
        template = template_of(model)
        by_layer, chosen = weights_by_layer(template), weights_by_layer(template, self.layers)
        positions = {id(variable): position for position, variable in enumerate(template.trainable_variables)}
        self.positions = tuple(tuple(positions[id(variable)] for variable in variables) for variables in by_layer.values())
        self._is_chosen = np.array([path in chosen for path in by_layer])

    def is_active(self, epoch):
        """Whether gradients are changed in an epoch, counted from 1."""
        return self.epochs is None or epoch in self.epochs

    def amounts(self, epoch, steps):
        """The amounts for all layers in some steps of an epoch, counted from 1: float64 `(steps, layers)`."""
        in_step = np.array([self.is_active(epoch) and (self.steps is None or step in self.steps) for step in steps])
        return np.where(in_step[:, np.newaxis] & self._is_chosen, self.amount, NO_CHANGE[self.changes_gradients])

    def get_ready(self):
        if is_stack(self.model):  # whose training asks for all that it needs
            return
        self.choose_layers(self.model)
        if self.steps is not None and self.model.steps_per_execution != 1:
            raise self.refusal("sees single steps only in a model compiled with steps_per_execution=1: leave out steps=")
        GradientHook.of_training(self.model).add(self)

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        self._epoch = epoch + 1

    def on_train_batch_begin(self, batch, logs=None):
        if not is_stack(self.model):
            getattr(self.model, HOOK).begin_step(self._epoch, batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        if not is_stack(self.model):
            getattr(self.model, HOOK).end_epoch()

    def on_train_end(self, logs=None):
        if not is_stack(self.model):
            vars(self.model).pop(HOOK, None)


class GradientHook:
    """The changes of gradients of all callbacks of a training by `keras.Model.fit`.

    Epochs in which none is due run the train function that the model has without it. The others run one of their own, in whose graph the
    amounts are variables. Nothing is left behind: between epochs the model has its own function again, and a training that follows
    one that was broken off in the middle of an epoch, which no callback is told of, finds that out by its `History`.

    Args:
        model: the model.
    """

    def __init__(self, model):
        self.model, self.history = model, getattr(model, "history", None)
        self.changes, self.variables, self.is_asked = [], [], False
        self.plain = self.changed = self.step = None
        self.function = self._run  # one object, to know it by

    @classmethod
    def of_training(cls, model):
        """The hook of the training that begins; the first callback makes it."""
        hook = getattr(model, HOOK, None)
        if hook is None or hook.history is not getattr(model, "history", None):
            if hook is not None:
                hook.end_epoch()
            hook = cls(model)
            set_untracked(model, HOOK, hook)
        return hook

    def add(self, change):
        """Let a change be the next one."""
        optimizer = self.model.optimizer
        if self.model.distribute_strategy.num_replicas_in_sync > 1 and hasattr(optimizer, "inner_optimizer"):
            raise change.refusal("does not work on replicas with a LossScaleOptimizer: compile with auto_scale_loss=False, or one device")
        dtype = "float64" if self.model.dtype_policy.variable_dtype == "float64" else "float32"
        self.changes.append(change)
        self.variables.append(tf.Variable(change.amounts(0, [0])[0], dtype=dtype, trainable=False))

    def begin_step(self, epoch, step):
        """Let the amounts, and the train function, be those of a step."""
        if not any(change.is_active(epoch) for change in self.changes) or self.step == (epoch, step):
            return
        self.step = epoch, step
        present = train_function(self.model)
        if present is not self.function:
            if present is not self.plain:  # another callback may have made a new one
                self.plain, self.changed = present, new_train_function(self.model)
            set_train_function(self.model, self.function)
        for change, variable in zip(self.changes, self.variables, strict=True):
            amounts = change.amounts(epoch, [step])[0]
            if not np.array_equal(amounts, variable):
                variable.assign(amounts)

    def end_epoch(self):
        """Give the model its own train function again."""
        if train_function(self.model) is self.function:
            set_train_function(self.model, self.plain)

    def _run(self, iterator):
        if getattr(self.model, "history", None) is not self.history:
            self.end_epoch()
            return self.plain(iterator)
        with optimizer_with(self.model.optimizer, self._change):
            logs = self.changed(iterator)
        if not self.is_asked:
            raise self.changes[0].refusal("has no effect: the model's train_step does not ask the compiled optimizer to apply gradients")
        return logs

    def _change(self, gradients, variables):
        self.is_asked = True
        positions = {id(part): i for i, v in enumerate(self.model.trainable_variables) for part in (v, v.value)}
        found = {n: positions[id(v)] for n, v in enumerate(variables) if id(v) in positions and gradients[n] is not None}
        kinds = [(change.changes_gradients, change.positions) for change in self.changes]
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        given = [gradients[n] for n in found]
        if replicas > 1:  # A norm is that of their sum; the optimizer adds them up once more.
            given = [tf.convert_to_tensor(gradient) for gradient in given]
            given = [g / replicas for g in tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, given)]
        scale = (getattr(self.model.optimizer, "loss_scale_factor", None) or 1) / replicas
        amounts = [tf.convert_to_tensor(variable) for variable in self.variables]
        changed = changed_gradients(dict(zip(found.values(), given, strict=True)), kinds, amounts, scale, of_members=False)
        return [changed[found[n]] if n in found else gradient for n, gradient in enumerate(gradients)]
