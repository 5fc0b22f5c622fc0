"""What a sweep shows while it runs, on stderr and on a terminal only: a bar over all cells with the time left, and the cells at work."""

import sys
import time
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

SECONDS_BETWEEN_DRAWINGS = 0.1
MOST_LINES = 8  # of cells at work


class SweepProgress:
    """A context in which `begin()` announces a cell, `epoch()` its progress and `end()` its end.

    Args:
        num_cells: how many cells are to be trained.
        seconds_expected: an estimate of what they take together; it weighs cells against each other, so only proportions matter.
        quiet: show nothing, as when stderr is not a terminal.
    """

    def __init__(self, num_cells, seconds_expected, quiet=False):
        self._cells_done, self._num_cells = 0, num_cells
        console = Console(stderr=True)
        columns = TextColumn("{task.description}"), BarColumn(bar_width=30), TimeRemainingColumn(elapsed_when_finished=True)
        self._bar = Progress(*columns, TextColumn("{task.fields[of_time]}"), console=console)
        self._task = self._bar.add_task(self._count(), total=max(seconds_expected, 1e-9), of_time="left")
        self._lines = Text("starting TensorFlow", no_wrap=True, overflow="ellipsis")
        self._at_work = {}
        # Drawn when there is news, not by a thread: none shall write to stderr while TensorFlow's chatter is held back.
        self._live = None if quiet or not sys.stderr.isatty() else Live(Group(self._bar, self._lines), console=console, auto_refresh=False)
        self._last_drawn = 0.0

    def __enter__(self):
        if self._live:
            self._live.start(refresh=True)
        return self

    def __exit__(self, *error):
        if self._live:
            self._lines.plain = ""
            self._live.stop()

    def begin(self, cell, label, epochs_done, seconds_expected):
        """A cell begins, after so many epochs that are done already."""
        seconds_per_epoch = seconds_expected / cell.epochs
        lost = self._at_work.pop(cell.id, None)  # its process was lost, and it begins again
        self._bar.advance(self._task, (epochs_done - (lost.epoch if lost else 0)) * seconds_per_epoch)
        self._at_work[cell.id] = _AtWork(label, f"{label}: building", epochs_done, seconds_per_epoch)
        self._draw()

    def epoch(self, cell, epoch, loss, accuracy):
        """An epoch (from 1) of a cell ended with this training loss and test accuracy, means over its seeds."""
        work = self._at_work.get(cell.id)
        if work is None:  # the news of another process, overtaken by its outcome
            return
        work.line = f"{work.label}: epoch {epoch}/{cell.epochs}, loss {loss:.4g}, accuracy {100 * accuracy:.1f} %"
        self._bar.advance(self._task, (epoch - work.epoch) * work.seconds_per_epoch)
        work.epoch = epoch
        if time.monotonic() - self._last_drawn > SECONDS_BETWEEN_DRAWINGS:
            self._draw()

    def end(self, cell):
        """A cell ended."""
        work = self._at_work.pop(cell.id, None)
        if work:
            self._bar.advance(self._task, (cell.epochs - work.epoch) * work.seconds_per_epoch)
        self._cells_done += 1
        self._bar.update(self._task, description=self._count())
        if self._cells_done == self._num_cells:
            self._bar.update(self._task, completed=self._bar.tasks[0].total, of_time="taken")
        self._draw()

    def _count(self):
        return f"{self._cells_done}/{self._num_cells} cells"

    def _draw(self):
        if self._live:
            lines = [work.line for work in self._at_work.values()]
            more = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
            self._lines.plain = "\n".join([*lines[:MOST_LINES], *more])
            self._live.refresh()
            self._last_drawn = time.monotonic()


@dataclass
class _AtWork:
    label: str
    line: str
    epoch: int
    seconds_per_epoch: float
