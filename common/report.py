"""One self-contained HTML page per experiment, from the tables and figures on disk."""

import base64
import shlex
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from common.files import write_whole

TEMPLATES = Path(__file__).parent / "templates"


def write(path, experiment, blocks, legend, figures, records, claims=(), answers=(), reproduction=()):
    """Write the page.

    Args:
        path: where it goes; the figures lie beside it.
        experiment: the `Experiment`: its title, question and arm columns.
        blocks: the result tables: list of dicts with `dataset`, `settings`, `header` and `rows`, all text.
        legend: lines that explain the columns.
        figures: list of `(file name, what it shows)`.
        records: the `cell.json` of each cell, as dicts.
        claims: the verdicts: list of dicts with `heading`, `header`, `rows`, all text, and `sentences`, one a row.
        answers, reproduction: the rows of answers.csv and reproduction.csv, as dicts.
    """
    page = (
        Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        .get_template("report.html")
        .render(
            title=experiment.title,
            question=experiment.question,
            blocks=blocks,
            words=len(experiment.arm_columns),
            legend=legend,
            claims=claims,
            answers=answers,
            reproduction=reproduction,
            figures=[
                {"name": name, "what": what, "png": base64.b64encode((path.parent / name).read_bytes()).decode()} for name, what in figures
            ],
            record=records[-1],
            command="python " + shlex.join(records[-1]["command"]),
            seconds=sum(record["seconds"] for record in records),
            cells=len(records),
        )
    )
    write_whole(path, page.encode(errors="backslashreplace"))  # a path in the command need not be UTF-8
