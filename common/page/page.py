"""The page of an experiment: one self-contained HTML file, from the tables and figures on disk."""

import json
import shlex

from common.data import label
from common.page import pictures
from common.page.explorer import page_curves
from common.page.html import PAGE, packed, write_page
from common.results import spread
from common.results.text import MEANS, glossary, result_blocks
from common.store import cells as cells_on_disk


def write(results, figures):
    """Write the experiment's page, `report.html`.

    Args:
        results: the `Results`.
        figures: `{dataset: list of SavedFigure and MissingFigure}`; the former lie beside the page.
    """
    experiment, folder = results.experiment, results.folder
    shown = pictures.by_question(results, figures)
    records = [cells_on_disk.read_record(stack, results.root) for stack in results.all_stacks]
    by_name = {f"{picture.stem}.png": picture for block in shown for group in block["groups"] for picture in group.pictures}
    content = {
        "title": experiment.title,
        "question": experiment.question,
        "findings": _findings(results),
        "head": _at_the_head(experiment.report.key_figures, results.datasets, by_name),
        "datasets": [label(dataset) for dataset in results.datasets],
        "sections": experiment.report.sections(results, by_name),
        "results": result_blocks(results),
        "words": len(experiment.arm_columns),
        "spread": spread.blocks(results.tables["spread"], experiment.arm_columns),
        "means": MEANS,
        "glossary": glossary(experiment),
        "curves": packed(json.dumps(page_curves(results), separators=(",", ":"))),
        "figures": shown,
        "colors": pictures.style_sheet(shown),
        "commands": _distinct("python " + shlex.join(record["command"]) for record in records),
        "places": _distinct({name: record[name] for name in ("device", "python", "versions", "git")} for record in records),
        "seconds": sum(record["seconds"] for record in records),
        "cells": len(results.cells),
        "tables": sorted([*results.tables, "measures"]),
    }
    write_page(folder / PAGE, "page.html", **content)


def _findings(results):
    """The answers, `[(label of a dataset, list of Finding)]`; those of all datasets together have the empty label, and come first."""
    report, several = results.experiment.report, results.datasets if len(results.datasets) > 1 else []
    return [("", report.findings(results)), *((label(dataset), report.findings(results.of(dataset))) for dataset in several)]


def _at_the_head(names, datasets, by_name):
    """The figures at the head of the page, of each dataset the first that there is: `[(label of the dataset, Picture)]`."""
    found = {dataset: [by_name.get(f"{name.format(dataset=dataset)}.png") for name in names] for dataset in datasets}
    return [(label(dataset), picture) for dataset, some in found.items() if (picture := next(filter(None, some), None))]


def _distinct(values):
    """Each value once, in their order."""
    return list({str(value): value for value in values}.values())
