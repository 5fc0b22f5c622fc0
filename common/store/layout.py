"""Names and format of the files of cells. The folder of a cell itself is `Cell.folder`."""

from pathlib import Path

FORMAT = 8  # of the files of a cell; a change of what they hold, or of what the training does, makes it another
WEIGHTS = "final.weights.h5"
REPLACED = ".replaced-"  # begins the name of a folder that is being replaced


def checkpoint_path(cell, root):
    """The file with the state of an unfinished training of the cell."""
    return Path(root) / cell.experiment / "checkpoints" / f"{cell.id}.npz"
