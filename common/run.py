"""The way of a script from its flags to its tables, figures and page."""

import os
import sys
from contextlib import closing

from common.cli import ending, forgiving_output, parse, preflight
from common.data import DATASETS, load_wanted
from common.deadline import NEVER, Deadline
from common.devices import DeviceOptions
from common.experiment import grid
from common.experiment.find import find_experiments
from common.foreign_warnings import no_warning_is_an_error
from common.lazy import lazy_modules
from common.store import user_cache

# Imported once the flags and the data have proved good: they take a second.
sweep, draw, page, index, console, gather, files, locks, made, origin = lazy_modules(
    "common.sweep.sweep common.figures.draw common.page.page common.page.index common.results.console common.results.gather "
    "common.store.files common.store.locks common.store.made common.results.origin"
)


def run(experiment, argv=None):
    """Train the cells that the flags ask for and that are not done, then write tables, figures and page, and print the result table.

    Args:
        experiment: the `Experiment`.
        argv: list of words. Defaults to None, the process's own.

    Returns:
        The process's exit status.
    """
    prog = f"{experiment.name}.py"
    with forgiving_output(prog), no_warning_is_an_error():
        args = parse(experiment, argv)
        command = sys.argv if argv is None else [prog, *map(str, argv)]
        return ending.status_of(lambda log: _run(experiment, args, command, log), prog, args.out)


def _run(experiment, args, command, log):
    deadline = NEVER if args.max_minutes is None else Deadline(60 * args.max_minutes)
    origin.AT_START  # noqa: B018  (the code is hashed before anything takes long)
    os.environ["MPLBACKEND"] = "agg"  # which writes files, whatever a notebook or a shell has set
    vars(sys.modules["__main__"]).setdefault("__spec__")  # multiprocessing asks for it; IPython's second %run of a file leaves none
    preflight.check(args)
    user_cache.choose(args.cache)
    preflight.one_job_without_semaphores(args, log)
    data, notes = load_wanted(experiment.datasets, args.datasets, args.data_dir)
    experiment, cells = _cells(experiment, args, data)
    folder = preflight.output_folder(args.out, experiment.name)
    for note in notes:
        log(f"note: {note}. Going on without it.")
    outcome = sweep.run(cells, experiment, data, args.out, _options(args, command, deadline), log)
    undone = {cell.id for cell in [*outcome.failed, *outcome.left]}
    missing = 0
    if done := [cell for cell in cells if cell.id not in undone]:
        count, missing = _write(experiment, done, data, args.out, folder, log)
        log(f"{count} figures, tables and report.html are in {folder}")
    if outcome.left:
        next_time = "the same command without --fresh" if args.fresh else "the same command"
        log(f"--max-minutes {args.max_minutes:g}: {len(outcome.left)} of {len(cells)} cells are left; {next_time} goes on from there")
    if outcome.failed:
        log(f"{len(outcome.failed)} of {len(cells)} cells failed; the same command tries them again")
    return 1 if outcome.failed or missing else 0


def _cells(experiment, args, data):
    experiment, values = grid.compared(experiment, args)
    sizes = {name: one.num_samples for name, one in data.items()}
    fingerprints = {name: one.fingerprint for name, one in data.items()}
    return experiment, grid.build_cells(experiment, values, args, DATASETS, sizes, fingerprints)


def _options(args, command, deadline):
    names = ("fresh", "quiet", "tensorboard", "jobs", "cluster", "checkpoint_every")
    devices = DeviceOptions(args.strategy, args.determinism)
    return sweep.Options(**{name: getattr(args, name) for name in names}, devices=devices, deadline=deadline, command=command)


def _write(experiment, cells, data, out, folder, log):
    """Tables, screen, figures and page of cells that are done, unless they are there; returns the numbers of figures drawn and missing."""
    with closing(locks.Locks(folder, log)) as held, held.held(locks.RESULTS, locks.RESULTS_WAITING):
        files.remove_unfinished(folder)
        making = origin.of_making(experiment)
        of_results = origin.of_results(making, cells, out)
        if record := made.kept(folder, of_results):
            print(record["text"], flush=True)
            count, missing = record["figures"], 0
        else:
            made.forget(folder)
            count, missing = _make(gather.write(experiment, cells, out, data), making, of_results, log)
    with closing(locks.Locks(out, log)) as held, held.held(index.INDEX, locks.RESULTS_WAITING):
        index.write_index(out, find_experiments())
    return count, missing


def _make(results, making, of_results, log):
    text = console.console_text(results)
    print(text, flush=True)
    figures = draw.draw(results, making, log)
    page.write(results, figures)
    drawn = [isinstance(figure, draw.SavedFigure) for of_dataset in figures.values() for figure in of_dataset]
    if all(drawn) and of_results is not None:
        made.keep(results.folder, of_results, text=text, figures=len(drawn))
    return sum(drawn), len(drawn) - sum(drawn)
