"""Errors in one line: what ends a script with exit status 2, and what is quoted of others."""


class BadInput(Exception):
    """A flag, an environment variable, a file or a folder that cannot be used.

    The message is one line that names the culprit and says what to do.
    """


def first_line(error):
    """The first line of an exception's message; the name of its type if it has none."""
    return (str(error).splitlines() or [type(error).__name__])[0]
