"""The way of a script from its flags to its tables, figures and page."""

import os
import time
from contextlib import closing

from common.cli import ending, preflight, show
from common.experiment import grid


def run(experiment, args, arms):
    """Train what the flags ask for and is not done, then write tables, figures and page, and print the result table.

    Args:
        experiment: the Experiment.
        args: parsed flags.
        arms: list of dicts, `{setting: value}`: those of `arm_columns`, and others that the flags set.

    Returns:
        The process's exit status.
    """
    return ending.status_of(lambda log: _run(experiment, args, arms, log), f"{experiment.name}.py", args.out)


def _run(experiment, args, arms, log):
    began = time.time()
    os.environ["MPLBACKEND"] = "agg"  # which writes files, whatever a notebook or a shell has set
    preflight.check(args)
    from common.data import fingerprint, load_wanted
    from common.data.fashion_mnist import WAYS_TO_GET_IT

    experiment, factors = grid.compared(experiment, args)
    known = list(experiment.default_batch_size)
    data = load_wanted(known, args.datasets, args.data_dir)
    sizes = {name: len(train[0]) for name, (train, _) in data.items()}
    fingerprints = {name: fingerprint([*train, *test]) for name, (train, test) in data.items()}
    cells = grid.build_cells(experiment, arms, factors, args, sizes, fingerprints)
    folder = preflight.output_folder(args.out, experiment.name)
    if args.datasets is None and "fashion_mnist" in known and "fashion_mnist" not in data:
        log(f"note: {WAYS_TO_GET_IT}. Going on without it.")

    # What takes a second to import comes after the flags and the data have proved good.
    from common.sweep import sweep

    result = sweep.run(cells, experiment, data, args.out, _options(args, began), log)
    undone = {cell.id for cell in [*result.failed, *result.left]}
    if done := [cell for cell in cells if cell.id not in undone]:
        figures = _write(experiment, done, args.out, folder, log)
        log(f"{figures} figures, tables and report.html are in {folder}")
    if result.left:
        next_time = "the same command without --fresh" if args.fresh else "the same command"
        log(f"--max-minutes {args.max_minutes:g}: {len(result.left)} of {len(cells)} cells are left; {next_time} goes on from there")
    if result.failed:
        log(f"{len(result.failed)} of {len(cells)} cells failed; the same command tries them again")
    return 1 if result.failed else 0


def _options(args, began):
    from common.devices import DeviceOptions
    from common.sweep.sweep import Options

    names = ("fresh", "quiet", "tensorboard", "jobs", "cluster", "checkpoint_every")
    deadline = float("inf") if args.max_minutes is None else began + 60 * args.max_minutes
    devices = DeviceOptions(args.strategy, args.determinism)
    return Options(**{name: getattr(args, name) for name in names}, devices=devices, deadline=deadline)


def _write(experiment, cells, out, folder, log):
    """Tables, screen, figures and page of cells that are done; returns the number of figures."""
    from common.figures import draw
    from common.page import index, page
    from common.results import console, gather
    from common.store.files import remove_unfinished
    from common.store.locks import RESULTS, RESULTS_WAITING, Locks

    with closing(Locks(folder, log)) as locks, locks.held(RESULTS, RESULTS_WAITING):
        remove_unfinished(folder)
        tables = gather.write(experiment, cells, out)
        show(console.screen_table(experiment, tables, cells))
        figures = draw.draw(experiment, tables, cells, out)
        page.write(experiment, tables, cells, figures, out)
    with closing(Locks(out, log)) as locks, locks.held(index.INDEX, RESULTS_WAITING):
        index.write_index(out)
    return sum(map(len, figures.values()))
