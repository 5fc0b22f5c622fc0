"""ScaleGradient: the gradient of layers, multiplied before the optimizer gets it."""

from .core import finite_number
from .gradient_hook import GradientChange


class ScaleGradient(GradientChange):
    """Multiplies the gradient of the trainable weights of layers by a factor, before the optimizer gets it.

    Use it to see what a gradient that vanishes or jumps does: a factor of 0 silences layers, whatever their gradient is, and 1000 in a
    single step makes a jump. The optimizer's own clipping comes after it. Momentum and decoupled weight decay (`AdamW`) go on at a gradient
    of 0. What monitors and `train_grad_norm` measure stays the gradient of the loss. Several such callbacks act in their order in the list.

    Example:

    ```python
    jump = ScaleGradient(1000, epochs=[5], steps=[1])
    silence = ScaleGradient(0, layers="dense*", epochs=range(3, 6))
    model.fit(x_train, y_train, epochs=20, callbacks=[jump, silence])
    ```

    Args:
        factor: finite number.
        layers: names or patterns of the layers, as for monitors. Defaults to `None`: all.
        epochs: collection of the epochs in which it acts, from 1. Defaults to `None`: all.
        steps: collection of the steps of these epochs in which it acts, from 1. Defaults to `None`: all.

    Raises:
        ValueError: for wrong arguments; when training begins, for a pattern that matches no layer with trainable weights, for `steps` with
            `steps_per_execution` above 1, and for a `train_step` that does not ask the compiled optimizer.
    """

    changes_gradients = "scale"

    def __init__(self, factor, layers=None, epochs=None, steps=None):
        super().__init__(finite_number("factor", factor), layers, epochs, steps)
