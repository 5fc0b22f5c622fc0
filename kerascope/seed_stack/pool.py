"""StackPool: SeedStacks that are used again, because tracing and compiling one takes longer than training a small cell."""

import json

import keras

from .learning_rates import schedule_of
from .stack import SeedStack


class StackPool:
    """Hands out compiled SeedStacks at their start; one that was used before, graphs and all, where the new one would have the same graphs:
    the same seeds, architecture, loss, metrics and optimizer, up to initial weights and learning rate."""

    def __init__(self):
        self._stacks = {}

    def stack(self, build, seeds, optimizer, loss, metrics):
        """A compiled SeedStack, not trained yet; the one that was handed out last under the same settings is no longer to be used.

        Args:
            build, seeds: as for `SeedStack`.
            optimizer, loss, metrics: as for `SeedStack.compile`; they and the model's layers can be serialised by Keras.
        """
        # Names of their own, and not by Keras's count, for they stand in files of weights.
        stack = SeedStack(build, seeds, name="seed_stack")
        optimizer.name = type(optimizer).__name__.lower()
        key = json.dumps([stack.seeds, *_what_is_traced(stack.template, optimizer, loss, metrics)], sort_keys=True, default=str)
        if key not in self._stacks:
            stack.compile(optimizer, loss, metrics)
            self._stacks[key] = stack
        else:
            self._stacks[key].restart(stack, optimizer)
        return self._stacks[key]


def _what_is_traced(model, optimizer, loss, metrics):
    settings = {name: value for name, value in optimizer.get_config().items() if name not in ("name", "learning_rate")}
    return (
        [_without_initial_weights(keras.layers.serialize(layer)) for layer in model.layers],
        [(tuple(x.shape), x.dtype) for x in model.inputs],
        [type(optimizer).__module__, type(optimizer).__name__, settings, schedule_of(optimizer) is None],
        keras.losses.serialize(loss),
        [keras.metrics.serialize(metric) for metric in metrics],
    )


def _without_initial_weights(config):
    if isinstance(config, dict):
        return {name: _without_initial_weights(value) for name, value in config.items() if not name.endswith("_initializer")}
    return [_without_initial_weights(value) for value in config] if isinstance(config, list) else config
