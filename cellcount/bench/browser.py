"""A browser on this machine, for the benchmark and the tests, and what is asked of the maps in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    *(
        f"{os.environ[folder]}/{program}"
        for folder in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        if folder in os.environ
        for program in ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")
    ),
)

FLAGS = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
"""WebGL is drawn in software, so that a machine without a graphics card draws maps too; no host is asked for news."""


def find_browser() -> str | None:
    """Path of Chromium, Chrome or Edge on this machine; None where there is none of them."""
    found = (shutil.which(command) for command in _COMMANDS)
    return next((path for path in found if path), next((path for path in _PLACES if Path(path).exists()), None))


DRAWN = "window.cellcountMaps && Object.values(window.cellcountMaps)[0]?.times.drawn > 0"
"""Whether a map has been drawn: every map of the page can be asked."""
RESTS = """
async () => {
  const { times } = Object.values(window.cellcountMaps)[0];
  for (let before = -1, rounds = 0; before !== times.drawn && rounds < 20; rounds += 1) {
    before = times.drawn;
    await new Promise((done) => setTimeout(done, 600));
  }
}
"""
"""Waits until the map is drawn and has stopped moving: a rasteriser that still works takes the server's processor."""
