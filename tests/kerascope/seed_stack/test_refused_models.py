"""Models that a SeedStack would not train as plain Keras does are refused, in one line that names the layer, before anything is trained."""

import dataclasses
import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope.seed_stack import NotStackable, SeedStack
from tests.support.against_keras import classification, stack_of

L, ops = keras.layers, keras.ops


@pytest.fixture(scope="module")
def samples():
    random = np.random.default_rng(0)
    return random.normal(size=(50, 6)).astype("float32"), random.integers(0, 3, 50)


def model_of(*layers):
    return keras.Sequential([keras.Input((6,)), *layers, L.Dense(3)])


class Scaled(L.Layer):
    """A layer whose code reads one attribute, under any name."""

    def __init__(self, attribute, value, read=lambda value: value):
        super().__init__()
        setattr(self, attribute, value)
        self._called_with = attribute
        self.read = read

    def call(self, inputs):
        return inputs * self.read(getattr(self, self._called_with))


class Steepness:
    def __init__(self, value):
        self.value = value

    def __call__(self, inputs):
        return ops.tanh(self.value * inputs)

    def shifted(self, inputs):
        return inputs + self.value


@dataclasses.dataclass
class Settings:
    rate: float


def in_call():
    factor = random.random()

    class Times(L.Layer):
        def call(self, inputs):
            return inputs * factor

    return Times()


def of_class():
    return type("Times", (L.Layer,), {"factor": random.random(), "call": lambda self, inputs: inputs * self.factor})()


def keyword_default():
    def times(inputs, *, factor=random.random()):  # noqa: B008
        return inputs * factor

    return L.Lambda(times)


def functional(operation):
    inputs = keras.Input((6,))
    return keras.Model(inputs, L.Dense(3)(operation(L.Dense(6)(inputs), inputs)))


def changed(layer, change):
    model = model_of(layer)
    change(model.layers[0])
    return model


def drawn(*choices):
    return random.choice(choices)


# With seeds 5 and 2, each of these draws another model.
DRAWN = {
    "array in a private attribute": lambda: model_of(Scaled("_factors", np.random.normal(size=6).astype("float32"))),
    "tensor in an attribute": lambda: model_of(Scaled("factors", tf.constant(np.random.normal(size=6), "float32"))),
    "dataclass": lambda: model_of(Scaled("settings", Settings(random.random()), lambda settings: settings.rate)),
    "seed of its own": lambda: model_of(Scaled("noise_seed", random.randint(0, 10**6), lambda s: keras.random.normal((6,), seed=s))),
    "names in a lambda": lambda: model_of(L.Dense(4, activation=drawn(*[lambda t: tf.nn.relu(t), lambda t: tf.nn.tanh(t)] * 8))),
    "a lambda in a lambda": lambda: model_of(L.Lambda(drawn(lambda t: (lambda u: 2 * u)(t), lambda t: (lambda u: 3 * u)(t)))),
    "default of a keyword": lambda: model_of(keyword_default()),
    "method of an object": lambda: model_of(L.Lambda(Steepness(random.random()).shifted)),
    "object as activation": lambda: model_of(L.Dense(4, activation=Steepness(random.random()))),
    "closure of call": lambda: model_of(in_call()),
    "attribute of the class": lambda: model_of(of_class()),
    "operation": lambda: functional(lambda a, b: drawn(ops.relu, ops.tanh, ops.sin, ops.softplus)(a)),
    "order of operands": lambda: functional(drawn(lambda a, b: a - b, lambda a, b: b - a)),
    "constant of an operation": lambda: functional(lambda a, b: a * random.random()),
    "regularizer": lambda: changed(L.Dense(4), lambda layer: setattr(layer.kernel, "regularizer", keras.regularizers.L2(random.random()))),
    "constraint": lambda: changed(
        L.Dense(4), lambda layer: setattr(layer.kernel, "constraint", keras.constraints.MaxNorm(random.random()))
    ),
    "rate, set later": lambda: changed(L.Dropout(0.5), lambda layer: setattr(layer, "rate", random.random())),
    "trainable": lambda: changed(L.Dense(4), lambda layer: setattr(layer, "trainable", random.random() < 0.7)),
    "dtype policy": lambda: model_of(L.Dense(4, dtype=drawn("float32", "mixed_bfloat16"))),
}


@pytest.mark.parametrize("build", DRAWN.values(), ids=DRAWN)
def test_a_build_that_draws_more_than_initial_weights_is_refused(build):
    with pytest.raises(NotStackable, match="different models") as refusal:
        SeedStack(build, [5, 2])
    assert "\n" not in str(refusal.value)


