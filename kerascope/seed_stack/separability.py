"""The check that an optimizer can train stacked members: its update of one member must not depend on another member."""

import keras
import numpy as np

COUPLING_OPTIMIZERS = {
    "Adafactor": "it scales updates by the root mean square over a whole weight",
    "Lamb": "its trust ratio is a norm over a whole weight",
    "Muon": "it orthogonalises whole weight matrices",
    "LossScaleOptimizer": "its loss scale is shared: one member's overflow would skip every member's step",
}
COUPLING_SETTINGS = {
    "clipnorm": "it clips by the norm of a whole weight",
    "global_clipnorm": "it clips by the norm of all weights together",
}


def require_separable(optimizer):
    """Refuse an optimizer that would let stacked members influence each other.

    A stacked weight holds the members along its first axis, so a value computed over a whole weight mixes them. Keras's own optimizers are
    known by name. Any other is tested: it updates two members, and then two more whose second has other gradients; the first of each must
    end the same.

    Args:
        optimizer: a `keras.optimizers.Optimizer`.

    Raises:
        ValueError: naming the optimizer or its setting, and why it couples members.
    """
    remedy = "Use an elementwise optimizer (SGD, Adam, AdamW, RMSprop, Lion, ...), clipvalue for clipnorm, float32 or bfloat16 for float16."
    for name in (cls.__name__ for cls in type(optimizer).__mro__):
        if name in COUPLING_OPTIMIZERS:
            raise ValueError(f"{name} would couple the members of a SeedStack: {COUPLING_OPTIMIZERS[name]}. {remedy}")
    for name, reason in COUPLING_SETTINGS.items():
        if getattr(optimizer, name, None) is not None:
            raise ValueError(f"{name} would couple the members of a SeedStack: {reason}. {remedy}")
    built_in = getattr(keras.optimizers, type(optimizer).__name__, None) is type(optimizer)
    if not built_in and _couples_members(optimizer):
        name = type(optimizer).__name__
        raise ValueError(f"{name} would couple the members of a SeedStack: one member's gradient changed another's update. {remedy}")


def _couples_members(optimizer):
    gradients = np.random.default_rng(0).normal(size=(2, 2, 4, 4)).astype("float32")  # (step, member, rows, columns)

    def first_member(scale_of_second):
        # A constant learning rate: a schedule may not be serialisable, and does not matter here.
        twin = type(optimizer).from_config({**optimizer.get_config(), "learning_rate": 0.1})
        weight = keras.Variable(np.ones((2, 4, 4), "float32"))
        for step in gradients:
            twin.apply([keras.ops.convert_to_tensor(step * np.reshape([1, scale_of_second], (2, 1, 1)).astype("float32"))], [weight])
        return keras.ops.convert_to_numpy(weight)[0]

    return not np.array_equal(first_member(1), first_member(-30))
