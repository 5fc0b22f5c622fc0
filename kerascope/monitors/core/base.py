"""The base class of the monitors that measure numbers with names: their way to records, `logs`, tables and charts."""

import numpy as np

from .layers import weights_by_layer
from .logs import LogKeys, mean_over_members
from .monitor import Monitor, WrongArgument
from .records import Record, from_arrays, table, to_arrays
from .weights import WeightSnapshot, weight_names


class QuantityMonitor(Monitor):
    """Base of the monitors whose measurements are numbers with names.

    A subclass sets `quantities` and `scopes`, and implements `build_measure()` and, unless its rows are those of the trainable weights,
    `row_names(scope)`. What a measurement hands on to the next one it keeps in `state`, `{name: object with arrays() and
    set_arrays(arrays)}`, made by `build_measure()`; copies of weights by `snapshot(name)`.

    The values of the whole model enter `logs` under `<quantity>`, so every callback later in the list, `History` included, records them.
    Of several members they are means over those that are being trained and whose value is finite. They are NaN after epochs without a
    measurement. With `layers=`, the values of the whole model are those of the chosen layers together.

    Args:
        probe: see `Monitor`. Defaults to `None`.
        every: see `Monitor`. Defaults to `1`.
        layers: see `Monitor`. Defaults to `None`.
        logs: the values that enter `logs`: True for those of the model and of each layer, False for none, or patterns of keys:
            `"grad_norm"` is that of the model, `"grad_norm/*"` are those of all layers, `"grad_norm/dense/kernel"` is that of a single
            weight. Defaults to `None`: the values of the whole model.

    Raises:
        ValueError: for a pattern that matches no key: if no quantity has that name, at once; if no layer has, when training begins.
    """

    scopes = ("model",)  # of "model", "layer" and "weight"
    transient = (*Monitor.transient, "_measure")

    def __init__(self, probe=None, every=1, layers=None, logs=None):
        super().__init__(probe, every, layers)
        self._keys = LogKeys(logs, [quantity.name for quantity in self.quantities])

    def clear(self):
        """Forget all measurements and problems."""
        super().clear()
        self.records, self._saved_parts, self._names = [], None, {}

    def row_names(self, scope):
        """Names of the rows that `build_measure()` measures of the present model: for `"layer"` a list of paths, for `"weight"` of pairs
        `(path, weight)`. By default of the layers that have trainable weights, and of these weights."""
        by_layer = weights_by_layer(self.template, self.layers)
        return list(by_layer) if scope == "layer" else weight_names(by_layer)

    def build_measure(self):
        """A function of the number of completed epochs that returns `{scope: float array (members, rows, quantities)}`; for `"model"`
        there is one row."""
        raise NotImplementedError

    def snapshot(self, name, known=True):
        """A `WeightSnapshot` of the present weights in `state`, which holds what an earlier one of that name held.

        Args:
            name: its name in `state`.
            known: whether the present weights are the wanted ones, as for `WeightSnapshot`. Defaults to `True`.
        """
        self.state[name] = WeightSnapshot(self.model, self.layers, known, self.state.get(name))
        return self.state[name]

    def prepare(self):
        self._measure = self.build_measure()
        rows = {"model": lambda: [()], "layer": lambda: [(name,) for name in self.row_names("layer")]}
        self._names = {scope: rows[scope]() if scope in rows else [tuple(name) for name in self.row_names(scope)] for scope in self.scopes}
        self._chosen_keys = self._keys.choose(self._names)
        try:
            self._keys.require_matches(self._names)
        except ValueError as error:
            if not self.built_at_start:  # Something is trained already.
                raise
            raise WrongArgument(*error.args) from None
        if self._saved_parts is not None:
            for name, part in self.state.items():
                part.set_arrays({key.removeprefix(f"{name}/"): a for key, a in self._saved_parts.items() if key.startswith(f"{name}/")})
            self._saved_parts = None

    def record(self, epoch, logs):
        with np.errstate(over="ignore", invalid="ignore"):  # members that have diverged are infinite, or NaN
            values = {scope: np.asarray(array, "float32") for scope, array in self._measure(epoch).items()}
        seeds = None if self.seeds is None else list(self.seeds)
        self.records.append(Record(self.fit, epoch, self.step, seeds, self._names, values))
        self._write_logs(logs, values)

    def skip(self, epoch, logs):
        # CSVLogger takes its columns from the first epoch, and a series in History has a value for every epoch.
        values = {scope: np.full((1, len(rows), len(self.quantities)), np.nan) for scope, rows in self._names.items()}
        if self.every_steps and self.records and (self.records[-1].fit, self.records[-1].epoch) == (self.fit, epoch):
            values = self.records[-1].values
        self._write_logs(logs, values)

    def _write_logs(self, logs, values):
        if logs is not None:
            by_key = {key: values[scope][:, row, i] for scope, of_scope in self._chosen_keys.items() for row, i, key in of_scope}
            means = {key: float(mean_over_members(of_members, self.model)) for key, of_members in by_key.items()}
            self._tell_of_overwritten(
                [key for key, mean in means.items() if key in logs and not np.isclose(logs[key], mean, rtol=1e-3, equal_nan=True)]
            )
            logs.update(means)
            if self.seeds is not None:
                self.model.member_logs.update(by_key)  # for callbacks that act member by member

    def _tell_of_overwritten(self, keys):
        """Tell once that a monitor before, with another `every` or `layers`, wrote other values under the same keys."""
        if keys and not any("overwrites" in problem for problem in self.problems):
            self.warn(f"overwrites {', '.join(keys[:3])} of another callback in the logs: give one of them logs=False")

    def measure(self, model, epoch=None):
        """Measure now, in a training loop without `fit`.

        The first call for a model begins a training, as `fit` does. Errors are raised.

        Args:
            model: the model, built. It must be compiled if the monitor measures the compiled loss.
            epoch: the number of completed epochs; 0 is before training. Defaults to `None`: that of the last call for this model + 1.

        Returns:
            The rows of this measurement, as in `frame()`.
        """
        super().measure(model, epoch)
        return table(self.records[-1:], self._scope(None), self._keys.quantities)

    def get_state(self):
        """The measurements so far, and the values that the next one builds on, as `{name: array}`.

        For `set_state` of a monitor with the same arguments, called after its training has begun: a resumed training then keeps all its
        measurements.
        """
        parts = {f"{name}/{key}": array for name, part in self.state.items() for key, array in part.arrays().items()}
        return {"fit": np.int64(self.fit), **to_arrays(self.records), **parts}

    def set_state(self, state):
        """Take over the result of another monitor's `get_state`."""
        self.fit, self.resumed = int(state["fit"]), True
        self.records = from_arrays(state, len(self.quantities))
        self._saved_parts = dict(state)  # The parts exist when the monitor is prepared.

    def _scope(self, per):
        if per is None:
            return "layer" if "layer" in self.scopes else self.scopes[0]
        if per not in self.scopes:
            raise ValueError(f"per={per!r}: {type(self).__name__} measures per {', '.join(self.scopes)}")
        return per

    def frame(self, per=None):
        """All measurements as a tidy DataFrame: a row per seed, epoch and layer, sorted so.

        Columns: `seed`, only if the model has seeds; `fit`, from 1, only after several trainings; `epoch`, the number of completed epochs,
        1 after the first (Keras's `History.epoch` and `CSVLogger` count from 0: theirs is `epoch - 1`); `step`, only with steps, the number
        of steps of that training, and `epoch` is then the one under way, from 1; `layer` and `weight`, as `per` says; and one of each
        quantity.

        `attrs["problems"]` of the table is a list of what was not measured, and why. An empty table comes with a `MonitorWarning` of them.

        Args:
            per: `"model"`, `"layer"` or `"weight"`: a row is of the whole model, of a layer, or of a single weight of a layer, its kernel
                for example. Defaults to `None`: of a layer, if the monitor measures layers.

        Raises:
            ValueError: if the monitor does not measure per `per`.
        """
        self.warn_if_empty(self.records)
        measured = table(self.records, self._scope(per), self._keys.quantities)
        measured.attrs["problems"] = list(self.problems)
        return measured

    def plot(self, per=None):
        """Draw all measurements: a panel per quantity over the epochs, a line per layer; with seeds, their mean and range.

        Args:
            per: see `frame`. Defaults to `None`.

        Returns:
            A matplotlib `Figure`, made by pyplot. A notebook shows it; elsewhere use `plt.show()` or `figure.savefig(path)`.
        """
        from .chart import chart

        return chart(table(self.records, self._scope(per), self._keys.quantities), self.quantities, self.problems)
