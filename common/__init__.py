"""The shared part of the experiments. The first thing that any of it does is to see that what it needs is there."""

from common.needs import require

require()
