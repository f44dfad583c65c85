"""A visual record of the running app: `python -m tests.screenshots RELEASES OUT`.

Every page of the menu, light and dark, on a laptop (1280 x 720) and on a projector (1920 x 1080), for the whole of a
release, for London, for a rural authority and for an area that has no figures; one picture each, below OUT, by release.
`--pages`, `--areas`, `--sizes` and `--schemes` take fewer. The pictures of the README are made with it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

from cellcount.bench.browser import find_browser
from cellcount.store import list_releases
from cellcount.ui.frame import PAGES
from tests.browser import Visit, running_app, visiting

SIZES = {"laptop": (1280, 720), "projector": (1920, 1080)}
SCHEMES = ("light", "dark")
AREAS = {
    "whole": "",
    "london": "London (region)",
    "rural": "Highland (local authority)",
    "empty": "Isles of Scilly (local authority)",
}
"""The areas by the label that the app gives them; a release that has no such area shows its whole, and says so."""
WITHOUT_AREA = ("themes", "incident", "about")
"""Pages that have no area: one picture is enough."""
ASKED: Mapping[str, Mapping[str, str]] = {
    "density": {"measure": "Per km²"},
    # The fire at Marlbeck Works, which the demonstration makes up.
    "incident": {
        "place": "54.8995, -1.5330",
        "rings": "2, 4",
        "from_date": "2026-11-04",
        "from_hour": "13:00",
        "to_date": "2026-11-04",
        "to_hour": "20:00",
    },
}


def views(pages: Sequence[str], areas: Sequence[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Name of the picture, path and query of every view."""
    for page in pages:
        for area in areas if page not in WITHOUT_AREA else areas[:1]:
            asked = dict(ASKED.get(page, {}))
            if AREAS[area]:
                asked["area"] = AREAS[area]
            yield f"{page}-{area}", "" if page == "themes" else page, asked


def take(
    releases: Path,
    out: Path,
    *,
    pages: Sequence[str] = tuple(PAGES),
    areas: Sequence[str] = tuple(AREAS),
    sizes: Sequence[str] = tuple(SIZES),
    schemes: Sequence[str] = SCHEMES,
    whole: bool = False,
) -> list[Path]:
    """Take the pictures of every release that can be opened.

    Parameters
    ----------
    releases : Path
        Folder of releases.
    out : Path
        Folder of the pictures, made if it is not there.
    pages, areas, sizes, schemes : sequence of str
        Keys of `PAGES`, `AREAS`, `SIZES`, and of `SCHEMES`.
    whole : bool
        Whether a picture is as long as the page and not as high as the window.

    Returns
    -------
    list of Path
        The pictures.
    """
    browser = find_browser()
    if browser is None:
        raise SystemExit("There is no Chromium, Chrome or Edge on this machine; install one to take pictures.")
    taken = []
    with running_app(releases) as address:
        for found in (each for each in list_releases(releases) if not each.fault):
            folder = out / found.id
            folder.mkdir(parents=True, exist_ok=True)
            for size in sizes:
                for scheme in schemes:
                    width, height = SIZES[size]
                    with visiting(browser, width=width, height=height, scheme=scheme) as visit:
                        for name, path, asked in views(pages, areas):
                            picture = folder / f"{name}-{size}-{scheme}.png"
                            visit.open(f"{address}/{path}?{urlencode({'release': found.id, **asked})}")
                            _settle(visit, picture)
                            visit.page.screenshot(path=picture, full_page=whole)
                            taken.append(picture)
    return taken


def _settle(visit: Visit, picture: Path) -> None:
    """Wait for maps and charts; a page that stays blank is recorded as it is, and said."""
    try:
        visit.settle_all()
    except AssertionError as error:
        print(f"{picture.name}: {error}")  # noqa: T201 - a command says what it found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("releases", type=Path, help="folder of releases")
    parser.add_argument("out", type=Path, help="folder of the pictures")
    parser.add_argument("--pages", nargs="+", choices=tuple(PAGES), default=tuple(PAGES))
    parser.add_argument("--areas", nargs="+", choices=tuple(AREAS), default=tuple(AREAS))
    parser.add_argument("--sizes", nargs="+", choices=tuple(SIZES), default=tuple(SIZES))
    parser.add_argument("--schemes", nargs="+", choices=SCHEMES, default=SCHEMES)
    parser.add_argument("--whole", action="store_true", help="as long as the page, not as high as the window")
    chosen = vars(parser.parse_args())
    take(chosen.pop("releases"), chosen.pop("out"), **chosen)
