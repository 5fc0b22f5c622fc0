"""python -m benchmarks: one table of how fast the project is, each number a ratio against a baseline run beside it."""

import argparse
import importlib.util
import os
import platform
import sys
from importlib.metadata import version

from benchmarks.size import SMALLEST, Size
from common.devices import require_tensorflow_backend
from common.errors import BadInput

SECTIONS = {
    "start": "Start-up, the same for all; it is in no ratio below",
    "seeds": "All seeds together against one plain Keras run (Sequential, compile, fit; one seed, no monitors): the whole training",
    "curve": "Time per seed against the number of seeds",
    "jax": "SeedStack against hand-written JAX (vmap over seeds, scan over steps, one jitted call an epoch): an epoch",
    "monitors": "GradientMonitor and ActivationMonitor after every epoch, on against off",
    "each": "Every monitor after every epoch: an epoch with it against one without",
    "scripts": "Whole scripts",
    "controls": "Whole scripts with --controls",
    "memory": "Peak memory",
    "replicas": "tf.distribute: a batch shared out to logical CPU devices, which share the cores",
    "safety": "What it costs to ask for deterministic operations, and to save the state of a training",
    "jobs": "A whole script in two processes against one",
    "coverage": "Intervals and tests in simulated experiments whose truth is known: how often they are wrong (docs/statistics.md)",
    "scale": "Very large sweeps on a Dask cluster of two workers on this machine, training left out",
}
NEEDED = {"jax": "jax", "scale": "distributed"}  # packages that a section needs


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="sections of the table (default: all)")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--rounds", type=int, default=Size.rounds, help=f"how often neighbours are timed (default: {Size.rounds})")
    amount.add_argument(
        "--smallest", action="store_true", help="every section at its smallest size, to test that it runs; its numbers have no meaning"
    )
    parser.add_argument(
        "--guard", action="store_true", help="a few seconds: exit status 1 if ten seeds on moons cost more than one plain run"
    )
    args = parser.parse_args(argv)
    if args.rounds < 1:
        parser.error(f"--rounds: {args.rounds} is below 1")
    try:
        require_tensorflow_backend()
    except BadInput as error:
        parser.error(str(error))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from benchmarks import table, training

    if args.guard:
        row = training.guard()
        print(table.heading("Guard", "Ten seeds against one plain Keras run"), table.line(row.cells()), sep="\n")
        return 0 if row.value <= row.goal else 1
    size = SMALLEST if args.smallest else Size(rounds=args.rounds)
    print(_machine())
    for section in args.only:
        print(table.heading(section, SECTIONS[section]), flush=True)
        for row in _rows(section, size):
            print(table.line(row.cells()), flush=True)
    return 0


def _rows(section, size):
    from benchmarks import cases, monitors, processes, training

    fashion = cases.fashion_mnist(size)
    if section in ("seeds", "memory", "monitors", "each") and size.fashion_mnist and not fashion:
        print("Fashion-MNIST is not on disk: its rows are left out.", file=sys.stderr)
    if section == "seeds":
        yield from training.many_seeds(size.cases([cases.MOONS, *cases.DIGITS]), size.rounds)
        yield from training.many_seeds(fashion, min(size.rounds, 5))
    elif section == "curve":
        yield from training.seeds_curve(size)
    elif section in NEEDED and not importlib.util.find_spec(NEEDED[section]):
        print(f"{NEEDED[section]} is not installed (pip install {NEEDED[section]}): its rows are left out.", file=sys.stderr)
    elif section == "jax":
        from benchmarks import jax_reference

        yield from jax_reference.rows(size)
    elif section == "replicas":
        from benchmarks import replicas

        yield from replicas.rows(size)
    elif section == "coverage":
        from benchmarks import coverage

        yield from coverage.rows(size)
    elif section == "scale":
        from benchmarks import scale

        yield from scale.rows(size)
    elif section == "monitors":
        yield from monitors.both(size.cases([cases.MOONS, cases.DIGITS[0], cases.DIGITS[2], *fashion[:1]]), size.rounds)
    elif section == "each":
        yield from monitors.each(size, bool(fashion))
    elif section == "start":
        yield from processes.start_up(size.rounds)
        yield from processes.first_epoch(min(size.rounds, 3))
    elif section in ("scripts", "controls"):
        yield from getattr(processes, section)(size)
    elif section == "safety":
        from benchmarks import safety

        yield from safety.checkpoints(fashion[2] if fashion else cases.DIGITS[2])
        yield from safety.determinism(size, bool(fashion))
    elif section == "jobs":
        yield from processes.jobs(size)
    else:
        yield from processes.monitors_memory(size)
        if fashion or not size.fashion_mnist:
            yield from processes.memory(*(("fashion_mnist", "Fashion-MNIST") if fashion else ("digits", "Digits")))


def _machine():
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras"))
    return f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}"


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
