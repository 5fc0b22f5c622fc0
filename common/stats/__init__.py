"""Intervals and tests on plain arrays, each with its coverage in simulation (docs/statistics.md). No run is dropped: a diverged one counts
as infinite, an event that never came as later than all."""

from common.stats.bounded import Bounded, bounded_interval
from common.stats.crossed import test_sample_variance
from common.stats.curves import mean_curve
from common.stats.describing import KINDS, Described, describe, have_two_groups
from common.stats.edges import at_an_edge
from common.stats.families import holm
from common.stats.groups import Group, share_interval, two_groups
from common.stats.judged import Judged, Runs
from common.stats.judging import judge, seeds_needed
from common.stats.means import Interval, mean_interval
from common.stats.proportion import Proportion
from common.stats.sign import Sign
from common.stats.student import Student
from common.stats.times import censored_times, paired_differences

__all__ = [
    "KINDS",
    "Bounded",
    "Described",
    "Group",
    "Interval",
    "Judged",
    "Proportion",
    "Runs",
    "Sign",
    "Student",
    "at_an_edge",
    "bounded_interval",
    "censored_times",
    "describe",
    "have_two_groups",
    "holm",
    "judge",
    "mean_curve",
    "mean_interval",
    "paired_differences",
    "seeds_needed",
    "share_interval",
    "test_sample_variance",
    "two_groups",
]
