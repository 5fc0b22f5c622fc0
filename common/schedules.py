"""Schedules of learning rates that Keras does not have."""

import keras


def late_decay(initial, steps, epochs, late, final):
    """A schedule that is constant at first and falls by the same factor after each of the last epochs.

    Args:
        initial: the rate of all epochs but the late ones.
        steps: number of steps in an epoch.
        epochs: number of epochs.
        late: number of late epochs, at least 1.
        final: the rate of the last epoch.

    Returns:
        A `keras.optimizers.schedules.PiecewiseConstantDecay`.

    Example:

    ```python
    keras.optimizers.SGD(late_decay(0.1, steps=23, epochs=100, late=20, final=0.001))
    ```
    """
    ends = [steps * epoch - 1 for epoch in range(epochs - late, epochs)]  # the last step before each fall, counted from 0
    falls = [initial * (final / initial) ** (epoch / late) for epoch in range(1, late + 1)]
    if ends[0] < 0:  # the first epoch is a late one
        ends, initial, falls = ends[1:], falls[0], falls[1:]
    return keras.optimizers.schedules.PiecewiseConstantDecay(ends, [initial, *falls]) if ends else initial
