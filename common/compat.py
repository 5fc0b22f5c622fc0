"""Names of other packages that are private or undocumented: the only module of `common` that uses any. Each says where it was seen."""

from multiprocessing import resource_tracker

from common.lazy import lazy_modules

loky, loky_resource_tracker, tensorflow_config = lazy_modules(
    "joblib.externals.loky joblib.externals.loky.backend.resource_tracker tensorflow.python.framework.config"
)


def set_initial_epoch(model, epoch):
    """Set the epoch (from 0) at which the `fit` that is under way begins, from a callback's `on_train_begin`."""
    model._initial_epoch = epoch  # Keras 3.8 to 3.15: `keras.callbacks.BackupAndRestore` does the same


def loky_executor(**settings):
    """`loky.get_reusable_executor`, documented by loky, whose copy within joblib is not (joblib 1.3 to 1.6)."""
    return loky.get_reusable_executor(**settings)


def start_resource_trackers():
    """Start the helper processes of multiprocessing (Python 3.10 to 3.13) and of loky (joblib 1.3 to 1.6), unless they are running."""
    resource_tracker.ensure_running()
    loky_resource_tracker.ensure_running()


def is_op_determinism_enabled():
    """Whether TensorFlow's operations are deterministic in this process: `tf.config.experimental.enable_op_determinism` was called, or
    `TF_DETERMINISTIC_OPS` is set. Only the former is public (TensorFlow 2.18 to 2.21)."""
    return tensorflow_config.is_op_determinism_enabled()
