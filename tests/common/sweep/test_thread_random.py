"""Within a worker, other threads that draw random numbers disturb no member of a stack, and are not disturbed."""

import random
import threading
from dataclasses import asdict
from unittest.mock import MagicMock

import keras
import numpy as np
import pytest

from common.sweep.thread_random import random_of_this_thread
from common.training.task import Task
from kerascope import SeedStack
from tests.support.sweeps import cell


def network():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


def test_other_threads_that_draw_random_numbers_disturb_no_member_and_are_not_disturbed():
    """A network server's thread, a Dask worker's: Keras takes its seeds from Python's global generator, which they use as well."""

    def build_beside_another_thread():
        thread = threading.Thread(target=lambda: drawn.append(random.random()))
        thread.start()
        thread.join()
        return network()

    drawn, expected = [], random.Random(5)
    random.seed(5)
    with random_of_this_thread():
        beside = SeedStack(build_beside_another_thread, [3, 4])
    assert drawn == [expected.random(), expected.random()] and random.random() == expected.random()
    alone = SeedStack(network, [3, 4])
    for ours, theirs in zip(beside.weights, alone.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_afterwards_the_functions_of_random_are_what_they_were():
    before = dict(vars(random))
    with random_of_this_thread():
        assert random.random is not before["random"]
    assert vars(random) == before


def test_a_dask_worker_trains_within_it(monkeypatch):
    cluster = pytest.importorskip("common.sweep.cluster", reason="distributed is not installed: pip install -r requirements-cluster.txt")
    original, during = random.random, []

    class Watching:
        def train(self, *args, **settings):
            during.append(random.random)

    for name in ("get_worker", "get_client", "Event", "Queue"):
        monkeypatch.setattr(cluster, name, MagicMock())
    monkeypatch.setattr(cluster, "_trainer", lambda options: Watching())
    cluster.train(asdict(Task(cell())), MagicMock(), "training")
    assert len(during) == 1 and during[0] != original and random.random == original
