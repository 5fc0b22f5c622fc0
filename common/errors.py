"""The one exception that ends a script with a single line on stderr and exit status 2."""


class BadInput(Exception):
    """A flag, an environment variable, a file or a folder that cannot be used.

    The message is one line that names the culprit and says what to do.
    """
