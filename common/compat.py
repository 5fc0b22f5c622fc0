"""Names of other packages that are private or undocumented: the only module of `common` that uses any. Each says where it was seen."""

import contextlib
import queue
from multiprocessing import resource_tracker

from common.lazy import lazy_modules

loky, loky_resource_tracker, tf, tensorflow_config = lazy_modules(
    "joblib.externals.loky joblib.externals.loky.backend.resource_tracker tensorflow tensorflow.python.framework.config"
)

# XLA's persistent cache, its flags in TF_XLA_FLAGS, and TensorFlow's file system in memory. A flag that a version does not know ends the
# process, so the cache is asked for only with versions that were tried: these. (2.18 and 2.20 know the flags too, but write an error to
# stderr with every program that they load, at whatever level.) `CPU` is the kind of device whose programs are kept.
XLA_CACHE_SEEN_IN = ("2.21",)
XLA_CACHE_DIRECTORY_FLAG = "--tf_xla_persistent_cache_directory"
_XLA_CACHE = "ram://compiled-programs"
XLA_CACHE_FLAGS = f"{XLA_CACHE_DIRECTORY_FLAG}={_XLA_CACHE} --tf_xla_persistent_cache_device_types=CPU"


def names_in_xla_cache():
    """The names of the entries in XLA's cache in memory, a list."""
    return tf.io.gfile.listdir(_XLA_CACHE) if tf.io.gfile.isdir(_XLA_CACHE) else []


def read_from_xla_cache(name):
    """An entry of XLA's cache in memory, as bytes."""
    with tf.io.gfile.GFile(f"{_XLA_CACHE}/{name}", "rb") as file:
        return file.read()


def write_to_xla_cache(name, content):
    """Put an entry, bytes, into XLA's cache in memory."""
    tf.io.gfile.makedirs(_XLA_CACHE)
    with tf.io.gfile.GFile(f"{_XLA_CACHE}/{name}", "wb") as file:
        file.write(content)


def remove_from_xla_cache(name):
    """Remove an entry from XLA's cache in memory."""
    tf.io.gfile.remove(f"{_XLA_CACHE}/{name}")


def set_initial_epoch(model, epoch):
    """Set the epoch (from 0) at which the `fit` that is under way begins, from a callback's `on_train_begin`."""
    model._initial_epoch = epoch  # Keras 3.8 to 3.15: `keras.callbacks.BackupAndRestore` does the same


def loky_executor(**settings):
    """`loky.get_reusable_executor`, documented by loky, whose copy within joblib is not (joblib 1.3 to 1.6)."""
    return loky.get_reusable_executor(**settings)


def end_loky_executor(executor):
    """End an executor and its processes at once, whatever they do. Its thread (joblib 1.3 to 1.6) forgets the calls that wait, then looks
    for the first of them, and dies of it with a traceback: so none of them is left for it to find."""
    with contextlib.suppress(queue.Empty):
        while True:
            executor._work_ids.get(block=False)
    executor.shutdown(kill_workers=True)


def start_resource_trackers():
    """Start the helper processes of multiprocessing (Python 3.10 to 3.13) and of loky (joblib 1.3 to 1.6), unless they are running."""
    resource_tracker.ensure_running()
    loky_resource_tracker.ensure_running()


def is_op_determinism_enabled():
    """Whether TensorFlow's operations are deterministic in this process: `tf.config.experimental.enable_op_determinism` was called, or
    `TF_DETERMINISTIC_OPS` is set. Only the former is public (TensorFlow 2.18 to 2.21)."""
    return tensorflow_config.is_op_determinism_enabled()
