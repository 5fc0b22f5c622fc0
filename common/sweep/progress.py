"""The progress of a sweep on stderr, if that is a terminal: a bar over all cells with the time left, and the cells at work."""

import sys
import time

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from common.training.events import EpochDone, Started

SECONDS_BETWEEN_DRAWINGS = 0.1
MOST_SHOWN = 8  # of the cells at work


class SweepProgress:
    """A context in which `show(event)` shows the events of trainings, and `end(cell)` the end of a cell.

    Args:
        seconds: `{cell id: estimate of the seconds that it takes}` of the cells to train; only proportions matter.
        label: function that returns the name of a cell.
        quiet: show nothing, as when stderr is not a terminal. Defaults to False.
    """

    def __init__(self, seconds, label, quiet=False):
        self.seconds, self.label = seconds, label
        self.epochs, self.at_work, self.done = {}, {}, 0
        console = Console(stderr=True)
        columns = TextColumn("{task.description}"), BarColumn(bar_width=30), TimeRemainingColumn(elapsed_when_finished=True)
        self.all = Progress(*columns, TextColumn("{task.fields[end]}"), console=console)
        self.bar = self.all.add_task(f"0/{len(seconds)} cells", total=max(sum(seconds.values()), 1e-9), end="starting TensorFlow")
        self.cells = Progress(TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis")), console=console)
        # Drawn when there is news, not by a thread: nothing may be written to stderr while TensorFlow's chatter is held back.
        shown = sys.stderr.isatty() and not console.is_jupyter and not quiet  # a notebook calls itself a terminal, and shows no bar
        self.live = Live(Group(self.all, self.cells), console=console, auto_refresh=False) if shown else None
        self.last_drawn = 0.0

    def __enter__(self):
        if self.live:
            self.live.start(refresh=True)
        return self

    def __exit__(self, *error):
        for task in self.cells.task_ids:
            self.cells.remove_task(task)
        if self.live:
            self.live.stop()

    def show(self, event):
        """Show that a cell has started, or has done an epoch."""
        cell = event.cell
        if isinstance(event, Started) and cell.id not in self.at_work:  # else it starts again, because its process was lost
            self.at_work[cell.id] = self.cells.add_task("")
        if cell.id in self.at_work:
            news = "building"
            if isinstance(event, EpochDone):
                news = f"epoch {event.epoch}/{cell.epochs}, loss {event.loss:.4g}, accuracy {100 * event.accuracy:.1f} %"
            self.cells.update(self.at_work[cell.id], description=f"{self.label(cell)}: {news}")
            self.reach(cell, event.epoch)
            self.draw(at_once=isinstance(event, Started))

    def end(self, cell):
        """Show that a cell has ended, here or in another process."""
        if cell.id in self.at_work:
            self.cells.remove_task(self.at_work.pop(cell.id))
        self.reach(cell, cell.epochs)
        self.done += 1
        self.draw()

    def reach(self, cell, epoch):
        """Move the bar to where the cell is: forwards, or back where it starts again."""
        epochs = epoch - self.epochs.get(cell.id, 0)
        self.epochs[cell.id] = epoch
        self.all.advance(self.bar, epochs * self.seconds[cell.id] / cell.epochs)

    def draw(self, at_once=True):
        """Draw; `at_once` (default True) draws however short ago the last drawing was."""
        if self.live and (at_once or time.monotonic() - self.last_drawn > SECONDS_BETWEEN_DRAWINGS):
            for number, task in enumerate(self.at_work.values()):
                self.cells.update(task, visible=number < MOST_SHOWN)
            more, ended = len(self.at_work) - MOST_SHOWN, self.done == len(self.seconds)
            end = "taken" if ended else f"left; {more} more at work" if more > 0 else "left"
            self.all.update(self.bar, description=f"{self.done}/{len(self.seconds)} cells", end=end)
            if ended:
                self.all.update(self.bar, completed=self.all.tasks[0].total)  # whatever the roundings
            self.live.refresh()
            self.last_drawn = time.monotonic()
