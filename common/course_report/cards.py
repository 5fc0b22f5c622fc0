"""The answers on the page: those that matter most at its head, and a card for each question."""

import re

from common.course_report import answers, handed_in, verdicts
from common.course_report.controls import SPOKEN
from common.data import label
from common.experiment import Finding

PANELS = 2  # of a figure on a card, at most: more are too small there
WHY = 2  # outcomes of an answer that stand on its card; the others are folded
STRONGEST = ("contradicted", "smaller than claimed", "supported")  # verdicts, those in front that say most about the report


def anchor_of(verdict):
    """The anchor of a claim's, or a control's, row on the page."""
    return f"claim-{verdict.claim.id}-{verdict.dataset}"


def anchor_of_answer(row):
    """The anchor of an answer on the page; of a row of `answers.csv`."""
    return f"answer-{row['id']}-{row['dataset']}"


def findings(table, claims, controls, measures):
    """The answers that matter most, or else the claims that are decided most clearly, at most three `Finding`s, list.

    Args:
        table: `answers.csv`, DataFrame.
        claims, controls: the `Verdict`s on the claims and on the controls, lists.
        measures: `{column: Measure}`.
    """
    found = []
    for row in answers.most_telling(table, claims, controls):
        source = f"{row['id']}, {label(row['dataset'])}"
        found.append(Finding(row["asks"] or row["question"], row["verdict"], _sentence(row, controls), source, anchor_of_answer(row)))
    if found:
        return found
    decided = [one for one in claims if one.verdict in STRONGEST]
    decided.sort(key=lambda one: (STRONGEST.index(one.verdict), -answers.clearness(one)))
    for one in decided[: answers.MOST]:
        numbers = f"{verdicts.in_words(one, measures)[0]}, {verdicts.place(one, measures)}"
        found.append(
            Finding("", one.verdict, f"{_begun(one.claim.sentence)}: {numbers}.", f"{one.claim.id}, {label(one.dataset)}", anchor_of(one))
        )
    return found


def _sentence(row, controls):
    """The outcome of the first of its controls; of a mixed answer, the first for and the first against the report's cause; without
    controls, the sentence on its claims."""
    outcomes = handed_in.seen_and_why(row)
    if not outcomes:
        sentences = re.split(r"(?<=\.) (?=[A-Z])", row["answer"])
        return sentences[min(1, len(sentences) - 1)]
    of_it = [one for one in controls if (one.dataset, one.claim.question) == (row["dataset"], row["id"])]
    (first, _), *others = _first_outcomes(outcomes, of_it)[0]
    if row["verdict"] != "mixed" or not others:
        return first
    second = others[0][0]
    done = next((one.claim.done for one in of_it if second.startswith(_begun(one.claim.done))), "")
    return f"{first.removesuffix('.')}; but {done}{second[len(done) :]}"


def cards(rows, questions, claims, controls, figures):
    """The cards, list of dicts, one per question.

    Args:
        rows: see `handed_in.with_figures`.
        questions: the `Question`s.
        claims, controls: the `Verdict`s on the claims and on the controls, lists.
        figures: those of the page, `{file name: Picture}`.

    Returns:
        Dicts with `id`, `question`, `asks`, and `parts`, one per dataset: dicts with `dataset`, its label; `anchor`; `verdict` and `rest`,
        the word of the answer and its sentences; its `figures`, and the `shown` one, the first with few panels, or None; `why` and `more`,
        the outcomes on the card and those folded, pairs of what was seen and its mechanism; `behind`, pairs of an id and an anchor, and
        the answer's `evidence`, `report_said` and `became`.
    """
    by_id = {question.id: question for question in questions}
    found = {}
    for row in rows:
        card = {"id": row["id"], "question": row["question"], "asks": row["asks"], "parts": []}
        of_dataset = [[one for one in some if one.dataset == row["dataset"]] for some in (claims, controls)]
        found.setdefault(row["id"], card)["parts"].append(_part(row, by_id[row["id"]], *of_dataset, figures))
    return list(found.values())


def _part(row, question, claims, controls, figures):
    controls = [one for one in controls if one.claim.question == question.id and one.verdict != "not run"]
    asked = [one for one in claims if one.claim.id in (*question.claims, *question.beside) and one.verdict != "not run"]
    why, more = _first_outcomes(handed_in.seen_and_why(row), controls)
    rest = row["answer"][len(row["verdict"]) :].lstrip(":,. ")
    figures = [figures[name] for name in row["figures"] if name in figures]
    return {
        "dataset": label(row["dataset"]),
        "anchor": anchor_of_answer(row),
        "verdict": row["verdict"],
        "rest": _begun(rest),
        "figures": figures,
        "shown": next((figure for figure in figures if figure.panels <= PANELS), None),
        "why": why,
        "more": more,
        "behind": [(one.claim.id, anchor_of(one)) for one in [*controls, *asked]],
        "evidence": row["evidence"].splitlines(),
        "report_said": row["report_said"],
        "became": row["became"].splitlines(),
    }


def _first_outcomes(outcomes, controls):
    """The first outcomes, of those for and of those against the report's cause if there are both, and the others."""
    for_it = {(one.claim.done, one.claim.speaks_for) for one in controls if SPOKEN.get(one.verdict) == "yes" and not one.claim.rival}
    places = [0, len(for_it)] if 0 < len(for_it) < len(outcomes) else range(WHY)
    return [one for i, one in enumerate(outcomes) if i in places], [one for i, one in enumerate(outcomes) if i not in places]


def _begun(words):
    return words[:1].upper() + words[1:]
