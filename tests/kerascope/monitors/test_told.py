"""Monitors say what they leave out or refuse: before training, in loops, of frozen models, of several inputs and outputs."""

import warnings

import keras
import numpy as np
import pytest

from kerascope.monitors import GradientMonitor, HistogramMonitor, LogitMonitor, MonitorWarning, PredictionMonitor, UpdateMonitor

layers = keras.layers
X = np.random.default_rng(0).normal(size=(8, 4, 3)).astype("float32")
Y = np.zeros((8, 1), "float32")


def told(model, *monitors, x=X, y=Y):
    model.compile("sgd", loss="mse")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(x, y, verbose=0, callbacks=list(monitors))
    return [str(w.message) for w in caught if issubclass(w.category, MonitorWarning)]


def test_epoch_0_that_was_asked_for_and_cannot_be_measured_is_told():
    def unbuilt():
        return keras.Sequential([layers.Flatten(), layers.Dense(1)])

    asked, interval = GradientMonitor(X, Y, every=[0, 1]), UpdateMonitor()
    (message,) = told(unbuilt(), asked, interval)
    assert message.startswith("GradientMonitor does not measure before training") and asked.frame()["epoch"].unique().tolist() == [1]


@pytest.mark.slow
def test_histograms_name_layers_in_loops_and_a_frozen_model():
    inputs = keras.Input((4, 3))
    hidden = layers.Dense(3, "tanh", name="seen")(inputs)
    model = keras.Model(inputs, layers.Dense(1, name="out")(layers.SimpleRNN(2, name="loop")(hidden)))
    histograms = HistogramMonitor(X, Y)
    (message,) = told(model, histograms)
    assert message.endswith(": loop") and set(histograms.frame().query("kind == 'activation'")["layer"]) == {"seen", "out"}
    model.trainable = False
    frozen = HistogramMonitor(X, Y)
    messages = told(model, frozen)
    assert any("activations alone" in message and "trainable" in message for message in messages)
    assert set(frozen.frame()["kind"]) == {"activation"}


def test_an_empty_table_of_histograms_comes_with_the_reason():
    model = keras.Sequential([keras.Input((4, 3)), layers.Flatten(), layers.Dense(1)])
    histograms = HistogramMonitor(X, Y, layers="no such layer")
    told(model, histograms)
    with pytest.warns(MonitorWarning, match=r"measured nothing.*no such layer"):
        assert histograms.frame().empty


def test_predictions_of_several_inputs_or_outputs_are_refused():
    for x in ({"a": X, "b": X}, [X, X]):
        with pytest.raises(ValueError, match=r"PredictionMonitor needs the points as one dense array"):
            PredictionMonitor(x)
    inputs = keras.Input((4, 3))
    flat = layers.Flatten()(inputs)
    predictions = PredictionMonitor(X)
    (message,) = told(keras.Model(inputs, [layers.Dense(1)(flat), layers.Dense(1)(flat)]), predictions, y=[Y, Y])
    assert "one output, and the model has several" in message and set(predictions.arrays()) == {"x"}


def test_an_endless_pydataset_is_refused_with_a_way_out_that_it_has():
    class Endless(keras.utils.PyDataset):
        @property
        def num_batches(self):
            return None

        def __getitem__(self, index):
            return X, Y

    with pytest.raises(ValueError, match=r"PyDataset is endless: give it a __len__"):
        GradientMonitor(Endless())


def test_a_model_of_several_outputs_has_no_single_logits():
    inputs = keras.Input((4, 3))
    flat = layers.Flatten()(inputs)
    model = keras.Model(inputs, [layers.Dense(2, name="a")(flat), layers.Dense(2, name="b")(flat)])
    labels = np.zeros(8, int)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss=[loss, loss])
    monitor = LogitMonitor(X, labels, loss=lambda model, batch: loss(batch["y"], model(batch["x"])[0]))
    with pytest.raises(ValueError, match="one output"):
        monitor.measure(model)


def test_a_model_without_weights_yet_cannot_be_measured_in_a_loop():
    with pytest.raises(ValueError, match="call it on a sample"):
        UpdateMonitor().measure(keras.Sequential([layers.Flatten(), layers.Dense(1)]))


class Augmented(keras.Model):
    """Changes its samples in training alone: in inference one of its layers is never called."""

    def __init__(self):
        super().__init__()
        self.noise, self.flatten, self.out = layers.GaussianNoise(0.1), layers.Flatten(), layers.Dense(1)

    def call(self, x, training=False):
        return self.out(self.flatten(self.noise(x, training=True) if training else x))


def test_a_layer_that_makes_no_weights_need_not_have_been_called():
    model = Augmented()
    model(X[:1])
    updates = UpdateMonitor()
    assert told(model, updates) == []
    assert updates.frame("model")["update_ratio"].notna().all()  # measured from the weights before training
