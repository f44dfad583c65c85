"""The first start: what a person sees while the demonstration is being made."""

from __future__ import annotations

import streamlit as st

from cellcount.first_start import FirstStart, Status
from cellcount.standard import ROOT
from cellcount.terminal import words_for_seconds

SECONDS_BETWEEN_LOOKS = 1.0

WHAT_IT_IS = (
    "There is no release yet, so the app is making a **synthetic demonstration**: three made-up operators on the real "
    "geography of the United Kingdom, five weeks from 5 October 2026. It is made once, by a process of its own: you "
    "may close this page and come back."
)
HOW_TO_HAVE_THE_WHOLE = (
    "This is the smaller demonstration: the country in cells of about 5 km² (H3 resolution 7), London and the areas of "
    "its events in cells of about 0.7 km² (resolution 8). The whole country at resolution 8 takes a few minutes more:"
)
_WHOLE = "data/demonstration-national"
COMMANDS_FOR_THE_WHOLE = (
    f"python -m cellcount demo --out {_WHOLE}\n"
    f"python -m cellcount build {' '.join(f'{_WHOLE}/deliveries/operator-{each}' for each in 'abc')}"
)


def ensure_release() -> None:
    """Return at once where a release exists or is configured; otherwise show the making of the demonstration.

    While it is being made the page ends here, looks again every second, and opens by itself when it is done.
    """
    installation = FirstStart(ROOT / "data")
    if not installation.needed():
        return
    st.title("Making the demonstration")
    st.markdown(WHAT_IT_IS)
    _watch(installation)
    with st.expander("How to make the whole country at resolution 8"):
        st.markdown(HOW_TO_HAVE_THE_WHOLE)
        st.code(COMMANDS_FOR_THE_WHOLE, language="shell")
    st.stop()


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _watch(installation: FirstStart) -> None:
    if not installation.needed():
        st.rerun()
    status = installation.ensure_running()
    if status.state == "failed":
        _explain(installation, status)
        return
    left = status.seconds_left
    st.progress(
        min(status.share, 1.0),
        text=f"{status.doing} · {status.share:.0%}"
        + (f" · {words_for_seconds(left)} left" if left is not None else " · working out how long it takes"),
    )
    if status.attempt > 1:
        st.caption("The first attempt ended without a word, so it was started once more.")


def _explain(installation: FirstStart, status: Status) -> None:
    st.error(f"The demonstration could not be made. {status.doing}")
    st.markdown(
        f"What the process printed is in `{installation.log.relative_to(ROOT)}`. Nothing else was changed. When the "
        "cause is mended, try again; or set `CELLCOUNT_RELEASE` to a release that exists."
    )
    if st.button("Try again", type="primary"):
        installation.retry()
        st.rerun()
