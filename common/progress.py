"""What a sweep shows while it runs, on stderr and on a terminal only: a bar over all cells with the time left, and the present cell."""

import sys
import time

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

SECONDS_BETWEEN_DRAWINGS = 0.1


class SweepProgress:
    """A context in which `cell()` announces a cell, `epoch()` its progress and `cell_done()` its end.

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
        self._line = Text("starting TensorFlow", no_wrap=True, overflow="ellipsis")
        # Drawn when there is news, not by a thread: none shall write to stderr while TensorFlow's chatter is held back.
        self._live = None if quiet or not sys.stderr.isatty() else Live(Group(self._bar, self._line), console=console, auto_refresh=False)
        self._last_drawn = 0.0

    def __enter__(self):
        if self._live:
            self._live.start(refresh=True)
        return self

    def __exit__(self, *error):
        if self._live:
            self._line.plain = ""
            self._live.stop()

    def cell(self, label, epochs, seconds_expected):
        """A cell begins."""
        self._label, self._epochs = label, epochs
        self._seconds_per_epoch = seconds_expected / epochs
        self._line.plain = f"{label}: building"
        self._draw()

    def epoch(self, epoch, loss, accuracy):
        """An epoch (from 1) of the present cell ended with this training loss and test accuracy, means over its seeds."""
        self._line.plain = f"{self._label}: epoch {epoch}/{self._epochs}, loss {loss:.4g}, accuracy {100 * accuracy:.1f} %"
        self._bar.advance(self._task, self._seconds_per_epoch)
        if time.monotonic() - self._last_drawn > SECONDS_BETWEEN_DRAWINGS:
            self._draw()

    def cell_done(self):
        """The present cell ended."""
        self._cells_done += 1
        self._bar.update(self._task, description=self._count())
        if self._cells_done == self._num_cells:
            self._bar.update(self._task, completed=self._bar.tasks[0].total, of_time="taken")
        self._draw()

    def _count(self):
        return f"{self._cells_done}/{self._num_cells} cells"

    def _draw(self):
        if self._live:
            self._live.refresh()
            self._last_drawn = time.monotonic()
