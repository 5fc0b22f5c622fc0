"""The index of the experiments' pages: what was found, and where."""

import base64
from pathlib import Path

from common.page.html import PAGE, write_page

INDEX = "index.html"
MOST_FOUND = 5  # sentences at the head


def write_index(root, experiments):
    """Write `index.html`, which links the pages that exist, unless it is there as it would be. Only one process at a time may.

    Args:
        root: the output folder.
        experiments: `{name: Experiment}`, all there are.
    """
    root = Path(root)
    entries = [
        {
            "name": name,
            "title": experiment.title,
            "question": experiment.question,
            "page": f"{name}/{PAGE}" if (root / name / PAGE).is_file() else None,
            "lines": experiment.report.index_lines(root / name),
        }
        for name, experiment in experiments.items()
    ]
    found = [{**one, "page": f"{name}/{PAGE}"} for name, of in experiments.items() for one in of.report.index_highlights(root / name)]
    found = [{**one, "png": base64.b64encode(one["figure"].read_bytes()).decode() if one["figure"] else ""} for one in found]
    write_page(root / INDEX, "index.html", experiments=entries, found=found[:MOST_FOUND])
