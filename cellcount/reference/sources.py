"""Where the reference geography is from, under which licences: written to `sources.json`, shown by the app."""

from __future__ import annotations

from typing import Any

from cellcount.reference import packages

STATEMENT = (
    "Derived, not official boundaries. Outlines lie where the nearest postcode changes authority, cut to a "
    "small-scale coast; cells take the authority of most of their postcodes; residents are published totals of "
    "authorities, spread over live postcodes."
)

_OGL = "Open Government Licence v3.0"
_OGL_URL = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"


def sources() -> dict[str, Any]:
    """The statement, and every source with its licence and attribution.

    Returns
    -------
    dict
        `statement`, and `sources`: a list of dicts with the fields of `cellcount.geography.Source`.

    Raises
    ------
    SourceMissingError
        If a package is not installed.
    """
    return {
        "statement": STATEMENT,
        "sources": [_of_package(name, **each) for name, each in _PACKAGES.items()] + _OTHERS,
    }


def _of_package(name: str, **described: str) -> dict[str, str]:
    return {"name": name, "version": packages.version_of(name), **described}


_PACKAGES: dict[str, dict[str, str]] = {
    packages.POSTCODES: {
        "publisher": "Office for National Statistics: ONS Postcode Directory, November 2025",
        "licence": f"{_OGL}; Northern Ireland postcodes (BT) for internal use, unless licensed",
        "licence_url": "https://www.ons.gov.uk/methodology/geography/licences",
        "attribution": (
            "Contains OS data © Crown copyright and database right 2025. Contains Royal Mail data © Royal Mail "
            "copyright and database right 2025. Contains GeoPlace data © Local Government Information House Limited "
            "copyright and database right 2025. Source: Office for National Statistics licensed under the Open "
            "Government Licence v3.0."
        ),
        "used_for": "Authority of cells, outlines of areas, where residents live, postcode districts.",
    },
    packages.LIVE_POSTCODES: {
        "publisher": "Ordnance Survey: Code-Point Open",
        "licence": _OGL,
        "licence_url": _OGL_URL,
        "attribution": (
            "Contains OS data © Crown copyright and database right. Contains Royal Mail data © Royal Mail copyright "
            "and database right. Contains National Statistics data © Crown copyright and database right."
        ),
        "used_for": "Which postcodes of Great Britain are in use.",
    },
    packages.RESIDENTS: {
        "publisher": (
            "Office for National Statistics: mid-year population estimates of 2023 (England and Wales); National "
            "Records of Scotland: census of 2022"
        ),
        "licence": _OGL,
        "licence_url": _OGL_URL,
        "attribution": (
            "Source: Office for National Statistics; National Records of Scotland. Licensed under the Open Government "
            "Licence v3.0."
        ),
        "used_for": "Residents and names of the authorities of Great Britain.",
    },
    packages.CLASSIFICATION: {
        "publisher": "Office for National Statistics: 2011 Area Classification for Output Areas",
        "licence": f"{_OGL} (data), MIT (package)",
        "licence_url": _OGL_URL,
        "attribution": (
            "Source: Office for National Statistics licensed under the Open Government Licence v3.0. Contains National "
            "Statistics and OS data © Crown copyright and database right."
        ),
        "used_for": "Kind of place of cells.",
    },
    packages.NATURAL_EARTH: {
        "publisher": "Natural Earth: Admin 0 countries, 1:10 million, version 5",
        "licence": "Public domain",
        "licence_url": "https://www.naturalearthdata.com/about/terms-of-use/",
        "attribution": "Made with Natural Earth.",
        "used_for": "Coast, land share of cells, land of the world, centres of countries and parts of the world.",
    },
    packages.GEONAMES: {
        "publisher": "GeoNames",
        "licence": "Creative Commons Attribution 4.0 (data), MIT (package)",
        "licence_url": "https://creativecommons.org/licenses/by/4.0/",
        "attribution": "Contains data from GeoNames (www.geonames.org), licensed under CC BY 4.0.",
        "used_for": "Cities, towns and villages, where their centres are, names and codes of countries.",
    },
    packages.AIRPORTS: {
        "publisher": "airportsdata, from public sources",
        "licence": "MIT",
        "licence_url": "https://opensource.org/license/mit",
        "attribution": "Airports: airportsdata, © Mike Borsetti, MIT licence.",
        "used_for": "Airports.",
    },
}

_OTHERS = [
    {
        "name": packages.STATIONS,
        "version": packages.STATIONS_VERSION,
        "publisher": "David Wheatley, from Trainline EU and its sources",
        "licence": "Open Database License v1.0; what is changed in this list (stations.parquet) is under it as well",
        "licence_url": "https://opendatacommons.org/licenses/odbl/1-0/",
        "attribution": (
            "Contains information from uk-railway-stations by David Wheatley and from Trainline EU stations, which are "
            "made available here under the Open Database License (ODbL) v1.0."
        ),
        "used_for": "Railway stations of Great Britain (none of Northern Ireland), in a file of their own.",
    },
    {
        "name": "Mid-year population estimates and Census 2021 of Northern Ireland",
        "version": "2023",
        "publisher": "Northern Ireland Statistics and Research Agency",
        "licence": _OGL,
        "licence_url": _OGL_URL,
        "attribution": (
            "Source: Northern Ireland Statistics and Research Agency, licensed under the Open Government Licence v3.0."
        ),
        "used_for": "Residents of the districts of Northern Ireland.",
    },
    {
        "name": "Register of geographic codes",
        "version": "April 2025",
        "publisher": "Office for National Statistics",
        "licence": _OGL,
        "licence_url": _OGL_URL,
        "attribution": "Source: Office for National Statistics licensed under the Open Government Licence v3.0.",
        "used_for": "Which authorities are in which region; codes of Barnsley and Sheffield.",
    },
]
