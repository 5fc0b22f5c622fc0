"""The figure of the claims: each interval beside its margin, on the side that speaks for the claim, in the colour of its verdict."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from common.course_report.claims import Above, Below, Claim
from common.course_report.figure import STYLES, claims_figure
from common.course_report.verdicts import Verdict
from common.experiment import Measure

ARM = {"loss": "a"}
DIFFERENCE, RATIO, LIMIT = Above("m", ARM, ARM, by=0.5), Above("m", ARM, ARM, times=10), Below("m", ARM, limit=2)
# Estimate and interval, less the margin (in logs for the ratio), times -1 for the limit, divided by the largest distance.
CASES = [
    (DIFFERENCE, "supported", (1.0, 0.75, 1.5), (0.5, 0.25, 1)),
    (DIFFERENCE, "contradicted", (0.0, -0.5, 0.25), (-0.5, -1, -0.25)),
    (DIFFERENCE, "inconclusive", (0.5, -np.inf, np.inf), (0, -1, 1)),
    (RATIO, "supported", (100, 31.6227766, 1000), (0.5, 0.25, 1)),
    (LIMIT, "supported", (1, 0, 1.5), (0.5, 0.25, 1)),
]


@pytest.mark.parametrize(("part", "verdict", "numbers", "expected"), CASES)
def test_an_interval_stands_at_its_distance_from_the_margin_in_the_colour_of_its_verdict(part, verdict, numbers, expected):
    claim = Claim("X", "", (part,), ("digits",), 1)
    decided = [Verdict(claim, "digits", "inconclusive", "needs 5 seeds"), Verdict(claim, "digits", verdict, "", 0, "m", *numbers, n=5)]
    drawing = claims_figure(decided, {"m": Measure("m", "")})
    (ax,) = drawing.figure.axes
    (bars,) = ax.containers  # one, of the claim that is decided
    marker, _, (whiskers,) = bars.lines
    ((low, row), (high, _)) = whiskers.get_segments()[0]
    np.testing.assert_allclose((marker.get_xdata()[0], low, high, row), (*expected, 1), atol=1e-5)
    assert to_hex(marker.get_color()) == to_hex(STYLES[verdict][0]) and len({color for color, _ in STYLES.values()}) == 3
    texts = [text.get_text() for text in ax.texts]
    assert texts[:3] == ["inconclusive", "needs 5 seeds", verdict] and [label.get_text() for label in ax.get_yticklabels()] == ["X", "X"]
