"""The base class of the monitors: when they measure, and how errors end."""

import re
import warnings

import keras

from .every import parse_every
from .graphs import Structure, template_of
from .layers import is_built
from .probe import Probe
from .weights import WeightSnapshot

UNBUILT = "the model has no weights before its first batch"


class MonitorWarning(UserWarning):
    """A monitor cannot measure what it was asked to; the training goes on without it.

    Example:

    ```python
    import warnings

    warnings.simplefilter("error", MonitorWarning)  # stop the training instead
    ```
    """


class WrongArgument(ValueError):
    """An argument of a monitor that turns out to be wrong when training begins. It is raised, and not turned into a warning."""


class Monitor(keras.callbacks.Callback):
    """Base of the monitors: measures at the end of epochs or after steps, and never stops the training.

    A subclass implements `record(epoch, logs)` and, if it has to get ready, `prepare()`. An error in them becomes one `MonitorWarning`,
    after which the monitor does nothing until the next training begins; `problems` keeps all warnings. Errors of `measure(model)` are
    raised.

    Measurements of several trainings are kept, numbered by `fit` from 1, until `clear()`. Monitors can be copied and pickled, without the
    model: a copy has the measurements, and can be used in another training.

    Args:
        probe: the samples to measure on, a `Probe` or None. Defaults to `None`.
        every: measure after every `every` epochs; or a collection of the epochs after which to measure, 0 is before training; or
            `"100 steps"`: after every 100 steps of a training. Defaults to `1`.
        layers: names or patterns (`"conv*"`) of the layers to measure, one or several. The name of a layer within a model or layer is its
            path, `"encoder/dense"`; patterns apply to the path and to its last part. Defaults to `None`: all layers.
    """

    quantities = ()  # a `Quantity` for each measured column of `frame()`
    measures_before_training = False  # whatever `every` says, if the model is built
    requires_built_model = False
    transient = ("_model", "template", "_structure")  # attributes that hold the model, which a copy leaves out

    def __init__(self, probe=None, every=1, layers=None):
        super().__init__()
        epochs, self.every_steps = parse_every(every)
        self.every = every if self.every_steps else epochs
        if probe is not None and not isinstance(probe, Probe):
            raise TypeError(f"probe must be a Probe, got {type(probe).__name__}")
        self.probe = probe
        self.layers = None if layers is None else (layers,) if isinstance(layers, str) else tuple(layers)
        self.state, self.seeds = {}, None
        self._structure, self._failed = None, False
        self._listen_to_steps()
        self.clear()

    def clear(self):
        """Forget all measurements and problems."""
        self.fit, self.problems, self._in_loop = 0, [], False  # The next `measure` begins a training.

    def set_model(self, model):
        super().set_model(model)
        if model is not None:
            self.seeds = getattr(model, "seeds", None)
            self.template = template_of(model)

    def prepare(self):
        """Get ready to measure. Called before the first step of a training; at the end of an epoch for a model that its first batch builds;
        and anew when layers, trainable weights, loss or optimizer of the model have become others."""

    def record(self, epoch, logs):
        """Measure; `epoch` is the number of completed epochs."""
        raise NotImplementedError

    def skip(self, epoch, logs):
        """The end of an epoch at which nothing is measured."""

    def is_due(self, epoch):
        """Whether to measure after `epoch` completed epochs."""
        if self.every_steps:
            return False
        return epoch in self.every if isinstance(self.every, frozenset) else epoch > 0 and epoch % self.every == 0

    def on_train_begin(self, logs=None):
        self._begin()

    def on_epoch_begin(self, epoch, logs=None):
        # Not in on_train_begin, where callbacks later in the list may yet restore weights.
        if not self._started:
            self._started = True
            self._try(self._before_training, epoch)
        self.epoch_under_way = epoch + 1

    def on_epoch_end(self, epoch, logs=None):
        self._try(self._measure_if_due, epoch + 1, {} if logs is None else logs)

    def measure(self, model, epoch=None):
        """Measure now, in a training loop without `fit`.

        The first call for a model begins a training, as `fit` does. Errors are raised.

        Args:
            model: the model, built. It must be compiled if the monitor measures the compiled loss.
            epoch: the number of completed epochs; 0 is before training. Defaults to `None`: that of the last call for this model + 1.
        """
        if model is not self.model or not self._in_loop:
            if not is_built(template_of(model)):
                raise ValueError("the model has no weights yet: call it on a sample before measure()")
            self.set_model(model)
            self._begin(in_loop=True)
            self.built_at_start = epoch == 0
            self.epoch_under_way = 0
        self.epoch_under_way = self.epoch_under_way + 1 if epoch is None else epoch
        self._prepare_if_changed()
        self.record(self.epoch_under_way, None)

    def _begin(self, in_loop=False):
        self.fit += 1
        self._started = self._in_loop = in_loop
        self._failed, self._structure, self.step, self.starting, self.resumed = False, None, None, False, False
        self.state = self._kept_state()
        self._require_own_probe()
        if self.every_steps and self.seeds is not None:
            raise WrongArgument(f"every={self.every!r}: steps cannot be seen in the training of several members; give epochs")
        if self.every_steps and getattr(self.model, "steps_per_execution", 1) != 1:
            raise WrongArgument(f"every={self.every!r} needs a model compiled with steps_per_execution=1")

    def _require_own_probe(self):
        members = None if self.probe is None else self.probe.members
        if members is not None and self.seeds is None:
            raise WrongArgument(f"the probe is PerMember, and {type(self.model).__name__} trains no members: give the arrays themselves")
        if members is not None and members != len(self.seeds):
            raise WrongArgument(f"the probe has samples for {members} members, and the stack has {len(self.seeds)}")

    def _before_training(self, epoch):
        self.built_at_start = is_built(self.template)
        if not self.built_at_start:
            if self.requires_built_model:
                raise ValueError(f"{UNBUILT}; call it on a sample before fit()")
            if epoch == 0 and self.is_due(0) and not self.resumed:
                self.warn(f"does not measure before training, epoch 0: {UNBUILT}; call it on a sample before fit()")
            return
        self._prepare_if_changed()
        if not self.resumed and (self.measures_before_training or (epoch == 0 and self.is_due(0))):
            self.starting = True
            self.record(epoch, None)
            self.starting = False

    def _measure_if_due(self, epoch, logs):
        if self._structure is None or self.is_due(epoch):
            self._prepare_if_changed()
        if self.is_due(epoch):
            self.record(epoch, logs)
        else:
            self.skip(epoch, logs)

    def _prepare_if_changed(self):
        structure = Structure(self.model)
        if self._structure is None or structure != self._structure:
            self.prepare()
            self._structure = structure

    def _listen_to_steps(self):
        # Keras trains faster if no callback has this method, so that only an instance that needs it has it.
        if self.every_steps:
            self.on_train_batch_end = self._on_step

    def _on_step(self, batch, logs=None):
        self.step = (self.step or 0) + 1
        if self.step % self.every_steps == 0:
            self._try(self._measure_step)

    def _measure_step(self):
        self._prepare_if_changed()
        self.record(self.epoch_under_way, None)

    def _kept_state(self):
        """The parts of `state` that outlive a training: all but copies of weights."""
        return {name: part for name, part in self.state.items() if not isinstance(part, WeightSnapshot)}

    def _try(self, function, *args):
        if self._failed:
            return
        try:
            function(*args)
        except WrongArgument:
            raise
        except Exception as error:  # of any kind: a measurement must not stop a training
            self._failed = True
            reason = " ".join(re.sub(r"\x1b\[[\d;]*m", "", str(error)).split())[:500]  # Keras's messages are in bold type
            self.warn(f"measures nothing from here on: {type(error).__name__}: {reason}")

    def warn(self, problem):
        """Keep a problem in `problems`, and issue a `MonitorWarning` that says what is not measured."""
        if problem not in self.problems:
            self.problems.append(problem)
        warnings.warn(f"{type(self).__name__} {problem}", MonitorWarning, stacklevel=2)

    def warn_if_empty(self, measurements):
        """Issue a `MonitorWarning` with the problems if nothing was measured."""
        if not measurements and self.problems:
            warnings.warn(f"{type(self).__name__} has measured nothing: {'; '.join(self.problems)}", MonitorWarning, stacklevel=3)

    def __getstate__(self):
        left_out = {*self.transient, "on_train_batch_end"}
        kept = {name: value for name, value in vars(self).items() if name not in left_out}
        return {**kept, "state": self._kept_state()}

    def __setstate__(self, state):
        vars(self).update(dict.fromkeys(self.transient), **state)
        self._listen_to_steps()
