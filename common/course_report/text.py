"""The verdicts as text, for the screen and for the page."""

from itertools import groupby
from operator import attrgetter

from common.course_report import verdicts
from common.course_report.claims import counts
from common.data import label


def claim_blocks(decided, measures):
    """The verdicts on each dataset, as text: list of dicts with `heading`, `header`, `rows`, `counts` (of verdicts) and `sentences`.

    Args:
        decided: the `Verdict`s, list.
        measures: `{column: Measure}`.
    """
    blocks = []
    for dataset, of_dataset in groupby(decided, attrgetter("dataset")):
        of_dataset = list(of_dataset)
        rows = [[one.claim.id, *verdicts.in_words(one, measures), "" if one.note else f"{one.n:.0f}", one.verdict] for one in of_dataset]
        blocks.append(
            {
                "heading": f"Claims on {label(dataset)}",
                "header": ["claim", "estimate", "needs", "seeds", "verdict"],
                "rows": rows,
                "counts": counts([verdict.verdict for verdict in of_dataset]),
                "sentences": [verdict.claim.sentence for verdict in of_dataset],
            }
        )
    return blocks
