"""The way of a script from its flags to its tables, figures and page."""

import itertools
import logging
import os
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from common import cli, devices
from common.cli import preflight
from common.errors import BadInput
from common.signals import Terminated, ended_by_sigterm
from common.store.files import remove_unfinished


def run(experiment, args, arms):
    """Train what the flags ask for and is not done, then write tables, figures and page, and print the result table.

    Args:
        experiment: the Experiment.
        args: parsed flags.
        arms: list of dicts, `{setting: value}`: those of `arm_columns`, and others that the flags set.

    Returns:
        The process's exit status.
    """
    prog = f"{experiment.name}.py"
    logging.basicConfig(format=f"{prog}: %(message)s", stream=sys.stderr)
    try:
        with ended_by_sigterm():
            return _run(experiment, args, arms, log=lambda line: print(f"{prog}: {line}", file=sys.stderr))
    except BadInput as error:
        cli.fail(prog, error)
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        reason = os.strerror(error.errno) if error.errno else error  # HDF5 puts a paragraph into strerror
        cli.fail(
            prog,
            f"--out {args.out}: cannot write{where} ({reason}); finished cells are kept: free space there and in {tempfile.gettempdir()}, "
            "or choose another folder",
        )
    except KeyboardInterrupt as error:
        terminated = isinstance(error, Terminated)
        how = "terminated" if terminated else "interrupted"
        print(f"{prog}: {how}; finished cells are kept, and the same command goes on from there", file=sys.stderr)
        return cli.TERMINATED if terminated else cli.INTERRUPTED


def _run(experiment, args, arms, log):
    from common.data.fashion_mnist import WAYS_TO_GET_IT

    began = time.time()
    os.environ["MPLBACKEND"] = "agg"  # which writes files, whatever a notebook or a shell has set
    devices.require_tensorflow_backend()
    devices.require_valid_threads()
    if args.cluster is None:
        devices.require_one_worker()
    preflight.require_packages(args)
    preflight.require_temporary_folder()
    factors = {"init": args.init, "batch_norm": _without_and(args.batch_norm), "dropout": _without_and(args.dropout)}
    compared = [name for name, values in factors.items() if len(values) > 1]
    experiment = replace(experiment, arm_columns=(*experiment.arm_columns, *compared))
    data = _load(experiment, args)
    cells = _cells(experiment, args, arms, factors, data)
    folder = preflight.output_folder(args.out, experiment.name)
    if args.datasets is None and "fashion_mnist" in experiment.default_batch_size and "fashion_mnist" not in data:
        log(f"note: {WAYS_TO_GET_IT}. Going on without it.")

    # What takes a second to import comes after the flags and the data have proved good.
    from common.figures import draw as figures
    from common.page import index, page
    from common.results import console, gather
    from common.store.locks import Locks
    from common.sweep import sweep

    flags = {
        name: getattr(args, name)
        for name in ("fresh", "quiet", "tensorboard", "strategy", "jobs", "cluster", "checkpoint_every", "determinism")
    }
    deadline = float("inf") if args.max_minutes is None else began + 60 * args.max_minutes
    result = sweep.run(cells, experiment, data, args.out, sweep.Options(**flags, deadline=deadline), log)
    undone = {cell.id for cell in [*result.failed, *result.left]}
    done = [cell for cell in cells if cell.id not in undone]
    if done:
        with closing(Locks(folder, log)) as locks, locks.held(sweep.RESULTS, sweep.RESULTS_WAITING):
            remove_unfinished(folder)
            tables = gather.write(experiment, done, args.out)
            cli.show(console.screen_table(experiment, tables, done))
            drawn = figures.draw(experiment, tables, done, args.out)
            page.write(experiment, tables, done, drawn, args.out)
        with closing(Locks(args.out, log)) as locks, locks.held(index.INDEX, sweep.RESULTS_WAITING):
            index.write_index(args.out)
        log(f"{sum(map(len, drawn.values()))} figures, tables and report.html are in {folder}")
    if result.left:
        next_time = "the same command without --fresh" if args.fresh else "the same command"
        log(f"--max-minutes {args.max_minutes:g}: {len(result.left)} of {len(cells)} cells are left; {next_time} goes on from there")
    if result.failed:
        log(f"{len(result.failed)} of {len(cells)} cells failed; the same command tries them again")
    return 1 if result.failed else 0


def _load(experiment, args):
    from common import data
    from common.data.fashion_mnist import find_fashion_mnist

    if args.data_dir is not None and not Path(args.data_dir).is_dir():
        raise BadInput(f"--data-dir {args.data_dir}: no such folder; name the one that holds Fashion-MNIST, or leave the flag out")
    known = list(experiment.default_batch_size)
    if args.datasets is None:
        names, download = known, False
        if "fashion_mnist" in known and not (args.data_dir or find_fashion_mnist()):
            names = [name for name in known if name != "fashion_mnist"]
    else:
        names, download = (known if args.datasets == ["all"] else args.datasets), True
    return {name: data.load(name, args.data_dir, download) for name in names}


def _without_and(value):
    """The values of a switch: every arm is trained without it, and, if it is given, with it."""
    return [value] if not value else [type(value)(), value]


def _cells(experiment, args, arms, factors, data):
    from common.data import fingerprint
    from common.experiment import Cell

    return [
        Cell(
            experiment=experiment.name,
            dataset=name,
            arm=arm,
            seeds=tuple(args.seeds),
            epochs=args.epochs,
            # All batches that hold every sample are the same batch.
            batch_size=min(args.batch_size or experiment.default_batch_size[name], len(train[0])),
            data=contents,
            **dict(zip(factors, values, strict=True)),
        )
        for name, (train, test) in data.items()
        for contents in [fingerprint([*train, *test])]
        for arm in arms
        for values in itertools.product(*factors.values())
    ]
