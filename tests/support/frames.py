"""Reading the frames of monitors, of ordinary models and of stacks alike."""


def columns(monitor):
    """The measured columns of a monitor's frame."""
    return [quantity.name for quantity in monitor.quantities]


def of_seed(frame, seed):
    """The rows of a seed; all rows of an ordinary model."""
    return frame[frame["seed"] == seed] if "seed" in frame else frame
