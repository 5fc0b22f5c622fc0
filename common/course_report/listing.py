"""The lists of all claims and of all controls, `docs/claims.md` and `docs/controls.md`: made of these themselves by
`python -m common.course_report.listing`."""

import re

from common.course_report.claims import Best, Highest
from common.course_report.controls import Apart
from common.course_report.verdicts import SIGNS, unit_of
from common.data import label
from common.experiment.find import find_experiments
from common.experiment.formatting import exact, name_of, setting
from common.experiment.measures import registry
from common.paths import ROOT

HEAD = """# The claims

Each statement of the course report that data can decide, with the claims that test it: a row of `claims.csv` for each and each dataset. A
claim is decided by columns of `summary.csv`, which are explained below; several parts must all hold. Its verdict is the first of these
that is shown: *supported*, the effect lies beyond the margin; *contradicted*, it lies below the least effect that counts (the margin,
unless another is named): it is nothing, or opposite; *smaller than claimed*, its direction is as claimed, and it lies below the margin.
Otherwise it is *undecided*. The verdicts of a page hold together: [statistics.md](statistics.md) has the rule and its proof. Statements
that contradict one another are tested as they stand. Q2 is no statement but a question of the report, on remedies.

This page is made of the claims in `common/course_report`: `python -m common.course_report.listing`.
"""
CONTROLS_HEAD = """# The controls

The report's questions ask *why*. A control answers by runs in which the cause that the report names is removed, matched or injected, and
nothing else is changed: the effect goes, or stays. `--controls`, with the ids of questions or with none for all, trains what these need
beside the arms that the other flags ask for; `--control-seeds` takes fewer seeds for them. A control is a claim that holds if the cause is
at work, and is decided as [the claims](claims.md) are, all controls of a page together: *supported*, and *smaller than claimed*, speak for
the cause, *contradicted* against it. `answers.csv`, `answers.md` and `highlights.csv` draw the conclusions.

The rules were written with runs of seeds 0 to 9 on Digits, moons and circles in view: arms, measures and margins were chosen so that a
test can tell something. What a call of these seeds finds is so far exploratory; `--seeds 10 11 12 13 14 15 16 17 18 19` has runs that no
rule has seen, and so has Fashion-MNIST.

Settings that no flag has, such as a gradient that is scaled during some epochs, are knobs: only controls turn them. Where an arm names no
setting, it has the first value of the call. This page is made of the controls in `common/course_report`:
`python -m common.course_report.listing`.
"""


def controls_listing():
    """The text of `docs/controls.md`."""
    parts = [CONTROLS_HEAD]
    for experiment in find_experiments().values():
        measures, controls = registry(experiment), experiment.report.controls
        questions = {question.id: question for question in experiment.report.questions}
        if not controls:
            continue
        parts.append(f"## {experiment.title}\n")
        for name in (name for name in questions if any(one.question == name for one in controls)):
            parts += [f"### {name}: {questions[name].text}\n", f"*{questions[name].asks}*\n"]
            parts += ["| row of `controls.csv` | cause | what is done | speaks for it | speaks against it |", "|---|---|---|---|---|"]
            of_it = [one for one in controls if one.question == name]
            for one in of_it:
                cells = (
                    f"`{one.id}`{_where(one, experiment)}",
                    f"{one.cause}{' (not named by the report)' * one.rival}",
                    one.done,
                    one.speaks_for,
                    one.speaks_against,
                )
                parts.append(_row(cells))
            parts += ["", "| row of `controls.csv` | holds if | because | figure |", "|---|---|---|---|"]
            for one in of_it:
                figure = f"`{one.figure}_<dataset>.png`" if one.figure else ""
                parts.append(_row((f"`{one.id}`", _parts(one, experiment, measures), one.reason, figure)))
            parts.append("")
        parts += _measures(controls, measures)
    return "\n".join(parts)


