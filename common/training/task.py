"""What goes to a process that trains, and what comes back."""

from dataclasses import dataclass, field

from common.experiment import Cell


@dataclass(frozen=True)
class Task:
    """A cell to train.

    Attributes:
        cell: the Cell.
        experiment: the `Experiment` that knows how to build its model, loss and optimizer.
        checkpoint: the state of its unfinished training, bytes, or None.
        every, deadline: how often its state is saved, and when it is broken off, see `Checkpoint`.
        tensorboard: folder for TensorBoard logs, or None.
    """

    cell: Cell
    experiment: object
    checkpoint: bytes | None = None
    every: float = float("inf")
    deadline: float = float("inf")
    tensorboard: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a task: `files` and `notes` for `cells.write`; or `checkpoint`, the state of a training that was broken off; or
    `failure`, a traceback as text; or nothing, if the deadline had passed before it began."""

    cell: Cell
    files: dict = field(default_factory=dict)
    notes: dict = field(default_factory=dict)
    checkpoint: bytes | None = None
    failure: str | None = None
