"""Add an official table to a release, to compare its estimates with: a new release beside the old one.

A release is never changed. The new one has the files of the old one (hard links where the disk has them, copies where
not), the table that was added, and a manifest that says whose it is; it is written aside, checked and renamed into
place, so that a reader sees it whole or not at all.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cellcount.build.check import check_release, sha256
from cellcount.build.release import ReleaseWriter
from cellcount.importers.errors import ImportRefusedError
from cellcount.importers.writing import Imported, already_imported, release_name
from cellcount.progress import Progress, silent
from cellcount.standard import MANIFEST_NAME, release_tables
from cellcount.store import Manifest, read_manifest

ADDED = "added"
"""Parameter of the manifest: a list of what was added, by whom published, from which files."""
_MADE_HERE = ("release_format", "release_id", "created_at", "software_version", "tables", "files")
"""Fields of the manifest that the writer makes for the new release."""


@dataclass(frozen=True)
class Addition:
    """A table to be added to a release.

    Attributes
    ----------
    rows : pyarrow.Table
        In the columns that `data/standard/release.json` declares.
    title : str
        What it is, to end the release's title with.
    source : mapping
        `name`, `publisher`, `licence`, `attribution`, `url`.
    facts : mapping
        What whoever compares with it must know, as JSON has it.
    notes : tuple of str
        What was left out or mended, in sentences.
    """

    rows: pa.Table
    title: str
    source: Mapping[str, str]
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def add_to_release(
    release: Path,
    read: Callable[[Sequence[str]], Addition],
    *,
    table: str,
    slug: str,
    files: Sequence[Path],
    area_type: str | None = None,
    progress: Progress = silent,
) -> Imported:
    """Make a release that has everything of another and one table more, unless it was made already.

    Parameters
    ----------
    release : Path
        Folder of the release to add to; it stays as it is.
    read : callable
        Reads the source, given the codes of the release's areas; not called where the new release is there already.
    table : str
        The table that is added.
    slug : str
        What the new release's name has after the old one's, before a checksum of both.
    files : sequence of Path
        The source's own files.
    area_type : str, optional
        Give only codes of this type of area.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Imported
        The new release, which lies beside the old one.

    Raises
    ------
    ImportRefusedError
        If the release is damaged or has another such table, or a file cannot be read; nothing is written.
    """
    manifest = read_manifest(release)
    content = json.loads((release / MANIFEST_NAME).read_text(encoding="utf-8"))
    checksums = [_checksum(file) for file in files]
    made_from = [{"name": file.name, "sha256": each} for file, each in zip(files, checksums, strict=True)]
    for there in content["parameters"].get(ADDED, []):
        if there["table"] == table:
            if sorted(each["sha256"] for each in there["files"]) == sorted(checksums):
                progress(1.0, f"Already imported: {manifest.release_id}")
                return Imported(release, new=False)
            raise ImportRefusedError(
                f"{release} has the table “{release_tables()[table].title}” from other files already "
                f"({there['files'][0]['name']}). Give --into the release that it was made from."
            )
    releases = release.resolve().parent
    name = release_name(f"{manifest.release_id}-{slug}", [manifest.sha256, *checksums], {"table": table})
    already = already_imported(releases, name)
    if already is not None:
        progress(1.0, f"Already imported: {name}")
        return Imported(already, new=False)

    progress(0.0, "Checking the release")
    faults = check_release(release)
    if faults:
        raise ImportRefusedError(f"Nothing can be added to {release}: {faults[0]}")
    progress(0.3, "Reading the source's files")
    addition = read(_area_codes(release, manifest, area_type))
    progress(0.6, f"Writing {name}")
    with ReleaseWriter(releases, name) as writer:
        for file in manifest.files:
            _place(release / file.path, writer.path / file.path)
        writer.write(table, addition.rows)
        entry = {
            "table": table,
            "source": dict(addition.source),
            "files": made_from,
            "facts": dict(addition.facts),
            "notes": list(addition.notes),
        }
        kept = {key: value for key, value in content.items() if key not in _MADE_HERE}
        kept["title"] = f"{manifest.title}, with {addition.title}"
        kept["parameters"] = {
            **content["parameters"],
            ADDED: [*content["parameters"].get(ADDED, []), entry],
        }
        made = writer.publish(kept)
    progress(1.0, f"Imported {name}")
    return Imported(made, new=True, notes=addition.notes)


def _checksum(file: Path) -> str:
    if not file.is_file():
        why = "it is a folder" if file.is_dir() else "there is no such file"
        raise ImportRefusedError(f"{file} cannot be read ({why}). Name the source's own files.")
    return sha256(file)


def _area_codes(release: Path, manifest: Manifest, area_type: str | None) -> list[str]:
    tables = [
        pq.read_table(release / file.path, columns=["area_code", "area_type"], partitioning=None)
        for file in manifest.files
        if file.table == "areas"
    ]
    rows = pa.concat_tables(tables).to_pylist()
    return [row["area_code"] for row in rows if area_type in (None, row["area_type"])]


def _place(file: Path, to: Path) -> None:
    """A file in a second folder: the same one by another name where the disk has that, else a copy."""
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file.resolve(), to)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(file, to)