def same_again():
    scale = np.linspace(0, 1, 6)
    hidden = functional(lambda a, b: ops.relu(a) * scale + ops.tanh(b) - ops.take(a, [0], axis=1))
    hidden.layers[1].kernel.regularizer = keras.regularizers.L2(0.1)
    return hidden


SAME = {
    "operations": same_again,
    "a layer named as an operation": lambda: model_of(L.Activation("relu", name=drawn("relu", "tanh")), L.Dense(4, "relu")),
    "a class in build": lambda: model_of(type("Own", (Scaled,), {})("factor", Settings(2.0), lambda settings: settings.rate)),
    "seeds of dropout": lambda: model_of(L.Dropout(0.5, seed=random.randint(0, 10**6))),
}


@pytest.mark.parametrize("build", SAME.values(), ids=SAME)
def test_models_that_differ_by_initial_values_and_names_alone_are_stacked(build):
    SeedStack(build, [5, 2])


SHARED_LAYER, SHARED_GENERATOR = L.Dense(6), keras.random.SeedGenerator(1)


def with_generator(generator):
    return model_of(Scaled("generator", generator, lambda generator: keras.random.normal((6,), seed=generator)))


@pytest.mark.parametrize("build", [lambda: model_of(SHARED_LAYER), lambda: with_generator(SHARED_GENERATOR)])
def test_layers_and_generators_that_members_share_are_refused(build):
    with pytest.raises(NotStackable, match="share weights"):
        SeedStack(build, [5, 2])


def test_one_model_returned_twice_is_refused():
    model = model_of()
    with pytest.raises(NotStackable, match="share weights"):
        SeedStack(lambda: model, [5, 2])


class Draw(keras.Operation):
    def call(self, inputs):
        return inputs + keras.random.uniform((6,))

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, inputs.dtype)


class Outer(L.Layer):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, inputs):
        return self.inner(inputs)


class Counted(L.Layer):
    def __init__(self):
        super().__init__()
        self.mean = keras.metrics.Mean(name="activation")

    def call(self, inputs):
        self.mean.update_state(inputs)
        return inputs


class Hidden:
    """An object that Keras does not look into."""

    def __init__(self, variable):
        self.variable = variable


def candidates(inputs):
    sampled, _, _ = tf.random.uniform_candidate_sampler(tf.constant([[1]], tf.int64), 1, 1, True, 6)
    return inputs + tf.cast(sampled[0], "float32")


VARIABLE, OUTSIDE = tf.Variable(2.0), keras.random.SeedGenerator(3)
STATE = {
    "keras.random in a Lambda": (lambda: model_of(L.Lambda(lambda t: keras.random.dropout(t, 0.3), name="noise")), "noise"),
    "keras.random in an operation": (lambda: functional(lambda a, b: Draw()(a)), "seed_generator"),
    "keras.random in a nested layer": (lambda: model_of(Outer(L.Lambda(lambda t: t + keras.random.normal((6,)), name="deep"))), "deep"),
    "a generator in a closure": (lambda: model_of(L.Lambda(lambda t: t + keras.random.normal((6,), seed=OUTSIDE), name="noise")), "noise"),
    "a metric of a layer": (lambda: model_of(Counted()), "Counted"),
    "tf.Variable in a closure": (lambda: model_of(L.Lambda(lambda t: t * VARIABLE)), "tf.Variable"),
    "tf.Variable in a layer": (lambda: model_of(Scaled("factor", tf.Variable(1.5))), "layer scaled"),
    "keras.Variable in an object": (
        lambda: model_of(Scaled("hidden", Hidden(keras.Variable(np.random.rand())), lambda hidden: hidden.variable)),
        "Variable",
    ),
    "tf.random.Generator": (
        lambda: model_of(Scaled("generator", tf.random.Generator.from_seed(1), lambda generator: generator.normal((6,)))),
        "StateVar",
    ),
    "tf.random": (lambda: model_of(L.Lambda(lambda t: tf.random.shuffle(t), name="mixed")), "layer mixed"),
    "tf.nn.dropout": (lambda: model_of(L.Lambda(lambda t: tf.nn.dropout(t, 0.5), name="dropped")), "layer dropped"),
    "sampled candidates": (lambda: model_of(L.Lambda(candidates, name="sampled")), "layer sampled"),
}
SHARPEST = ("keras.random in a Lambda", "keras.random in a nested layer")


