"""The command line that the scripts share. Imports nothing heavy, so --help and mistakes are answered at once."""

from common.cli.ending import show_logs
from common.cli.flags import build_parser, parse
from common.cli.streams import BAD_INPUT, forgive_output, forgiving_output
from common.cli.types import number_from_zero, positive_number

__all__ = ["BAD_INPUT", "build_parser", "forgive_output", "forgiving_output", "number_from_zero", "parse", "positive_number", "show_logs"]
