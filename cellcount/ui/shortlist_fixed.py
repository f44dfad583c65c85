"""The decision: two or three themes that go forward, with reasons, and the decisions that were taken before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from cellcount.record import Chosen, Shortlist
from cellcount.record.limits import FEWEST_CHOSEN, MOST_CHOSEN, MOST_TEXT
from cellcount.ui import controls, drafts, evidence, exports, frame, keeping
from cellcount.ui.scoring import PASSING, ThemeStanding
from cellcount.ui.shortlist_desk import WHERE, Desk, point_to, title_of
from cellcount.ui.shortlist_snapshot import since, snapshot_of, stood
from cellcount.ui.valuing import valued
from cellcount.ui.words import as_label, count, listed, plain

FORM = f"{WHERE}fixed"


def show(desk: Desk) -> None:
    """Draw the part.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    """
    earlier = desk.record.listed(Shortlist)
    drafts.show_saved(FORM)
    st.markdown("##### Fix a shortlist")
    st.markdown(
        "Two or three themes go forward, each with its reason. What is fixed is kept with the date, the names, and "
        "scores, weights and result as they stand now; it stays as it is, and a later decision is another shortlist."
    )
    open_to = [each for each in desk.standing.themes if each.gate in PASSING]
    _shut(desk)
    if len(open_to) < FEWEST_CHOSEN:
        point_to(
            "Ethics gate",
            f"A shortlist has two or three themes, and {count(len(open_to), 'theme passes', 'themes pass')} the gate.",
        )
    else:
        _choose(desk, open_to, len(earlier))
    st.markdown("##### Shortlists")
    if not earlier:
        st.caption("None has been fixed yet.")
        return
    for place, each in enumerate(earlier):
        _kept(desk, each, newest=place == 0)
    name = desk.file_name("shortlists", "csv")
    evidence.download("All shortlists (CSV)", name, "text/csv", lambda: exports.to_csv(table_of(earlier)), of="fixed")


def _shut(desk: Desk) -> None:
    shut = [each for each in desk.standing.themes if each.gate not in PASSING]
    if shut:
        said = "\n".join(f"- {plain(each.title)}. {plain(each.gate_words)}" for each in shut)
        label = f"{count(len(shut), 'theme', 'themes')} cannot be chosen: the ethics gate is undecided or closed"
        with st.expander(label, icon=":material/gavel:", key="shut"):
            st.markdown(said)


def _choose(desk: Desk, open_to: Sequence[ThemeStanding], times: int) -> None:
    # Another form after each decision, so that the next one begins empty.
    with st.form(f"fix-{times}"):
        chosen = [(each, *_offer(desk, each, times)) for each in open_to]
        names = st.text_area(
            "Who decides, one name a line; you alone where it is empty",
            key=f"names-{times}",
            height=80,
            placeholder=desk.by or None,
        )
        fixed = st.form_submit_button("Fix the shortlist", type="primary", icon=":material/gavel:")
    if not fixed:
        return
    picked = [(each, reason) for each, taken, reason in chosen if taken]
    typed = (names or desk.by).splitlines()
    who = tuple(dict.fromkeys(" ".join(line.split()) for line in typed if line.strip()))
    wrong = faults(picked, who)
    if wrong:
        st.error(plain(f"{wrong} Nothing was saved yet."), icon=":material/error:")
        return
    made = Shortlist(
        decided_at=datetime.now(UTC),
        names=who,
        themes=tuple(Chosen(each.theme_id, reason) for each, reason in picked),
        snapshot=snapshot_of(desk),
        release_id=desk.release.manifest.release_id,
    )
    drafts.save(FORM, [made], desk.by)
    st.rerun()


def faults(picked: Sequence[tuple[ThemeStanding, str]], names: Sequence[str]) -> str:
    """Why a choice cannot be fixed; empty where it can.

    Parameters
    ----------
    picked : sequence of (ThemeStanding, str)
        Themes and reasons.
    names : sequence of str
        Who decides.

    Examples
    --------
    >>> faults([], ["Ann"])
    'A shortlist has two or three themes, and you chose none.'
    """
    if not FEWEST_CHOSEN <= len(picked) <= MOST_CHOSEN:
        return f"A shortlist has two or three themes, and you chose {len(picked) or 'none'}."
    silent = [each.title for each, reason in picked if not reason]
    if silent:
        return f"Say why {listed(silent)} {'goes' if len(silent) == 1 else 'go'} forward."
    return "" if names else "Say who decides: one name a line."


def _offer(desk: Desk, each: ThemeStanding, times: int) -> tuple[bool, str]:
    left, right = st.columns([1, 1.4], gap="medium", vertical_alignment="top")
    with left:
        taken = st.checkbox(as_label(each.title), key=f"take-{each.theme_id}-{times}")
        value = valued(desk.record, each.theme_id)
        said = [
            f"Place {each.place}: {each.value:.0f} of 100" if each.place and each.value is not None else each.rank_words
        ]
        if value and value.npv:
            said.append(f"net present value {value.npv}{', of example lines' if value.examples else ''}")
        said += [each.gate_words] if each.gate == "conditions" else []
        st.caption(plain("; ".join(part.rstrip(".") for part in said) + "."))
    with right:
        reason = st.text_area(
            f"Why {as_label(each.title)} goes forward",
            key=f"why-{each.theme_id}-{times}",
            max_chars=MOST_TEXT,
            height=70,
        )
    return taken, (reason or "").strip()


def _kept(desk: Desk, each: Shortlist, *, newest: bool) -> None:
    with st.container(border=True, gap="small", key=f"shortlist-{each.id}"):
        when = keeping.by_whom("", each.decided_at, desk.zone)
        st.markdown(f"**{plain(listed([title_of(theme.theme_id) for theme in each.themes]))}**")
        synthetic = "; made on synthetic demonstration data" if each.snapshot.get("synthetic") else ""
        st.caption(plain(f"Decided {when} by {listed(list(each.names))}, on release {each.release_id}{synthetic}."))
        for theme in each.themes:
            was = stood(each, theme.theme_id)
            of = "no value then" if was is None or was.value is None else f"{was.value:.0f} of 100 then"
            st.markdown(f"- **{plain(title_of(theme.theme_id))}** ({of}): {plain(theme.reason)}")
        changed = since(each, desk.standing, desk.release.manifest.release_id)
        label = f"What has changed since ({len(changed)})" if changed else "Nothing has changed since"
        if changed:
            with st.expander(label, icon=":material/history:", key=f"since-{each.id}"):
                st.markdown("\n".join(f"- {plain(said)}" for said in changed))
        else:
            st.caption(f"{label}.")
        with st.container(horizontal=True):
            name = desk.file_name(f"shortlist-{each.id[:8]}", "json")
            evidence.download("As it was fixed (JSON)", name, "application/json", lambda: to_json(each), of=each.id)
            if newest:
                page = frame.PAGES["briefing"]
                st.page_link(page.file, label="Make a briefing of it", icon=page.icon, query_params=controls.kept())


def to_json(each: Shortlist) -> bytes:
    """A shortlist with all that stood on the page when it was fixed.

    Parameters
    ----------
    each : Shortlist
        As it was kept.
    """
    said = {
        "decided_at": each.decided_at.isoformat(),
        "names": list(each.names),
        "release_id": each.release_id,
        "synthetic": each.snapshot.get("synthetic"),
        "themes": [{"id": one.theme_id, "title": title_of(one.theme_id), "reason": one.reason} for one in each.themes],
        "as_it_stood": each.snapshot,
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode()


def table_of(shortlists: Sequence[Shortlist]) -> pd.DataFrame:
    """Every shortlist, a row a theme.

    Parameters
    ----------
    shortlists : sequence of Shortlist
        The newest first.
    """
    return pd.DataFrame(
        [
            {
                "decided_at": each.decided_at.isoformat(timespec="seconds"),
                "names": "; ".join(each.names),
                "theme": title_of(theme.theme_id),
                "reason": theme.reason,
                "value": was.value if was else None,
                "place": was.place if was else None,
                "release_id": each.release_id,
                "synthetic": each.snapshot.get("synthetic"),
            }
            for each in shortlists
            for theme in each.themes
            for was in [stood(each, theme.theme_id)]
        ]
    )
