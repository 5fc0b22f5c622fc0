"""SummaryWriter: what monitors measured, in TensorBoard."""

import os

import keras
import numpy as np
import tensorflow as tf

from ..compat import histogram_summary_metadata
from .core.base import QuantityMonitor
from .core.logs import mean_over_members
from .histograms import HistogramMonitor


class SummaryWriter(keras.callbacks.Callback):
    """Writes what monitors measure of the model and its layers to TensorBoard: scalars, and histograms in its own tab.

    Use it to look at every layer in TensorBoard while `logs` and the progress bar stay short. It stands after the monitors in the list of
    callbacks. Tags are `<quantity>` for the whole model, `<quantity>/<layer>`, and `<kind>/<layer>` for histograms. The step is the
    number of completed epochs, or of steps with `every="100 steps"`. Of several members the scalars are means over those that are being
    trained and whose value is finite, and the counts are sums. A second training of the same monitors is written to the folder `fit_2`
    within. Values of single weights (`frame(per="weight")`) and units are not written.

    Example:

    ```python
    gradients, histograms = GradientMonitor(x_train[:256], y_train[:256]), HistogramMonitor(x_train[:256], y_train[:256])
    model.fit(x_train, y_train, epochs=20, callbacks=[gradients, histograms, SummaryWriter("logs", gradients, histograms)])
    ```

    Args:
        log_dir: folder for TensorBoard's files.
        *monitors: monitors that stand in the same list of callbacks.

    Raises:
        ImportError: without TensorBoard.
        TypeError: for a monitor that measures nothing over time.
    """

    def __init__(self, log_dir, *monitors):
        super().__init__()
        for monitor in monitors:
            if not isinstance(monitor, (QuantityMonitor, HistogramMonitor)):
                raise TypeError(f"SummaryWriter writes what monitors measure over time, got {type(monitor).__name__}")
        self.log_dir, self.monitors = os.fspath(log_dir), monitors
        self._metadata = histogram_summary_metadata()
        self._writers, self._written = {}, [0] * len(monitors)

    def on_train_begin(self, logs=None):
        self._written = [len(_records(monitor)) for monitor in self.monitors]

    def on_epoch_end(self, epoch, logs=None):
        for i, monitor in enumerate(self.monitors):
            records = _records(monitor)
            for record in records[self._written[i] :]:
                with self._writer(record.fit).as_default(step=record.epoch if record.step is None else record.step):
                    self._write_histograms(record) if isinstance(monitor, HistogramMonitor) else _write_scalars(monitor, record)
            self._written[i] = len(records)
        for writer in self._writers.values():
            writer.flush()

    def on_train_end(self, logs=None):
        self.on_epoch_end(None)
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _writer(self, fit):
        if fit not in self._writers:
            folder = self.log_dir if fit == 1 else os.path.join(self.log_dir, f"fit_{fit}")
            self._writers[fit] = tf.summary.create_file_writer(folder)
        return self._writers[fit]

    def _write_histograms(self, stage):
        for tag, (counts, edges) in stage.histograms.items():
            bins = np.stack([edges[:-1], edges[1:], counts.sum(axis=0)], axis=1)
            tf.summary.write(tag, tf.constant(bins, tf.float64), metadata=self._metadata)


def _records(monitor):
    return monitor.stages if isinstance(monitor, HistogramMonitor) else monitor.records


def _write_scalars(monitor, record):
    for scope in set(record.values) - {"weight"}:
        for name, row in zip(record.names[scope], mean_over_members(record.values[scope], monitor.model), strict=True):
            for quantity, value in zip(monitor.quantities, row, strict=True):
                tf.summary.scalar("/".join([quantity.name, *name]), float(value))
