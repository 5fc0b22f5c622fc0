"""The answers as a document that can be handed in with its figures, `answers.md`."""

import re

from common.course_report.answering import figure_name
from common.data import label
from common.results.text import conditions, describe_settings

FILE = "answers.md"
INTRO = (
    "Each question is asked as the report explains it, so that yes or no answers it: by controls, runs in which the cause that it names is "
    "removed, matched or injected; where these were not run, by its claims, as far as the arms alone can tell. Intervals of controls and "
    "claims are those of their verdicts; other comparisons are at 95 % each, not corrected for their number."
)


def with_figures(rows, questions, controls, folder):
    """The answers with their outcomes, and the names of their figures that were drawn: those that show a control, and those of the arms.

    Args:
        rows: those of `answers.csv`, list of dicts.
        questions: the `Question`s.
        controls: the `Verdict`s on the controls, list.
        folder: the folder in which the figures lie, a Path.

    Returns:
        List of dicts, with the further keys `outcomes`, see the function of that name, and `figures`, a list of file names.
    """
    by_id = {question.id: question for question in questions}
    found = []
    for row in rows:
        of_it = [one for one in controls if (one.dataset, one.claim.question) == (row["dataset"], row["id"])]
        names = [figure_name(one) for one in of_it if one.claim.figure and one.verdict != "not run"]
        names += [f"{name.format(dataset=row['dataset'])}.png" for name in by_id[row["id"]].figures]
        drawn = [name for name in dict.fromkeys(names) if (folder / name).is_file()]
        found.append({**row, "figures": drawn, "outcomes": outcomes(row)})
    return found


def outcomes(row):
    """The outcomes of an answer's controls, with the mechanism of each, list; of a row of `answers.csv`, a dict."""
    return [f"{outcome} {why}".rstrip() for outcome, why in seen_and_why(row)]


def seen_and_why(row):
    """`outcomes` as pairs: what was done and seen, and the mechanism."""
    seen, mechanism = row["seen"].split("\n"), row["mechanism"].split("\n")
    return [(outcome, why) for outcome, why in zip(seen, mechanism, strict=True) if outcome]


def document(results, rows, waiting):
    """The text of `answers.md`.

    Args:
        results: the `Results`.
        rows: see `with_figures`.
        waiting: see `common.course_report.answers.waiting`.
    """
    experiment = results.experiment
    parts = [f"# {_plain(experiment.title)}", _plain(experiment.question), _plain(INTRO), _at_a_glance(rows)]
    parts += [f"{_plain(waiting[0])} `{waiting[1]}`"] if waiting[0] else []
    for dataset in results.datasets:
        cell = next(cell for cell in results.cells if cell.dataset == dataset)
        parts += [f"## {label(dataset)}", _plain(f"{describe_settings(experiment, cell)}. {conditions(cell)}.")]
        for row in rows:
            parts += _answer(row) if row["dataset"] == dataset else []
    return "\n\n".join(parts) + "\n"


def _at_a_glance(rows):
    """A table of the words, a row for each question and a column for each dataset."""
    datasets = list(dict.fromkeys(row["dataset"] for row in rows))
    words = {(row["id"], row["dataset"]): row["verdict"] for row in rows}
    asked = {row["id"]: row["asks"] or row["question"] for row in rows}
    lines = [["", *map(label, datasets)], ["---"] * (len(datasets) + 1)]
    lines += [[f"{name}: {_plain(asks)}", *(words[name, dataset] for dataset in datasets)] for name, asks in asked.items()]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def _answer(row):
    """The paragraphs of an answer."""
    word, rest = row["answer"][: len(row["verdict"])], row["answer"][len(row["verdict"]) :]
    asked = f"*{_plain(row['asks'])}* " if row["asks"] else ""
    return [
        f"### {row['id']}: {_plain(row['question'])}",
        f"{asked}**{word}**{_plain(rest)}",
        *([_list(row["outcomes"])] if len(row["outcomes"]) > 1 else map(_plain, row["outcomes"])),
        *(f"![{row['id']} on {label(row['dataset'])}: {name}]({name})" for name in row["figures"]),
        "Evidence:",
        _list(row["evidence"].splitlines()),
        f"The report said: {_plain(row['report_said'])}",
        *(["What became of it:", _list(row["became"].splitlines())] if row["became"] else []),
    ]


def _list(lines):
    return "\n".join(f"- {_plain(line)}" for line in lines)


def _plain(text):
    """Text in which no character stands for markup: of those that can, only these are escaped that would, where they stand."""
    text = re.sub(r"[\\`*]|(?<![^\W_])_|_(?![^\W_])|<(?=[\w/!?])|\[(?=[^\]]*\][(\[:])|^[-+#>=]", r"\\\g<0>", text)
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", text)
