"""Bins of histograms that can be joined exactly: their width is a power of two, and their edges are its multiples.

A bin of one histogram then lies within one bin of any wider ones. The width is the smallest at which all values fit into the given number
of bins, so joining the histograms of two sets of values gives that of both sets together.
"""

import math

import numpy as np

# The width of bins around a single value, or none, as a share of a power of two: no power of two itself, which tells such bins apart. The
# value is an edge, the left one of its bin.
SINGLE = 1 / 48


def histogram(members, bins):
    """Counts `(members, bins)` of the finite values of each of several arrays, and the edges `(bins + 1,)` common to all, float64.

    A bin has its left edge, and not its right one.

    Args:
        members: list of arrays.
        bins: number of bins, at least 2.
    """
    members = [values[np.isfinite(values)].astype("float64") for values in members]
    bounds = [(values.min(), values.max()) for values in members if values.size]
    edges = bin_edges(min((low for low, _ in bounds), default=0.0), max((high for _, high in bounds), default=0.0), bins)
    return np.stack([np.bincount(_position(values, edges), minlength=bins) for values in members]), edges


def join_histograms(histograms):
    """Histograms of several trainings as one of all their members; those without edges (NaN) count nothing.

    Args:
        histograms: list of `(counts (members, bins), edges (bins + 1,))`.

    Raises:
        ValueError: for different numbers of bins.
    """
    if len({counts.shape[-1] for counts, _ in histograms}) > 1:
        raise ValueError("histograms of different numbers of bins cannot be joined")
    edges = _common_edges(histograms)
    joined = []
    for counts, own in histograms:
        occupied = np.flatnonzero(counts.any(axis=0))
        moved = np.zeros_like(counts)
        if len(occupied):
            np.add.at(moved, (slice(None), _position(own[occupied], edges)), counts[:, occupied])
        joined.append(moved)
    return np.concatenate(joined), edges


def _common_edges(histograms):
    known = [(np.flatnonzero(counts.any(axis=0)), edges) for counts, edges in histograms if np.isfinite(edges).all()]
    if not known:
        return histograms[0][1]
    bounds = [(edges[occupied[0]], edges[occupied[-1]]) for occupied, edges in known if len(occupied)]
    narrowest = max([edges[1] - edges[0] for occupied, edges in known if len(occupied) and not _is_single(edges)], default=0.0)
    lows, highs = zip(*bounds, strict=True) if bounds else ([0.0], [0.0])
    return bin_edges(min(lows), max(highs), len(known[0][1]) - 1, narrowest)


def bin_edges(low, high, bins, narrowest=0.0):
    """The edges `(bins + 1,)` of bins that hold all values from `low` to `high`.

    Args:
        low, high: the smallest and the largest value.
        bins: number of bins, at least 2.
        narrowest: the least width, a power of two, or 0. Defaults to `0.0`.
    """
    if low == high and not narrowest:
        return low + (np.arange(bins + 1) - bins // 2) * (SINGLE * 2.0 ** math.ceil(math.log2(max(abs(low), 1))))
    width = narrowest if low == high else max(narrowest, 2.0 ** math.floor(math.log2((high - low) / bins)))
    while (math.floor(high / width) - math.floor(low / width)) >= bins:
        width *= 2
    first, last = math.floor(low / width), math.floor(high / width)
    if first >= 0:  # Empty bins stand above positive values, below negative ones, and else on both sides.
        start = first
    elif last < 0:
        start = last - bins + 1
    else:
        start = first - (bins - 1 - last + first) // 2
    return width * (start + np.arange(bins + 1))


def _position(values, edges):
    """The bin of each value, int."""
    if _is_single(edges):
        return np.full(len(values), (len(edges) - 1) // 2)
    width = edges[1] - edges[0]
    return (np.floor(values / width) - edges[0] / width).astype(np.int64)


def _is_single(edges):
    return math.frexp(edges[1] - edges[0])[0] != 0.5
