"""What a script is made of, and the way from its flags to its tables, figures and page."""

import contextlib
import importlib.util
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from common import cli, devices
from common.errors import BadInput


@dataclass(frozen=True)
class Experiment:
    """An experiment's protocol: what varies, and how to build what is trained and draw what came out.

    Attributes:
        name: the script's name, and that of its folder.
        title, question: shown on the page.
        arm_columns: columns that tell the arms apart.
        default_batch_size: `{dataset: batch size}` of the report; its keys are the datasets of the experiment.
        build_model: `(cell, input_dim, num_classes)` -> a built `keras.Sequential`.
        build_loss: `(cell)` -> a Keras loss.
        build_optimizer: `(cell, steps_per_epoch)` -> a Keras optimizer.
        draw: `(tables, folder, note)` -> list of the figures drawn, as `(file name, what it shows)`.
    """

    name: str
    title: str
    question: str
    arm_columns: tuple
    default_batch_size: dict
    build_model: Callable
    build_loss: Callable
    build_optimizer: Callable
    draw: Callable


def run(experiment, args, arms):
    """Train what the flags ask for and is not done, then write tables, figures and page, and print the result table.

    Args:
        experiment: the Experiment.
        args: parsed flags.
        arms: list of dicts, `{arm column: value}`.

    Returns:
        The process's exit status.
    """
    prog = f"{experiment.name}.py"
    logging.basicConfig(format=f"{prog}: %(message)s", stream=sys.stderr)
    try:
        return _run(experiment, args, arms, log=lambda line: print(f"{prog}: {line}", file=sys.stderr))
    except BadInput as error:
        cli.fail(prog, error)
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        reason = os.strerror(error.errno) if error.errno else error  # HDF5 puts a paragraph into strerror
        cli.fail(prog, f"--out {args.out}: cannot write{where} ({reason}); free space or choose another folder")
    except KeyboardInterrupt:
        print(f"{prog}: interrupted; finished cells are kept, and the same command goes on from there", file=sys.stderr)
        return cli.INTERRUPTED


def _run(experiment, args, arms, log):
    from common.fashion_mnist import WAYS_TO_GET_IT

    devices.require_tensorflow_backend()
    if args.tensorboard and not importlib.util.find_spec("tensorboard"):
        raise BadInput("--tensorboard needs the package tensorboard, which TensorFlow no longer brings: pip install tensorboard")
    data = _load(experiment, args)
    cells = _cells(experiment, args, arms, data)
    folder = _output_folder(args.out, experiment.name)
    if args.datasets is None and "fashion_mnist" in experiment.default_batch_size and "fashion_mnist" not in data:
        log(f"note: {WAYS_TO_GET_IT}. Going on without it.")

    # What takes a second to import comes after the flags and the data have proved good.
    from common import results, sweep

    failed = sweep.run(cells, experiment, data, args.out, args.fresh, args.quiet, args.tensorboard, args.strategy, log)
    done = [cell for cell in cells if cell not in failed]
    if done:
        tables = results.write(experiment, done, args.out)
        print(results.screen_table(experiment, tables, done), flush=True)
        figures = results.draw(experiment, tables, done, folder)
        log(f"{len(figures)} figures, tables and report.html are in {folder}")
    if failed:
        log(f"{len(failed)} of {len(cells)} cells failed; the same command tries them again")
    return 1 if failed else 0


def _load(experiment, args):
    from common import data
    from common.fashion_mnist import find_fashion_mnist

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


def _cells(experiment, args, arms, data):
    from common.cells import Cell
    from common.data import fingerprint

    return [
        Cell(
            experiment=experiment.name,
            dataset=name,
            arm=arm,
            seeds=tuple(args.seeds),
            epochs=args.epochs,
            # All batches that hold every sample are the same batch.
            batch_size=min(args.batch_size or experiment.default_batch_size[name], len(train[0])),
            init=args.init,
            data=contents,
        )
        for name, (train, test) in data.items()
        for contents in [fingerprint([*train, *test])]
        for arm in arms
    ]


def _output_folder(out, name):
    """The experiment's folder, made and tried, so that an hour's training does not end at a closed door."""
    folder = Path(out) / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial = folder / f".trial-{os.getpid()}"
        try:
            trial.write_bytes(b"x" * 4096)
        finally:
            with contextlib.suppress(OSError):
                trial.unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"--out {out}: cannot write there ({error.strerror}); choose a folder that can be written") from None
    return folder
