"""Why published data could not be imported."""

from __future__ import annotations

from cellcount.errors import CellCountError


class ImportRefusedError(CellCountError):
    """The source's own files cannot be made into a release as they are; nothing was written."""