@pytest.mark.parametrize(
    ("build", "culprit"), [pytest.param(*case, id=name, marks=() if name in SHARPEST else pytest.mark.slow) for name, case in STATE.items()]
)
def test_state_that_members_would_share_is_refused(samples, build, culprit):
    stack = stack_of(build)
    before = [np.array(variable) for variable in stack.variables]
    with pytest.raises(NotStackable, match=culprit):
        stack.fit(*samples, verbose=0)
    for values, variable in zip(before, stack.variables, strict=True):
        np.testing.assert_array_equal(values, variable)


def overriding(name):
    cls = type("Own", (keras.Sequential,), {name: lambda self, *args, **kwargs: getattr(keras.Sequential, name)(self, *args, **kwargs)})
    return lambda: cls([keras.Input((6,)), L.Dense(3)])


def patched(name):
    def build():
        model = model_of()
        setattr(model, name, lambda *args, **kwargs: 0.0)
        return model

    return build


@pytest.mark.parametrize("make", [overriding, patched])
@pytest.mark.parametrize("name", ["train_step", "test_step", "compute_loss", "compute_metrics", "fit"])
def test_overridden_training_is_refused_by_its_name(make, name):
    with pytest.raises(NotStackable, match=f"its own {name}"):
        SeedStack(make(name), [5])


class ByRank(keras.optimizers.SGD):
    """Weights with one axis are trained otherwise; a stacked one has two."""

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient * (2.0 if len(variable.shape) == 1 else 1.0), variable, learning_rate)


class ByWholeGradient(keras.optimizers.Adam):
    def apply(self, gradients, trainable_variables=None):
        norm = ops.sqrt(sum(ops.sum(gradient**2) for gradient in gradients))
        return super().apply([gradient / norm for gradient in gradients], trainable_variables)


@pytest.mark.parametrize("optimizer", [ByRank, ByWholeGradient])
def test_optimizers_of_ones_own_that_treat_stacked_weights_otherwise_are_refused(optimizer):
    with pytest.raises(NotStackable, match=optimizer.__name__):
        stack_of(model_of, optimizer=lambda: optimizer(0.1))


INHERITED = {
    "train_on_batch": lambda stack, x, y: stack.train_on_batch(x, y),
    "test_on_batch": lambda stack, x, y: stack.test_on_batch(x, y),
    "save": lambda stack, x, y: stack.save("stack.keras"),
    "export": lambda stack, x, y: stack.export("stack"),
    "get_layer": lambda stack, x, y: stack.get_layer("dense"),
}


@pytest.mark.parametrize("name", INHERITED)
def test_inherited_methods_that_would_mean_something_else_are_refused(samples, name):
    with pytest.raises(NotStackable, match=rf"no {name}\(\)"):
        INHERITED[name](stack_of(model_of), *samples)


def freeze(layers):
    for layer in layers:
        layer.trainable = False


@pytest.mark.parametrize("touch", [lambda stack: stack.layers[0], lambda stack: freeze(stack.layers), lambda stack: len(stack.layers)])
def test_layers_are_those_of_the_template_and_say_so(touch):
    stack = stack_of(model_of, compiled=classification)
    with pytest.raises(AttributeError, match=r"build\(\).*template"):
        touch(stack)
    assert isinstance(stack.template.layers[0], L.Dense) and isinstance(stack.member(1).layers[0], L.Dense)


@pytest.mark.parametrize("layer", [L.GRU, lambda *args, **more: L.Bidirectional(L.LSTM(*args, **more))])
def test_state_that_goes_from_batch_to_batch_is_refused(layer):
    def build():
        return keras.Sequential([keras.Input(batch_shape=(8, 4, 3)), layer(2, stateful=True), L.Dense(1)])

    with pytest.raises(NotStackable, match="stateful=True"):
        SeedStack(build, [0, 1])


def test_freezing_a_stack_is_refused():
    stack = stack_of(model_of)
    with pytest.raises(NotStackable, match=r"trainable=False of layers within build\(\)"):
        stack.trainable = False
    assert stack.trainable and stack.trainable_variables


def test_predict_has_the_members_on_its_second_axis(samples):
    stack = stack_of(model_of)
    outputs = stack.predict(samples[0], verbose=0)
    assert outputs.shape == (50, 2, 3)
    np.testing.assert_array_equal(outputs.argmax(axis=-1)[:, 1], stack.member(1).predict(samples[0], verbose=0).argmax(axis=1))


def test_fit_before_compile_says_so(samples):
    with pytest.raises(ValueError, match="compile"):
        SeedStack(model_of, [5, 2]).fit(*samples)
