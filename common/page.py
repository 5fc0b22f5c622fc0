"""The pages: one self-contained HTML file per experiment, and the index of the three. From the tables and figures on disk."""

import base64
import shlex
import struct
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from common import cells as cells_on_disk
from common import columns, reproduction
from common.files import write_whole
from common.names import display
from common.page_curves import page_curves
from common.wording import claim_blocks, result_blocks

PAGE, INDEX = "report.html", "index.html"
TEMPLATES = Path(__file__).parent / "templates"
VERDICTS = ("supported", "contradicted", "inconclusive")


def write(experiment, tables, cells, figures, root):
    """Write the experiment's page, `report.html`.

    Args:
        experiment: the `Experiment`.
        tables: `{name: DataFrame}`, as on disk.
        cells: the cells that they are of.
        figures: `{dataset: list of Sheets}`, which lie beside the page.
        root: the output folder.
    """
    folder = Path(root) / experiment.name
    records = [cells_on_disk.read_record(cell, root) for cell in cells]
    content = {
        "title": experiment.title,
        "question": experiment.question,
        "verdicts": [{**block, "counts": _counts(row[-1] for row in block["rows"])} for block in claim_blocks(experiment, tables)],
        "results": result_blocks(experiment, tables, cells),
        "words": len(experiment.arm_columns),
        "legend": " ".join(columns.legend(experiment.columns)),
        "curves": page_curves(experiment, tables, figures),
        "figures": [(display(dataset), [_picture(folder, sheet) for sheet in sheets]) for dataset, sheets in figures.items()],
        "answers": [(display(dataset), rows.to_dict("records")) for dataset, rows in tables["answers"].groupby("dataset", sort=False)],
        "reproduction": [{**row, "what": _what(row)} for row in tables["reproduction"].to_dict("records")],
        "reproduced": reproduction.in_words(tables["reproduction"]),
        "commands": _distinct("python " + shlex.join(record["command"]) for record in records),
        "places": _distinct({name: record[name] for name in ("device", "python", "versions", "git")} for record in records),
        "seconds": sum(record["seconds"] for record in records),
        "cells": len(records),
        "tables": sorted(tables),
    }
    write_whole(folder / PAGE, render("page.html", **content))


def write_index(root):
    """Write `index.html`, which links the pages that there are. Only one process at a time may."""
    found = {page.parent.name: _verdicts_in(page.parent) for page in sorted(Path(root).glob(f"exp_*/{PAGE}"))}
    write_whole(Path(root) / INDEX, render("index.html", found=found))


def render(template, **content):
    """A page as bytes; all text in `content` stays text."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    # A path in the command need not be UTF-8.
    return environment.get_template(template).render(**content).encode(errors="backslashreplace")


def _verdicts_in(folder):
    """How many claims of each dataset were decided how; nothing where the table, of another call, is missing or damaged."""
    try:
        verdicts = pd.read_csv(folder / "claims.csv").groupby("dataset", sort=False)["verdict"]
        return [(display(dataset), _counts(of_dataset)) for dataset, of_dataset in verdicts]
    except (OSError, ValueError, KeyError):
        return []


def _counts(verdicts):
    verdicts = list(verdicts)
    return ", ".join(f"{verdicts.count(name)} {name}" for name in VERDICTS if name in verdicts)


def _distinct(values):
    """Each value once, in their order."""
    kept = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return kept


def _picture(folder, sheet):
    """A Sheet with what the page needs of its PNG: the content, and the size, so that nothing moves when it is shown."""
    png = (folder / sheet.name).read_bytes()
    width, height = struct.unpack(">II", png[16:24])
    return {**sheet._asdict(), "png": base64.b64encode(png).decode(), "width": width, "height": height}


def _what(row):
    """Which number of the report a row of reproduction.csv is about."""
    rate = [] if pd.isna(row["base_learning_rate"]) else [f"rate {row['base_learning_rate']:g}"]
    return ", ".join([display(row["dataset"]), display(row["arm"]), *rate, row["measure"].replace("_", " ")])
