"""StackPool: SeedStacks that are used again, because tracing and compiling one takes longer than a small training."""

import json

import keras

from ..compat import learning_rate_schedule
from .learning_rates import ConstantLearningRate
from .stack import SeedStack


class StackPool:
    """A pool of compiled SeedStacks, whose graphs are used again.

    Two trainings share a stack if they have the same seeds, architecture, loss, metrics and optimizer. Initial weights, their seeds and
    those of the batch order, and the learning rate, a number or a schedule, may differ. A callback cannot set the learning rate: Keras
    refuses that of an optimizer with a schedule, which each has here.

    Example:

    ```python
    pool, loss = StackPool(), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for learning_rate in (0.1, 0.01):
        stack = pool.stack(build, range(5), keras.optimizers.SGD(learning_rate), loss, metrics=[])
        stack.fit(x, y, epochs=20)  # traced and compiled once
    ```
    """

    def __init__(self):
        self._stacks = {}

    def stack(self, build, seeds, optimizer, loss, metrics, weight_seeds=None, order_seeds=None):
        """A compiled SeedStack that is not trained yet. It may be the one of an earlier call, which then begins again.

        Args:
            build: as for `SeedStack`. Its layers can be serialised by Keras.
            seeds: as for `SeedStack`.
            optimizer: a `keras.optimizers.Optimizer`.
            loss: as for `SeedStack.compile`; can be serialised by Keras.
            metrics: list of `keras.metrics.Metric`.
            weight_seeds, order_seeds: as for `SeedStack`. Defaults to `None`: `seeds`.

        Raises:
            ValueError: as `SeedStack` and its `compile`.
        """
        # Fixed names: Keras's own count up, and names are part of files of weights.
        stack = SeedStack(build, seeds, weight_seeds, order_seeds, name="seed_stack")
        optimizer.name = type(optimizer).__name__.lower()
        if isinstance(learning_rate := optimizer.get_config()["learning_rate"], float):
            optimizer.learning_rate = ConstantLearningRate(learning_rate)
        key = json.dumps([stack.seeds, *_traced_settings(stack.template, optimizer, loss, metrics)], sort_keys=True, default=str)
        if key not in self._stacks:
            stack.compile(optimizer, loss, metrics=metrics)
            self._stacks[key] = stack
        else:
            self._stacks[key].restart(stack, optimizer)
        return self._stacks[key]


def _traced_settings(model, optimizer, loss, metrics):
    settings = {name: value for name, value in optimizer.get_config().items() if name not in ("name", "learning_rate")}
    return (
        [_without_initializers(keras.layers.serialize(layer)) for layer in model.layers],
        [(tuple(x.shape), x.dtype) for x in model.inputs],
        [type(optimizer).__module__, type(optimizer).__name__, settings, learning_rate_schedule(optimizer) is None],
        keras.losses.serialize(loss),
        [keras.metrics.serialize(metric) for metric in metrics],
    )


def _without_initializers(config):
    if isinstance(config, dict):
        return {name: _without_initializers(value) for name, value in config.items() if not name.endswith("initializer")}
    return [_without_initializers(value) for value in config] if isinstance(config, list) else config
