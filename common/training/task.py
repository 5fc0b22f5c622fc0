"""The data that a training needs, and its outcome."""

from dataclasses import dataclass, field

from common.deadline import NEVER, Deadline
from common.devices import AUTO, DeviceOptions
from common.experiment import Cell, Experiment


@dataclass(frozen=True, eq=False)
class Plan:
    """The settings and data that all tasks of a sweep share.

    Attributes:
        experiment: the `Experiment`, which builds models, losses and optimizers.
        data: `{dataset: Samples}`.
        devices: the `DeviceOptions`. Defaults to `"auto"` for all.
        checkpoint_every, deadline: when states are saved, and when trainings are broken off, see `Checkpoint`. Default to never.
        tensorboard: folder for TensorBoard logs, as a string. Defaults to None, no logs.
    """

    experiment: Experiment
    data: dict
    devices: DeviceOptions = AUTO
    checkpoint_every: float = float("inf")
    deadline: Deadline = NEVER
    tensorboard: str | None = None


@dataclass(frozen=True)
class Task:
    """A cell to train, and the state (bytes) of its unfinished training. `checkpoint` defaults to None: it begins at the start."""

    cell: Cell
    checkpoint: bytes | None = None


@dataclass(frozen=True)
class Outcome:
    """The outcome of a task: `files` and `notes` for `cells.write`; or `checkpoint`, the state of a training that was broken off; or
    `failure`, a traceback as text; or nothing, if the deadline had passed before it began."""

    cell: Cell
    files: dict = field(default_factory=dict)
    notes: dict = field(default_factory=dict)
    checkpoint: bytes | None = None
    failure: str | None = None
