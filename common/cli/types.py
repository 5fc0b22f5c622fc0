"""Argument types of the command line: functions for argparse, whose errors say in a line what is wrong with a word."""

import argparse

from common.seeds import MOST_SEEDS

SMALLEST_FLOAT32, LARGEST_FLOAT32 = 1.2e-38, 3.4e38
MOST_EPOCHS, MOST_JOBS, LARGEST_SEED = 1_000_000, 256, 2**32 - 1


def whole_number(smallest, largest):
    """An argument type: an integer within bounds."""

    def parse(word):
        try:
            number = int(word)
        except ValueError:
            number = None
        if number is None or not smallest <= number <= largest:
            raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from {smallest} to {largest}")
        return number

    return parse


def positive_number(word):
    """An argument type: a number that float32 can hold, above 0."""
    number = _float(word)
    if not SMALLEST_FLOAT32 <= number <= LARGEST_FLOAT32:  # False for NaN too
        raise argparse.ArgumentTypeError(f"{word!r} is not a positive number; give one such as 0.01")
    return number


def number_from_zero(word):
    """An argument type: 0, or a number that float32 can hold above it."""
    number = _float(word)
    if number != 0 and not SMALLEST_FLOAT32 <= number <= LARGEST_FLOAT32:
        raise argparse.ArgumentTypeError(f"{word!r} is neither 0 nor a positive number; give one such as 0.01")
    return abs(number)


def share(word):
    """An argument type: a number between 0 and 1."""
    number = _float(word)
    if not SMALLEST_FLOAT32 <= number <= 1 - 2**-24:
        raise argparse.ArgumentTypeError(f"{word!r} is not between 0 and 1; give a rate such as 0.2")
    return number


def folder(word):
    """An argument type: a path that is not empty."""
    if not word:
        raise argparse.ArgumentTypeError("'' is no folder; name one, . for this one")
    return word


def address(word):
    """An argument type: a word without spaces; whether somebody answers there shows when it is called."""
    if not word or word.split() != [word]:
        raise argparse.ArgumentTypeError(f"{word!r} is no address; give one such as tcp://10.0.0.1:8786")
    return word


def _float(word):
    try:
        return float(word)
    except ValueError:
        return float("nan")


def seed_words(word):
    """An argument type: one or more seeds, separated by commas. Which of them is a count shows only when all words are there."""
    return word.split(",")


def seed_list(words):
    """The seeds that all words of --seeds stand for, a list of int: a single number without a comma is a count."""
    is_count = len(words) == 1 and len(words[0]) == 1
    if is_count:
        return list(range(whole_number(1, MOST_SEEDS)(words[0][0])))
    seeds = [whole_number(0, LARGEST_SEED)(part) for word in words for part in word if part]
    if not seeds or len(seeds) > MOST_SEEDS:
        raise argparse.ArgumentTypeError(f"{len(seeds)} seeds given; give 1 to {MOST_SEEDS}")
    return seeds
