"""The settings of a cell: one arm on one dataset, over several seeds."""

import functools
import hashlib
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from common.seeds import ALL, name_of_seeds, seeds_of


@dataclass(frozen=True)
class Cell:
    """The settings that fix what a cell's tables hold. Another setting is another cell; other seeds are another stack of
    the same cell, with a folder beside the others, and a cell is put together from stacks (`common.store.stacks`).

    Example:

    ```python
    cell = Cell("exp_c_optimizer", "digits", {"optimizer": "sgd", "batch_size": 64}, seeds=(0, 1), epochs=5, data="0f3a")
    cell["optimizer"]  # "sgd"
    ```
    """

    experiment: str
    dataset: str
    settings: dict  # what flags can vary: {name: value}
    seeds: tuple
    epochs: int
    data: str  # fingerprint of the fixed arrays
    vary: str = ALL  # the source of randomness that differs from seed to seed

    def __getitem__(self, setting):
        return self.settings[setting]

    def get(self, knob, unchanged=None):
        """The value of a knob, a setting that only controls turn; `unchanged`, by default None, in a cell that does not turn it."""
        return self.settings.get(knob, unchanged)

    @property
    def batch_size(self):
        """The number of samples in a step."""
        return self.settings["batch_size"]

    @functools.cached_property
    def name(self):
        """Name of the cell's folder: readable, and unique by a hash of all settings but the seeds."""
        settings = json.dumps({name: value for name, value in asdict(self).items() if name != "seeds"}, sort_keys=True)
        words = [name if value is True else str(value) for name, value in self.settings.items() if value]
        words += [f"vary-{self.vary}"] * (self.vary != ALL)
        return "-".join([self.dataset, *words, hashlib.sha256(settings.encode()).hexdigest()[:10]])

    @functools.cached_property
    def id(self):
        """Path of the folder of these seeds, below that of all cells."""
        return f"{self.name}/{name_of_seeds(self.seeds)}"

    def seeds_of(self, source):
        """The seeds of a source of randomness, `"weights"`, `"order"` or `"data"`, one per run."""
        return seeds_of(source, self.seeds, self.vary)

    def epochs_at(self, shares):
        """The epochs after which these shares of the training, from 0 to 1, are done."""
        return [math.ceil(share * self.epochs) for share in shares]

    def seconds_expected(self, samples, features):
        """A rough guess of the cell's time on two cores, good enough to weigh cells against each other in an ETA."""
        steps = -(-samples // self.batch_size)
        weights = features * 256 + 256 * 128  # of the network that all experiments share
        return self.epochs * (steps * 5e-4 + len(self.seeds) * samples * weights * 3e-11)

    def folder(self, root):
        """The folder of the cell's seeds, below the output folder."""
        return Path(root) / self.experiment / "cells" / self.id
