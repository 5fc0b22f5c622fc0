"""The way of a script from its flags to its tables, figures and page."""

import os
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from common.cli import ending, forgiving_output, parse, preflight
from common.data import load_wanted
from common.deadline import NEVER, Deadline
from common.devices import DeviceOptions
from common.experiment.find import find_experiments
from common.foreign_warnings import no_warning_is_an_error
from common.lazy import lazy_modules
from common.results.trained import Trained
from common.store import user_cache
from common.store.stacks import Stacks, other_sources

# Imported once the flags and the data have proved good: they take a second.
sweep, planned, draw, page, index, console, gather, files, locks, made, stored, origin = lazy_modules(
    "common.sweep.sweep common.sweep.looks common.figures.draw common.page.page common.page.index common.results.console "
    "common.results.gather common.store.files common.store.locks common.store.made common.store.cells common.results.origin"
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
    experiment, looks, controls, left_out = planned.looks(experiment, args, data)
    preflight.output_folder(args.out, experiment.name)
    for note in [*notes, *left_out]:
        log(f"note: {note}. Going on without it.")
    return _look_by_look(experiment, looks, controls, data, args, _options(args, command, deadline), log)


def _look_by_look(experiment, looks, controls, data, args, options, log):
    """Train the cells of each look, until all claims are decided or there is no further look, and write what came of the last."""
    folder, began, before = Path(args.out) / experiment.name, time.time_ns() if args.fresh else 0, None
    for number, cells in enumerate(looks, 1):
        with closing(locks.Locks(folder, log)) as held:
            stored.recover(experiment.name, args.out, held)
        stacks = Stacks.to_train(cells, args.out, options.fresh, began)
        if number == 1 and (others := other_sources(cells, args.out)):
            log(f"note: {others} cells in {folder / 'cells'} are of another --vary; they are kept, and not mixed with these")
        outcome = sweep.run(stacks.all, experiment, data, args.out, options, log)
        there = stacks.without([*outcome.failed, *outcome.left])
        done = Trained(experiment, there, args.out, data, len(looks), args.vary[0], frozenset(controls))
        if before and (outcome.failed or outcome.left):  # a look with some arms at fewer seeds would compare them with none
            log(f"the results are those of look {number - 1}: look {number} is not complete")
            return _end(before, outcome, len(stacks.all), args, log)
        results = None if number == len(looks) or outcome.failed or outcome.left else _gathered(done, log)
        if results is None or not experiment.report.undecided(results):
            return _end(done, outcome, len(stacks.all), args, log, results)
        log(f"look {number} of at most {len(looks)}: not all claims are decided; going on with more seeds")
        options, before = replace(options, fresh=False), done


def _gathered(trained, log):
    with closing(locks.Locks(trained.folder, log)) as held, held.held(locks.RESULTS, locks.RESULTS_WAITING):
        return gather.gather(trained)


def _end(trained, outcome, number, args, log, results=None):
    """Write what is done of a number of cells, say what is not, and return the exit status."""
    missing = 0
    if trained.cells:
        count, missing = _write(trained, results, log)
        log(f"{count} figures, tables and report.html are in {trained.folder}")
    if outcome.left:
        next_time = "the same command without --fresh" if args.fresh else "the same command"
        log(f"--max-minutes {args.max_minutes:g}: {len(outcome.left)} of {number} cells are left; {next_time} goes on from there")
    if outcome.failed:
        log(f"{len(outcome.failed)} of {number} cells failed; the same command tries them again")
    return 1 if outcome.failed or missing else 0


def _options(args, command, deadline):
    names = ("fresh", "quiet", "tensorboard", "jobs", "cluster", "checkpoint_every")
    devices = DeviceOptions(args.strategy, args.determinism)
    return sweep.Options(**{name: getattr(args, name) for name in names}, devices=devices, deadline=deadline, command=command)


def _write(trained, results, log):
    """Tables, screen, figures and page of cells that are done, unless they are there; `results` if they were gathered already. Returns the
    numbers of figures drawn and missing."""
    folder = trained.folder
    with closing(locks.Locks(folder, log)) as held, held.held(locks.RESULTS, locks.RESULTS_WAITING):
        files.remove_unfinished(folder)
        making = origin.of_making(trained.experiment)
        of_results = origin.of_results(making, trained)
        if record := made.kept(folder, of_results):
            print(record["text"], flush=True)
            count, missing = record["figures"], 0
        else:
            made.forget(folder)
            count, missing = _make(results or gather.gather(trained), making, of_results, log)
    with closing(locks.Locks(trained.root, log)) as held, held.held(index.INDEX, locks.RESULTS_WAITING):
        index.write_index(trained.root, find_experiments())
    return count, missing


def _make(results, making, of_results, log):
    gather.write(results)
    text = console.console_text(results)
    print(text, flush=True)
    figures = draw.draw(results, making, log)
    gather.write_files(results)
    page.write(results, figures)
    drawn = [isinstance(figure, draw.SavedFigure) for of_dataset in figures.values() for figure in of_dataset]
    if all(drawn) and of_results is not None:
        made.keep(results.folder, of_results, text=text, figures=len(drawn))
    return sum(drawn), len(drawn) - sum(drawn)
