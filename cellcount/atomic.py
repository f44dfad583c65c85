"""Writing a file so that a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any


def write_text(path: Path, text: str) -> None:
    r"""Write a text file whole, aside, and rename it into place.

    Parameters
    ----------
    path : Path
        Where the file shall be. Its folder is made where it is missing.
    text : str
        Content, written as UTF-8 with `\n` line ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Made with the permissions that any file here gets: a temporary file's own would shut other readers out.
    aside = path.parent / f".{path.name}-{secrets.token_hex(8)}"
    try:
        with aside.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file whole, aside, and rename it into place."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
