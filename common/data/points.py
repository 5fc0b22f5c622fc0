"""The points at which a network is measured: the probe, and a grid over the plane."""

from common.lazy import LazyModule

np = LazyModule("numpy")

PROBE_SIZE = 256


def probe(x, y, seed, size=PROBE_SIZE):
    """The samples on which gradients and activations are measured: stratified by class, always the same for the same arrays and seed.

    Args:
        x, y: arrays `(samples, features)` and `(samples,)`.
        seed: of the draw.
        size: number of samples; all, if there are fewer. Defaults to 256.

    Returns:
        `x_probe, y_probe`.
    """
    shuffled = np.random.default_rng(seed).permutation(len(x))
    by_class = shuffled[np.argsort(y[shuffled], kind="stable")]
    # Evenly spaced over the classes in turn, so each has its share to within one sample.
    chosen = by_class[np.arange(size) * len(x) // size] if len(x) > size else by_class
    return x[chosen], y[chosen]


def plane_grid(x, side):
    """A square grid over the plane that spans the samples, with a margin of a tenth on each side.

    Args:
        x: samples `(samples, 2)`.
        side: points along each side.

    Returns:
        float32 `(side * side, 2)`, row by row, the first feature running fastest.
    """
    low, high = x.min(axis=0), x.max(axis=0)
    margin = 0.1 * (high - low)
    axes = np.linspace(low - margin, high + margin, side, dtype=np.float32).T
    return np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
