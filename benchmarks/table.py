"""The rows of the benchmark table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line: what was measured, the number with its unit, the goal (the most that it should be), and details."""

    case: str
    seeds: int | str
    value: float
    unit: str
    goal: float | None = None
    details: str = ""

    def cells(self):
        met = "" if self.goal is None else "yes" if self.value <= self.goal else "no"
        goal = "" if self.goal is None else f"{self.goal:g} {self.unit}"
        return self.case, str(self.seeds), f"{self.value:.2f} {self.unit}", goal, met, self.details


HEADER = ("case", "seeds", "measured", "goal", "met", "details")


def line(cells):
    return "| " + " | ".join(cells) + " |"


def heading(title, about):
    return f"\n### {title}\n\n{about}\n\n{line(HEADER)}\n{line(['---'] * len(HEADER))}"
