"""The verdicts as text, for the screen and for the page."""

from common.course_report import verdicts
from common.experiment.names import display


def claim_blocks(claims, table):
    """The verdicts on each dataset, as text: list of dicts with `heading`, `header`, `rows`,
    `counts` (of verdicts) and `sentences`.

    Args:
        claims: the Claims.
        table: `claims.csv`, a DataFrame.
    """
    sentences = {claim.id: claim.sentence for claim in claims}
    blocks = []
    for dataset, rows in table.groupby("dataset", sort=False):
        block = {"heading": f"Claims on {display(dataset)}", "header": ["claim", "estimate", "needs", "seeds", "verdict"], "rows": []}
        for row in rows.to_dict("records"):
            if row["note"]:
                words = [row["note"], "", "", row["verdict"]]
            else:
                words = [*verdicts.in_words(row), f"{row['n']:.0f}", row["verdict"]]
            block["rows"].append([row["id"], *words])
        found = [row[-1] for row in block["rows"]]
        block["counts"] = ", ".join(f"{found.count(name)} {name}" for name in verdicts.VERDICTS if name in found)
        block["sentences"] = [sentences[row[0]] for row in block["rows"]]
        blocks.append(block)
    return blocks
