"""ClipGradient: the gradient of each layer, clipped to a norm before the optimizer gets it."""

from .core import finite_number
from .gradient_hook import GradientChange


class ClipGradient(GradientChange):
    """Clips the gradient of each chosen layer to an L2 norm, before the optimizer gets it.

    The norm is over all trainable weights of a layer together, in a stack of each member on its own; the optimizer's `clipnorm` takes each
    weight by itself, and `global_clipnorm` all together. A gradient that is not finite becomes NaN. All else is as for `ScaleGradient`.

    Example:

    ```python
    model.fit(x_train, y_train, epochs=20, callbacks=[ClipGradient(0.1, layers="dense*")])
    ```

    Args:
        norm: the largest norm, above 0 (loss per weight unit).
        layers: names or patterns of the layers, as for monitors. Defaults to `None`: all.
        epochs: collection of the epochs in which it acts, from 1. Defaults to `None`: all.
        steps: collection of the steps of these epochs in which it acts, from 1. Defaults to `None`: all.

    Raises:
        ValueError: as `ScaleGradient`.
    """

    changes_gradients = "clip"

    def __init__(self, norm, layers=None, epochs=None, steps=None):
        super().__init__(finite_number("norm", norm, positive=True), layers, epochs, steps)
