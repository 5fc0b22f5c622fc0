"""Warnings, which are shown and end no training: `-W error` is meant for one's own code, and here it hits Keras's."""

import contextlib
import os
import sys
import warnings


@contextlib.contextmanager
def no_warning_is_an_error():
    """A block in which a warning is shown where `-W error` or `PYTHONWARNINGS` would raise it, here and in the processes that start
    within. Filters that are set later count as ever."""
    if not any(action == "error" for action, *_ in warnings.filters):
        yield
        return
    options, variable = list(sys.warnoptions), os.environ.get("PYTHONWARNINGS")
    with warnings.catch_warnings():
        filters = list(warnings.filters)
        warnings.resetwarnings()
        for action, message, category, module, line in filters:
            shown = "default" if action == "error" else action
            warnings.filterwarnings(shown, _pattern(message), category, _pattern(module), line, append=True)
        sys.warnoptions[:] = map(_shown, options)
        if variable:
            os.environ["PYTHONWARNINGS"] = ",".join(map(_shown, variable.split(",")))
        try:
            yield
        finally:
            sys.warnoptions[:] = options
            if variable:
                os.environ["PYTHONWARNINGS"] = variable


def _pattern(regex):
    """A filter's regular expression as text; Python's own filters have text already, and None for whatever matches."""
    return getattr(regex, "pattern", regex) or ""


def _shown(option):
    """An option of `-W` that shows what the given one would raise. Python allows actions to be abbreviated."""
    action, colon, rest = option.partition(":")
    return f"default{colon}{rest}" if action.strip() and "error".startswith(action.strip()) else option
