"""The release secret: made once, kept beside the releases, never in one.

Rounding is driven by it. Two releases of the same days under different secrets would let anybody average two roundings
of the same figure, so a secret that is lost is a fault that stops the build while such a release exists.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from cellcount.build.deliveries import Delivery
from cellcount.errors import CellCountError
from cellcount.standard import MANIFEST_NAME

NAME = "release-secret"
"""File name of the secret, in the folder that holds the folder of releases."""
BYTES = 32
_CHECKED = b"cellcount release secret, check value"
_HEX = re.compile(rf"[0-9a-f]{{{2 * BYTES}}}")


class SecretError(CellCountError):
    """The release secret is missing, cannot be read, or is not that of earlier releases."""


def secret_file(releases: Path) -> Path:
    """Where the secret of a folder of releases is kept if nobody names another file: beside it, not in it.

    Parameters
    ----------
    releases : Path
        Folder of all releases.

    Returns
    -------
    Path
    """
    return releases.absolute().parent / NAME


def open_secret(file: Path, releases: Path, deliveries: Sequence[Delivery]) -> bytes:
    """The secret by which the figures of a release are rounded; made on first use.

    Parameters
    ----------
    file : Path
        File of the secret.
    releases : Path
        Folder of all releases, in which earlier ones may stand.
    deliveries : sequence of Delivery
        What the release is to be made from.

    Returns
    -------
    bytes
        32 bytes.

    Raises
    ------
    SecretError
        If the file cannot be read or written, or is another than that of an earlier release of the same operators and
        days.
    """
    secret = _read(file)
    value = check_value(secret) if secret is not None else None
    for release, theirs in _earlier(releases, deliveries):
        if theirs != value:
            what = "has gone" if secret is None else "is another one"
            raise SecretError(
                f"The release secret {file} {what}: {release} holds days of the same operators, rounded by a secret of "
                "its own. With a new one the same figures would be rounded twice, and whoever has both releases could "
                "average the rounding away. Put the old file back, or name it with --secret; if it is lost, withdraw "
                "that release: delete its folder and have every copy of it destroyed."
            )
    return secret if secret is not None else _made(file)


def check_value(secret: bytes) -> str:
    """What a manifest says of the secret: enough to tell one from another, and nothing of the secret itself.

    Parameters
    ----------
    secret : bytes
        The secret.

    Returns
    -------
    str
        HMAC-SHA-256 of a fixed text, in hexadecimal.
    """
    return hmac.new(secret, _CHECKED, "sha256").hexdigest()


def _read(file: Path) -> bytes | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(
            f"The release secret {file} cannot be read ({error}). Have its permissions changed, or put back the file "
            "that was there."
        ) from error
    if not _HEX.fullmatch(text):
        raise SecretError(
            f"{file} does not hold a release secret, which is one line of {2 * BYTES} hexadecimal digits. Put back the "
            "file that was there, or name the right one with --secret."
        )
    return bytes.fromhex(text)


def _made(file: Path) -> bytes:
    """A new secret, in a file that only its owner may read; somebody else's, if they made one at the same moment."""
    secret = secrets.token_bytes(BYTES)
    aside = file.parent / f".{file.name}-{secrets.token_hex(8)}"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
                out.write(secret.hex() + "\n")
                out.flush()
                os.fsync(out.fileno())
            _put_in_place(aside, file)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise SecretError(
            f"The release secret cannot be written to {file} ({error.strerror or error}). Give access to that folder, "
            "or name another file with --secret."
        ) from error
    found = _read(file)
    if found is None:
        raise SecretError(f"The release secret {file} was deleted while it was being made. Start again.")
    return found


def _put_in_place(aside: Path, file: Path) -> None:
    """Give a file its name whole, unless there is one of that name: links refuse where renames would replace."""
    try:
        os.link(aside, file)
    except FileExistsError:
        return
    except OSError:
        # A file system without links: what is left of the race is the moment between these two lines.
        if not file.exists():
            aside.replace(file)


def _earlier(releases: Path, deliveries: Sequence[Delivery]) -> list[tuple[Path, str]]:
    """Releases of some of the same operators and days that were rounded, and the check values of their secrets."""
    operators = {delivery.operator_id for delivery in deliveries}
    first, last = (str(day) for day in deliveries[0].period)
    found = []
    for file in sorted(releases.glob(f"[!.]*/{MANIFEST_NAME}")):
        try:
            manifest = json.loads(file.read_text(encoding="utf-8"))
            theirs = {delivery["operator_id"] for delivery in manifest["deliveries"]}
            value = manifest["disclosure"]["check_value"]
            begins, ends = manifest["time"]["period_start"], manifest["time"]["period_end"]
        except (OSError, ValueError, TypeError, KeyError):
            continue  # an imported release, or one of before there was a secret: nothing of it was rounded by one
        if value is not None and operators & theirs and begins <= last and first <= ends:
            found.append((file.parent, value))
    return found
