"""StackWarning: what a SeedStack does otherwise than training alone."""


class StackWarning(UserWarning):
    """A SeedStack goes on, but something is not as in a training alone; the message says what.

    Example:

    ```python
    import warnings

    warnings.simplefilter("error", StackWarning)  # refuse it instead
    ```
    """
