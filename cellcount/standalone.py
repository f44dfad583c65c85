"""Pages of HTML that stand by themselves: nothing is fetched, and nothing runs that the page was not written with."""

from __future__ import annotations

import base64
import hashlib
import html
from functools import cache

from cellcount.standard import ROOT

LETTERS = {400: "static/open-sans-latin-400-normal.woff2", 600: "static/open-sans-latin-600-normal.woff2"}
"""Open Sans, carried in the page, by weight."""


def standalone_page(title: str, body: str, *, style: str, script: str = "") -> str:
    """A page that carries its letters and fetches nothing, with a policy that makes the browser see to it.

    Parameters
    ----------
    title : str
        Of the page: text.
    body : str
        HTML, in which what anybody wrote is escaped.
    style, script : str
        Of the page. What is made of words that somebody wrote has no place in them.

    Returns
    -------
    str
        HTML, for UTF-8.

    Notes
    -----
    The policy knows style and script by their hashes: a style, script, picture or form that came in with a name would
    be refused, were it ever written unescaped.

    Examples
    --------
    >>> page = standalone_page("Fire & rescue", "<p>Nobody.</p>", style="p { margin: 0; }")
    >>> "<title>Fire &amp; rescue</title>" in page, "script-src" in page
    (True, False)
    """
    style = f"{_faces()}{style}"
    runs = f"script-src '{_known(script)}'; " if script else ""
    policy = (
        f"default-src 'none'; style-src '{_known(style)}'; {runs}img-src data:; font-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    ending = f"<script>{script}</script>" if script else ""
    return (
        '<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{html.escape(title)}</title><style>{style}</style></head>"
        f"<body><main>{body}</main>{ending}</body></html>\n"
    )


def _known(part: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}"


@cache
def _faces() -> str:
    faces = []
    for weight, file in LETTERS.items():
        carried = base64.b64encode((ROOT / file).read_bytes()).decode()
        faces.append(
            f'@font-face {{ font-family: "Open Sans"; font-weight: {weight}; '
            f'src: url(data:font/woff2;base64,{carried}) format("woff2"); }}'
        )
    return "".join(faces)
