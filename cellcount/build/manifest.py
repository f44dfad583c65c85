"""What a release says of itself."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from h3.api import basic_int as h3

from cellcount import __version__
from cellcount.build.align import Keys
from cellcount.build.areas import COUNTRY, AreasWritten
from cellcount.build.calibrate import Calibration
from cellcount.build.deliveries import Delivery
from cellcount.build.history import calendars, period_id
from cellcount.build.local_time import TIME_ZONE, local_days
from cellcount.build.protect import STEWARD_CAVEAT
from cellcount.build.shares import LEFT_OUT_FROM
from cellcount.build.zones import Zones
from cellcount.methods.day_types import DAY_TYPES
from cellcount.standard import HOURS_OF_DAY, release_format

AREA_TYPES = {"authority": "Local authority", "region": "Region", "nation": "Nation", "country": "Country"}
MAP_WIDTH, MAP_HEIGHT, TILE = 900, 650, 512
"""Pixels: the smallest map that the whole area should fit into, and the size of the world at zoom 0."""


def release_id(deliveries: Sequence[Delivery], parameters: Mapping[str, Any], reference: str) -> str:
    """Name of the release that these inputs make: the same inputs, the same name.

    Parameters
    ----------
    deliveries : sequence of Delivery
        Deliveries; their manifests hold the checksums of all their files.
    parameters : mapping
        Parameters of the build.
    reference : str
        Checksum of the reference geography.

    Returns
    -------
    str
        For example `demonstration-2026-10-05-2026-11-08-1a2b3c4d`.
    """
    made_from = {
        "deliveries": [delivery.manifest_sha256 for delivery in deliveries],
        "parameters": parameters,
        "reference": reference,
        "release_format": release_format(),
        "software_version": __version__,
    }
    digest = hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:8]
    first, last = deliveries[0].period
    kind = "demonstration" if deliveries[0].synthetic else "cell-count"
    return f"{kind}-{first}-{last}-{digest}"


def release_manifest(
    deliveries: Sequence[Delivery],
    areas: pa.Table,
    *,
    title: str | None,
    disclosure: Mapping[str, Any],
    steward_only: bool,
    parameters: Mapping[str, Any],
    area: str,
    cells: Mapping[int, Keys],
    note: str | None,
    quality: Mapping[str, Any],
    calibration: Calibration,
) -> dict[str, Any]:
    """The manifest of a built release, but for what the writer adds.

    Parameters
    ----------
    deliveries : sequence of Delivery
        What it is made from.
    areas : pyarrow.Table
        Areas of the reference geography.
    title : str or None
        Name on screen; made from the area and the kind of data if None.
    disclosure : mapping
        The rule, in words.
    steward_only : bool
        Whether the release is for the steward of the data alone.
    parameters : mapping
        Parameters of the build.
    area : str
        Code of the area shown first.
    cells : mapping of int to array of int64
        By resolution, the cells that have figures.
    note : str or None
        On where finer resolutions are given.
    quality : mapping
        Quality figures of the whole.
    calibration : Calibration
        What it was calibrated with.

    Returns
    -------
    dict
    """
    first, last = deliveries[0].period
    dates = deliveries[0].dates
    synthetic = deliveries[0].synthetic
    names = dict(zip(areas.column("area_code").to_pylist(), areas.column("area_name").to_pylist(), strict=True))
    kind = "Demonstration" if synthetic else "National cell count"
    title = title or f"{kind}, {names[area]}"
    present_types = set(areas.column("area_type").to_pylist())
    return {
        "title": title,
        "kind": "built",
        "synthetic": synthetic,
        "deliveries": [
            {
                "delivery_id": delivery.manifest["delivery_id"],
                "operator_id": delivery.operator_id,
                "manifest_sha256": delivery.manifest_sha256,
            }
            for delivery in deliveries
        ],
        "parameters": dict(parameters),
        "disclosure": dict(disclosure),
        "steward_only": steward_only,
        "time": {
            "time_zone": TIME_ZONE,
            "period_start": str(first),
            "period_end": str(last),
            "day_types": [
                {"id": day_type, "label": label}
                for day_type, label in DAY_TYPES.items()
                if any(day_type in kinds for _, kinds in calendars(dates))
            ],
            "periods": [{"id": period_id(dates), "label": _span(first, last)}],
            "slots": [
                {"id": f"h{hour:02d}", "label": f"{hour:02d}:00 to {(hour + 1) % 24:02d}:00", "hours": [hour]}
                for hour in range(HOURS_OF_DAY)
            ],
        },
        "measure_note": (
            "People estimated present, mean over the hour: official residents at home, and the devices that operators "
            "counted beyond theirs over the share of people whom they see."
        ),
        "resolutions": sorted(cells),
        "resolution_note": note,
        "area_types": [{"id": id_, "label": label} for id_, label in AREA_TYPES.items() if id_ in present_types],
        "default_area": area,
        "map_view": map_view(cells[min(cells)]),
        "source": _source(deliveries, title),
        "caveats": [*([STEWARD_CAVEAT] if steward_only else []), *caveats(deliveries, dates, calibration)],
        "quality": dict(quality),
    }


def caveats(deliveries: Sequence[Delivery], dates: Sequence[dt.date], calibration: Calibration) -> list[str]:
    """What whoever uses the figures must know, in sentences.

    Parameters
    ----------
    deliveries : sequence of Delivery
        What the release is made from.
    dates : sequence of date
        All UTC days.
    calibration : Calibration
        What the release was calibrated with.

    Returns
    -------
    list of str
    """
    told = []
    if deliveries[0].synthetic:
        told.append("The data are synthetic: made-up people on real geography. No figure is about anybody.")
    told += [
        "Figures are estimates calibrated to official residents "
        + (
            "by home area." if calibration.by_home else "by night counts, for not every operator counts people by home."
        ),
        "A count that an operator withheld is taken at what the others lead to expect.",
        "Intervals hold chance, shares, placement and rounding; those of trips and visits hold all but placement.",
        f"Where part of a network was down, the operator is left out if it lost {100 * LEFT_OUT_FROM:.0f} % or more.",
        "In a day's trips between two areas, an hour withheld by an operator is taken at its likely mean.",
        "Country of residence is the country that issued the SIM: a proxy, and not nationality.",
        *(
            []
            if calibration.whole_country
            else ["Only a part of the country is delivered: as many people are taken to come into it as leave it."]
        ),
        *(
            ["How many residents are abroad is not delivered: figures are too high by as many."]
            if np.isnan(calibration.abroad).all()
            else []
        ),
        "Bank holidays are those of the nation that a place lies in. Figures of the country as a whole have England's, "
        "for they need one calendar.",
    ]
    whole = local_days(dates[0], dates[-1])
    left_out = [day for day in dates if day not in whole]
    if left_out:
        days = ", ".join(_spoken(day) for day in left_out)
        told.append(
            f"Typical days leave out {days}: days of 23 or 25 hours, and days of which only a part is delivered."
        )
    return told


def map_view(cells: Keys) -> dict[str, float]:
    """Centre and zoom of a map that shows all cells.

    Parameters
    ----------
    cells : array of int64
        Cells, of any resolution.

    Returns
    -------
    dict
        `longitude`, `latitude` in degrees, and `zoom` of the Web Mercator projection in tiles of 512 pixels.
    """
    latitude, longitude = np.array([h3.cell_to_latlng(int(cell)) for cell in cells]).T
    northing = np.degrees(np.arcsinh(np.tan(np.radians(latitude))))
    middle = (northing.min() + northing.max()) / 2
    across, along = max(np.ptp(longitude), 0.05), max(np.ptp(northing), 0.05)
    zoom = math.log2(min(MAP_WIDTH / across, MAP_HEIGHT / along) * 360 / TILE)
    return {
        "longitude": round(float(longitude.min() + longitude.max()) / 2, 4),
        "latitude": round(math.degrees(math.atan(math.sinh(math.radians(middle)))), 4),
        "zoom": round(zoom - 0.1, 2),
    }


def default_area(zones: Zones, written: AreasWritten) -> str:
    """The area shown first: the country if there are figures for it, else the largest that has some."""
    covered = {code for code, there in zip(zones.codes, written.covered, strict=True) if there}
    if COUNTRY in covered or not covered:
        return COUNTRY
    return max(sorted(covered), key=lambda code: zones.residents[zones.codes.index(code)])


def _source(deliveries: Sequence[Delivery], title: str) -> dict[str, str | None]:
    number = len(deliveries)
    kind = "Synthetic deliveries" if deliveries[0].synthetic else "Deliveries"
    first, last = deliveries[0].period
    return {
        "name": f"{kind} of {number} mobile network operator{'s' if number > 1 else ''}",
        "publisher": None,
        "licence": "; ".join(sorted({str(delivery.manifest["licence"]) for delivery in deliveries})),
        "attribution": None,
        "citation": f"{title}, {_span(first, last)}.",
        "url": None,
    }


def _span(first: dt.date, last: dt.date) -> str:
    return _spoken(first) if first == last else f"{_spoken(first)} to {_spoken(last)}"


def _spoken(day: dt.date) -> str:
    """A date as people write it, on any platform.

    Examples
    --------
    >>> _spoken(dt.date(2026, 10, 5))
    '5 October 2026'
    """
    return f"{day.day} {day:%B %Y}"
