"""Pictures of the running app: `python -m tests.screenshots RELEASES OUT`.

For every release of a folder, the themes, the population density and the data quality page, as a visitor sees them on
a laptop.
The pictures of the README are made with it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from urllib.parse import urlencode

from cellcount.bench.browser import find_browser
from cellcount.store import list_releases
from tests.browser import running_app, visiting

PAGES = {"themes": "", "density": "density", "quality": "quality"}
ASKED = {"density": {"measure": "Per km²"}}


def take(releases: Path, out: Path, *, width: int, height: int, scheme: str) -> list[Path]:
    """Take the pictures of every release that can be opened.

    Parameters
    ----------
    releases : Path
        Folder of releases.
    out : Path
        Folder of the pictures, made if it is not there.
    width, height : int
        Of the window, in pixels.
    scheme : {'light', 'dark'}
        What the visitor's browser asks for.

    Returns
    -------
    list of Path
        The pictures.
    """
    browser = find_browser()
    if browser is None:
        raise SystemExit("There is no Chromium, Chrome or Edge on this machine; install one to take pictures.")
    out.mkdir(parents=True, exist_ok=True)
    taken = []
    with (
        running_app(releases) as address,
        visiting(browser, width=width, height=height, scheme=scheme) as visit,
    ):
        for found in list_releases(releases):
            if found.fault:
                continue
            for name, page in PAGES.items():
                asked = {"release": found.id, **ASKED.get(name, {})}
                visit.open(f"{address}/{page}?{urlencode(asked)}")
                if name == "density":
                    visit.settle_map()
                elif visit.page.locator("[data-testid='stPlotlyChart']").count():
                    visit.settle_charts()
                picture = out / f"{name}-{found.id.split('-')[0]}.png"
                visit.page.screenshot(path=picture)
                taken.append(picture)
    return taken


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("releases", type=Path, help="folder of releases")
    parser.add_argument("out", type=Path, help="folder of the pictures")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    asked = parser.parse_args()
    take(asked.releases, asked.out, width=asked.width, height=asked.height, scheme=asked.scheme)
