"""The index of the experiments' pages."""

from pathlib import Path

from common.page.html import PAGE, write_page

INDEX = "index.html"


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
    write_page(root / INDEX, "index.html", experiments=entries)
