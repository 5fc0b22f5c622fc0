"""The cells of a sweep, shared out between the calls that are at work in the same folder."""

import itertools
import time

from common.store import cells as cells_on_disk
from common.store.locks import SECONDS_BETWEEN_TRIES


class SharedCells:
    """The cells of a sweep.

    Args:
        cells: list of `Cell`.
        root: the output folder.
        locks: the `Locks` of their experiment's folder.
        fresh: whether what is on disk is to be trained again.
        deadline: the `Deadline` after which other processes are no longer waited for.
        log: function that takes one line for the user.

    Attributes:
        to_do: those that are neither done nor claimed here, list of `Cell`.
    """

    def __init__(self, cells, root, locks, fresh, deadline, log):
        self._root, self._locks, self._fresh, self._deadline, self._log = root, locks, fresh, deadline, log
        self._before = {cell.id: cells_on_disk.written_at(cell, root) for cell in cells}
        self.to_do = []
        for cell in cells:
            if not locks.take(cell.id):
                self.to_do.append(cell)  # another process is at it
                continue
            if not self._is_done(cell):
                self.to_do.append(cell)
            locks.release(cell.id)

    def _is_done(self, cell):
        """Whether the cell, whose lock is held, is on disk; with --fresh, whether it got there since this call began."""
        wanted = self._fresh and cells_on_disk.written_at(cell, self._root) == self._before[cell.id]
        return not wanted and cells_on_disk.is_done(cell, self._root)

    def claims(self, at_once, when_done_elsewhere):
        """Take cells, with their locks, until none is left to do, or until the deadline if only other processes are at work.

        Args:
            at_once: how many to take at a time; None for all that are free.
            when_done_elsewhere: function that is called with each cell that another process has done meanwhile.

        Yields:
            Lists of `Cell`.
        """
        told = False
        while self.to_do:
            if claimed := list(itertools.islice(self._free(when_done_elsewhere), at_once)):
                yield claimed
            elif self.to_do:
                if self._deadline.left() <= 0:
                    return
                if not told:
                    self._log(f"another process is training the last {len(self.to_do)} of the cells; waiting for it")
                told = True
                time.sleep(SECONDS_BETWEEN_TRIES)

    def _free(self, when_done_elsewhere):
        for cell in list(self.to_do):
            if self._locks.take(cell.id):
                self.to_do.remove(cell)
                if self._is_done(cell):
                    self._locks.release(cell.id)
                    when_done_elsewhere(cell)
                else:
                    yield cell
