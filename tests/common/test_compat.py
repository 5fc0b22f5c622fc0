"""The private names of other packages that `common.compat` uses are there, and do what they are used for."""

import os
import threading
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from common import compat


def test_keras_begins_at_the_epoch_that_a_callback_sets():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert hasattr(model, "_initial_epoch")
    resume = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: compat.set_initial_epoch(model, 3))
    assert model.fit(np.zeros((2, 1)), np.zeros(2), epochs=5, verbose=0, callbacks=[resume]).epoch == [3, 4]


def test_tensorflow_says_whether_its_operations_are_deterministic():
    before = compat.is_op_determinism_enabled()
    tf.config.experimental.enable_op_determinism()
    try:
        assert (before, compat.is_op_determinism_enabled()) == (False, True)
    finally:
        compat.tensorflow_config.disable_op_determinism()  # which nobody but a test needs
    assert not compat.is_op_determinism_enabled()


def test_loky_runs_functions_in_other_processes_and_kills_these():
    compat.start_resource_trackers()
    executor = compat.loky_executor(max_workers=1, timeout=None, reuse=False, initializer=None, initargs=())
    assert executor.submit(os.getpid).result() != os.getpid()
    compat.end_loky_executor(executor)


@pytest.mark.parametrize("waiting", [0, 1, 20])
def test_loky_can_be_ended_while_calls_wait(waiting, monkeypatch):
    errors = []
    monkeypatch.setattr(threading, "excepthook", errors.append)
    executor = compat.loky_executor(max_workers=1, timeout=None, reuse=False, initializer=None, initargs=())
    assert executor.submit(os.getpid).result()  # its process has started
    calls = [executor.submit(time.sleep, 600) for _ in range(waiting + 1)]
    began = time.monotonic()
    while not calls[0].running():
        assert time.monotonic() - began < 60
        time.sleep(0.01)
    compat.end_loky_executor(executor)
    assert not errors and time.monotonic() - began < 120
    assert all(isinstance(call.exception(), Exception) for call in calls)


def test_xlas_cache_in_memory_holds_what_is_put_there():
    """That XLA uses it is shown in tests/common/store/test_compiled_programs.py, by processes of their own."""
    compat.write_to_xla_cache("entry.pb", b"\0program")
    assert "entry.pb" in compat.names_in_xla_cache() and compat.read_from_xla_cache("entry.pb") == b"\0program"
    compat.remove_from_xla_cache("entry.pb")
    assert "entry.pb" not in compat.names_in_xla_cache()
