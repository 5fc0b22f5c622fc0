"""What a script prints: result tables, verdicts, and how many of the report's numbers are reproduced."""

import textwrap

from common import columns, reproduction
from common.wording import claim_blocks, result_blocks

WIDTH = 79  # letters of a line
CLAIMS_LEGEND = (
    "What each claim says, and in full what decides it, stands in claims.csv. Intervals are as wide as Holm's adjustment over all claims "
    "demands: all verdicts together are wrong in at most 5 % of repetitions."
)


def screen_table(experiment, tables, cells):
    """The result tables for stdout, at most 80 columns wide unless runs diverged."""
    parts = []
    for block in result_blocks(experiment, tables, cells):
        heading = textwrap.wrap(f"{block['dataset']}: {block['settings']}", WIDTH)
        parts.append([*heading, *_aligned([block["header"], *block["rows"]], left=len(experiment.arm_columns) + 1)])
    parts.append(columns.legend(experiment.columns, WIDTH))
    for block in claim_blocks(experiment, tables):
        parts.append([block["heading"], *_aligned([block["header"], *block["rows"]], left=1)])
    parts.append(textwrap.wrap(CLAIMS_LEGEND, WIDTH))
    parts += [textwrap.wrap(line, WIDTH) for line in reproduction.in_words(tables["reproduction"])]
    return "\n\n".join("\n".join(lines) for lines in parts)


def _aligned(rows, left):
    """Lines of a table whose first `left` columns stand to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            word.ljust(width) if i < left else word.rjust(width) for i, (word, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
