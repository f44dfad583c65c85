"""The legend of a chart, in words that wrap where the page is narrow, which a chart's own would not."""

from __future__ import annotations

import html
from collections.abc import Mapping

import streamlit as st


def draw(colours: Mapping[str, str]) -> None:
    """Draw what each colour means.

    Parameters
    ----------
    colours : mapping of str to str
        Colour by name, in the order of the chart.
    """
    parts = "".join(
        '<span style="display:inline-flex;align-items:center;gap:0.45em">'
        f'<i style="width:0.8em;height:0.8em;background:{colour}"></i>{html.escape(name)}</span>'
        for name, colour in colours.items()
    )
    # Of the page's own size, which grows with the window on a slide.
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:0.25em 1.2em;font-size:0.85rem">{parts}</div>')
