"""Made-up controls, of arms that differ in accuracy."""

from common.course_report.claims import Above
from common.course_report.controls import Control
from tests.support.arms import ACCURACY

A, B, C = ({"loss": name} for name in "abc")


def control(name, of=B, by=0.1, **words):
    """A control that the arm `of` has a higher accuracy than a; keyword arguments take the place of its texts."""
    of_it = {
        "cause": f"cause of {name}",
        "done": f"done for {name}",
        "speaks_for": f"{name} is seen",
        "speaks_against": f"{name} is not seen",
    }
    of_it |= {"holds": f"Mechanism of {name} holds.", "fails": f"Mechanism of {name} fails.", "figure": name}
    part = Above(ACCURACY, of, A, by=by)
    return Control(name, f"sentence of {name}", (part,), ("digits",), 1, "because", question="Q", **{**of_it, **words})
