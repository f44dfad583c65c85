"""Builds the reference geography, `data/reference`, from public packages.

What it makes is derived from postcodes, a small-scale coast and published totals. It is not official geography:
outlines of authorities lie where the nearest postcode changes hands, and residents are spread over postcodes.
"""

from cellcount.reference.build import build_reference

__all__ = ["build_reference"]
