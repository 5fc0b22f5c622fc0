"""From questions and verdicts to answers: a word, the reason, its mechanism, the evidence, and what became of what the report says.

The word comes of the question's controls: yes if all that are decided speak for the cause that the report names, no if all speak against
it, mixed if both, undecided if none is decided. Where none was run, the claims answer in the same way, as far as arms alone can. What
neither controls nor claims can tell is not run or, where there are none, described by the facts.
"""

import numpy as np
import pandas as pd

from common.course_report import facts
from common.course_report.answering import DECIDED, Answer
from common.course_report.control_runs import MISSING
from common.data import label

COLUMNS = ["dataset", "id", "question", "answer", "asks", "verdict", "seen", "mechanism", "evidence", "report_said", "became", "decided_by"]
MOST = 3  # answers that are shown on screen


def answer_all(questions, runs_of, tables, claims, controls):
    """`answers.csv`: a row per dataset and question.

    Args:
        questions: the `Question`s.
        runs_of: `{dataset: Runs}`.
        tables: `{name: DataFrame}`, of which layers is read.
        claims, controls: the `Verdict`s on the claims and on the controls, lists.

    Returns:
        DataFrame with the columns `COLUMNS`: `answer` begins with the word, which stands in `verdict`; `seen` and `mechanism` have a line
        for each outcome of its controls, what was done and seen, and why; `evidence` and `became` have a line for each piece; `decided_by`
        has the ids of the controls, or else of the claims, that decide it.
    """
    rows = []
    for dataset, runs in runs_of.items():
        of_claims, of_controls = ([one for one in decided if one.dataset == dataset] for decided in (claims, controls))
        layers = tables["layers"][tables["layers"]["dataset"] == dataset]
        writer = facts.Writer(runs, layers, [*of_claims, *of_controls])
        for question in questions:
            answer = Answer(question, of_claims, of_controls, runs.measures)
            evidence = [*answer.evidence(), *map(writer.sentence, question.facts)]
            rows.append({"dataset": dataset, **answer.row(), "evidence": "\n".join(evidence)})
    return pd.DataFrame(rows, columns=COLUMNS)


def most_telling(table, claims, controls, number=MOST):
    """The answers that matter most: those that a control decides before those that rest on the arms alone; of these, those that speak
    against the report, no or mixed, before those that confirm it; of these, the clearest. An answer is as clear as the least clear verdict
    that it rests on: by the distance of its estimate from the margin, divided by that of the interval's end on this side from the
    estimate. A question stands there once, with the dataset where it ranks first.

    Args:
        table: `answers.csv`, DataFrame.
        claims, controls: as in `answer_all`.
        number: how many. Defaults to 3.

    Returns:
        List of rows, dicts.
    """
    known, by_control = ({(one.dataset, one.claim.id): one for one in decided} for decided in ([*claims, *controls], controls))
    ranked = {}
    for row in table[table["verdict"].isin(DECIDED)].to_dict("records"):
        names = [(row["dataset"], name) for name in row["decided_by"].split()]
        clear = min(clearness(known[name]) for name in names)
        ranked[row["dataset"], row["id"]] = (all(name in by_control for name in names), row["verdict"] != "yes", clear), row
    found = {}
    for _, row in sorted(ranked.values(), key=lambda pair: pair[0], reverse=True):
        found.setdefault(row["id"], row)
    return list(found.values())[:number]


def clearness(verdict):
    """The distance of a verdict's estimate from its margin, divided by that of the interval's end on the margin's side: more than 1 of one
    that is decided; infinite if the interval is a point. Ratios are taken by their logarithms."""
    margin = verdict.decides.counts_from(verdict.dataset) if verdict.verdict == "contradicted" else verdict.needs
    numbers = np.array([verdict.estimate, margin, verdict.ci_low, verdict.ci_high])
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, margin, low, high = np.log(numbers) if verdict.decides.times is not None else numbers
        distance = np.divide(abs(estimate - margin), abs(estimate - (low if estimate > margin else high)))
    return 0.0 if np.isnan(distance) else float(distance)


def waiting(controls, script):
    """`(words, command)` on the questions that wait for --controls; both empty if none does.

    Args:
        controls: the `Verdict`s on the controls of the whole call, list.
        script: file name of the experiment's script.
    """
    missing = [one for one in controls if one.note == MISSING]
    if not missing:
        return "", ""
    questions = list(dict.fromkeys(one.claim.question for one in missing))
    datasets = list(dict.fromkeys(one.dataset for one in missing))
    where = f"{', '.join(questions)} on {', '.join(map(label, datasets))}"
    words = f"Waiting for --controls: {where}, for the arms alone cannot tell a cause. With the other flags of this call:"
    return words, f"python {script} --datasets {' '.join(datasets)} --controls {' '.join(questions)}"
