"""Where what is kept of cells lies, and in which format. The folder of a cell itself is `Cell.folder`."""

from pathlib import Path

FORMAT = 5  # of the files of a cell; a change of what they hold, or of what the training does, makes it another
WEIGHTS = "final.weights.h5"
REPLACED = ".replaced-"  # begins the name of a folder that a new one is taking the place of


def checkpoint_path(cell, root):
    """Where the state of an unfinished training of the cell is kept."""
    return Path(root) / cell.experiment / "checkpoints" / f"{cell.id}.npz"
