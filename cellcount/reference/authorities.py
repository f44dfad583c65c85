"""The 361 local authorities of 2025: their nations and English regions."""

from __future__ import annotations

import re
from collections.abc import Iterator

NATIONS = {"E92000001": "England", "N92000002": "Northern Ireland", "S92000003": "Scotland", "W92000004": "Wales"}
"""The nations by GSS code. A code's first letter says the nation of any area."""

COUNTRY = "UK"
COUNTRY_NAME = "United Kingdom"

REGIONS = {
    "E12000001": "North East",
    "E12000002": "North West",
    "E12000003": "Yorkshire and The Humber",
    "E12000004": "East Midlands",
    "E12000005": "West Midlands",
    "E12000006": "East of England",
    "E12000007": "London",
    "E12000008": "South East",
    "E12000009": "South West",
}
"""The English regions by GSS code."""

_AUTHORITIES = {
    "E12000001": "E06000001-005 E06000047 E06000057 E08000021-024 E08000037",
    "E12000002": "E06000006-009 E06000049-050 E06000063-064 E07000117-128 E08000001-015",
    "E12000003": "E06000010-014 E06000065 E08000017-018 E08000032-036 E08000038-039",
    "E12000004": "E06000015-018 E06000061-062 E07000032-039 E07000129-142 E07000170-176",
    "E12000005": "E06000019-021 E06000051 E07000192-199 E07000218-222 E07000234-239 E08000025-031",
    "E12000006": "E06000031-034 E06000055-056 E07000008-012 E07000066-077 E07000095-096 E07000098-099 E07000102-103 "
    "E07000143-149 E07000200 E07000202-203 E07000240-245",
    "E12000007": "E09000001-033",
    "E12000008": "E06000035-046 E06000060 E07000061-065 E07000084-094 E07000105-116 E07000177-181 E07000207-217 "
    "E07000223-229",
    "E12000009": "E06000022-027 E06000030 E06000052-054 E06000058-059 E06000066 E07000040-047 E07000078-083",
}
"""By region, its authorities as runs of codes, from the Office for National Statistics' register of codes. A run also
covers the numbers in it that were never given or have ended; no area has those."""

RECODED = {"E08000016": "E08000038", "E08000019": "E08000039"}
"""Old to new code of Barnsley and Sheffield, recoded on 1 April 2025."""


def nation_of(area_code: str) -> str:
    """GSS code of the nation that an authority or region is in.

    Parameters
    ----------
    area_code : str
        GSS code of an authority, region or nation.

    Returns
    -------
    str

    Examples
    --------
    >>> nation_of("E09000001"), nation_of("N09000011")
    ('E92000001', 'N92000002')
    """
    return next(code for code in NATIONS if code[0] == area_code[0])


def region_of(authority: str) -> str:
    """GSS code of the English region that an authority is in, or, outside England, of its nation.

    Parameters
    ----------
    authority : str
        GSS code of an authority.

    Returns
    -------
    str

    Raises
    ------
    KeyError
        If the code is of an English authority in no region: there are new authorities to be added.

    Examples
    --------
    >>> region_of("E08000039"), region_of("S12000036")
    ('E12000003', 'S92000003')
    """
    return _REGION_OF[authority] if authority.startswith("E") else nation_of(authority)


def is_authority(code: str) -> bool:
    """Whether a GSS code is of a local authority of the United Kingdom, and not of the Channel Islands or Man.

    Examples
    --------
    >>> is_authority("W06000015"), is_authority("M99999999")
    (True, False)
    """
    return code[:3] in {"E06", "E07", "E08", "E09", "W06", "S12", "N09"}


def _runs(runs: str) -> Iterator[str]:
    for kind, first, last in re.findall(r"(E0\d)(\d{6})(?:-(\d{3}))?", runs):
        for number in range(int(first), int(last or first) + 1):
            yield f"{kind}{number:06d}"


_REGION_OF = {code: region for region, runs in _AUTHORITIES.items() for code in _runs(runs)}
