"""The report on an experiment: verdicts on its claims, answers to its questions, its numbers beside ours. Imports nothing heavy, for the
scripts begin with it."""

from dataclasses import dataclass, field
from pathlib import Path

from common.experiment import Report, Section

TEMPLATES = Path(__file__).parent / "templates"
CLAIMS_LEGEND = (
    "What each claim says, and in full what decides it, stands in claims.csv. Intervals are as wide as Holm's adjustment over all claims "
    "demands: all verdicts together are wrong in at most 5 % of repetitions."
)


@dataclass(frozen=True)
class CourseReport(Report):
    """What the course report adds to an experiment: claims.csv, answers.csv and reproduction.csv, and what is shown of them.

    Attributes:
        claims: the Claims that the tables decide.
        questions: the Questions that the tables answer.
        settings: settings of the report's runs that flags can change, `{setting: value}`, besides its batch size.
    """

    claims: tuple = ()
    questions: tuple = ()
    settings: dict = field(default_factory=dict)

    def tables(self, experiment, cells, tables):
        from common.course_report import answers, reproduction, verdicts

        epochs = {cell.dataset: cell.epochs for cell in cells}
        claims = verdicts.decide(self.claims, tables["summary"], experiment.arm_columns, epochs)
        return {
            "claims": claims,
            "reproduction": reproduction.compare(experiment, self.settings, cells, tables["summary"]),
            "answers": answers.answer_all(self.questions, {**tables, "claims": claims}, experiment.arm_columns),
        }

    def figures(self, results):
        from common.course_report.figure import claims_figure

        claims = results.tables["claims"]
        return [results.figure(claims_figure, "claims", claims, title=": the claims")] if claims["estimate"].notna().any() else []

    def sections(self, tables):
        from common.course_report import reproduction, text
        from common.experiment.names import display
        from common.page.html import render

        def section(name, short, heading, first=False, **content):
            return Section(name, short, heading, render(f"{name}.html", TEMPLATES, **content), first)

        found = []
        if blocks := text.claim_blocks(self.claims, tables["claims"]):
            found.append(section("verdicts", "Verdicts", "Verdicts", first=True, verdicts=blocks))
        answers = [(display(dataset), rows.to_dict("records")) for dataset, rows in tables["answers"].groupby("dataset", sort=False)]
        if answers:
            found.append(section("answers", "Questions", "Questions", answers=answers))
        rows = [{**row, "what": reproduction.what(row)} for row in tables["reproduction"].to_dict("records")]
        if rows:
            lines = reproduction.in_words(tables["reproduction"])
            heading = "The report's numbers beside ours"
            found.append(section("reproduction", "The report's numbers", heading, reproduction=rows, reproduced=lines))
        return found

    def lines(self, tables):
        import textwrap

        from common.course_report import reproduction, text
        from common.results.console import WIDTH, aligned

        blocks = text.claim_blocks(self.claims, tables["claims"])
        return [
            *([block["heading"], *aligned([block["header"], *block["rows"]], left=1)] for block in blocks),
            textwrap.wrap(CLAIMS_LEGEND, WIDTH),
            *(textwrap.wrap(line, WIDTH) for line in reproduction.in_words(tables["reproduction"])),
        ]
