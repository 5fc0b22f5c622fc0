"""The check of the callbacks of a SeedStack, whose single step is an epoch of all members."""

import warnings

import keras

from .early_stopping import EarlyStopping
from .member_scope import NotStackable
from .reduce_lr_on_plateau import ReduceLROnPlateau
from .stack_warning import StackWarning

BATCH_HOOKS = tuple(
    [f"on_{kind}batch_{end}" for kind in ("", "train_", "test_") for end in ("begin", "end")] + ["on_test_begin", "on_test_end"]
)


def validate_callbacks(callbacks, resumed):
    """Refuse callbacks that would act on all members by a mean over them, and tell of hooks that are not called at each batch.

    Args:
        callbacks: list of Keras callbacks.
        resumed: whether `keras.callbacks.BackupAndRestore` is among them and has restored a training.

    Raises:
        NotStackable: naming the callback and what to use instead.
    """
    kinds = keras.callbacks
    ours = [callback for callback in callbacks if isinstance(callback, EarlyStopping | ReduceLROnPlateau)]
    for callback in callbacks:
        name = type(callback).__name__
        for kind in (kinds.EarlyStopping, kinds.ReduceLROnPlateau):
            if isinstance(callback, kind) and callback not in ours:
                raise NotStackable(f"{name} would act on all members by a mean: use kerascope.{kind.__name__}, which acts on each")
        if isinstance(callback, kinds.ModelCheckpoint) and not callback.save_weights_only:
            raise NotStackable(f"{name} would save a SeedStack as a model: give it save_weights_only=True, and read it with load_weights()")
        if isinstance(callback, kinds.TensorBoard) and (callback.histogram_freq or callback.embeddings_freq):
            raise NotStackable(
                f"{name} finds no layers in a SeedStack: leave out histogram_freq, and add HistogramMonitor and SummaryWriter"
            )
        if isinstance(callback, kinds.SwapEMAWeights):
            raise NotStackable(
                f"{name} acts during the evaluation, which is part of a stack's epoch: give the optimizer use_ema=True alone"
            )
        if (hooks := _batch_hooks(callback)) and not _is_known(callback):
            warnings.warn(f"a SeedStack calls {', '.join(hooks)} of {name} once an epoch or not at all", StackWarning, stacklevel=4)
    setting = {kind.__name__ for kind in (ReduceLROnPlateau, kinds.LearningRateScheduler) for one in callbacks if isinstance(one, kind)}
    setting |= {type(one).__name__ for one in callbacks if getattr(one, "sets_learning_rate", False)}
    if len(setting) > 1:
        raise NotStackable(f"{' and '.join(sorted(setting, reverse=True))} both set the learning rate: leave out one")
    together = [type(one).__name__ for one in callbacks if getattr(one, "acts_on_all_members", False)]
    if together and any(isinstance(one, EarlyStopping) for one in callbacks):
        raise NotStackable(f"{together[0]} would act on members that EarlyStopping has stopped, too: leave out one")
    if ours and resumed:
        raise NotStackable(f"{type(ours[0]).__name__} has forgotten what was before BackupAndRestore resumed the training: leave out one")


def _batch_hooks(callback):
    base = keras.callbacks.Callback
    return [hook for hook in BATCH_HOOKS if hook in vars(callback) or getattr(type(callback), hook, None) is not getattr(base, hook, None)]


def _is_known(callback):
    """Whether a callback with hooks for batches means the same on a SeedStack."""
    if type(callback).__module__.startswith(__name__.partition(".")[0]):
        return True
    by_batch = [getattr(callback, name, "epoch") for name in ("save_freq", "update_freq")]
    of_keras = type(callback).__module__.startswith("keras.") and not isinstance(callback, keras.callbacks.LambdaCallback)
    return of_keras and all(frequency == "epoch" for frequency in by_batch)
