"""The one base of every error that this project raises on purpose."""

from __future__ import annotations


class CellCountError(Exception):
    """Something went wrong that a person can mend.

    The message is a sentence or two for that person: what is wrong, where, and what to do next. The command line and
    the app print it as it stands, without a traceback.
    """


def words_for_system(error: OSError) -> str:
    """What the operating system refused, as a sentence for a person: disk full, read-only, no access.

    Examples
    --------
    >>> words_for_system(OSError(28, "No space left on device", "/data/truth"))
    'No space left on device: /data/truth. Make room or give access, or name another folder, and start again.'
    """
    said = error.strerror or str(error)
    where = f": {error.filename}" if error.filename is not None else ""
    return f"{said}{where}. Make room or give access, or name another folder, and start again."