def listing():
    """The text of `docs/claims.md`."""
    parts = [HEAD]
    for experiment in find_experiments().values():
        measures, claims = registry(experiment), experiment.report.claims
        statements = {}
        for claim in claims:
            statements.setdefault(claim.statement, []).append(claim)
        parts += [f"## {experiment.title}\n", f"{len(statements) - ('Q2' in statements)} statements, {len(claims)} claims.\n"]
        parts += ["| statement | row of `claims.csv` | claim | is decided by | because |", "|---|---|---|---|---|"]
        for statement, of_statement in statements.items():
            for claim in of_statement:
                sentence = f"{claim.sentence}{_where(claim, experiment)}"
                parts.append(_row((statement, f"`{claim.id}`", sentence, _parts(claim, experiment, measures), claim.reason)))
        parts += ["", *_measures(claims, measures)]
    return "\n".join(parts)


def _row(cells):
    """A row of a table, in which no bar is but those of its cells."""
    cells = [re.sub(r"\|([^|]+)\|", r"abs(\1)", cell) for cell in cells]
    return f"| {' | '.join(cells)} |"


def _where(claim, experiment):
    """The datasets of a claim in brackets, where they are not all of its experiment."""
    return "" if claim.datasets == experiment.datasets else f" ({', '.join(map(label, claim.datasets))})"


def _parts(claim, experiment, measures):
    """All parts of a claim, in words."""
    return "; ".join(_part(part, experiment, measures, claim.datasets) for part in claim.parts)


def _measures(claims, measures):
    """A table of the columns by which claims are decided."""
    used = dict.fromkeys(name for claim in claims for part in claim.parts for name, _ in part.arms)
    return ["| column | is |", "|---|---|", *(_row((f"`{name}`", measures[name].label)) for name in used), ""]


def _part(part, experiment, measures, datasets):
    """A part of a claim, in words."""
    unit = unit_of(part, measures)
    sides = [f"`{name}` of {_arm(arm)}" for name, arm in part.arms]
    if len(sides) == 2 and part.arms[0][0] == part.arms[1][0]:
        sides[1] = _arm(part.arms[1][1])
    elif len(sides) == 2 and part.arms[0][1] == part.arms[1][1]:
        sides = [f"`{part.arms[0][0]}`", f"`{part.arms[1][0]}` of {_arm(part.arms[1][1])}"]
    between = " less " if part.times is None else " over "
    if isinstance(part, Apart):
        sides = [f"`{part.measure}` of `{part.curve}`: {_arm(part.of)}", _arm(part.than)]
        between = " against "
    needs, least = _on_each(part.margin, unit, datasets), _on_each(part.counts_from, unit, datasets)
    counts = "" if needs == least else f"; counts from {least} on"
    return f"{between.join(sides)} {'>' if part.sign > 0 else '<'} {needs}{counts}"


def _on_each(margin, unit, datasets):
    """A margin with its unit; of each dataset if they differ."""
    times = 100 if unit in ("share", "points") else 1
    numbers = {dataset: times * margin(dataset) for dataset in datasets}
    signs = {dataset: SIGNS.get(unit, "") if number != 1 else SIGNS.get(unit, "").removesuffix("s") for dataset, number in numbers.items()}
    values = {dataset: f"{number:.4g}{signs[dataset]}" for dataset, number in numbers.items()}
    if len(set(values.values())) == 1:
        return next(iter(values.values()))
    return ", ".join(f"{value} on {label(dataset)}" for dataset, value in values.items())


def _arm(arm):
    return ", ".join(_setting(name, value) for name, value in arm.items() if value != "first")


def _setting(name, value):
    if isinstance(value, Best):
        return f"its best of the rates {', '.join(map(exact, value.values))} by `{value.measure}` on the other seeds"
    if isinstance(value, Highest):
        return f"the highest {setting(name, value.example).rpartition(' ')[0]}"
    return setting(name, value) if isinstance(value, str | float | int) else f"{name_of(name)} {value}"


if __name__ == "__main__":
    (ROOT / "docs" / "claims.md").write_text(listing(), encoding="utf-8")
    (ROOT / "docs" / "controls.md").write_text(controls_listing(), encoding="utf-8")
