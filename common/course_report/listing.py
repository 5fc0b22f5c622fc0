"""The list of all claims, `docs/claims.md`: made of the claims themselves by `python -m common.course_report.listing > docs/claims.md`."""

from common.course_report.claims import Best, Highest
from common.course_report.verdicts import SIGNS, unit_of
from common.data import label
from common.experiment.find import find_experiments
from common.experiment.formatting import exact, setting
from common.experiment.measures import registry

HEAD = """# The claims

Each statement of the course report that data can decide, with the claims that test it: a row of `claims.csv` for each and each dataset. A
claim is decided by columns of `summary.csv`, which are explained below; several parts must all hold. Its verdict is the first of these
that is shown: *supported*, the effect lies beyond the margin; *contradicted*, it lies below the least effect that counts (the margin,
unless another is named): it is nothing, or opposite; *smaller than claimed*, its direction is as claimed, and it lies below the margin.
Otherwise it is *undecided*. The verdicts of a page hold together: [statistics.md](statistics.md) has the rule and its proof. Statements
that contradict one another are tested as they stand. Q2 is no statement but a question of the report, on remedies.

This page is made of the claims in `common/course_report`: `python -m common.course_report.listing > docs/claims.md`.
"""


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
                where = "" if claim.datasets == experiment.datasets else f" ({', '.join(map(label, claim.datasets))})"
                decided = "; ".join(_part(part, experiment, measures, claim.datasets) for part in claim.parts)
                cells = (statement, f"`{claim.id}`", f"{claim.sentence}{where}", decided, claim.reason)
                parts.append(f"| {' | '.join(cells).replace('|p - y|', 'abs(p - y)')} |")
        parts += ["", "| column | is |", "|---|---|"]
        used = dict.fromkeys(name for claim in claims for part in claim.parts for name, _ in part.arms)
        parts += [f"| `{name}` | {measures[name].label} |" for name in used]
        parts.append("")
    return "\n".join(parts)


def _part(part, experiment, measures, datasets):
    """A part of a claim, in words."""
    unit = unit_of(part, measures)
    sides = [f"`{name}` of {_arm(arm)}" for name, arm in part.arms]
    if len(sides) == 2 and part.arms[0][0] == part.arms[1][0]:
        sides[1] = _arm(part.arms[1][1])
    elif len(sides) == 2 and part.arms[0][1] == part.arms[1][1]:
        sides = [f"`{part.arms[0][0]}`", f"`{part.arms[1][0]}` of {_arm(part.arms[1][1])}"]
    between = " less " if part.times is None else " over "
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
    return f"the highest {setting(name, value.example).rpartition(' ')[0]}" if isinstance(value, Highest) else setting(name, value)


if __name__ == "__main__":
    print(listing(), end="")
