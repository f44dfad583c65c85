"""“Keeping”: everything that is kept as one file, such a file taken in again, and who changed what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from cellcount.errors import CellCountError
from cellcount.record import Change, Differing, Imported, Record
from cellcount.record.items import KINDS
from cellcount.record.limits import MOST_IMPORT_BYTES
from cellcount.ui import controls, evidence, exports, keeping
from cellcount.ui.reading import Release
from cellcount.ui.words import count, plain

MOST_CHANGES = 1000
"""Lines of the audit trail that are shown and taken away, the newest."""
WORDS: Mapping[str, str] = {
    "kept_theme": "Theme marked",
    "pin": "Evidence",
    "score": "Score",
    "weight": "Weight",
    "overrule": "Score in the place of a computed one",
    "gate": "Ethics",
    "cost_line": "Cost or benefit",
    "appraisal": "Costs and benefits",
    "shortlist": "Shortlist",
    "briefing": "Briefing",
}
"""What each kind of item is called."""
_NAMES = ("headline", "title", "label", "theme_id")
"""What an item is called by, whichever it has first."""
_MERGED = "imported"


@st.fragment
def show(record: Record, release: Release) -> None:
    """Draw what keeps the record: export, import and the audit trail, when somebody opens it.

    Parameters
    ----------
    record : Record
        The record.
    release : Release
        The release that is served; its time zone is that of the times shown.
    """
    label = "Keeping: export, import, and who changed what"
    with st.expander(label, icon=":material/inventory:", key="keeping", on_change="rerun") as opened:
        if not opened.open:
            return
        st.markdown(
            "Everything that people keep here (marks, evidence with pictures and data, scores, weights, costs, "
            "shortlists, briefings, and who changed what) is one file of JSON."
        )
        name = f"cell-count-decisions-{datetime.now(ZoneInfo(release.manifest.time_zone)):%Y-%m-%d}.json"
        evidence.download("Export everything (JSON)", name, "application/json", record.export_json, of="record")
        _take_in(record)
        _changes(record, release.manifest.time_zone)


def _take_in(record: Record) -> None:
    """A file that was exported is checked first, and taken in when somebody says so."""
    most = MOST_IMPORT_BYTES // 1_000_000
    given = st.file_uploader("Import such a file", type="json", key="import", max_upload_size=most, width=480)
    merged = controls.kept_aside(_MERGED)
    if merged:
        st.success(plain(merged), icon=":material/check:")
    if given is None:
        return
    by = controls.typed_name()
    if not by:
        st.info("Type your name at the top first: the audit trail says who took the file in.", icon=":material/info:")
        return
    content = given.getvalue()
    try:
        with st.spinner("The file is checked …", show_time=True):
            found = record.import_json(content, by, "check")
    except CellCountError as error:
        st.error(plain(error), icon=":material/error:")
        return
    st.markdown(plain(_told(found)))
    _conflicts(found.conflicts)
    if not found.added + found.updated:
        return
    if st.button("Take it in", type="primary", key="merge", icon=":material/download_done:"):
        done = keeping.attempt("board-import", by, lambda record: record.import_json(content, by, "merge"), _never)
        if done is not None:
            controls.keep_aside(_MERGED, f"The file was taken in. {_told(done)}")
        # The boards stand outside this part, and what could not be written is said above them.
        st.rerun()


def _never(record: Record, conflict: object) -> object:
    """An import has no version that could be insisted on: what differs stays as it is here."""
    del record, conflict
    return None


def _told(found: Imported) -> str:
    """What a file has that is not here, in a sentence.

    Examples
    --------
    >>> _told(Imported(added=2, updated=0, same=5, older=1, conflicts=()))
    'New here: 2. Later than here: 0. The same: 5. Earlier than here, left out: 1. Changed in both places: 0.'
    """
    return (
        f"New here: {found.added}. Later than here: {found.updated}. The same: {found.same}. Earlier than here, left "
        f"out: {found.older}. Changed in both places: {len(found.conflicts)}."
    )


def _conflicts(found: tuple[Differing, ...]) -> None:
    if not found:
        return
    st.info(
        f"{count(len(found), 'item was', 'items were')} changed here and there. They stay as they are here.",
        icon=":material/merge:",
    )
    rows = [
        {
            "What": WORDS.get(_kind(each.mine), ""),
            "Here, stays": _short(_fields_of(each.mine), each.mine.edited_by, removed=each.mine_removed),
            "In the file": _short(_fields_of(each.theirs), each.theirs.edited_by, removed=each.theirs_removed),
        }
        for each in found
    ]
    st.table(pd.DataFrame(rows).map(plain), border="horizontal", hide_index=True)


def _fields_of(item: object) -> dict[str, object]:
    """The fields of an item that it can be called by."""
    return {name: getattr(item, name) for name in _NAMES if hasattr(item, name)}


def _short(fields: Mapping[str, object], by: str, *, removed: bool) -> str:
    return f"{_called(fields)} ({'removed' if removed else 'saved'} by {by})"


def _kind(item: object) -> str:
    return next((name for name, kind in KINDS.items() if isinstance(item, kind)), "")


def _called(fields: Mapping[str, object]) -> str:
    return next((str(fields[name]) for name in _NAMES if fields.get(name)), "")


def _changes(record: Record, zone: str) -> None:
    st.markdown("###### Who changed what, the newest first")
    found = record.changes(limit=MOST_CHANGES)
    if not found:
        st.caption("Nothing has been saved yet.")
        return
    shown = table_of(found, zone)
    st.dataframe(shown.drop(columns=["Before", "After"]), hide_index=True, height=320)
    st.caption(plain(f"Local time ({zone}). {count(len(found), 'change')}, {MOST_CHANGES:,} at most."))
    evidence.download(
        "Who changed what (CSV)", "who-changed-what.csv", "text/csv", lambda: exports.to_csv(shown), of="changes"
    )


def table_of(changes: tuple[Change, ...], zone: str) -> pd.DataFrame:
    """The audit trail as a table.

    Parameters
    ----------
    changes : tuple of Change
        The newest first.
    zone : str
        IANA time zone of the times.
    """
    return pd.DataFrame(
        [
            {
                "When": f"{each.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}",
                "Who": each.by,
                "Done": each.action,
                "What": WORDS.get(each.what, each.what),
                "Which": _called(each.after or each.before or {}),
                "Id": each.item_id,
                "Before": _json(each.before),
                "After": _json(each.after),
            }
            for each in changes
        ]
    )


def _json(fields: Mapping[str, object] | None) -> str:
    return "" if fields is None else json.dumps(fields, ensure_ascii=False, sort_keys=True, default=str)
