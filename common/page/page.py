"""The page of an experiment: one self-contained HTML file, from the tables and figures on disk."""

import base64
import shlex
import struct

from common.data import label
from common.figures.draw import MissingFigure
from common.figures.saved import SavedFigure
from common.page.explorer import page_curves
from common.page.html import PAGE, write_page
from common.results import spread
from common.results.text import legend, result_blocks
from common.store import cells as cells_on_disk


def write(results, figures):
    """Write the experiment's page, `report.html`.

    Args:
        results: the `Results`.
        figures: `{dataset: list of SavedFigure and MissingFigure}`; the former lie beside the page.
    """
    experiment, folder = results.experiment, results.folder
    records = [cells_on_disk.read_record(stack, results.root) for stack in results.all_stacks]
    content = {
        "title": experiment.title,
        "question": experiment.question,
        "sections": experiment.report.sections(results),
        "results": result_blocks(results),
        "words": len(experiment.arm_columns),
        "spread": spread.blocks(results.tables["spread"], experiment.arm_columns),
        "legend": legend(experiment),
        "curves": page_curves(results),
        "figures": [(label(dataset), *_shown(folder, of_dataset)) for dataset, of_dataset in figures.items()],
        "commands": _distinct("python " + shlex.join(record["command"]) for record in records),
        "places": _distinct({name: record[name] for name in ("device", "python", "versions", "git")} for record in records),
        "seconds": sum(record["seconds"] for record in records),
        "cells": len(results.cells),
        "tables": sorted([*results.tables, "measures"]),
    }
    write_page(folder / PAGE, "page.html", **content)


def _distinct(values):
    """Each value once, in their order."""
    return list({str(value): value for value in values}.values())


def _shown(folder, figures):
    """The pictures of a dataset, and a line on each that is missing."""
    there = [_picture(folder, figure) for figure in figures if isinstance(figure, SavedFigure)]
    return there, [f"Missing: {figure.name}, {figure.why}." for figure in figures if isinstance(figure, MissingFigure)]


def _picture(folder, figure):
    """A SavedFigure with what the page needs of its PNG: the content, and the size, so that nothing moves when it is shown."""
    png = (folder / figure.name).read_bytes()
    width, height = struct.unpack(">II", png[16:24])
    return {**figure._asdict(), "png": base64.b64encode(png).decode(), "width": width, "height": height}
