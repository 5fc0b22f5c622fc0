"""The devices that a process chooses among several. Made-up GPUs, since no machine here has one: what TensorFlow is asked for."""

from types import SimpleNamespace

import pytest
import tensorflow as tf

from common import devices
from common.training.train import OPERATIONS_PER_WEIGHT


@pytest.mark.parametrize(("number", "expected"), [(0, "/gpu:0"), (1, "/gpu:1"), (2, "/gpu:0"), (None, None)])
def test_gpus_are_shared_out_one_to_a_worker(number, expected, monkeypatch):
    gpus, asked, grown = ["/gpu:0", "/gpu:1"], [], []
    logical = [SimpleNamespace(name=tf.config.list_logical_devices("CPU")[0].name)]
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: logical * (1 if asked else 2))
    monkeypatch.setattr(tf.config, "set_visible_devices", lambda chosen, kind: asked.append((chosen, kind)))
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda gpu, on: grown.append((gpu, on)))
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: {"device_name": "Tesla T4"})
    deterministic = []
    monkeypatch.setattr(tf.config.experimental, "enable_op_determinism", lambda: deterministic.append(True))
    monkeypatch.setattr(devices.compat, "is_op_determinism_enabled", lambda: bool(deterministic))
    assert not devices.start(devices.DeviceOptions(determinism="off"), number).deterministic and not deterministic
    asked.clear()
    grown.clear()
    found = devices.start(only_gpu=number)
    assert found.deterministic and deterministic == [True]
    assert asked == ([([expected], "GPU")] if expected else [])
    assert grown == [(gpu, True) for gpu in ([expected] if expected else gpus)]
    assert found.kind == "GPU (Tesla T4)" and len(found.names) == (1 if expected else 2)


def test_auto_shares_steps_out_only_where_they_are_large_enough():
    two = devices.Devices("GPU (Tesla T4)", ("/gpu:0", "/gpu:1"), "auto")
    fashion = OPERATIONS_PER_WEIGHT * 235_146 * 128 * 5
    scope, description = two.choose(lambda: fashion)
    assert description.startswith("one of 2 x GPU (Tesla T4)") and "too small to share out" in description and "--jobs 2" in description
    assert not devices.replicas_pay(fashion, 2) and devices.replicas_pay(100 * fashion, 2)
    with scope():
        pass
