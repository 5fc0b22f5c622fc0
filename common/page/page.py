"""The page of an experiment: one self-contained HTML file, from the tables and figures on disk."""

import base64
import shlex
import struct
from pathlib import Path

from common.experiment import columns
from common.experiment.names import display
from common.page.explorer import page_curves
from common.page.html import encoded, render
from common.results.text import result_blocks
from common.store import cells as cells_on_disk
from common.store.files import write_whole

PAGE = "report.html"


def write(experiment, tables, cells, figures, root):
    """Write the experiment's page, `report.html`.

    Args:
        experiment: the `Experiment`.
        tables: `{name: DataFrame}`, as on disk.
        cells: the cells that they are of.
        figures: `{dataset: list of SavedFigures}`, which lie beside the page.
        root: the output folder.
    """
    folder = Path(root) / experiment.name
    records = [cells_on_disk.read_record(cell, root) for cell in cells]
    content = {
        "title": experiment.title,
        "question": experiment.question,
        "sections": experiment.report.sections(tables),
        "results": result_blocks(experiment, tables, cells),
        "words": len(experiment.arm_columns),
        "legend": " ".join(columns.legend(experiment.columns)),
        "curves": page_curves(experiment, tables, figures),
        "figures": [(display(dataset), [_picture(folder, figure) for figure in saved]) for dataset, saved in figures.items()],
        "commands": _distinct("python " + shlex.join(record["command"]) for record in records),
        "places": _distinct({name: record[name] for name in ("device", "python", "versions", "git")} for record in records),
        "seconds": sum(record["seconds"] for record in records),
        "cells": len(records),
        "tables": sorted(tables),
    }
    write_whole(folder / PAGE, encoded(render("page.html", **content)))


def _distinct(values):
    """Each value once, in their order."""
    kept = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return kept


def _picture(folder, figure):
    """A SavedFigure with what the page needs of its PNG: the content, and the size, so that nothing moves when it is shown."""
    png = (folder / figure.name).read_bytes()
    width, height = struct.unpack(">II", png[16:24])
    return {**figure._asdict(), "png": base64.b64encode(png).decode(), "width": width, "height": height}
