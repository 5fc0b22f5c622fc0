"""The command line that the scripts share. Imports nothing heavy, so --help and mistakes are answered at once."""

from common.cli.flags import build_parser, parse
from common.cli.streams import BAD_INPUT, INTERRUPTED, TERMINATED, show
from common.cli.types import number_from_zero, positive_number

__all__ = ["BAD_INPUT", "INTERRUPTED", "TERMINATED", "build_parser", "number_from_zero", "parse", "positive_number", "show"]
