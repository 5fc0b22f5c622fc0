"""RewindMonitor: the loss and accuracy of the trained model with one layer set back to an earlier epoch."""

import json

import numpy as np
import tensorflow as tf

from ..per_member import num_samples
from ..samples import is_dense
from .core.layers import weights_by_layer
from .core.loss_monitor import LossMonitor
from .core.monitor import Monitor
from .core.quantity import Quantity
from .core.records import Record, from_arrays, table, to_arrays
from .core.rewinding import evaluate_rewound
from .core.weights import weight_names

MOST_SAMPLES = 2**15  # that are evaluated at a time, over members and epochs: few enough to hold all activations in memory


class RewindMonitor(LossMonitor, Monitor):
    """Measures, when training ends, the loss and accuracy of the model with one layer set back to what it was after earlier epochs.

    Use it to see which layers the training needed, and when each was done: "Are all layers created equal?" (Zhang, Bengio & Singer 2022,
    JMLR 23). All weights of the layer are set back, statistics of normalisation included; all others stay as trained. The model is measured
    in inference mode, and no weight of it is assigned. It writes nothing to `logs`.

    Example:

    ```python
    rewinds = RewindMonitor(x_test, y_test, every=[0, 1, 2, 5, 10])
    model.fit(x_train, y_train, epochs=20, callbacks=[rewinds])
    rewinds.frame()  # a row per layer and epoch
    rewinds.plot()
    ```

    Quantities, float32:

    - `rewound_loss`: mean loss of the samples, regularisation included, with the layer set back (loss).
    - `rewound_accuracy`: share of the samples whose class is right, with the layer set back, as Keras's `accuracy`, unweighted.
    - `trained_loss`, `trained_accuracy`: the same of the model as it was trained.

    Accuracies need targets that are classes: whole numbers, one-hot, or 0 and 1 for a single output. They are NaN for other targets, for
    several outputs, and where an output is not finite. Each position of a sequence or an image that has a target counts as a sample,
    unless it is masked.

    It keeps a copy of the layers' weights for each epoch in the memory of the host. Beside callbacks that restore weights when training
    ends (`keras.callbacks.EarlyStopping`), it stands after them in the list.

    Args:
        x: samples to measure on, as given to `fit`, or a `tf.data.Dataset` of batches of samples and targets.
        y: targets; part of the elements if `x` is a Dataset. Defaults to `None`.
        every: the epochs after which copies of the weights are kept, a collection, 0 is before training; or an integer: after every
            `every` epochs. Defaults to `(0,)`.
        layers: names or patterns of the layers to set back. Defaults to `None`: all that have weights.
        sample_weight: weights of the samples, as given to `fit`. Defaults to `None`.
        class_weight: weights of the classes, as given to `fit`. Defaults to `None`.
        loss: as for `GradientMonitor`: a function `loss(model, batch)`, or `"compiled"`. Defaults to `None`: the compiled loss.
    """

    transient = (*Monitor.transient, "_weights")
    quantities = (
        Quantity("rewound_loss", "loss with the layer set back", "loss", "log"),
        Quantity("rewound_accuracy", "accuracy with the layer set back", "share", "percent", "unknown"),
        Quantity("trained_loss", "loss as trained", "loss", "log"),
        Quantity("trained_accuracy", "accuracy as trained", "share", "percent", "unknown"),
    )

    def __init__(self, x, y=None, every=(0,), layers=None, sample_weight=None, class_weight=None, loss=None):
        super().__init__(x, y, sample_weight, class_weight, every, layers, loss)
        if self.every_steps:
            raise ValueError(f"every={every!r}: RewindMonitor keeps the weights after epochs, not steps")

    def clear(self):
        """Forget all measurements and problems."""
        super().clear()
        self.records, self._copies = [], {}

    def _begin(self, in_loop=False):
        super()._begin(in_loop)
        self._copies = {}  # {epoch: {(layer, weight): array (members, ...)}}

    def _before_training(self, epoch):
        super()._before_training(epoch)
        unseen = [] if self.resumed or not isinstance(self.every, frozenset) else sorted(kept for kept in self.every if kept < epoch)
        if unseen:
            self.warn(f"does not set back to epochs {', '.join(map(str, unseen))}: this training begins after epoch {epoch}")

    def prepare(self):
        super().prepare()
        self._weights = weights_by_layer(self.template, self.layers, "weights")

    def record(self, epoch, logs):
        self._copies[epoch] = {name: value for of_layer in self._read().values() for name, value in of_layer.items()}

    def on_train_end(self, logs=None):
        self._try(self._measure_rewound)

    def measure(self, model, epoch=None):
        """Measure now, in a training loop without `fit`: keep the weights, if `epoch` is one of `every`, and set back to all epochs so far.

        The first call for a model begins a training, as `fit` does. Errors are raised.

        Args:
            model: the model, built and compiled, unless `loss` is a function.
            epoch: the number of completed epochs; 0 is before training. Defaults to `None`: that of the last call for this model + 1.

        Returns:
            The rows of this measurement, as in `frame()`; they replace those of the calls before it.
        """
        super().measure(model, epoch)
        if not self.is_due(self.epoch_under_way):
            del self._copies[self.epoch_under_way]
        self._measure_rewound()
        return self._table([record for record in self.records if record.fit == self.fit])

    def _read(self):
        """The present weights, `{layer: {(layer, weight): array (members, ...)}}`."""
        several, names = hasattr(self.model, "map_members"), iter(weight_names(self._weights))
        found = {}
        for path, variables in self._weights.items():
            values = [tf.convert_to_tensor(v.value) for v in (self.model.stacked(variables) if several else variables)]
            found[path] = {next(names): np.array(value if several else value[tf.newaxis]) for value in values}
        return found

    def _measure_rewound(self):
        if not self._copies:
            return
        self._prepare_if_changed()
        epochs, layers, measured = sorted(self._copies), self._read(), []
        batches, trained = self._choose_batches(layers, len(epochs))
        for path, present in layers.items():
            rewound = [tf.constant(np.stack([self._copies[epoch][name] for epoch in epochs], axis=1)) for name in present]
            measured.append(evaluate_rewound(self.model, batches, path, rewound, self.loss))
        values = np.stack(measured, axis=2)  # (members, epochs, layers, loss and accuracy)
        values = np.concatenate([values, np.broadcast_to(trained[:, :, np.newaxis], values.shape)], axis=-1).astype("float32")
        seeds, names = None if self.seeds is None else list(self.seeds), {"layer": [(path,) for path in layers]}
        earlier = [record for record in self.records if record.fit != self.fit]
        records = [Record(self.fit, epoch, None, seeds, names, {"layer": values[:, i]}) for i, epoch in enumerate(epochs)]
        self.records = [*earlier, *records]

    def _choose_batches(self, layers, epochs):
        """The samples in batches that are small enough, unless the loss is another in them; and the measures of the trained model.

        A loss that is a sum, or a mean over what is not masked, needs its batches as they were given.
        """
        path, present = next(iter(layers.items()))
        trained = [tf.constant(value[:, np.newaxis]) for value in present.values()]
        whole = evaluate_rewound(self.model, self.probe.batches, path, trained, self.loss)
        size, largest = max(1, MOST_SAMPLES // (epochs * len(self.seeds or [0]))), max(map(num_samples, self.probe.batches))
        if largest <= size or not all(map(is_dense, self.probe.batches)):
            return self.probe.batches, whole
        even = (part for part in range(size, size // 2, -1) if largest % part == 0)  # A smaller last batch would be a graph of its own.
        batches = self.probe.split(next(even, size))
        in_parts = evaluate_rewound(self.model, batches, path, trained, self.loss)
        is_same = np.allclose(in_parts[..., 0], whole[..., 0], rtol=1e-4, atol=1e-7, equal_nan=True)
        return batches if is_same else self.probe.batches, whole

    def get_state(self):
        """The measurements so far, and the copies of the weights, as `{name: array}`.

        For `set_state` of a monitor with the same arguments, called after its training has begun: a resumed training then sets its layers
        back to epochs before the break too.
        """
        names = [list(of_epoch) for of_epoch in self._copies.values()]
        described = json.dumps({"epochs": list(self._copies), "names": names[0] if names else []})
        copies = {f"copy/{epoch}/{i}": value for epoch, of_epoch in self._copies.items() for i, value in enumerate(of_epoch.values())}
        return {"fit": np.int64(self.fit), **to_arrays(self.records), "copies": np.array(described), **copies}

    def set_state(self, state):
        """Take over the result of another monitor's `get_state`."""
        self.fit, self.resumed = int(state["fit"]), True
        self.records = from_arrays(state, len(self.quantities))
        described = json.loads(str(state["copies"]))
        names = list(map(tuple, described["names"]))
        self._copies = {epoch: {name: state[f"copy/{epoch}/{i}"] for i, name in enumerate(names)} for epoch in described["epochs"]}

    def __getstate__(self):
        return {**super().__getstate__(), "_copies": {}}

    def frame(self):
        """All measurements as a tidy DataFrame: a row per seed, epoch and layer, sorted so.

        Columns: `seed`, only if the model has seeds; `fit`, from 1, only after several trainings; `rewound_to`, the epoch to which the
        layer was set back, 0 is before training; `layer`; and one of each quantity.

        `attrs["problems"]` of the table is a list of what was not measured, and why. An empty table comes with a `MonitorWarning` of them.
        """
        self.warn_if_empty(self.records)
        measured = self._table(self.records)
        measured.attrs["problems"] = list(self.problems)
        return measured

    def _table(self, records):
        measured = table(records, "layer", [quantity.name for quantity in self.quantities])
        return measured.rename(columns={"epoch": "rewound_to"})

    def plot(self):
        """Draw the last training: loss and accuracy over the epoch to which a layer was set back, a line per layer; with seeds, their mean
        and range. A dashed line is the model as trained.

        Returns:
            A matplotlib `Figure`, made by pyplot. A notebook shows it; elsewhere use `plt.show()` or `figure.savefig(path)`.
        """
        from .core.chart import chart

        last = self._table([record for record in self.records if record.fit == self.records[-1].fit])  # none before the first
        of_rewound = [q for q in self.quantities[:2] if last[q.name].notna().any()] or self.quantities[:1]
        figure = chart(last.rename(columns={"rewound_to": "epoch"}), of_rewound, self.problems)
        for ax, quantity in zip(figure.axes, of_rewound, strict=False):
            ax.axhline(last[quantity.name.replace("rewound", "trained")].mean(), color="0.4", linestyle="--", linewidth=0.8)
            ax.set_xlabel("layer set back to epoch")
        return figure
