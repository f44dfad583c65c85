"""What can go wrong with the record, in words for who is to mend it."""

from __future__ import annotations

from typing import Any

from cellcount.errors import CellCountError


class RefusedError(CellCountError):
    """A value or a file is not accepted; nothing was written."""


class RecordUnavailableError(CellCountError):
    """The database is down, may only be read, is full, is busy, is newer than the software, or is none."""


class ConflictError(CellCountError):
    """Somebody else changed what was being changed; nothing was written.

    Attributes
    ----------
    mine : Item or Order
        What was to be saved.
    theirs : Item or Order or None
        What is kept; None where there is nothing of this id.
    removed : bool
        Whether theirs was removed. It is then the item as it was last.
    """

    def __init__(self, mine: Any, theirs: Any | None, removed: bool = False) -> None:
        self.mine = mine
        self.theirs = theirs
        self.removed = removed
        super().__init__(self._words())

    def _words(self) -> str:
        if self.theirs is None:
            return (
                "This was never kept in the record that is open now, so there is nothing to change. Nothing was "
                "written. Save it as new, or open the record that it was read from."
            )
        if not self.theirs.edited_by or self.theirs.edited_at is None:
            return "What is kept is not what you saw. Nothing was written. Look at it again, and repeat your change."
        who = f"{self.theirs.edited_by} {'removed' if self.removed else 'changed'} this"
        when = f"on {self.theirs.edited_at.day} {self.theirs.edited_at:%B %Y at %H:%M} UTC"
        return f"{who} {when}, after you opened it. Nothing of yours was written. Compare the two and save again."
