"""A dataset's samples: their fingerprint at once, themselves when they are first used."""

import hashlib
from functools import cached_property

from common.errors import BadInput
from common.lazy import LazyModule

np = LazyModule("numpy")


class NotAtHand(BadInput):
    """A dataset whose files are not on this machine. The message says how to get them; a call that did not ask for it goes on without."""


class Data:
    """A dataset whose samples are loaded when they are first used.

    Args:
        fingerprint: the `fingerprint` of its four fixed arrays, a str.
        num_samples: of the training part.
        load: function without arguments that returns the `Samples`.

    Attributes:
        fingerprint, num_samples: as given.
        samples: the `Samples`, from which each seed draws its own.
        arrays: the fixed ones, `(x_train, y_train), (x_test, y_test)`; x float32 `(samples, features)`, y int32 `(samples,)`.

    Example:

    ```python
    data, _ = load_wanted(["digits"], None, None)
    (x, y), (x_test, y_test) = data["digits"].arrays
    ```
    """

    def __init__(self, fingerprint, num_samples, load):
        self.fingerprint, self.num_samples, self._load = fingerprint, num_samples, load

    @classmethod
    def of(cls, samples):
        """The `Data` of `Samples` that are there."""
        train, test = samples.fixed
        return cls(fingerprint([*train, *test]), len(train[0]), lambda: samples)

    @cached_property
    def samples(self):
        """The samples, loaded."""
        return self._load()

    @property
    def arrays(self):
        """The fixed arrays, loaded."""
        return self.samples.fixed


def fingerprint(arrays):
    """A short hash of arrays, so that results from other data are never taken for these.

    Args:
        arrays: arrays of any shapes; contents, types and shapes count.

    Returns:
        The first 16 hexadecimal digits of a SHA-256, str.
    """
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]
