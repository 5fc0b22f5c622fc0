"""From flags to the cells of each look at the results: one look, or several with more and more seeds."""

from common.data import DATASETS
from common.errors import BadInput
from common.experiment import grid
from common.seeds import MOST_SEEDS

FIXED = "--vary data: {} is always split in the same way, so that nothing it is trained on would differ from seed to seed"


def looks(experiment, args, data):
    """The cells that the flags ask for.

    Args:
        experiment: the `Experiment`.
        args: parsed flags.
        data: `{dataset: Data}`.

    Returns:
        `(experiment, looks, controls, notes)`: the experiment with the settings that have several values among its arms; a list of `Cell`
        for each look, of all sources of randomness, those of the first in front, those of controls at the end; the names of the latter,
        set; and a line on each dataset that is left out.

    Raises:
        BadInput: if nothing is left, or fewer seeds are allowed than a dataset begins with.
    """
    experiment, values = grid.compared(experiment, args)
    notes = [FIXED.format(DATASETS[name].label) for name in data if "data" in args.vary and not DATASETS[name].has_own_samples]
    fixed = [name for name in data if not DATASETS[name].has_own_samples]
    shown = [name for name in data if args.vary[0] != "data" or name not in fixed]  # no other source has more datasets than the first
    sizes = {source: {name: data[name].num_samples for name in shown if source != "data" or name not in fixed} for source in args.vary}
    if not shown:
        raise BadInput(f"{notes[0]}: choose other --datasets, or another source")
    fingerprints = {name: one.fingerprint for name, one in data.items()}
    planned, controls = [], set()
    for seeds_of in _seeds_of_looks(args, data):
        rest = args, DATASETS
        cells = [
            cell
            for source in args.vary
            for cell in grid.build_cells(experiment, values, *rest, sizes[source], fingerprints, seeds_of, source)
        ]
        of_controls = _control_cells(experiment, args, [cell for cell in cells if cell.vary == args.vary[0]])
        controls |= {cell.name for cell in of_controls}
        planned.append([*cells, *of_controls])
    return experiment, planned, controls, notes


def _control_cells(experiment, args, cells):
    """The cells that --controls adds."""
    if args.controls is None:
        return []
    return grid.build_control_cells(
        cells, lambda dataset: experiment.report.control_arms(dataset, args.controls), args.control_seeds or grid.CONTROL_SEEDS
    )


def _seeds_of_looks(args, data):
    """`{dataset: seeds}` for each look."""
    first = {name: args.seeds or list(range(DATASETS[name].seeds)) for name in data}
    if not args.until_decided:
        return [first]
    for name, seeds in first.items():
        if args.max_seeds is not None and len(seeds) > args.max_seeds:
            raise BadInput(f"--max-seeds {args.max_seeds}: {name} begins with {len(seeds)} seeds; allow more, or give --seeds fewer")
    counts = {
        name: grid.seed_counts(len(seeds), args.max_seeds or min(grid.LOOKS * len(seeds), MOST_SEEDS)) for name, seeds in first.items()
    }
    most = max(map(len, counts.values()))
    return [{name: list(range(of[min(look, len(of) - 1)])) for name, of in counts.items()} for look in range(most)]
