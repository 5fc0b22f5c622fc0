"""The samples that seeds draw, and those of all runs of a cell."""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

from common.data.points import PROBE_SIZE, probe
from common.lazy import lazy_modules
from common.seeds import ALL, HELD

np, kerascope = lazy_modules("numpy kerascope")


class Samples(NamedTuple):
    """The samples that each seed draws from a dataset, in a form that travels to other processes.

    Attributes:
        fixed: `(x_train, y_train), (x_test, y_test)` of the seed `HELD`; x float32 `(samples, features)`, y int32 `(samples,)`.
        draw: function of a seed that returns the same for that seed. Defaults to None: all seeds have the fixed ones.
    """

    fixed: tuple
    draw: Callable | None = None

    def of(self, seed):
        """The samples of a seed, as `fixed`."""
        return self.fixed if self.draw is None or seed == HELD else self.draw(seed)


class CellSamples:
    """The samples of all runs of a cell: what its networks are trained, tested and measured on.

    Args:
        samples: the `Samples` of its dataset.
        cell: the `Cell`.

    Attributes:
        fixed: those of the seed `HELD`, whatever the cell's runs have.
        train, test: pairs `(x, y)`: arrays that all runs share, or `kerascope.PerMember` of arrays `(seeds, samples, ...)`.
        are_shared: whether all runs have the same.
        num_samples: of the training part.
        num_features: of a sample.

    Example:

    ```python
    (x, y), (x_probe, y_probe) = samples.train, samples.probe()
    ```
    """

    def __init__(self, samples, cell):
        self.fixed = samples.fixed
        self._seeds, self._vary = cell.seeds_of("data"), cell.vary in (ALL, "data")
        self.are_shared = samples.draw is None or not self._vary
        self._runs = [samples.fixed] if self.are_shared else [samples.of(seed) for seed in self._seeds]
        self.num_samples, self.num_features = self.fixed[0][0].shape

    @cached_property
    def train(self):
        return self._of_members(0)

    @cached_property
    def test(self):
        return self._of_members(1)

    def probe(self, size=PROBE_SIZE):
        """The samples at which the networks are measured, `(x, y)`: each run's own, drawn from its training samples by its seed; arrays if
        no run has others than the rest.

        Args:
            size: their number. Defaults to 256.
        """
        if not self._vary:
            return probe(*self.fixed[0], HELD, size)
        trains = [train for train, _ in self._runs] * (len(self._seeds) if self.are_shared else 1)
        probes = [probe(*train, seed, size) for train, seed in zip(trains, self._seeds, strict=True)]
        return tuple(kerascope.PerMember(np.stack(part)) for part in zip(*probes, strict=True))

    def _of_members(self, part):
        if self.are_shared:
            return self.fixed[part]
        runs = [run[part] for run in self._runs]
        return tuple(kerascope.PerMember(np.stack(arrays)) for arrays in zip(*runs, strict=True))
