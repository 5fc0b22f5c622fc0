"""Highlights: sentences that a page's readers would want to quote, each carried by controls with their intervals."""

import csv
from dataclasses import dataclass
from pathlib import Path

from common.course_report.controls import SPOKEN, Apart
from common.data import label
from common.lazy import lazy_modules

pd, verdicts, answering = lazy_modules("pandas common.course_report.verdicts common.course_report.answering")
FILE = "highlights.csv"
COLUMNS = ("highlight", "dataset", "sentence", "numbers", "controls", "figure")


@dataclass(frozen=True)
class Highlight:
    """A sentence that is said of the datasets on which all controls behind it speak as it needs.

    Attributes:
        id: a name.
        sentence: a sentence without a full stop, and without a number.
        rests_on: `{id of a control: "yes" or "no"}`, for the cause or against it; the first one's figure shows it.

    Example:

    ```python
    Highlight("momentum", "Momentum's gain is its rate in effect, not its inertia", {"C1-matched-rate": "no", "C1-same-rate": "yes"})
    ```
    """

    id: str
    sentence: str
    rests_on: dict


def table(highlights, controls, measures):
    """`highlights.csv`: a row for each highlight and dataset on which it holds.

    Args:
        highlights: list of `Highlight`.
        controls: `Verdict`s of the controls, list.
        measures: `{column: Measure}`.

    Returns:
        DataFrame with the columns `COLUMNS`: `numbers` has the estimate of each control with its interval, in words, `figure` a file name.
    """
    found, rows = {(one.claim.id, one.dataset): one for one in controls}, []
    for highlight in highlights:
        for dataset in dict.fromkeys(one.dataset for one in controls):
            behind = [(found.get((name, dataset)), word) for name, word in highlight.rests_on.items()]
            if all(one is not None and SPOKEN.get(one.verdict) == word for one, word in behind):
                numbers = "; ".join(_numbers(one, measures) for one, _ in behind)
                figure = answering.figure_name(behind[0][0])
                rows.append((highlight.id, dataset, highlight.sentence, numbers, " ".join(highlight.rests_on), figure))
    return pd.DataFrame(rows, columns=COLUMNS)


def _numbers(one, measures):
    """A control in numbers: its measure, the estimate with its interval, the side of the margin on which this lies, and its id."""
    part = one.decides
    measured = measures[part.curve if isinstance(part, Apart) else part.measure].label
    return f"{measured}, {verdicts.in_words(one, measures)[0]}, {verdicts.place(one, measures)} ({one.claim.id})"


def read(folder):
    """The highlights in an experiment's folder, for the index of all pages: list of dicts with `sentence`, `datasets`, pairs of a dataset's
    name in words and its numbers, and `figure`, the path of the first dataset's figure. Empty if there is no table, or a damaged one."""
    found = {}
    try:
        with (Path(folder) / FILE).open(encoding="utf-8", newline="") as file:  # not by pandas, whose import would be felt
            for row in csv.DictReader(file):
                one = found.setdefault(row["sentence"], {"sentence": row["sentence"], "datasets": [], "figure": None})
                one["datasets"].append((label(row["dataset"]), row["numbers"]))
                figure = Path(folder) / row["figure"]
                one["figure"] = one["figure"] or (figure if figure.is_file() else None)
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return []
    return list(found.values())
