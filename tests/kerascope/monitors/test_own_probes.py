"""A member that is measured on a probe of its own is measured as the plain model with its weights on that probe; and joined trainings."""

import keras
import numpy as np
import pytest

from kerascope import PerMember, SeedStack, join_arrays, select_members
from kerascope.monitors import (
    ActivationMonitor,
    GradientMonitor,
    HessianTraceMonitor,
    HistogramMonitor,
    LogitMonitor,
    NoiseMonitor,
    PredictionMonitor,
    SharpnessMonitor,
)
from kerascope.monitors.core.monitor import WrongArgument
from tests.support.against_keras import classification
from tests.support.frames import columns, of_seed
from tests.support.mlp import build_mlp

RANDOM = np.random.default_rng(4)
X, Y = RANDOM.normal(size=(3, 20, 5)).astype("float32"), RANDOM.integers(0, 3, (3, 20))
W = RANDOM.uniform(0.2, 2, (3, 20)).astype("float32")


def stack_of(seeds):
    stack = SeedStack(lambda: build_mlp(5, 3, hidden=(8, 6)), seeds)
    stack.compile(keras.optimizers.SGD(0.1), jit_compile=False, **classification())
    return stack


@pytest.fixture(scope="module")
def stack():
    return stack_of([0, 1, 2])


@pytest.fixture(scope="module")
def alone(stack):
    """The plain models with the members' weights."""
    members = [stack.member(i) for i in range(3)]
    for member in members:
        member.compile(keras.optimizers.SGD(0.1), jit_compile=False, **classification())
    return members


MONITORS = {
    "gradients": lambda x, y, w: GradientMonitor(x, y, sample_weight=w),
    "logits": lambda x, y, w: LogitMonitor(x, y, sample_weight=w, stages=[0]),
    "activations": lambda x, y, w: ActivationMonitor(x, units=True, linear=True),
    "sharpness": lambda x, y, w: SharpnessMonitor(x, y, sample_weight=w),
    "hessian trace": lambda x, y, w: HessianTraceMonitor(x, y, sample_weight=w, samples=2),
    "noise": lambda x, y, w: NoiseMonitor(x, y, sample_weight=w),
}
QUICK = ("gradients", "logits")


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in MONITORS])
def test_a_member_is_measured_on_its_own_probe_as_alone(stack, alone, name):
    monitor = MONITORS[name](PerMember(X), PerMember(Y), PerMember(W))
    table = monitor.measure(stack, epoch=0)
    for i, member in enumerate(alone):
        own = MONITORS[name](X[i], Y[i], W[i])
        expected = own.measure(member, epoch=0)
        np.testing.assert_allclose(of_seed(table, i)[columns(own)], expected[columns(own)], rtol=2e-4, atol=1e-6)
        if name == "logits":
            for key in ("logits", "gradient_norm"):
                np.testing.assert_allclose(monitor.arrays()[key][:, i], own.arrays()[key][:, 0], rtol=1e-4, atol=1e-6)
            np.testing.assert_array_equal(monitor.arrays()["labels"][i], Y[i])


@pytest.mark.slow
@pytest.mark.parametrize("shared", ["x", "y"])
def test_a_probe_may_be_shared_in_part(stack, alone, shared):
    given = (X[0], PerMember(Y)) if shared == "x" else (PerMember(X), Y[0])
    table = GradientMonitor(*given).measure(stack, epoch=0)
    own = GradientMonitor(X[0], Y[2]) if shared == "x" else GradientMonitor(X[2], Y[0])
    np.testing.assert_allclose(of_seed(table, 2)["grad_norm"], own.measure(alone[2], epoch=0)["grad_norm"], rtol=1e-5)


@pytest.mark.slow
def test_the_arrays_of_several_trainings_join_to_those_of_one_stack_on_own_probes():
    """Histograms, units, logits and predictions; before and after an epoch, on a stack of all seeds and on two of some."""
    kept = []
    for chosen in ([0, 1, 2], [0], [1, 2]):
        probe = PerMember(X[chosen]), PerMember(Y[chosen])
        activations = ActivationMonitor(probe[0], units=True)
        monitors = [HistogramMonitor(*probe, bins=20), LogitMonitor(*probe, stages=[0, 1]), PredictionMonitor(probe[0]), activations]
        stack_of(chosen).fit(*probe, batch_size=20, epochs=1, verbose=0, callbacks=monitors)
        kept.append([source.arrays() for source in (*monitors[:3], activations.units)])
    for whole, *parts in zip(*kept, strict=True):
        joined = join_arrays(parts)
        assert list(joined) == list(parts[0]) and set(joined) == set(whole)
        for name, array in whole.items():
            assert joined[name].dtype == array.dtype and joined[name].shape == array.shape
            if name.endswith("/counts"):  # Float32 may put a value that lies on an edge into the next bin.
                assert np.abs(joined[name] - array).sum() <= 4
            else:
                np.testing.assert_allclose(joined[name], array, rtol=1e-4, atol=1e-6)
        last = select_members(joined, [2])
        assert all(np.array_equal(last[name], select_members(parts[1], [1])[name]) for name in last if "/" not in name)


def test_a_probe_for_members_is_refused_by_a_model_without_them_and_by_a_stack_of_another_number(stack, alone):
    with pytest.raises(WrongArgument, match="trains no members"):
        alone[0].fit(X[0], Y[0], verbose=0, callbacks=[GradientMonitor(PerMember(X), PerMember(Y))])
    for probe in (PerMember(X[:2]), PerMember(Y[:2])):
        with pytest.raises(WrongArgument, match="samples for 2 members, and the stack has 3"):
            ActivationMonitor(probe).measure(stack)
    with pytest.raises(ValueError, match="the probe: x, y and sample_weight need the same number of samples"):
        GradientMonitor(PerMember(X), PerMember(Y[:, :7]))
