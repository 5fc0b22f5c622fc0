"""The results as printed on the terminal: result tables, and the lines of the report."""

import textwrap

from rich.console import Console
from rich.table import Table

from common.results import spread
from common.results.text import legend, result_blocks

WIDTH = 79  # letters of a line


def console_text(results):
    """The result tables and the report's lines for stdout, one string, at most 80 columns wide unless further settings are
    compared or runs diverged."""
    experiment, parts = results.experiment, []
    for block in result_blocks(results):
        heading = textwrap.wrap(f"{block['dataset']}: {block['settings']}. {block['conditions']}.", WIDTH)
        parts.append([*heading, *aligned(block["header"], block["rows"], left=len(experiment.arm_columns) + 1)])
    parts.append(textwrap.wrap(legend(experiment), WIDTH))
    for block in spread.blocks(results.tables["spread"], experiment.arm_columns):
        table = aligned(block["header"], block["rows"], left=len(experiment.arm_columns) + 1)
        parts.append([*textwrap.wrap(block["heading"], WIDTH), *table])
    parts += experiment.report.lines(results)
    return "\n\n".join("\n".join(lines) for lines in parts)


def aligned(header, rows, left):
    """The lines of a table, list of str.

    Args:
        header: its headings.
        rows: lists of str.
        left: number of columns that are aligned to the left; the others are aligned to the right.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for i, name in enumerate(header):
        table.add_column(name, justify="left" if i < left else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    # Without a height, rich takes the width of a terminal that it does not know for 80.
    console = Console(width=1000, height=100, color_system=None, highlight=False, markup=False, force_jupyter=False)
    with console.capture() as captured:
        console.print(table)
    return [line.rstrip() for line in captured.get().splitlines()]
