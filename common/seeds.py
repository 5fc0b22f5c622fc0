"""The seeds of a cell's runs: the sources of randomness that they vary, and their names as folders."""

import hashlib
import itertools

HELD = 42  # the seed of what does not vary; the report's split and points are those of this seed
SOURCES = ("weights", "order", "data")  # initial weights and dropout; the order of batches; split, points and probe
ALL = "all"
VARIED = (ALL, *SOURCES)
LONGEST_NAME = 100  # letters of a folder's name
HASHED = "-hashed"  # ends a name that does not say its seeds
MOST_SEEDS = 1_000  # of a call


def seeds_of(source, seeds, vary):
    """The seeds of a source of randomness, a list: the runs' own if it varies, else `HELD` for each.

    Args:
        source: one of `SOURCES`.
        seeds: those of the runs.
        vary: the source that varies, or `ALL`.
    """
    return list(seeds) if vary in (ALL, source) else [HELD] * len(seeds)


def name_of_seeds(seeds):
    """A folder's name for seeds: `"seeds-0-9"`, `"seeds-3+7-9"`; a hash where it would be too long."""
    runs = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    words = "+".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    if len(words) > LONGEST_NAME:
        words = f"{len(seeds)}-{hashlib.sha256(words.encode()).hexdigest()[:10]}{HASHED}"
    return f"seeds-{words}"


def seeds_in_name(name):
    """The seeds of which a name is, a tuple; None if it does not say."""
    try:
        bounds = [list(map(int, part.split("-"))) for part in name.removeprefix("seeds-").split("+")]
        if sum(part[-1] - part[0] for part in bounds) > MOST_SEEDS:  # of no call
            return None
        seeds = tuple(itertools.chain.from_iterable(range(part[0], part[-1] + 1) for part in bounds))
    except ValueError:
        return None
    return seeds if name == name_of_seeds(seeds) else None
