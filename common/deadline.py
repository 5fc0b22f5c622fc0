"""A moment in the future, on a clock that nobody sets back."""

import time


class Deadline:
    """A moment so many seconds from now, by the monotonic clock. Such clocks differ from machine to machine: what is pickled are the
    seconds that are left.

    Args:
        seconds: seconds from now. Defaults to infinity: never.

    Example:

    ```python
    deadline = Deadline(60 * minutes)
    while deadline.left() > 0:
        ...
    ```
    """

    def __init__(self, seconds=float("inf")):
        self._moment = time.monotonic() + seconds

    def left(self):
        """The seconds that are left; negative once it has passed."""
        return self._moment - time.monotonic()

    def __reduce__(self):
        return Deadline, (self.left(),)


NEVER = Deadline()
