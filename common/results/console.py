"""What a script prints: result tables, and what its report adds."""

import textwrap

from common.experiment import columns
from common.results.text import result_blocks

WIDTH = 79  # letters of a line


def screen_table(experiment, tables, cells):
    """The result tables for stdout, at most 80 columns wide unless runs diverged."""
    parts = []
    for block in result_blocks(experiment, tables, cells):
        heading = textwrap.wrap(f"{block['dataset']}: {block['settings']}", WIDTH)
        parts.append([*heading, *aligned([block["header"], *block["rows"]], left=len(experiment.arm_columns) + 1)])
    parts.append(columns.legend(experiment.columns, WIDTH))
    parts += experiment.report.lines(tables)
    return "\n\n".join("\n".join(lines) for lines in parts)


def aligned(rows, left):
    """Lines of a table whose first `left` columns stand to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            word.ljust(width) if i < left else word.rjust(width) for i, (word, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
