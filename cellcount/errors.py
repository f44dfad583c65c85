"""The one base of every error that this project raises on purpose."""

from __future__ import annotations


class CellCountError(Exception):
    """Something went wrong that a person can mend.

    The message is a sentence or two for that person: what is wrong, where, and what to do next. The command line and
    the app print it as it stands, without a traceback.
    """
